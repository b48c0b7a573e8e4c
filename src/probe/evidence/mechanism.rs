//! How the pod gets its role.

use super::{Environment, Profile};
use crate::aws::pod_identity;
use clap::ValueEnum;

/// How a role gets into a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mechanism {
    /// A web identity token and a role ARN, which the webhook injects for an annotated service account.
    Irsa,
    /// A profile of the AWS configuration files that names a role and a web identity token file.
    IrsaProfile,
    /// An association in EKS, and an agent on the node that hands out its role.
    PodIdentity,
}

/// The variables that configure EKS Pod Identity.
pub const POD_IDENTITY_VARIABLES: [&str; 2] =
    ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
const IRSA_VARIABLES: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];

/// What most SDKs do; each one's own order is in `sdks::chain`.
const ORDER: [Mechanism; 3] = [Mechanism::Irsa, Mechanism::IrsaProfile, Mechanism::PodIdentity];

impl Mechanism {
    /// The one that is configured. Of several, the first in the order of most SDKs. One that is configured in part counts
    /// where no other is complete.
    pub fn of(environment: &Environment, profile: Option<&Profile>) -> Option<Mechanism> {
        let complete = |mechanism: &Mechanism| mechanism.is_complete(environment, profile);
        let begun = |mechanism: &Mechanism| mechanism.is_begun(environment, profile);
        ORDER.into_iter().find(complete).or_else(|| ORDER.into_iter().find(begun))
    }

    /// All that are configured completely, in the order of most SDKs.
    pub fn complete(environment: &Environment, profile: Option<&Profile>) -> Vec<Mechanism> {
        ORDER.into_iter().filter(|mechanism| mechanism.is_complete(environment, profile)).collect()
    }

    /// Everything that it needs is configured.
    fn is_complete(self, environment: &Environment, profile: Option<&Profile>) -> bool {
        let are_filled =
            |names: [&'static str; 2]| names.into_iter().all(|name| environment.variable(name).is_filled());
        match self {
            Self::Irsa => are_filled(IRSA_VARIABLES),
            Self::IrsaProfile => profile.is_some_and(|profile| profile.web_identity().is_some()),
            Self::PodIdentity => are_filled(POD_IDENTITY_VARIABLES) && names_agent(environment),
        }
    }

    /// Something of it is configured.
    fn is_begun(self, environment: &Environment, profile: Option<&Profile>) -> bool {
        match self {
            Self::Irsa => IRSA_VARIABLES.into_iter().any(|name| environment.variable(name).is_set()),
            Self::IrsaProfile => profile.is_some_and(|profile| profile.web_identity.is_some()),
            Self::PodIdentity => names_agent(environment) || environment.variable(POD_IDENTITY_VARIABLES[1]).is_set(),
        }
    }

    /// In reports, metrics and options.
    pub fn code(self) -> &'static str {
        match self {
            Self::Irsa => "irsa",
            Self::IrsaProfile => "irsa-profile",
            Self::PodIdentity => "pod-identity",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Irsa => "IRSA",
            Self::IrsaProfile => "IRSA through a profile",
            Self::PodIdentity => "EKS Pod Identity",
        }
    }

    /// The two variables that configure it; none for a profile, which lies in a file.
    pub fn variables(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Irsa => Some(IRSA_VARIABLES),
            Self::IrsaProfile => None,
            Self::PodIdentity => Some(POD_IDENTITY_VARIABLES),
        }
    }

    /// The volume that the webhook mounts its token with.
    pub fn volume(self) -> &'static str {
        match self {
            Self::Irsa | Self::IrsaProfile => "aws-iam-token",
            Self::PodIdentity => "eks-pod-identity-token",
        }
    }

    /// The variables of all mechanisms, two and two.
    pub fn all_variables() -> [[&'static str; 2]; 2] {
        [IRSA_VARIABLES, POD_IDENTITY_VARIABLES]
    }

    /// The variable that names its token file; for a profile, that of IRSA, which has the same meaning.
    pub fn token_variable(self) -> &'static str {
        self.variables().unwrap_or(IRSA_VARIABLES)[1]
    }
}

/// A wrong port or path does not make it another mechanism.
fn names_agent(environment: &Environment) -> bool {
    environment.value(POD_IDENTITY_VARIABLES[0]).is_some_and(|url| {
        let checked = pod_identity::check_agent_url(url);
        checked != Err(pod_identity::NotTheAgent::Host) && checked != Err(pod_identity::NotTheAgent::NotAUrl)
    })
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
            assert_eq!(Mechanism::of(&variables(set), None), mechanism, "{set:?}");
        }
    }
}
