//! What mounts and variables together show of what the pod identity webhook did, by its own rules (read in its source and
//! tried on a cluster, v0.6.17).

use crate::aws::webhook::Rule;
use crate::probe::evidence::{Evidence, Mount, Mounts, Volume};

pub(crate) const SHOW: &str = "kubectl get mutatingwebhookconfigurations pod-identity-webhook";

/// A pod is mutated when it is created and at no other time.
pub(crate) const RECREATE: &str = "restarting the container does not help";

/// Why nothing is judged where injection [`is_absent_as_allowed`].
pub(crate) const NOTHING_TO_CHECK: &str =
    "this container is not configured for IRSA or EKS Pod Identity, which --if-configured allows";

/// Whether the user allows that a container has no role (`--if-configured`), and this one has no sign of one: no
/// variable of IRSA or EKS Pod Identity, no token volume, no profile with a web identity token and no variable that names
/// a profile file which cannot be read, no service account that is expected. A pod that never asked for a role and a pod
/// that the webhook missed run the same from inside.
pub(crate) fn is_absent_as_allowed(evidence: &Evidence) -> bool {
    let is_mounted =
        evidence.mounts.seen().is_some_and(|mounts| mounts.irsa.is_some() || mounts.pod_identity.is_some());
    let in_profile = evidence.profile.seen().is_some_and(|profile| profile.has("web_identity_token_file"));
    evidence.expected.if_configured
        && evidence.expected.service_account.is_none()
        && evidence.unseen_variables().is_none()
        && evidence.mechanism.is_none()
        && !(is_mounted || in_profile || evidence.closed_profiles.iter().any(|file| file.variable.is_some()))
}

/// What to do about the pods that no rollout replaces.
pub(crate) const OWNER: &str = "Restart the workload that owns it. A pod without an owner must be created again from its \
                         manifest.";

/// What the mounts say where neither variable is set. `None` if nobody could run.
pub(crate) fn without_variables(evidence: &Evidence) -> Option<String> {
    let Mounts { irsa, pod_identity, .. } = evidence.mounts.seen()?;
    Some(match (irsa, pod_identity) {
        (Some(mount), _) => format!(
            "The token volume is mounted at {}: the webhook mutated this container, and the variables were lost \
             between the container's start and this process.",
            mount.point
        ),
        (None, Some(_)) => {
            format!("The EKS Pod Identity token is mounted instead: {}.", Rule::PodIdentity.in_words())
        }
        (None, None) => "The token volume is not mounted either: the webhook did not mutate this container.".to_owned(),
    })
}

/// What the mounts say where one of the variables is missing or empty. `None` if nobody could run.
pub(crate) fn half_set(evidence: &Evidence) -> Option<String> {
    let Mounts { irsa, .. } = evidence.mounts.seen()?;
    Some(match irsa {
        Some(mount) => {
            format!("The token volume is mounted at {}: {}.", mount.point, Rule::OwnIdentity.in_words())
        }
        None if has_all_else(evidence) => format!(
            "The token volume is not mounted. The variable, a region and AWS_STS_REGIONAL_ENDPOINTS were set by hand, \
             and {}.",
            Rule::OwnVariables.in_words()
        ),
        None => "The token volume is not mounted: the variable was set by hand, and the webhook did not mutate this \
                 container."
            .to_owned(),
    })
}

/// Whether everything but the other variable is set that the webhook may set.
fn has_all_else(evidence: &Evidence) -> bool {
    let is_set = |name| evidence.environment.variable(name).is_set();
    is_set("AWS_STS_REGIONAL_ENDPOINTS") && (is_set("AWS_REGION") || is_set("AWS_DEFAULT_REGION"))
}

/// What the mounts say where there is no token file at `path`. `None` if they say nothing of it.
pub(crate) fn without_file(evidence: &Evidence, path: &str) -> Option<String> {
    let Mounts { irsa, token_file, .. } = evidence.mounts.seen()?;
    Some(match (token_file, irsa) {
        (Some(mount), _) => format!("{} is mounted there: {}.", mount.point, kind(mount)),
        (None, Some(mount)) => {
            format!("The webhook mounted the token at {}, but the variable names another path.", mount.point)
        }
        (None, None) if !path.starts_with('/') => return None,
        (None, None) => "Nothing is mounted there: the variables were set by hand, or the container's mounts were \
                         replaced after the webhook."
            .to_owned(),
    })
}

fn kind(mount: &Mount) -> String {
    match mount.volume() {
        Volume::EmptyDir => format!("an emptyDir, not the token: {}", Rule::VolumeReused.in_words()),
        Volume::ConfigMap => "a ConfigMap, not the token".to_owned(),
        Volume::SubPath => "a single file or directory of a volume (subPath), not the volume".to_owned(),
        Volume::Projected if !mount.entries.iter().any(|name| name == "token") => {
            let names: Vec<&str> =
                mount.entries.iter().map(String::as_str).filter(|name| !name.starts_with("..")).collect();
            format!("a volume that the kubelet writes, but it contains {}, not token", names.join(", "))
        }
        Volume::Projected => "the token volume, but the token has another name in it than in the variable".to_owned(),
        Volume::Other => format!("a {} file system, not the token volume", mount.file_system),
    }
}

