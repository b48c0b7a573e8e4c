//! What can be wrong, one fault each. A scenario that is named after a cause shows that cause.

use crate::local_sts::answer::Refusal;
use crate::local_sts::dead_ends;
use crate::local_sts::proxy::Manner;
use crate::local_sts::world::trust_policy;
use crate::local_sts::{Misbehaviour, Operation, World};
use crate::stage::{AUDIENCE, ISSUER, ROLE, SUBJECT, Stage, UNSET};
use irsa_probe::arn::RoleArn;
use serde_json::json;
use std::io::{Error, Result};

use Operation::{AssumeRoleWithWebIdentity as Assume, GetCallerIdentity as Identity};

#[allow(dead_code, reason = "the code is for the tests")]
pub struct Scenario {
    pub name: &'static str,
    /// What is wrong, as a clause.
    pub about: &'static str,
    /// The code of the first finding; `None` where nothing is found.
    pub code: Option<&'static str>,
    /// Breaks a healthy stage.
    pub break_it: fn(&mut Stage) -> Result<()>,
}

/// In the order in which a credential travels.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "healthy",
        about: "a pod as the webhook made it, and a role that trusts it",
        code: None,
        break_it: |_| Ok(()),
    },
    // The environment.
    Scenario {
        name: "env-not-injected",
        about: "the webhook never touched this pod",
        code: Some("env-not-injected"),
        break_it: |stage| {
            stage.variables.clear();
            stage.set("AWS_WEB_IDENTITY_TOKEN_FILE", UNSET);
            Ok(())
        },
    },
    Scenario {
        name: "env-partially-set",
        about: "the container sets AWS_ROLE_ARN by hand, so the webhook injected nothing",
        code: Some("env-partially-set"),
        break_it: |stage| {
            stage.set("AWS_WEB_IDENTITY_TOKEN_FILE", UNSET);
            Ok(())
        },
    },
    Scenario {
        name: "malformed-arn",
        about: "the annotation holds a space in front of the ARN",
        code: Some("malformed-arn"),
        break_it: |stage| {
            stage.set("AWS_ROLE_ARN", &format!(" {ROLE}"));
            Ok(())
        },
    },
    Scenario {
        name: "invalid-session-name",
        about: "AWS_ROLE_SESSION_NAME holds characters that STS refuses",
        code: Some("invalid-session-name"),
        break_it: |stage| {
            stage.set("AWS_ROLE_SESSION_NAME", "checkout[bot]");
            Ok(())
        },
    },
    Scenario {
        name: "region-missing",
        about: "no variable names a region",
        code: Some("region-missing"),
        break_it: |stage| {
            stage.unset("AWS_REGION");
            stage.unset("AWS_DEFAULT_REGION");
            Ok(())
        },
    },
    Scenario {
        name: "static-keys-override",
        about: "IRSA works, but the container also has an access key, which SDKs prefer",
        code: Some("static-keys-override"),
        break_it: |stage| {
            stage.set("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
            stage.set("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
            Ok(())
        },
    },
    // The token file.
    Scenario {
        name: "token-file-missing",
        about: "the volume is there, the token is not",
        code: Some("token-file-missing"),
        break_it: |stage| {
            stage.token_file = Some(None);
            Ok(())
        },
    },
    Scenario {
        name: "token-file-permission-denied",
        about: "the file is 0600 and another user's",
        code: Some("token-file-permission-denied"),
        break_it: |stage| {
            stage.unreadable = true;
            Ok(())
        },
    },
    Scenario {
        name: "token-file-malformed",
        about: "the file holds a path instead of a token",
        code: Some("token-file-malformed"),
        break_it: |stage| {
            stage.token_file = Some(Some("/var/run/secrets/eks.amazonaws.com/serviceaccount/token\n".to_owned()));
            Ok(())
        },
    },
    Scenario {
        name: "token-file-empty",
        about: "the file is empty",
        code: Some("token-file-malformed"),
        break_it: |stage| {
            stage.token_file = Some(Some(String::new()));
            Ok(())
        },
    },
    // The token.
    Scenario {
        name: "token-expired",
        about: "the kubelet stopped renewing the token two hours ago",
        code: Some("token-expired"),
        break_it: |stage| {
            stage.minted.issued_at -= 86_400 + 2 * 3600;
            Ok(())
        },
    },
    Scenario {
        name: "token-not-yet-valid",
        about: "the control plane's clock is two hours ahead of everyone else's",
        code: Some("token-not-yet-valid"),
        break_it: |stage| {
            stage.minted.issued_at += 2 * 3600;
            Ok(())
        },
    },
    Scenario {
        name: "wrong-audience",
        about: "the volume asks for an audience that the IAM provider does not list",
        code: Some("wrong-audience"),
        break_it: |stage| {
            stage.minted.audience = vec!["vault.example.com".to_owned()];
            Ok(())
        },
    },
    Scenario {
        name: "token-audience-for-other-use",
        about: "the mounted token is the old kind, from a secret",
        code: Some("token-audience-for-other-use"),
        break_it: |stage| {
            stage.claims = Some(stage.minted.legacy_claims());
            Ok(())
        },
    },
    Scenario {
        name: "issuer-not-public-default",
        about: "the cluster mints tokens as https://kubernetes.default.svc",
        code: Some("issuer-not-public-default"),
        break_it: |stage| {
            stage.minted.issuer = "https://kubernetes.default.svc.cluster.local".to_owned();
            Ok(())
        },
    },
    // The way to STS.
    Scenario {
        name: "wrong-partition-endpoint",
        about: "the role is in GovCloud, the region is not",
        code: Some("wrong-partition-endpoint"),
        break_it: |stage| {
            stage.set("AWS_ROLE_ARN", "arn:aws-us-gov:iam::111122223333:role/checkout");
            Ok(())
        },
    },
    Scenario {
        name: "sts-endpoint-misconfigured",
        about: "AWS_ENDPOINT_URL names S3",
        code: Some("sts-endpoint-misconfigured"),
        break_it: |stage| {
            stage.set("AWS_ENDPOINT_URL_STS", "https://sts.eu-west-1.amazonaws.com");
            stage.misbehave(Assume, Misbehaviour::S3);
            Ok(())
        },
    },
    Scenario {
        name: "dns-failure",
        about: "the endpoint's name cannot be looked up",
        code: Some("dns-failure"),
        break_it: |stage| {
            stage.set("AWS_ENDPOINT_URL_STS", "https://sts.eu-west-1.invalid");
            stage.set("HTTPS_PROXY", UNSET);
            Ok(())
        },
    },
    Scenario {
        name: "sts-endpoint-unreachable-timeout",
        about: "packets to STS vanish",
        code: Some("sts-endpoint-unreachable-timeout"),
        break_it: Stage::black_hole,
    },
    Scenario {
        name: "proxy-interferes",
        about: "the proxy refuses to connect to STS",
        code: Some("proxy-interferes"),
        break_it: |stage| {
            stage.proxy = Manner::Refuse(403);
            Ok(())
        },
    },
    Scenario {
        name: "proxy-not-there",
        about: "HTTPS_PROXY names a port at which nothing listens",
        code: Some("proxy-interferes"),
        break_it: |stage| {
            let address = dead_ends::closed_port()?;
            stage.set("HTTPS_PROXY", &format!("http://{address}"));
            Ok(())
        },
    },
    Scenario {
        name: "tls-unknown-ca",
        about: "STS's certificate is from an authority that this image does not know",
        code: Some("tls-unknown-ca"),
        break_it: |stage| {
            stage.has_authority = false;
            Ok(())
        },
    },
    Scenario {
        name: "tls-hostname-mismatch",
        about: "the name leads to another region's VPC endpoint",
        code: Some("tls-hostname-mismatch"),
        break_it: |stage| {
            stage.certificate_for = "sts.us-east-1.amazonaws.com";
            Ok(())
        },
    },
    // What STS answers.
    Scenario {
        name: "captive-portal",
        about: "something in between answers with a page of HTML",
        code: Some("sts-answer-not-understood"),
        break_it: |stage| {
            stage.misbehave(Assume, Misbehaviour::Html);
            Ok(())
        },
    },
    Scenario {
        name: "sts-server-error",
        about: "STS has a bad day",
        code: Some("sts-server-error"),
        break_it: |stage| refuse(stage, "InternalFailure"),
    },
    Scenario {
        name: "throttled",
        about: "the account calls STS too often",
        code: Some("throttled"),
        break_it: |stage| refuse(stage, "Throttling"),
    },
    Scenario {
        name: "region-sts-disabled",
        about: "STS is not active in this region for the account",
        code: Some("region-sts-disabled"),
        break_it: |stage| refuse(stage, "RegionDisabledException"),
    },
    Scenario {
        name: "no-oidc-provider",
        about: "the account has no IAM provider for this cluster",
        code: Some("oidc-provider-not-found"),
        break_it: |stage| {
            stage.world.providers.clear();
            Ok(())
        },
    },
    Scenario {
        name: "thumbprint-mismatch",
        about: "the provider's thumbprint is not that of the issuer's certificate",
        code: Some("thumbprint-mismatch"),
        break_it: |stage| refuse(stage, "thumbprint"),
    },
    Scenario {
        name: "jwks-key-mismatch",
        about: "the token's key is not among those that the issuer publishes",
        code: Some("verification-key-not-retrieved"),
        break_it: |stage| {
            stage.unpublished_key = true;
            Ok(())
        },
    },
    Scenario {
        name: "wrong-subject-in-trust-policy",
        about: "the role trusts the service account of another namespace",
        code: Some("not-authorized"),
        break_it: |stage| {
            stage.trust_policy = trust_policy(&stage.role, ISSUER, "system:serviceaccount:default:checkout", AUDIENCE);
            Ok(())
        },
    },
    Scenario {
        name: "wrong-provider-in-trust-policy",
        about: "the role trusts another cluster",
        code: Some("not-authorized"),
        break_it: |stage| {
            let other = "https://oidc.eks.eu-west-1.amazonaws.com/id/0THERCLUSTER0THERCLUSTER0THERCLU";
            stage.trust_policy = trust_policy(&stage.role, other, SUBJECT, AUDIENCE);
            Ok(())
        },
    },
    Scenario {
        name: "subject-wildcard-needs-stringlike",
        about: "the policy has a wildcard where none is read as one",
        code: Some("not-authorized"),
        break_it: |stage| {
            stage.trust_policy = trust_policy(&stage.role, ISSUER, "system:serviceaccount:payments:*", AUDIENCE);
            Ok(())
        },
    },
    Scenario {
        name: "trust-policy-lacks-web-identity-statement",
        about: "the role is a node's: it trusts EC2",
        code: Some("not-authorized"),
        break_it: |stage| {
            stage.trust_policy = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole"
            }]});
            Ok(())
        },
    },
    Scenario {
        name: "role-does-not-exist",
        about: "the role was deleted",
        code: Some("not-authorized"),
        break_it: |stage| {
            let another = "arn:aws:iam::111122223333:role/another";
            stage.role = RoleArn::parse(another).map_err(|fault| Error::other(fault.to_string()))?;
            Ok(())
        },
    },
    Scenario {
        name: "scarce-credentials",
        about: "STS's answer ends within the credentials",
        code: Some("sts-answer-not-understood"),
        break_it: |stage| {
            stage.misbehave(Assume, Misbehaviour::TruncatedCredentials);
            Ok(())
        },
    },
    // The signed call.
    Scenario {
        name: "request-clock-skew",
        about: "the node's clock is half an hour behind",
        code: Some("request-clock-skew"),
        break_it: |stage| {
            stage.world.clock_ahead = 30 * 60;
            stage.minted.issued_at = World::default().now() - 60;
            Ok(())
        },
    },
    Scenario {
        name: "signed-call-refused",
        about: "the session works nowhere in this region",
        code: Some("signed-call-refused"),
        break_it: |stage| {
            stage.misbehave(Identity, Misbehaviour::Refuse(Refusal::unknown_key()));
            Ok(())
        },
    },
];

fn refuse(stage: &mut Stage, name: &str) -> Result<()> {
    stage.misbehave(Assume, name.parse()?);
    Ok(())
}
