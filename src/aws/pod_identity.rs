//! EKS Pod Identity as AWS defines it: where its agent is, whom its tokens are for, and what its sessions are called.

use hyper::Uri;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The only audience that EKS accepts (EKS user guide, "How EKS Pod Identity works").
pub(crate) const AUDIENCE: &str = "pods.eks.amazonaws.com";

/// The service principal that a role must trust. It is the same in every partition (EKS user guide, "EKS Pod Identity
/// role").
pub(crate) const SERVICE: &str = "pods.eks.amazonaws.com";

/// The agent's link-local addresses, IPv4 and IPv6 (aws/eks-pod-identity-agent, `configuration`).
const ADDRESSES: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)), IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23))];
const PATH: &str = "/v1/credentials";

/// Why a URL is not that of the agent. A token must not be sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTheAgent {
    NotAUrl,
    /// The host is neither of the two addresses.
    Host,
    /// The agent listens at port 80, without TLS.
    Port,
    /// The agent knows one path.
    Path,
}

/// Checks that `url` leads to the agent.
///
/// # Errors
/// The first part that does not.
pub(crate) fn check_agent_url(url: &str) -> Result<(), NotTheAgent> {
    let parsed: Uri = url.parse().map_err(|_| NotTheAgent::NotAUrl)?;
    let host = parsed.host().ok_or(NotTheAgent::NotAUrl)?.trim_start_matches('[').trim_end_matches(']');
    if !host.parse().is_ok_and(|address: IpAddr| ADDRESSES.contains(&address)) {
        Err(NotTheAgent::Host)
    } else if parsed.scheme_str() != Some("http") || parsed.port_u16().unwrap_or(80) != 80 {
        Err(NotTheAgent::Port)
    } else if parsed.path() != PATH {
        Err(NotTheAgent::Path)
    } else {
        Ok(())
    }
}

impl NotTheAgent {
    /// A sentence about the value of the variable.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::NotAUrl => "It is not a URL.",
            Self::Host => "The agent's addresses are 169.254.170.23 and [fd00:ec2::23].",
            Self::Port => "The agent listens at port 80, without TLS.",
            Self::Path => "The agent answers only at /v1/credentials.",
        }
    }
}

/// The cluster in the ARN of a session, `.../eks-CLUSTER-POD-UUID` (EKS API reference, `AssumeRoleForPodIdentity`).
/// `pod` is the pod's name: both names may hold hyphens. `None` where the session is called otherwise.
pub(crate) fn cluster<'a>(caller_arn: &'a str, pod: &str) -> Option<&'a str> {
    const UUID: usize = "b7e4f6aa-1c52-4b0e-8a55-7f1d2b9c3e42".len();
    let session = caller_arn.rsplit('/').next()?.strip_prefix("eks-")?;
    let (names, _) = session.split_at_checked(session.len().checked_sub(UUID)?)?;
    let cluster = names.strip_suffix('-')?.strip_suffix(pod)?.strip_suffix('-')?;
    (!cluster.is_empty() && !pod.is_empty()).then_some(cluster)
}

/// The ARN of an EKS cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterArn {
    partition: String,
    pub region: String,
    pub account: String,
    pub name: String,
}

impl ClusterArn {
    /// The cluster of `arn:PARTITION:eks:REGION:ACCOUNT:podidentityassociation/CLUSTER/ID`.
    pub(crate) fn of_association(arn: &str) -> Option<ClusterArn> {
        let fields: Vec<&str> = arn.split(':').collect();
        let ["arn", partition, "eks", region, account, resource] = fields[..] else { return None };
        let (name, _) = resource.strip_prefix("podidentityassociation/")?.split_once('/')?;
        let [partition, region, account, name] = [partition, region, account, name].map(str::to_owned);
        Some(ClusterArn { partition, region, account, name })
    }
}

impl fmt::Display for ClusterArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, name } = self;
        write!(f, "arn:{partition}:eks:{region}:{account}:cluster/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_agents_own_url_may_get_a_token() {
        for (url, result) in [
            ("http://169.254.170.23/v1/credentials", Ok(())),
            ("http://169.254.170.23:80/v1/credentials", Ok(())),
            ("http://[fd00:ec2::23]/v1/credentials", Ok(())),
            ("http://[fd00:0ec2:0:0::23]/v1/credentials", Ok(())),
            ("", Err(NotTheAgent::NotAUrl)),
            ("/v1/credentials", Err(NotTheAgent::NotAUrl)),
            ("http://169.254.170.2/v1/credentials", Err(NotTheAgent::Host)),
            ("http://169.254.170.23.example.com/v1/credentials", Err(NotTheAgent::Host)),
            ("http://169.254.170.23@example.com/v1/credentials", Err(NotTheAgent::Host)),
            ("http://localhost/v1/credentials", Err(NotTheAgent::Host)),
            ("http://127.0.0.1:8080/v1/credentials", Err(NotTheAgent::Host)),
            ("http://[::ffff:169.254.170.23]/v1/credentials", Err(NotTheAgent::Host)),
            ("https://169.254.170.23/v1/credentials", Err(NotTheAgent::Port)),
            ("http://169.254.170.23:2703/v1/credentials", Err(NotTheAgent::Port)),
            ("http://169.254.170.23/", Err(NotTheAgent::Path)),
            ("http://169.254.170.23/v1/credentials/", Err(NotTheAgent::Path)),
        ] {
            assert_eq!(check_agent_url(url), result, "{url}");
        }
    }

    #[test]
    fn the_session_names_the_cluster_behind_the_pod() {
        let arn = |session: &str| format!("arn:aws:sts::111122223333:assumed-role/checkout/{session}");
        const UUID: &str = "b7e4f6aa-1c52-4b0e-8a55-7f1d2b9c3e42";
        for (session, pod, found) in [
            (format!("eks-prod-checkout-7d4b-x2k8p-{UUID}"), "checkout-7d4b-x2k8p", Some("prod")),
            (format!("eks-prod-eu-a-0-{UUID}"), "a-0", Some("prod-eu")),
            (format!("eks-prod-a-0-{UUID}"), "b-0", None),
            (format!("eks-a-0-{UUID}"), "a-0", None),
            (format!("eks-prod--{UUID}"), "", None),
            ("eks-prod-a-0".to_owned(), "a-0", None),
            ("é".repeat(30), "a-0", None),
            ("i-0abcd1234ef567890".to_owned(), "a-0", None),
            ("irsa-probe".to_owned(), "a-0", None),
        ] {
            assert_eq!(cluster(&arn(&session), pod), found, "{session}");
        }
    }
}
