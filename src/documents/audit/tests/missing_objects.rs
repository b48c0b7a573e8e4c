//! What is not there, or not where it counts: the rows of AWS's page on IRSA's failures that ask whether a thing exists;
//! and which documents are asked for until nothing is open.

use super::faults::*;
use crate::diagnosis::report::exit;
use crate::documents::Documents;
use crate::documents::audit::{Audit, Context, audit};
use crate::text::timestamp::Timestamp;
use serde_json::{Value, json};

fn codes(audit: &Audit) -> Vec<&'static str> {
    audit.findings.iter().map(|finding| finding.code()).collect()
}

fn read(text: &str, more: &[Value]) -> Audit {
    let mut all = Documents::default();
    all.read("test", text);
    more.iter().for_each(|one| all.read("test", &one.to_string()));
    assert!(all.unusable.is_empty(), "{:?}", all.unusable);
    listed(audit(&all, Context::at(Timestamp(1_795_395_600))))
}

fn deployment() -> Value {
    json!({"kind": "Deployment", "metadata": {"name": "d", "namespace": "payments"},
        "spec": {"template": {"spec": {"serviceAccountName": "checkout", "containers": [{"name": "app"}]}}}})
}

fn elsewhere() -> Value {
    with(annotated(), |account| account["metadata"]["namespace"] = "shop".into())
}

#[test]
fn what_is_open_is_asked_for_until_nothing_is() {
    let commands = |documents: &[Value]| -> Vec<String> {
        audited(documents).open.into_iter().map(|one| one.command.to_string()).collect()
    };
    let pod = commands(&[bare_pod()]);
    assert_eq!(
        pod,
        [
            "kubectl get serviceaccount checkout -n payments -o json --show-managed-fields",
            "kubectl get mutatingwebhookconfigurations -o json"
        ]
    );
    let account = commands(&[annotated()]);
    for part in [
        "kubectl get pods -n payments",
        "/.well-known/",
        "get-role --role-name checkout",
        "list-open-id-connect-providers",
    ] {
        assert!(account.iter().any(|command| command.contains(part)), "{part} is not in {account:?}");
    }
    let cluster_known = commands(&[annotated(), injected_pod(&[]), cluster()]);
    assert!(cluster_known.contains(&format!(
        "aws iam get-open-id-connect-provider --open-id-connect-provider-arn {PROVIDER} --output json"
    )));
    let all = [
        annotated(),
        injected_pod(&[]),
        good_role(),
        cluster(),
        provider("sts.amazonaws.com"),
        json!({"AttachedPolicies": [{"PolicyName": "p", "PolicyArn": "arn:aws:iam::aws:policy/p"}]}),
        json!({"associations": []}),
        json!({"Events": []}),
    ];
    assert_eq!(commands(&all), Vec::<String>::new());
}

