use super::*;
use crate::causes::{Cause, testing};
use crate::causes::{NOT_AUTHORIZED, STS_UNREACHABLE, TLS_UNKNOWN_CA, TOKEN_EXPIRED, WRONG_AUDIENCE};
use crate::probe::evidence::{Evidence, Kubernetes, Seen, Token};

#[test]
fn no_command_holds_what_a_shell_would_run() {
    let facts = Facts {
        issuer: Some("https://a$(reboot)".into()),
        subject: Some("system:serviceaccount:a;b:`c`".into()),
        audience: Some(vec!["--x".into()]),
        host: Some("sts|sh".into()),
        url: Some("http://sts|sh:80".into()),
        token_path: Some("/a b".into()),
        ..Facts::default()
    };
    for cause in crate::causes::CAUSES.iter() {
        let fix = (cause.fix)(&facts);
        for bad in ["$(reboot", ";b", "`c`", "--x", "|sh", "/a b"] {
            assert!(!fix.commands.iter().any(|command| command.contains(bad)), "{}: {bad}", cause.code);
        }
    }
}

#[test]
fn an_endpoint_is_called_where_it_listens() {
    let at = |url: &str| Facts { host: Some("sts.example".into()), url: Some(url.into()), ..Facts::default() };
    for (url, curl, openssl) in [
        ("http://sts.example:4566", "http://sts.example:4566", "sts.example:4566 "),
        ("https://sts.example", "https://sts.example", "sts.example:443 "),
    ] {
        let facts = at(url);
        let commands = |cause: &Cause| (cause.fix)(&facts).commands[0].clone();
        assert!(commands(&STS_UNREACHABLE).ends_with(&format!(" {curl}")), "{}", commands(&STS_UNREACHABLE));
        assert!(commands(&TLS_UNKNOWN_CA).contains(openssl), "{}", commands(&TLS_UNKNOWN_CA));
    }
}

#[test]
fn commands_hold_the_known_values() {
    let facts = Facts {
        role: crate::aws::arn::RoleArn::parse("arn:aws:iam::111122223333:role/team/checkout").ok(),
        issuer: Some("https://oidc.eks.eu-west-1.amazonaws.com/id/EX".into()),
        subject: Some("system:serviceaccount:payments:checkout".into()),
        ..Facts::default()
    };
    let github = Facts {
        issuer: Some("https://token.actions.githubusercontent.com".into()),
        subject: Some("repo:octo/app:ref:refs/heads/main".into()),
        ..Facts::default()
    };
    for (facts, kubelet) in [(&facts, true), (&github, false), (&Facts::default(), true)] {
        assert_eq!((TOKEN_EXPIRED.fix)(facts).text.contains("kubelet"), kubelet, "{facts:?}");
    }
    let audiences =
        |all: &[&str]| Facts { audience: Some(all.iter().map(|one| (*one).to_owned()).collect()), ..facts.clone() };
    for (all, command) in [
        (&["sts.amazonaws.com"][..], "add-client-id-to-open-id-connect-provider"),
        (&["vault"], "com/audience'"),
        (&["vault", "sts.amazonaws.com"], "get-open-id-connect-provider"),
        (&["sts.amazonaws.com", "vault"], "get-open-id-connect-provider"),
    ] {
        let fix = (WRONG_AUDIENCE.fix)(&audiences(all));
        assert!(fix.commands[0].contains(command), "{all:?}: {fix:?}");
        assert_eq!(fix.text.contains("sts.amazonaws.com alone"), all.len() > 1, "{all:?}: {fix:?}");
    }
    let fix = (NOT_AUTHORIZED.fix)(&facts);
    assert_eq!(fix.commands[0], "irsa-probe doctor pod/POD -n payments");
    assert_eq!(fix.commands[1], "aws iam get-role --role-name checkout --output json > role.json");
}

/// IAM of another partition answers only in a region of that partition, and only to its credentials.
#[test]
fn aws_commands_name_a_region_of_the_roles_partition() {
    for (partition, option, credentials) in
        [("aws", "", false), ("aws-us-gov", " --region us-gov-west-1", true), ("aws-cn", " --region cn-north-1", true)]
    {
        let role = crate::aws::arn::RoleArn::parse(&format!("arn:{partition}:iam::111122223333:role/checkout")).ok();
        let facts = Facts { role, ..Facts::default() };
        for cause in crate::causes::CAUSES {
            let fix = (cause.fix)(&facts);
            for command in fix.commands.iter().filter(|command| command.starts_with("aws iam ")) {
                assert!(command.contains(option), "{}: {command}", cause.code);
                let says = fix.text.contains(&format!("credentials of the partition {partition}"));
                assert_eq!(says, credentials, "{}: {}", cause.code, fix.text);
            }
        }
    }
}

#[test]
fn commands_name_the_service_account_unless_its_name_could_be_run() {
    let claims = |namespace: &str, name: &str| Kubernetes {
        namespace: Some(namespace.into()),
        service_account: Some(name.into()),
        ..Kubernetes::default()
    };
    let subject = |subject: &str| Token { subject: Some(subject.into()), ..Token::default() };
    for (token, words) in [
        (Token { kubernetes: claims("payments", "checkout"), ..Token::default() }, "-n payments checkout --overwrite"),
        (subject("system:serviceaccount:payments:checkout"), "-n payments checkout --overwrite"),
        (Token { kubernetes: claims("payments", "a;reboot"), ..Token::default() }, "-n payments SERVICE_ACCOUNT"),
        (subject("repo:owner/name"), "kubectl get pod checkout-5d9 -n payments -o jsonpath='{.spec.service"),
    ] {
        let evidence = Evidence { api_token: Seen::Seen(token), token: Seen::not_checked(""), ..testing::healthy() };
        let commands = Facts::of(&evidence).names().inspect_service_account(Fix::new("")).commands.join("\n");
        assert!(commands.contains(words) && !commands.contains("reboot"), "{commands}");
        assert!(!commands.contains('$'), "a variable of the pod in a command for a laptop: {commands}");
    }
}
