//! Each fault, and the documents that show it.

use crate::documents::Documents;
use crate::documents::audit::{Audit, Context, audit};
use crate::text::timestamp::Timestamp;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/A";
pub(super) const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";
const TOKEN_FILE: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

pub(super) fn account(annotations: Value) -> Value {
    json!({"kind": "ServiceAccount", "metadata": {"name": "checkout", "namespace": "payments", "annotations": annotations}})
}

pub(super) fn annotated() -> Value {
    account(json!({"eks.amazonaws.com/role-arn": ROLE}))
}

/// As the API server shows a pod that the webhook left alone.
pub(super) fn bare_pod() -> Value {
    json!({"kind": "Pod",
        "metadata": {"name": "p", "namespace": "payments", "uid": "1", "creationTimestamp": "2026-11-22T01:00:00Z"},
        "spec": {"serviceAccountName": "checkout", "containers": [{"name": "app"}]}})
}

pub(super) fn injected_pod(variables: &[(&str, &str)]) -> Value {
    let mut pod = bare_pod();
    let injected = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN_FILE)];
    let env = injected.iter().chain(variables).map(|(name, value)| json!({"name": name, "value": value}));
    pod["spec"]["containers"][0]["env"] = env.collect();
    pod["spec"]["containers"][0]["volumeMounts"] =
        json!([{"name": "aws-iam-token", "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount"}]);
    pod["spec"]["volumes"] = json!([{"name": "aws-iam-token", "projected": {"sources": [{"serviceAccountToken":
        {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}}]}}]);
    pod
}

pub(super) fn role(arn: &str, subject: &str) -> Value {
    let key = "oidc.eks.eu-west-1.amazonaws.com/id/A:sub";
    json!({"Role": {"Arn": arn, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {key: subject}}}]}}})
}

pub(super) fn good_role() -> Value {
    role(ROLE, "system:serviceaccount:payments:checkout")
}

pub(super) fn cluster() -> Value {
    json!({"cluster": {"name": "prod", "identity": {"oidc": {"issuer": ISSUER}}}})
}

pub(super) fn provider(client_id: &str) -> Value {
    json!({"Url": "oidc.eks.eu-west-1.amazonaws.com/id/A", "ClientIDList": [client_id], "ThumbprintList": []})
}

pub(super) fn webhook(change: impl Fn(&mut Value)) -> Value {
    let mut webhook = json!({"name": "iam-for-pods.amazonaws.com", "clientConfig": {"url": "https://127.0.0.1:23443/mutate"},
        "failurePolicy": "Ignore", "reinvocationPolicy": "IfNeeded"});
    change(&mut webhook);
    json!({"kind": "MutatingWebhookConfiguration", "metadata": {"name": "pod-identity-webhook"}, "webhooks": [webhook]})
}

pub(super) fn audited(documents: &[Value]) -> Audit {
    audited_with(documents, "")
}

/// With errors of commands.
pub(super) fn audited_with(documents: &[Value], errors: &str) -> Audit {
    let mut all = Documents::default();
    let text: Vec<String> = documents.iter().map(Value::to_string).collect();
    all.read("test", &format!("{}\n{errors}", text.join("\n")));
    assert!(all.unusable.is_empty(), "{:?}", all.unusable);
    listed(audit(&all, Context::at(Timestamp(1_795_395_600))))
}

/// An audit whose commands are all in the list that `tests/commands` tries with the real programs.
pub(super) fn listed(audit: Audit) -> Audit {
    let list: Vec<String> = include_str!("../../../../tests/commands_of_audits.txt")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON string"))
        .collect();
    let fixes = audit.findings.iter().flat_map(|finding| &finding.fix().commands);
    for command in fixes.cloned().chain(audit.open.iter().map(|open| open.command.to_string())) {
        let line = Value::from(command.as_str());
        assert!(list.contains(&command), "add this line to tests/commands_of_audits.txt:\n{line}");
    }
    audit
}

pub(super) fn with(mut value: Value, change: impl Fn(&mut Value)) -> Value {
    change(&mut value);
    value
}

#[test]
fn issuers_are_judged_as_the_checks_judge_them() {
    for (issuer, public) in crate::aws::issuer::EXAMPLES {
        let found = audited(&[annotated(), json!({"issuer": issuer, "jwks_uri": "x"})]);
        let is_fault = found.findings.iter().any(|finding| finding.code() == "issuer-not-public-default");
        assert_eq!(is_fault, !public, "{issuer}");
    }
}

