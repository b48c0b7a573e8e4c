//! The trust policy that a token needs, as JSON, HCL and a ClusterConfig.

use crate::aws::arn::RoleArn;
use crate::aws::issuer::STS_AUDIENCE;
use crate::documents::trust_policy::{Needed, Policy, Request, Verdict, evaluate, needed};

const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D";

fn role(text: &str) -> RoleArn {
    RoleArn::parse(text).expect("an ARN")
}

#[test]
fn the_needed_policy_allows_its_token_and_no_other() {
    let role = role("arn:aws-cn:iam::111122223333:role/team/checkout");
    let subject = "system:serviceaccount:payments:checkout";
    let needed = needed(&role, ISSUER, subject, "sts.amazonaws.com");
    let policy = Policy::parse(&needed.policy()).expect("a policy");
    let allowed = |issuer: &str, subject: &str, audience: &str| {
        evaluate(&policy, &Request::new(role.clone(), issuer, subject, [audience])).is_allowed()
    };
    assert!(allowed(ISSUER, subject, "sts.amazonaws.com"));
    assert!(!allowed(ISSUER, "system:serviceaccount:payments:checkout2", "sts.amazonaws.com"));
    assert!(!allowed(ISSUER, subject, "sts.amazonaws.com.cn"));
    assert!(!allowed("https://oidc.eks.eu-west-1.amazonaws.com/id/OTHER", subject, "sts.amazonaws.com"));
    assert!(needed.provider_command().contains("--region cn-north-1 --url https://oidc.eks"));
}

#[test]
fn of_several_audiences_the_policy_requires_one() {
    let role = role("arn:aws:iam::111122223333:role/checkout");
    let subject = "system:serviceaccount:payments:checkout";
    let request = |audience: &[&str]| Request::new(role.clone(), ISSUER, subject, audience.to_vec());
    let needed = Needed::from(&request(&["vault", "sts.amazonaws.com"]));
    let policy = Policy::parse(&needed.policy()).expect("a policy");
    for (audience, verdict) in [
        (&["vault", "sts.amazonaws.com"][..], Verdict::Allowed),
        (&["sts.amazonaws.com"], Verdict::Allowed),
        (&["vault", "other"], Verdict::Denied),
    ] {
        assert_eq!(evaluate(&policy, &request(audience)).verdict, verdict, "{audience:?}");
    }
    assert!(needed.terraform().contains("test     = \"ForAnyValue:StringEquals\"\n      variable = \"oidc"));
    assert_eq!(needed.eksctl(), None, "eksctl writes StringEquals");
}

#[test]
fn the_policy_reads_as_people_write_it() {
    let needed = needed(&role("arn:aws:iam::111122223333:role/checkout"), ISSUER, "s", "sts.amazonaws.com");
    let expected = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D"
      },
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D:aud": "sts.amazonaws.com",
          "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D:sub": "s"
        }
      }
    }
  ]
}"#;
    assert_eq!(needed.policy(), expected);
    assert_eq!(needed.eksctl(), None);
}

#[test]
fn eksctl_is_used_only_for_what_it_can_create() {
    let [plain, pathed] =
        ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/team/a"].map(|arn| arn.replace("::1:", "::111122223333:"));
    let of =
        |arn: &str, issuer: &str, subject: &str, audience: &str| needed(&role(arn), issuer, subject, audience).eksctl();
    let subject = "system:serviceaccount:payments:checkout";
    let text = of(&plain, ISSUER, subject, STS_AUDIENCE).expect("a ClusterConfig");
    assert!(text.contains("  region: eu-west-1\n") && text.contains("namespace: payments\n        name: checkout\n"));
    // eksctl (issue 4614): attachPolicyARNs, attachPolicy, wellKnownPolicies or attachRoleARN must be set.
    assert!(text.contains("attachPolicyARNs:\n        - arn:aws:iam::111122223333:policy/POLICY\n"), "{text}");
    assert_eq!(of(&pathed, ISSUER, subject, STS_AUDIENCE), None);
    assert_eq!(of(&plain, "https://issuer.example", subject, STS_AUDIENCE), None);
    assert_eq!(of(&plain, ISSUER, "repo:octo/repo", STS_AUDIENCE), None);
    assert_eq!(of(&plain, ISSUER, subject, "vault"), None);
}
