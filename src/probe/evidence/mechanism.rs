//! How the pod gets its role.

use super::Environment;
use crate::aws::pod_identity;
use clap::ValueEnum;

/// How a role gets into a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mechanism {
    /// A web identity token and a role ARN, which the webhook injects for an annotated service account.
    Irsa,
    /// An association in EKS, and an agent on the node that hands out its role.
    PodIdentity,
}

/// The variables that configure EKS Pod Identity.
pub const POD_IDENTITY_VARIABLES: [&str; 2] =
    ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
const IRSA_VARIABLES: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];

impl Mechanism {
    /// The one that these variables configure. Of two, the one that an SDK uses: all but JavaScript 2 try web identity
    /// before the container's credentials (`sdk_chain`). Half of a mechanism counts where there is nothing of the
    /// other.
    pub fn of(environment: &Environment) -> Option<Mechanism> {
        let filled = |name: &&str| environment.variable(name).is_filled();
        let set = |name: &&str| environment.variable(name).is_set();
        let names_agent = environment.value(POD_IDENTITY_VARIABLES[0]).is_some_and(is_at_the_agents_address);
        let names_token = set(&POD_IDENTITY_VARIABLES[1]);
        if IRSA_VARIABLES.iter().all(filled) {
            Some(Self::Irsa)
        } else if POD_IDENTITY_VARIABLES.iter().all(filled) && names_agent {
            Some(Self::PodIdentity)
        } else if IRSA_VARIABLES.iter().any(set) {
            Some(Self::Irsa)
        } else {
            (names_agent || names_token).then_some(Self::PodIdentity)
        }
    }

    /// In reports, metrics and options.
    pub fn code(self) -> &'static str {
        match self {
            Self::Irsa => "irsa",
            Self::PodIdentity => "pod-identity",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Irsa => "IRSA",
            Self::PodIdentity => "EKS Pod Identity",
        }
    }

    /// The two variables that configure it.
    pub fn variables(self) -> [&'static str; 2] {
        match self {
            Self::Irsa => IRSA_VARIABLES,
            Self::PodIdentity => POD_IDENTITY_VARIABLES,
        }
    }

    /// The variable that names its token file.
    pub fn token_variable(self) -> &'static str {
        self.variables()[1]
    }
}

/// A wrong port or path does not make it another mechanism.
fn is_at_the_agents_address(url: &str) -> bool {
    pod_identity::check_agent_url(url) != Err(pod_identity::NotTheAgent::Host)
        && pod_identity::check_agent_url(url) != Err(pod_identity::NotTheAgent::NotAUrl)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::variables;

    #[test]
    fn an_sdks_own_order_decides_between_two() {
        const ROLE: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/a");
        const FILE: (&str, &str) = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
        const URI: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
        const TOKEN: (&str, &str) = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/pod-token");
        const ECS: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9000/");
        use Mechanism::{Irsa, PodIdentity};
        for (set, mechanism) in [
            (&[][..], None),
            (&[ROLE, FILE], Some(Irsa)),
            (&[ROLE], Some(Irsa)),
            (&[URI, TOKEN], Some(PodIdentity)),
            (&[URI, TOKEN, FILE], Some(PodIdentity)),
            (&[URI, TOKEN, ROLE, FILE], Some(Irsa)),
            (&[URI], Some(PodIdentity)),
            (&[TOKEN], Some(PodIdentity)),
            (&[URI, ROLE], Some(Irsa)),
            (&[ECS], None),
            (&[ECS, TOKEN], Some(PodIdentity)),
            (&[ECS, ROLE, FILE], Some(Irsa)),
        ] {
            assert_eq!(Mechanism::of(&variables(set)), mechanism, "{set:?}");
        }
    }
}
