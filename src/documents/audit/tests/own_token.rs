//! Pods that name their role and mount its token themselves.

use super::faults::*;
use crate::documents::audit::Audit;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/checkout";
const KEY: &str = "oidc.eks.eu-west-1.amazonaws.com/id/A";

/// As kOps writes it, with this token source and path.
fn pod(source: Value, path: &str) -> Value {
    with(bare_pod(), |pod| {
        pod["spec"]["containers"][0]["env"] = json!([{"name": "AWS_ROLE_ARN", "value": ROLE},
            {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": path}]);
        pod["spec"]["containers"][0]["volumeMounts"] =
            json!([{"name": "token-amazonaws-com", "mountPath": "/var/run/secrets/amazonaws.com/", "readOnly": true}]);
        pod["spec"]["volumes"] =
            json!([{"name": "token-amazonaws-com", "projected": {"sources": [{"serviceAccountToken": source}]}}]);
    })
}

fn role(conditions: Value) -> Value {
    json!({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": conditions}}]}}})
}

fn codes(audit: &Audit) -> Vec<&'static str> {
    audit.findings.iter().map(|finding| finding.code()).collect()
}

#[test]
fn such_a_pod_needs_no_webhook_and_its_own_audience_counts() {
    const PATH: &str = "/var/run/secrets/amazonaws.com/token";
    let of_kops = || json!({"audience": "amazonaws.com", "expirationSeconds": 86400, "path": "token"});
    let sub = |subject: &str| json!({format!("{KEY}:sub"): subject});
    let aud = |audience: &str| json!({format!("{KEY}:aud"): audience});
    const RIGHT: &str = "system:serviceaccount:payments:checkout";
    for (what, pod, role, client, expected) in [
        ("right", pod(of_kops(), PATH), role(sub(RIGHT)), "amazonaws.com", &[][..]),
        ("its audience", pod(of_kops(), PATH), role(aud("amazonaws.com")), "amazonaws.com", &[]),
        ("subject", pod(of_kops(), PATH), role(sub("x")), "amazonaws.com", &["wrong-subject-in-trust-policy"]),
        (
            "audience",
            pod(of_kops(), PATH),
            role(aud("sts.amazonaws.com")),
            "amazonaws.com",
            &["wrong-aud-condition-in-trust-policy"],
        ),
        ("client", pod(of_kops(), PATH), role(sub(RIGHT)), "sts.amazonaws.com", &["wrong-audience"]),
        (
            "the API server's token",
            pod(json!({"path": "token"}), PATH),
            role(sub(RIGHT)),
            "sts.amazonaws.com",
            &["token-audience-for-other-use"],
        ),
        // A program may write this file, with any token.
        ("no volume", pod(of_kops(), "/tmp/token"), role(sub("x")), "sts.amazonaws.com", &[]),
    ] {
        let audit = audited(&[account(json!({})), pod, cluster(), role, provider(client)]);
        assert_eq!(codes(&audit), expected, "{what}: {:#?}", audit.findings);
    }
    // A manifest may use the webhook's path.
    const WEBHOOKS: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
    let same_path = with(pod(of_kops(), WEBHOOKS), |pod| {
        pod["spec"]["containers"][0]["volumeMounts"][0]["mountPath"] = WEBHOOKS.trim_end_matches("/token").into();
    });
    for account in [account(json!({})), annotated()] {
        let audit = audited(&[account, same_path.clone(), cluster(), role(sub(RIGHT)), provider("amazonaws.com")]);
        assert!(!codes(&audit).iter().any(|code| code.starts_with("env-not-injected")), "{:#?}", audit.findings);
    }
    // Without a mount there, the webhook is missed.
    let webhooks_path = pod(of_kops(), WEBHOOKS);
    let audit = audited(&[account(json!({})), webhooks_path]);
    assert_eq!(codes(&audit), ["env-not-injected-annotation-missing-or-misplaced"], "{:#?}", audit.findings);
}

/// kOps runs the webhook with `--token-audience=amazonaws.com` (kubernetes/kops, `eks-pod-identity-webhook.addons.k8s.io`).
#[test]
fn outside_eks_a_flag_of_the_webhook_gives_the_audience() {
    const HOST: &str = "kops-oidc.s3.eu-west-1.amazonaws.com/prod.example.com";
    let issuer = || json!({"issuer": format!("https://{HOST}"), "jwks_uri": format!("https://{HOST}/openid/v1/jwks")});
    let provider = |clients: Value| json!({"Url": HOST, "ClientIDList": clients, "ThumbprintList": []});
    let role = || {
        json!({"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{HOST}")},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {
                format!("{HOST}:sub"): "system:serviceaccount:payments:checkout", format!("{HOST}:aud"): "amazonaws.com"}}}]}}})
    };
    let injected = || {
        with(injected_pod(&[]), |pod| {
            pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]["audience"] =
                "amazonaws.com".into();
        })
    };
    for documents in [
        vec![annotated(), injected(), issuer(), role(), provider(json!(["amazonaws.com"]))],
        vec![annotated(), injected(), issuer(), role(), provider(json!(["sts.amazonaws.com", "amazonaws.com"]))],
        vec![annotated(), issuer(), role(), provider(json!(["amazonaws.com"]))],
    ] {
        let audit = audited(&documents);
        assert!(audit.findings.is_empty(), "{:#?}", audit.findings);
    }
}

/// The webhook mounts its token, and leaves the variables of the pod as they are.
#[test]
fn a_pod_with_a_role_of_its_own_is_judged_by_that_role() {
    const OTHER: &str = "arn:aws:iam::111122223333:role/other";
    let dated = |time: &str| {
        with(annotated(), |account| {
            account["metadata"]["managedFields"] = json!([{"manager": "helm", "operation": "Update", "time": time,
                "fieldsV1": {"f:metadata": {"f:annotations": {"f:eks.amazonaws.com/role-arn": {}}}}}]);
        })
    };
    let pod = || with(injected_pod(&[]), |pod| pod["spec"]["containers"][0]["env"][0]["value"] = OTHER.into());
    let trusting = |subject: &str| super::faults::role(OTHER, subject);
    let before = dated("2026-11-21T00:00:00Z");
    let found = |documents: &[Value]| {
        let audit = audited(documents);
        (codes(&audit), audit.exit_code())
    };
    let right = trusting("system:serviceaccount:payments:checkout");
    assert_eq!(
        found(&[before.clone(), pod(), cluster(), right]),
        (vec!["env-not-injected-pod-predates-annotation"], 0)
    );
    let (found_codes, exit) = found(&[before, pod(), cluster(), trusting("system:serviceaccount:payments:x")]);
    assert!(found_codes.contains(&"wrong-subject-in-trust-policy") && exit == 1, "{found_codes:?} {exit}");
    let after = dated("2026-11-23T00:00:00Z");
    assert_eq!(found(&[after, pod(), cluster()]), (vec!["env-not-injected-pod-predates-annotation"], 4));
}
