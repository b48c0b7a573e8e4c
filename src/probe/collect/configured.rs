//! How the pod is meant to get its role, and where its token file is.

use super::mounts;
use super::profiles::Profiles;
use crate::probe::evidence::{BotoFault, ClosedProfileFile, Mechanism, Profile, Seen};
use crate::probe::subject::Subject;
use crate::text::secrets::Secrets;

/// How the pod is meant to get its role.
pub(super) struct Configured {
    pub mechanism: Option<Mechanism>,
    pub profile: Seen<Profile, String>,
    pub closed_profiles: Vec<ClosedProfileFile>,
    pub boto_faults: Vec<BotoFault>,
}

/// Whether the token file can never be renewed. A run asks this only where something is wrong.
pub async fn token_is_mounted_alone(subject: &Subject, mechanism: Option<Mechanism>) -> bool {
    let profile = Profiles::read(subject).selected(subject, &Secrets::default()).await;
    let mechanism = mechanism.or(Mechanism::of(&subject.variables.shown(), profile.seen()));
    let path = token_path(subject, mechanism, profile.seen());
    mounts::collect(subject, path).is_ok_and(|mounts| mounts.hold_the_token_alone())
}

/// The path of the mechanism's token file.
pub(super) fn token_path<'p>(
    subject: &'p Subject,
    mechanism: Option<Mechanism>,
    profile: Option<&'p Profile>,
) -> Option<&'p str> {
    match mechanism {
        Some(Mechanism::IrsaProfile) => Some(profile?.web_identity()?.token_file.as_str()),
        _ => subject.variables.filled(mechanism.unwrap_or(Mechanism::Irsa).token_variable()),
    }
}
