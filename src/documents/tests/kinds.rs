//! Every kind of document: alone, in a list and among others, as JSON and as YAML.

use crate::documents::Documents;
use crate::documents::reading::MAX_FAULTS;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";

/// As the commands print them, shortened; and what they are recognised as.
fn kinds() -> Vec<(Value, &'static str)> {
    let object = |kind: &str, spec: Value| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "n", "namespace": "a"}, "spec": spec});
    let template = json!({"template": {"spec": {"containers": [{"name": "c"}]}}});
    let policy = json!({"Version": "2012-10-17", "Statement": []});
    let association = json!({"clusterName": "c", "namespace": "a", "serviceAccount": "s", "associationArn": "arn", "associationId": "a-1"});
    vec![
        (object("Pod", json!({"containers": [{"name": "c"}]})), "pod a/n"),
        (object("ServiceAccount", Value::Null), "service account a/n"),
        (json!({"kind": "Namespace", "metadata": {"name": "n"}}), "namespace n"),
        (object("Deployment", template.clone()), "pod template of Deployment a/n"),
        (object("StatefulSet", template.clone()), "pod template of StatefulSet a/n"),
        (object("DaemonSet", template.clone()), "pod template of DaemonSet a/n"),
        (object("ReplicaSet", template.clone()), "pod template of ReplicaSet a/n"),
        (object("Job", template.clone()), "pod template of Job a/n"),
        (object("CronJob", json!({"jobTemplate": {"spec": template}})), "pod template of CronJob a/n"),
        (object("NetworkPolicy", json!({"podSelector": {}})), "network policy a/n"),
        (object("CiliumNetworkPolicy", json!({"endpointSelector": {}})), "network policy of Cilium a/n"),
        (
            json!({"kind": "Pod", "metadata": {"name": "n", "namespace": "a",
                "labels": {"app.kubernetes.io/name": "eks-pod-identity-agent"}}, "spec": {"containers": [{"name": "c"}]}}),
            "pod a/n of the agent",
        ),
        (json!({"addon": {"addonName": "eks-pod-identity-agent", "status": "ACTIVE"}}), "add-on"),
        (
            json!({"kind": "MutatingWebhookConfiguration", "metadata": {"name": "n"}, "webhooks": [{"name": "w"}]}),
            "webhook configuration n",
        ),
        (
            json!({"Role": {"RoleName": "checkout", "Arn": ROLE, "AssumeRolePolicyDocument": policy}}),
            "role arn:aws:iam::111122223333:role/checkout",
        ),
        (
            json!({"Roles": [{"RoleName": "checkout", "Arn": ROLE, "AssumeRolePolicyDocument": policy}]}),
            "role arn:aws:iam::111122223333:role/checkout",
        ),
        (policy, "trust policy"),
        (json!({"AttachedPolicies": [{"PolicyName": "p", "PolicyArn": "arn"}]}), "attached policies"),
        (json!({"PolicyNames": ["p"]}), "inline policies"),
        (json!({"Url": "i", "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": []}), "provider"),
        (json!({"OpenIDConnectProviderList": [{"Arn": "arn"}]}), "list of providers"),
        (json!({"cluster": {"name": "c", "identity": {"oidc": {"issuer": "https://i"}}}}), "cluster"),
        (json!({"associations": [association]}), "Pod Identity associations"),
        (json!({"association": association}), "Pod Identity association"),
        (json!({"EvaluationResults": [{"EvalActionName": "a", "EvalDecision": "allowed"}]}), "simulated policy"),
        (json!({"UserId": "u", "Account": "111122223333", "Arn": "arn"}), "caller arn"),
        (
            json!({"eventVersion": "1.08", "eventName": "AssumeRoleWithWebIdentity", "userIdentity": {}}),
            "CloudTrail event AssumeRoleWithWebIdentity",
        ),
        (
            object(
                "SecretStore",
                json!({"provider": {"aws": {"auth": {"jwt": {"serviceAccountRef": {"name": "s"}}}}}}),
            ),
            "SecretStore a/n",
        ),
        (
            json!({"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": ROLE}}}),
            "Helm values at serviceAccount.annotations",
        ),
        (json!({"issuer": "https://i", "jwks_uri": "https://i/keys"}), "discovery document"),
        (json!({"keys": [{"kid": "k"}]}), "key set"),
        (json!({"schema": "irsa-probe/report/v1", "token": {"issuer": "https://i"}}), "report"),
    ]
}

