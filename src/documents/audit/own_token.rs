//! Pods that name their role and mount its token themselves, where no webhook does it: those of kOps (kubernetes/kops,
//! `pkg/model/iam/subject.go`), and manifests for clusters outside EKS.

use super::finding::ObjectFinding;
use super::profile::mounted_at;
use super::workload::correct;
use crate::aws::webhook::{TOKEN_PATH, TOKEN_VOLUME, WINDOWS_TOKEN_PATH};
use crate::causes::TOKEN_AUDIENCE_FOR_OTHER_USE;
use crate::documents::{Container, Pod, Volume};

pub(super) struct OwnToken<'a> {
    container: &'a Container,
    path: &'a str,
    pub role_arn: Option<&'a str>,
    pub audience: Audience<'a>,
}

pub(super) enum Audience<'a> {
    Named(&'a str),
    /// None is named: it is the API server's own.
    OfApiServer,
    /// The file is in no volume with a token: something else writes it.
    Unknown,
}

/// The first that a container has beside that of the webhook: at another path, or at the same in a volume of its own.
pub(super) fn of(pod: &Pod) -> Option<OwnToken<'_>> {
    pod.containers().find_map(|container| {
        let role = container.variable("AWS_ROLE_ARN")?;
        let path = container.value("AWS_WEB_IDENTITY_TOKEN_FILE")?;
        let volume = mounted_at(pod, container, path).map(|(volume, _)| volume);
        let source = volume.and_then(Volume::token);
        let is_of_webhook = [TOKEN_PATH, WINDOWS_TOKEN_PATH].contains(&path);
        let has_own_volume = source.is_some() && volume.is_some_and(|volume| volume.name != TOKEN_VOLUME);
        let is_own = !path.is_empty() && (!is_of_webhook || has_own_volume);
        let audience = match source.map(|source| source.audience.as_deref().filter(|audience| !audience.is_empty())) {
            Some(Some(audience)) => Audience::Named(audience),
            Some(None) => Audience::OfApiServer,
            None => Audience::Unknown,
        };
        is_own.then_some(OwnToken { container, path, role_arn: role.value.as_deref(), audience })
    })
}

/// A pod's usual token is for the API server. STS accepts it only where an administrator registered that audience.
pub(super) fn for_other_use(pod: &Pod, object: &str) -> Option<ObjectFinding> {
    let OwnToken { container, path, audience: Audience::OfApiServer, .. } = of(pod)? else { return None };
    let object = format!("{object}, container {}", container.name);
    let text = format!(
        "{path} is the token for the API server: STS accepts it only if the API server's audience is a client ID of the \
         OIDC provider"
    );
    let fix = correct(
        pod,
        "Mount a token with the audience sts.amazonaws.com, and name its path in AWS_WEB_IDENTITY_TOKEN_FILE,",
    );
    Some(ObjectFinding::new(&TOKEN_AUDIENCE_FOR_OTHER_USE, object, text, fix).recreate_pod().warning())
}
