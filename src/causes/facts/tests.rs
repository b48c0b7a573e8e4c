use super::*;
use crate::causes::CAUSES;

#[test]
fn nodes_are_known_by_their_session_or_role() {
    for (caller, is) in [
        ("arn:aws:sts::111122223333:assumed-role/apps/i-0abcdef1234567890", true),
        ("arn:aws:sts::111122223333:assumed-role/eksctl-c-nodegroup-NodeInstanceRole-1Q/x", true),
        ("arn:aws:sts::111122223333:assumed-role/nodes.example.k8s/x", true),
        ("arn:aws:sts::111122223333:assumed-role/checkout/botocore-session-1", false),
        ("arn:aws:sts::111122223333:assumed-role/nodejs-app/x", false),
        ("arn:aws:iam::111122223333:user/ci", false),
    ] {
        let facts = Facts { caller: Some(caller.into()), ..Facts::default() };
        assert_eq!(facts.caller_is_node(), is, "{caller}");
    }
}

#[test]
fn internal_issuers_are_distinguished_from_public_ones() {
    for (issuer, public) in issuer::EXAMPLES {
        let facts = Facts { issuer: Some((*issuer).into()), ..Facts::default() };
        assert_eq!(facts.issuer_is_internal(), !public, "{issuer}");
    }
}

/// Each turns a reading or a fix.
fn variants() -> Vec<Facts> {
    let text = |text: &str| Some(text.to_owned());
    let role = |arn| RoleArn::parse(arn).ok();
    let audience = |all: &[&str]| Some(all.iter().map(|one| (*one).to_owned()).collect());
    let nothing = Facts::default;
    vec![
        nothing(),
        Facts { issuer: text("https://kubernetes.default.svc"), ..nothing() },
        Facts { issuer: text("https://oidc.eks.eu-west-1.amazonaws.com/id/EX"), ..nothing() },
        Facts { issuer: text("https://issuer.example.com"), thumbprint: text("9e99a48a"), ..nothing() },
        Facts { subject: text("repo:octo/app"), ..nothing() },
        Facts { audience: audience(&["https://kubernetes.default.svc"]), ..nothing() },
        Facts { audience: audience(&["vault"]), ..nothing() },
        Facts { audience: audience(&["vault", "sts.amazonaws.com"]), ..nothing() },
        Facts { expected_service_account: Some(("payments".into(), "checkout".into())), ..nothing() },
        Facts { file_is_expired: true, clock_hides_expiry: true, ..nothing() },
        Facts { early: Some(900), clock_ahead: Some(4_000), ..nothing() },
        Facts { padding: Some(Padding::WhiteSpace), gid: Some(1000), ..nothing() },
        Facts { proxy: Some(false), token_volume: Some(true), ..nothing() },
        Facts { proxy: Some(true), host_from: HostFrom::Override("AWS_ENDPOINT_URL"), ..nothing() },
        Facts { issuer_keys: IssuerKeys::Wrong, ..nothing() },
        Facts { issuer_keys: IssuerKeys::Verified { is_private: true }, ..nothing() },
        Facts { issuer_keys: IssuerKeys::Unverified("its algorithm is HS256".into()), ..nothing() },
        Facts { host: text("sts.cn-north.amazonaws.com"), ..nothing() },
        Facts { host: text("sts.eu-west1.amazonaws.com"), ..nothing() },
        Facts { host: text("sts.amazonaws.com"), role: role("arn:aws-cn:iam::111122223333:role/a"), ..nothing() },
        Facts { region: text("ap-east-1"), ..nothing() },
        Facts { caller: text("arn:aws:iam::111122223333:user/a"), ..nothing() },
        Facts { caller: text("arn:aws:sts::111122223333:assumed-role/a/i-0123456789"), ..nothing() },
        Facts { role_variable: VariableState::Set, file_variable: VariableState::Set, windows: true, ..nothing() },
        Facts { role_variable: VariableState::Empty, file_variable: VariableState::Empty, ..nothing() },
    ]
}

#[test]
fn every_saying_means_something_and_every_cause_has_a_fix() {
    for facts in variants() {
        for cause in CAUSES {
            let fix = (cause.fix)(&facts);
            let is_advice = fix.text.len() > 25 && fix.text.starts_with(char::is_uppercase);
            assert!(is_advice && !fix.text.contains("explanation"), "{cause:?}: {}", fix.text);
            for saying in cause.says {
                let reading = (saying.means)(&facts);
                assert!(!reading.candidates.is_empty(), "{cause:?}");
                assert!(reading.candidates.iter().all(|candidate| candidate.why.len() > 10), "{reading:?}");
            }
        }
    }
}