#[test]
fn what_aws_and_kubectl_do_not_find_is_found_missing() {
    const NO_ACCOUNT: &str = "Error from server (NotFound): serviceaccounts \"checkout\" not found";
    const NO_ROLE: &str = "An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name checkout cannot be found.";
    let no_provider = format!(
        "An error occurred (NoSuchEntity) when calling the GetOpenIDConnectProvider operation: OpenIDConnect Provider \
         not found for arn {PROVIDER}"
    );
    for (said, documents, expected) in [
        (NO_ROLE, vec![annotated()], &["role-does-not-exist"][..]),
        (NO_ROLE, vec![account(json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/basket"}))], &[]),
        (&no_provider, vec![annotated(), cluster()], &["no-oidc-provider"]),
        (
            &no_provider,
            vec![
                annotated(),
                with(cluster(), |c| c["cluster"]["identity"]["oidc"]["issuer"] = "https://issuer.example.com".into()),
            ],
            &[],
        ),
        (NO_ACCOUNT, vec![bare_pod()], &["service-account-mismatch"]),
        (NO_ACCOUNT, vec![deployment()], &["service-account-mismatch"]),
        (NO_ACCOUNT, vec![deployment(), annotated()], &[]),
    ] {
        let audit = read(said, &documents);
        assert_eq!(codes(&audit), expected, "{said} {documents:?}: {:#?}", audit.findings);
        assert!(
            expected.is_empty()
                || audit
                    .open
                    .iter()
                    .all(|one| !one.command.to_string().contains("get-role --role-name checkout") || said != NO_ROLE)
        );
    }
}

#[test]
fn a_service_account_counts_in_its_own_namespace_only() {
    let named = |name: &str, namespace: &str| json!({"kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}});
    let list = |items: Value| json!({"kind": "List", "items": items});
    for (what, documents, code) in [
        ("annotated in another namespace", vec![bare_pod(), elsewhere()], "service-account-mismatch"),
        (
            "not in the namespace's list",
            vec![bare_pod(), list(json!([named("default", "payments")]))],
            "service-account-mismatch",
        ),
        (
            "not in another namespace's list",
            vec![bare_pod(), list(json!([named("default", "shop")]))],
            "env-not-injected",
        ),
        ("one account is no list", vec![bare_pod(), named("default", "payments")], "env-not-injected"),
    ] {
        let audit = audited(&documents);
        assert_eq!(codes(&audit), [code], "{what}: {:#?}", audit.findings);
    }
    let audit = audited(&[deployment(), list(json!([named("default", "payments")])), elsewhere()]);
    assert!(audit.findings[0].text().contains("does not exist") && audit.findings[0].text().contains("namespace shop"));
    assert!(
        audit.open.iter().all(|one| !one.command.to_string().contains("serviceaccount checkout")),
        "{:?}",
        audit.open
    );
}

#[test]
fn labels_of_a_namespace_decide_where_the_webhook_selects_by_them() {
    let webhook = || webhook(|w| w["namespaceSelector"] = json!({"matchLabels": {"irsa": "on"}}));
    let namespace = |labels: Value| json!({"kind": "Namespace", "metadata": {"name": "payments", "labels": labels}});
    let unknown = audited(&[annotated(), bare_pod(), webhook()]);
    assert_eq!(codes(&unknown), ["env-not-injected"]);
    assert!(
        unknown.open.iter().any(|one| one.command.to_string() == "kubectl get namespace payments -o json"),
        "{:?}",
        unknown.open
    );
    for (labels, code) in [(json!({"irsa": "on"}), "env-not-injected"), (json!({}), "env-not-injected-webhook-missing")]
    {
        let known = audited(&[annotated(), bare_pod(), webhook(), namespace(labels)]);
        assert_eq!(codes(&known), [code]);
        assert!(known.open.iter().all(|one| !one.command.to_string().contains("get namespace")), "{:?}", known.open);
    }
}

#[test]
fn a_trust_policy_without_its_role_is_that_of_the_only_role() {
    let policy = |subject: &str| role("", subject)["Role"]["AssumeRolePolicyDocument"].clone();
    let (good, bad) =
        (policy("system:serviceaccount:payments:checkout"), policy("system:serviceaccount:shop:checkout"));
    assert_eq!(codes(&audited(&[annotated(), good.clone()])), [""; 0]);
    assert_eq!(codes(&audited(&[annotated(), bad.clone()])), ["wrong-subject-in-trust-policy"]);
    // With several roles, its role is unknown.
    let other = with(account(json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/b"})), |account| {
        account["metadata"]["name"] = "b".into();
    });
    assert_eq!(codes(&audited(&[annotated(), other, bad.clone()])), [""; 0]);
    let two = audited(&[annotated(), good, bad]);
    assert!(two.findings.is_empty() && two.facts.iter().any(|fact| fact.contains("was not judged")), "{:?}", two.facts);
    let alone = audited(&[policy("x")]).open;
    assert!(alone.iter().any(|one| one.command.to_string() == "kubectl get serviceaccounts -A -o json"), "{alone:?}");
}

#[test]
fn inline_policies_count_as_policies() {
    let (none, some) = (json!({"PolicyNames": []}), json!({"PolicyNames": ["s3"]}));
    let attached = || json!({"AttachedPolicies": []});
    assert_eq!(codes(&audited(&[attached(), some])), [""; 0]);
    assert!(audited(&[attached(), none]).findings[0].text().contains("neither managed nor inline"));
    let open = audited(&[annotated(), attached()]).open;
    assert!(
        open.iter()
            .any(|one| one.command.to_string() == "aws iam list-role-policies --role-name checkout --output json"),
        "{open:?}"
    );
}

#[test]
fn a_region_that_comes_from_elsewhere_is_not_missing() {
    let china = |change: fn(&mut Value)| {
        with(injected_pod(&[]), |pod| {
            let container = &mut pod["spec"]["containers"][0];
            container["env"][0]["value"] = "arn:aws-cn:iam::111122223333:role/checkout".into();
            change(container);
        })
    };
    let from_map = |container: &mut Value| {
        let source = json!({"configMapKeyRef": {"name": "aws", "key": "region"}});
        container["env"][0]["value"] = "arn:aws-cn:iam::111122223333:role/checkout".into();
        container["env"].as_array_mut().expect("a list").push(json!({"name": "AWS_REGION", "valueFrom": source}));
    };
    assert_eq!(codes(&audited(&[china(|_| {})])), ["region-missing"]);
    assert_eq!(codes(&audited(&[china(from_map)])), [""; 0]);
    let all = china(|container| container["envFrom"] = json!([{"configMapRef": {"name": "aws"}}]));
    assert!(!codes(&audited(&[all])).contains(&"region-missing"));
}

#[test]
fn an_association_counts_without_the_service_account_too() {
    let association =
        json!({"associations": [{"clusterName": "c", "namespace": "payments", "serviceAccount": "checkout"}]});
    assert_eq!(codes(&audited(&[injected_pod(&[]), association.clone()])), ["pod-identity-precedence"]);
    assert_eq!(codes(&audited(&[injected_pod(&[]), association, cluster()])), [""; 0], "it is another cluster's");
}

#[test]
fn an_audit_with_a_document_that_could_not_be_used_does_not_end_as_if_all_were_well() {
    let mut all = Documents::default();
    all.read("test", &format!("{}\n{{\"Statement\": [], \"Statement\": []}}", annotated()));
    let found = audit(&all, Context::at(Timestamp(0)));
    assert_eq!((found.unusable, found.exit_code()), (1, exit::USAGE));
    let text = crate::render::audit::text(&found, &all);
    assert!(text.starts_with("? INCOMPLETE") && text.contains("the key \"Statement\" twice"), "{text}");
    // A kind that is not read is no fault of the document's; that it was not read is said.
    let mut all = Documents::default();
    all.read("test", &format!("{}\n{{\"kind\": \"ControllerConfig\"}}", annotated()));
    let found = audit(&all, Context::at(Timestamp(0)));
    assert_eq!(found.exit_code(), exit::UNDETERMINED);
    assert!(crate::render::audit::text(&found, &all).contains("not read    ControllerConfig (1)"));
}
