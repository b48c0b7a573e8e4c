//! What the URL of a token's issuer tells: the checks, `explain` and `audit` judge it by this one rule.

use crate::aws::vpc::is_private;
use std::net::IpAddr;

/// What the webhook writes into tokens, in every partition.
pub(crate) const STS_AUDIENCE: &str = "sts.amazonaws.com";

/// Top-level names that public DNS does not have: RFC 6761 (localhost, test), RFC 6762 (local, and in appendix G those
/// that private networks took), ICANN's reservation of internal, and what Kubernetes makes up (svc, cluster).
const INTERNAL: [&str; 12] = [
    "localhost",
    "localdomain",
    "test",
    "local",
    "intranet",
    "internal",
    "private",
    "corp",
    "home",
    "lan",
    "svc",
    "cluster",
];

/// Why STS cannot reach an issuer, as far as its URL alone tells, in a clause. `None` if nothing speaks against it. A URL
/// without a scheme is judged by its host.
pub(crate) fn why_unreachable(issuer: &str) -> Option<&'static str> {
    let rest = match issuer.split_once("://") {
        Some(("https", rest)) => rest,
        Some(_) => return Some("STS accepts only https URLs"),
        None => issuer,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let (before, top) = host.rsplit_once('.').unwrap_or(("", &host));
    if host.is_empty() {
        Some("it names no host")
    } else if let Ok(address) = host.parse::<IpAddr>() {
        (is_private(address) || address.is_unspecified()).then_some("the address is private")
    } else if before.is_empty() || INTERNAL.contains(&top) {
        Some("the name is known only within the cluster or its network")
    } else {
        None
    }
}

/// Whether EKS issues the tokens (EKS user guide, "Create an IAM OIDC provider for your cluster"; the second host is the
/// dual-stack one). Its webhook is EKS's own.
pub(crate) fn is_of_eks(issuer: &str) -> bool {
    let host = issuer.strip_prefix("https://").unwrap_or(issuer);
    host.starts_with("oidc.eks.") || host.starts_with("oidc-eks.")
}

/// Issuers, and whether STS can reach them as far as the URL tells: the same for all who judge them.
#[cfg(test)]
pub(crate) const EXAMPLES: &[(&str, bool)] = &[
    ("https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE", true),
    ("https://issuer.example.com:8443/path", true),
    ("https://token.actions.githubusercontent.com", true),
    ("https://8.8.8.8", true),
    ("https://[2001:4860:4860::8888]/", true),
    ("https://kubernetes.default.svc", false),
    ("https://kubernetes.default.svc.cluster.local", false),
    ("https://Kubernetes.Default.SVC.", false),
    ("https://k8s.corp", false),
    ("https://oidc.lan/cluster-1", false),
    ("https://issuer", false),
    ("https://10.0.0.1/", false),
    ("https://100.64.0.1", false),
    ("https://0.0.0.0", false),
    ("https://[fd00::1]:6443", false),
    ("https://localhost:8443", false),
    ("https://ip-10-0-0-1.eu-west-1.compute.internal", false),
    ("http://issuer.example.com", false),
    ("https:///x", false),
    ("kubernetes/serviceaccount", false),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuers_of_eks_are_known() {
        for (issuer, is_eks) in [
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/A", true),
            ("oidc.eks.cn-north-1.amazonaws.com.cn/id/A", true),
            ("https://oidc-eks.eu-west-1.api.aws/id/A", true),
            ("https://kops-oidc.s3.eu-west-1.amazonaws.com/prod.example.com", false),
        ] {
            assert_eq!(is_of_eks(issuer), is_eks, "{issuer}");
        }
    }

    #[test]
    fn names_that_only_the_cluster_knows_differ_from_public_ones() {
        for (issuer, public) in EXAMPLES {
            assert_eq!(why_unreachable(issuer).is_none(), *public, "{issuer}");
        }
        assert_eq!(why_unreachable("oidc.eks.eu-west-1.amazonaws.com/id/A"), None, "as a provider's ARN names it");
    }
}
