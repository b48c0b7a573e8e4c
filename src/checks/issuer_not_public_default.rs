use crate::checks::Check;
use crate::evidence::Evidence;
use crate::finding::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::sts_errors;
use std::net::IpAddr;

/// The issuer is a name that only the cluster knows.
pub static CHECK: Check = Check {
    cause: Cause {
        code: "issuer-not-public-default",
        title: "the token's issuer cannot be reached by STS",
        severity: Severity::Error,
        advice: Advice::RecreatePod,
        explanation: "\
STS fetches the keys of a token's issuer over the public internet: https and a public name. \
A certificate of a private CA works if its thumbprint is in the IAM provider. A \
cluster that was not set up for this stamps its tokens with https://kubernetes.default.svc.cluster.local, and STS \
answers \"No OpenIDConnect provider found\" or \"Couldn't retrieve verification key\".

On EKS the issuer is always public. On a cluster of your own, set the API server's --service-account-issuer to the \
public URL where you publish discovery document and JWKS, register it as an IAM provider, and make the pods anew.",
    },
    judge,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(token) = evidence.token.seen() else { return Outcome::skip(evidence.why_no_token()) };
    if token.is_for_another_use() {
        return Outcome::skip("the token is not for STS");
    }
    let Some(issuer) = &token.issuer else {
        return Diagnosis::new("The token names no issuer.", fix()).into();
    };
    match private(issuer) {
        None => sts_errors::pass_unless_said(CHECK.cause.code, evidence),
        // A stand-in for STS may well reach it, and what works is not at fault.
        Some(_) if evidence.session.seen().is_some() => Outcome::Pass,
        // STS looks at the role only after it has verified the token.
        Some(_) if sts_errors::finding_code(evidence) == Some("not-authorized") => Outcome::Pass,
        Some(why) => Diagnosis::new(format!("The token's issuer is {issuer:?}: {why}."), fix()).into(),
    }
}

fn fix() -> Fix {
    Fix::new(
        "set the API server's --service-account-issuer to a public https URL with a published discovery document, and \
         make the pod anew",
    )
    .command("kubectl get --raw /.well-known/openid-configuration")
}

/// Why STS cannot reach the issuer, as far as its URL alone tells.
fn private(issuer: &str) -> Option<&'static str> {
    let Some(rest) = issuer.strip_prefix("https://") else {
        return Some("STS takes only https URLs");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let host = host.to_ascii_lowercase();
    let internal = ["localhost", "svc", "local", "internal", "localdomain", "cluster"];
    if host.is_empty() {
        Some("it names no host")
    } else if let Ok(address) = host.parse::<IpAddr>() {
        (!is_public(address)).then_some("the address is private")
    } else if !host.contains('.') || internal.contains(&host.rsplit('.').next().unwrap_or_default()) {
        Some("the name is known only within the cluster or its network")
    } else {
        None
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()),
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing;
    use crate::evidence::Seen;

    #[test]
    fn names_that_only_the_cluster_knows_are_told_from_public_ones() {
        for (issuer, fault) in [
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE", false),
            ("https://issuer.example.com:8443/path", false),
            ("https://kubernetes.default.svc", true),
            ("https://kubernetes.default.svc.cluster.local", true),
            ("https://10.0.0.1/", true),
            ("https://[fd00::1]:6443", true),
            ("https://8.8.8.8", false),
            ("https://localhost:8443", true),
            ("https://ip-10-0-0-1.eu-west-1.compute.internal", true),
            ("http://issuer.example.com", true),
            ("https:///x", true),
        ] {
            let mut evidence = testing::token(|token| token.issuer = Some(issuer.to_owned()));
            evidence.session = Seen::not_looked("");
            assert_eq!(matches!(judge(&evidence), Outcome::Fault(_)), fault, "{issuer}");
        }
    }
}