/// Whether the token file can never be renewed, because it is mounted by itself.
pub(crate) fn is_frozen(evidence: &Evidence) -> bool {
    evidence.mounts.seen().is_some_and(Mounts::hold_the_token_alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Mechanism, Seen};

    fn mount(point: &str, file_system: &str, root: &str, entries: &[&str]) -> Mount {
        Mount {
            point: point.into(),
            root: root.into(),
            file_system: file_system.into(),
            entries: entries.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn with(mounts: Mounts) -> Evidence {
        Evidence { mounts: Seen::Seen(mounts), ..testing::healthy() }
    }

    #[test]
    fn any_sign_of_irsa_ends_what_if_configured_allows() {
        let nothing = || {
            let mut evidence = Evidence {
                environment: testing::variables(&[]),
                mechanism: None,
                mounts: Seen::Seen(Mounts::default()),
                ..testing::healthy()
            };
            evidence.expected.if_configured = true;
            evidence
        };
        let profile = |setting| crate::probe::evidence::Profile {
            name: "default".into(),
            exists: true,
            settings: vec![setting],
            role_arn: None,
            region: None,
            sts_regional_endpoints: None,
            web_identity: None,
            of_container: vec![],
        };
        type Sign = fn(&mut Evidence);
        let signs: [(&str, Sign); 5] = [
            ("the flag is missing", |evidence| evidence.expected.if_configured = false),
            ("a service account is expected", |evidence| {
                evidence.expected.service_account = Some(("payments".into(), "checkout".into()));
            }),
            ("the role alone", |evidence| evidence.environment = testing::variables(&[("AWS_ROLE_ARN", "")])),
            ("the agent alone", |evidence| {
                let agent = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
                evidence.environment = testing::variables(&[agent]);
            }),
            ("the file alone", |evidence| {
                evidence.environment = testing::variables(&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")]);
            }),
        ];
        for (sign, set) in signs {
            let mut evidence = nothing();
            set(&mut evidence);
            evidence.mechanism = Mechanism::of(&evidence.environment, None);
            assert!(!is_absent_as_allowed(&evidence), "{sign}");
        }
        let token = mount("/run/secrets/eks.amazonaws.com/serviceaccount", "tmpfs", "/", &["..data", "token"]);
        let mounted = Evidence { mounts: Seen::Seen(Mounts { irsa: Some(token), ..Mounts::default() }), ..nothing() };
        assert!(!is_absent_as_allowed(&mounted));
        let in_profile = Evidence { profile: Seen::Seen(profile("web_identity_token_file")), ..nothing() };
        assert!(!is_absent_as_allowed(&in_profile));
        // Nobody asked for IRSA: no configuration at all, other credentials, what cannot be read.
        let keys = testing::variables(&[
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.2/v2/credentials"),
        ]);
        for evidence in [
            nothing(),
            Evidence { environment: keys, ..nothing() },
            Evidence { profile: Seen::Seen(profile("aws_access_key_id")), ..nothing() },
            Evidence { mounts: Seen::Failed("not readable".into()), ..nothing() },
        ] {
            assert!(is_absent_as_allowed(&evidence));
        }
    }

    #[test]
    fn each_rule_of_the_webhook_has_its_words() {
        let token = mount("/run/secrets/eks.amazonaws.com/serviceaccount", "tmpfs", "/", &["..data", "token"]);
        let irsa = || with(Mounts { irsa: Some(token.clone()), ..Mounts::default() });
        let pod_identity = with(Mounts { pod_identity: Some(token.clone()), ..Mounts::default() });
        let nothing = with(Mounts::default());
        for (said, words) in [
            (without_variables(&irsa()), "were lost between"),
            (without_variables(&pod_identity), "association"),
            (without_variables(&nothing), "did not mutate this container"),
            (half_set(&irsa()), "adds neither variable"),
            (half_set(&nothing), "not even the mount"),
            (half_set(&Evidence { environment: testing::variables(&[]), ..with(Mounts::default()) }), "did not mutate"),
            (without_file(&irsa(), "/other/token"), "another path"),
            (without_file(&nothing, "/other/token"), "Nothing is mounted there"),
        ] {
            assert!(said.as_ref().is_some_and(|said| said.contains(words)), "{said:?}: {words}");
        }
        assert_eq!(without_file(&nothing, "token"), None);
        assert_eq!(without_variables(&testing::healthy()), None);
    }

    #[test]
    fn what_is_mounted_in_the_tokens_place_is_named() {
        let emptied = "/var/lib/kubelet/pods/6f0c/volumes/kubernetes.io~empty-dir/aws-iam-token";
        for (mount, words) in [
            (mount("/a", "xfs", emptied, &[]), "emptyDir"),
            (mount("/a", "tmpfs", "/", &["..data", "ca.crt"]), "contains ca.crt"),
            (mount("/a", "tmpfs", "/", &["..data", "token"]), "another name"),
            (mount("/a", "nfs4", "/", &["x"]), "nfs4"),
        ] {
            let evidence = with(Mounts { token_file: Some(mount), ..Mounts::default() });
            let said = without_file(&evidence, "/a/token").unwrap();
            assert!(said.contains(words), "{said}");
        }
        let single = mount("/a/token", "tmpfs", "/..2026/token", &[]);
        assert!(is_frozen(&with(Mounts { token_file: Some(single), ..Mounts::default() })));
        assert!(!is_frozen(&testing::healthy()));
    }
}