#[test]
fn each_fault_is_found_and_nothing_else() {
    let managed = |time: &str| {
        with(annotated(), |account| {
            account["metadata"]["managedFields"] = json!([{"time": time,
                "fieldsV1": {"f:metadata": {"f:annotations": {"f:eks.amazonaws.com/role-arn": {}}}}}]);
        })
    };
    let report = json!({"schema": "irsa-probe/report/v1", "identity": {"expected_role_arn": ROLE},
        "token": {"issuer": ISSUER, "subject": "system:serviceaccount:payments:checkout",
            "audience": ["sts.amazonaws.com"], "key_id": "k1"}});
    let elsewhere = |subject: &str| {
        let role = role("arn:aws:iam::999922223333:role/checkout", subject);
        serde_json::from_str(&role.to_string().replace("111122223333", "999922223333")).expect("a role")
    };
    let china = "arn:aws-cn:iam::111122223333:role/checkout";
    for (what, documents, codes) in [
        (
            "all is well",
            vec![annotated(), injected_pod(&[]), good_role(), cluster(), provider("sts.amazonaws.com")],
            &[][..],
        ),
        ("issuer from discovery", vec![annotated(), good_role(), json!({"issuer": ISSUER, "jwks_uri": "x"})], &[]),
        ("a report alone", vec![report.clone(), good_role()], &[]),
        // Service account.
        ("no annotation", vec![account(json!({})), bare_pod()], &["env-not-injected-annotation-missing-or-misplaced"]),
        (
            "empty",
            vec![account(json!({"eks.amazonaws.com/role-arn": null})), bare_pod()],
            &["env-not-injected-annotation-missing-or-misplaced"],
        ),
        (
            "misspelt",
            vec![account(json!({"eks.amazonaws.com/role_arn": ROLE}))],
            &["env-not-injected-annotation-missing-or-misplaced"],
        ),
        (
            "kube2iam's",
            vec![account(json!({"iam.amazonaws.com/role": ROLE}))],
            &["env-not-injected-annotation-missing-or-misplaced"],
        ),
        (
            "a label",
            vec![with(account(json!({})), |a| {
                a["metadata"]["labels"] = json!({"eks.amazonaws.com/role-arn": "checkout"})
            })],
            &["env-not-injected-annotation-missing-or-misplaced"],
        ),
        (
            "on the pod",
            vec![
                account(json!({})),
                with(bare_pod(), |p| p["metadata"]["annotations"] = json!({"eks.amazonaws.com/role-arn": ROLE})),
            ],
            &["env-not-injected-annotation-missing-or-misplaced"],
        ),
        ("malformed", vec![account(json!({"eks.amazonaws.com/role-arn": "checkout"}))], &["malformed-arn"]),
        ("an unrelated one", vec![account(json!({"helm.sh/chart": "x"}))], &[]),
        // Pod.
        ("pod alone", vec![bare_pod()], &["env-not-injected"]),
        ("pod without injection", vec![annotated(), bare_pod()], &["env-not-injected"]),
        ("pod older", vec![managed("2026-11-22T01:00:01Z"), bare_pod()], &["env-not-injected-pod-predates-annotation"]),
        (
            "pod older than the account",
            vec![with(annotated(), |a| a["metadata"]["creationTimestamp"] = "2026-11-22T02:00:00Z".into()), bare_pod()],
            &["env-not-injected-pod-predates-annotation"],
        ),
        ("pod younger", vec![managed("2026-11-22T00:59:59Z"), bare_pod()], &["env-not-injected"]),
        (
            "another account is annotated",
            vec![with(annotated(), |a| a["metadata"]["name"] = "irsa".into()), bare_pod()],
            &["service-account-mismatch"],
        ),
        (
            "role changed since",
            vec![account(json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/b"})), injected_pod(&[])],
            &["env-not-injected-pod-predates-annotation"],
        ),
        ("static keys", vec![injected_pod(&[("AWS_ACCESS_KEY_ID", "x")])], &["static-keys-override"]),
        ("region of China", vec![injected_pod(&[("AWS_REGION", "cn-north-1")])], &["wrong-partition-endpoint"]),
        (
            "no region in China",
            vec![with(injected_pod(&[]), |p| p["spec"]["containers"][0]["env"][0]["value"] = china.into())],
            &["region-missing"],
        ),
        (
            "subPath",
            vec![with(injected_pod(&[]), |p| {
                p["spec"]["containers"][0]["volumeMounts"][0]["subPath"] = "token".into()
            })],
            &["token-not-refreshed"],
        ),
        (
            "envFrom",
            vec![with(injected_pod(&[]), |p| {
                p["spec"]["containers"][0]["envFrom"] = json!([{"secretRef": {"name": "s"}}])
            })],
            &["static-keys-override"],
        ),
        // Templates.
        (
            "deployment",
            vec![
                annotated(),
                json!({"kind": "Deployment", "metadata": {"name": "d", "namespace": "payments"},
            "spec": {"template": {"spec": {"serviceAccountName": "checkout", "containers": [{"name": "app"}]}}}}),
            ],
            &[],
        ),
        (
            "deployment with its own role",
            vec![
                annotated(),
                json!({"kind": "CronJob", "metadata": {"name": "d", "namespace": "payments"},
            "spec": {"jobTemplate": {"spec": {"template": {"spec": {"serviceAccountName": "checkout",
                "containers": [{"name": "app", "env": [{"name": "AWS_ROLE_ARN", "value": ROLE}]}]}}}}}}),
            ],
            &["env-partially-set"],
        ),
        // Webhook configuration.
        ("webhook there", vec![annotated(), bare_pod(), webhook(|_| {})], &["env-not-injected"]),
        (
            "webhook list empty",
            vec![annotated(), bare_pod(), json!({"kind": "MutatingWebhookConfigurationList", "items": []})],
            &["env-not-injected-webhook-missing"],
        ),
        (
            "other webhooks only",
            vec![
                json!({"kind": "MutatingWebhookConfiguration", "metadata": {"name": "istio"}, "webhooks": [{"name": "x"}]}),
            ],
            &["env-not-injected-webhook-missing"],
        ),
        (
            "selector",
            vec![
                annotated(),
                bare_pod(),
                webhook(
                    |w| w["namespaceSelector"] = json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["payments"]}]}),
                ),
            ],
            &["env-not-injected-webhook-missing"],
        ),
        (
            "object selector",
            vec![annotated(), bare_pod(), webhook(|w| w["objectSelector"] = json!({"matchLabels": {"irsa": "yes"}}))],
            &["env-not-injected-webhook-missing"],
        ),
        (
            "no CA",
            vec![webhook(|w| w["clientConfig"] = json!({"service": {"name": "s"}}))],
            &["env-not-injected-webhook-missing"],
        ),
        (
            "bad CA",
            vec![webhook(|w| w["clientConfig"]["caBundle"] = "YQ==".into())],
            &["env-not-injected-webhook-missing"],
        ),
        // Role and trust.
        (
            "wrong subject",
            vec![annotated(), role(ROLE, "system:serviceaccount:shop:checkout"), cluster()],
            &["wrong-subject-in-trust-policy"],
        ),
        (
            "wrong subject, issuer not known",
            vec![annotated(), role(ROLE, "system:serviceaccount:shop:checkout")],
            &["wrong-subject-in-trust-policy"],
        ),
        (
            "other cluster",
            vec![
                annotated(),
                good_role(),
                with(cluster(), |c| {
                    c["cluster"]["identity"]["oidc"]["issuer"] = "https://oidc.eks.eu-west-1.amazonaws.com/id/B".into()
                }),
            ],
            &["wrong-provider-in-trust-policy"],
        ),
        (
            "other path",
            vec![annotated(), role("arn:aws:iam::111122223333:role/team/checkout", "x")],
            &["role-does-not-exist"],
        ),
        (
            "other account",
            vec![annotated(), elsewhere("system:serviceaccount:payments:checkout")],
            &["wrong-account-in-role-arn"],
        ),
        ("a role of that name in the account of another stage", vec![annotated(), elsewhere("x")], &[]),
        // Provider.
        ("no provider", vec![annotated(), cluster(), json!({"OpenIDConnectProviderList": []})], &["no-oidc-provider"]),
        (
            "provider listed",
            vec![annotated(), cluster(), json!({"OpenIDConnectProviderList": [{"Arn": PROVIDER}]})],
            &[],
        ),
        (
            "provider list of another account",
            vec![
                annotated(),
                cluster(),
                json!({"OpenIDConnectProviderList": [{"Arn": "arn:aws:iam::999922223333:oidc-provider/x"}]}),
            ],
            &[],
        ),
        ("client ID", vec![annotated(), cluster(), provider("sigstore")], &["wrong-audience"]),
        (
            "internal issuer",
            vec![annotated(), json!({"issuer": "https://kubernetes.default.svc.cluster.local", "jwks_uri": "x"})],
            &["issuer-not-public-default"],
        ),
        ("unknown key", vec![report.clone(), json!({"keys": [{"kid": "k2"}]})], &["jwks-key-mismatch"]),
        ("known key", vec![report, json!({"keys": [{"kid": "k2"}, {"kid": "k1"}]})], &[]),
        // Permissions and other identities.
        ("no policies", vec![json!({"AttachedPolicies": []})], &["role-lacks-permissions"]),
        (
            "denied",
            vec![json!({"EvaluationResults": [{"EvalActionName": "s3:GetObject", "EvalDecision": "implicitDeny"}]})],
            &["role-lacks-permissions"],
        ),
        (
            "denied by the organization",
            vec![
                json!({"EvaluationResults": [{"EvalActionName": "s3:GetObject", "EvalDecision": "implicitDeny", "OrganizationsDecisionDetail": {"AllowedByOrganizations": false}}]}),
            ],
            &["role-lacks-permissions"],
        ),
        (
            "allowed",
            vec![json!({"EvaluationResults": [{"EvalActionName": "s3:GetObject", "EvalDecision": "allowed"}]})],
            &[],
        ),
        (
            "association",
            vec![
                annotated(),
                json!({"associations": [{"clusterName": "c", "namespace": "payments", "serviceAccount": "checkout"}]}),
            ],
            &["pod-identity-precedence"],
        ),
        (
            "another's association",
            vec![
                annotated(),
                json!({"associations": [{"clusterName": "c", "namespace": "shop", "serviceAccount": "checkout"}]}),
            ],
            &[],
        ),
        (
            "the node's role",
            vec![
                json!({"UserId": "A:i-1", "Account": "111122223333", "Arn": "arn:aws:sts::111122223333:assumed-role/node/i-0abc"}),
            ],
            &["node-role-fallback"],
        ),
        (
            "no such namespace",
            vec![
                annotated(),
                json!({"kind": "NamespaceList", "items": [{"metadata": {"name": "default"}}, {"metadata": {"name": "shop"}}]}),
            ],
            &["service-account-mismatch"],
        ),
    ] {
        let audit = audited(&documents);
        let found: Vec<_> = audit.findings.iter().map(|finding| finding.code()).collect();
        assert_eq!(found, codes, "{what}: {:#?}", audit.findings);
    }
}