fn recognised(text: &str) -> Vec<String> {
    let mut documents = Documents::default();
    documents.read("test", text);
    assert_eq!(documents.unusable, [""; 0], "{text}");
    documents.recognised
}

#[test]
fn each_kind_is_recognised_as_json_as_yaml_and_with_a_byte_order_mark() {
    for (value, what) in kinds() {
        for text in [
            value.to_string(),
            format!("{value:#}").replace('\n', "\r\n"),
            // JSON is YAML too; only text that begins with a brace is read as JSON.
            format!("--- {value}\n"),
            format!("\u{feff}{value}"),
        ] {
            assert_eq!(recognised(&text), [what], "{text}");
        }
    }
}

#[test]
fn all_kinds_are_recognised_together() {
    let (values, all): (Vec<Value>, Vec<&str>) = kinds().into_iter().unzip();
    let texts = |between: &str| values.iter().map(|value| format!("{value:#}")).collect::<Vec<_>>().join(between);
    for text in [texts(""), texts("\n"), texts("\n---\n"), Value::from(values.clone()).to_string()] {
        assert_eq!(recognised(&text), all, "{text}");
    }
    let objects = kinds().into_iter().filter(|(value, _)| value["kind"].is_string());
    let (items, all): (Vec<Value>, Vec<&str>) = objects.unzip();
    assert_eq!(recognised(&json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()), all);
    // Items of typed lists do not name their kind.
    let pods = json!({"kind": "PodList", "items": [{"metadata": {"name": "n", "namespace": "a"}, "spec": {}}]});
    assert_eq!(recognised(&pods.to_string()), ["pod a/n"]);
    // jq sorts keys, so the kind of the list may come after its items.
    let sorted = r#"{"items": [{"metadata": {"name": "n", "namespace": "a"}, "spec": {}}], "kind": "PodList"}"#;
    assert_eq!(recognised(sorted), ["pod a/n"]);
    // Not every object with items is a list.
    for text in [
        "kind: Menu\nitems:\n  a: 1\n",
        "items: []\nkind: Menu",
        "{\"items\": [{\"kind\": \"A\"}], \"kind\": \"Menu\"}",
    ] {
        let mut documents = Documents::default();
        documents.read("test", text);
        assert_eq!((documents.unread.get("Menu"), documents.unusable.len()), (Some(&1), 0), "{text}");
    }
}

#[test]
fn the_yaml_of_several_commands_can_be_one_document() {
    let text = "Role:\n  Arn: a\n  AssumeRolePolicyDocument:\n    Version: '2012-10-17'\n    Statement: []\n\
                OpenIDConnectProviderList:\n- Arn: b\nClientIDList:\n- sts.amazonaws.com\nUrl: i\n";
    assert_eq!(recognised(text), ["role a", "list of providers", "provider"]);
}

#[test]
fn a_text_without_a_document_is_reported() {
    for text in ["---\n", "---\n...\n---\n", "# a comment\n", "null", "Warning: deprecated\n"] {
        let mut documents = Documents::default();
        documents.read("test", text);
        assert_eq!(documents.unusable, ["test contains no document"], "{text}");
    }
}

#[test]
fn a_text_full_of_faults_does_not_fill_the_screen() {
    let mut documents = Documents::default();
    documents.read("test", &"{\n".repeat(1_000));
    assert_eq!(documents.unusable.len(), MAX_FAULTS + 1);
    assert_eq!(documents.unusable[MAX_FAULTS], "test contains 990 more that could not be used");
}

#[test]
fn unsupported_kinds_are_counted() {
    let mut documents = Documents::default();
    documents.read("test", "{\"kind\": \"Service\"} {\"kind\": \"Service\"} {\"kind\": \"Ingress\"} [1] {\"a\": 1}");
    let unread =
        [("Service", 2), ("Ingress", 1), ("document with a", 1)].map(|(kind, number)| (kind.to_owned(), number));
    assert_eq!(documents.unread, unread.into());
    assert_eq!((documents.recognised.len(), documents.unusable.len()), (0, 1));
}