#[test]
fn pods_without_irsa_are_no_findings_among_others() {
    let other = |name: &str| {
        with(bare_pod(), |pod| {
            pod["metadata"]["name"] = name.into();
            pod["spec"]["serviceAccountName"] = "default".into();
        })
    };
    let list = json!({"kind": "List", "items": [other("a"), other("b"), injected_pod(&[])]});
    let audit = audited(&[list]);
    assert!(audit.findings.is_empty(), "{:#?}", audit.findings);
    assert_eq!(audit.without_irsa, ["payments/a", "payments/b"]);
    assert_eq!(audit.pods.len(), 1);
}

#[test]
fn values_from_documents_stay_one_word_in_commands() {
    let misspelt = |value: &str| account(json!({"eks.amazonaws.com/role_arn": value}));
    let commands = |account: Value| audited(&[account]).findings.remove(0).fix().commands.clone();
    let named = with(misspelt(ROLE), |account| account["metadata"]["name"] = "x; reboot #".into());
    assert!(commands(named)[0].contains(" serviceaccount 'x; reboot #' "));
    // What is no ARN is no role either: nothing writes it into the annotation.
    assert!(!commands(misspelt("x; rm -rf / #:role/")).concat().contains("annotate"));
}

#[test]
fn a_thumbprint_matters_only_for_hosts_that_are_not_aws_s() {
    let codes = |issuer: &str| {
        let mut all = Documents::default();
        let provider = json!({"Url": issuer.trim_start_matches("https://"), "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": ["aa"]});
        for one in [annotated(), json!({"issuer": issuer, "jwks_uri": "x"}), provider] {
            all.read("test", &one.to_string());
        }
        let audit = audit(&all, Context { thumbprint: Some("bb"), ..Context::at(Timestamp(0)) });
        audit.findings.iter().map(|finding| finding.code()).collect::<Vec<_>>()
    };
    assert_eq!(codes(ISSUER), [""; 0]);
    assert_eq!(codes("https://keys.example.com"), ["thumbprint-mismatch"]);
}
