//! The judges of causes that only the answer of STS, or a connection that failed, can show. They say why there is no
//! fault; if the answer or the connection names the cause, [`crate::diagnosis::judged`] puts that in place of it.

use super::Outcome;
use crate::probe::evidence::{CallFault, Evidence, Seen};

/// For a cause that the answer of STS shows.
pub(crate) fn answered(evidence: &Evidence) -> Outcome {
    match (&evidence.session, &evidence.caller) {
        (Seen::Failed(fault), _) | (_, Seen::Failed(fault)) => Outcome::skip(match fault {
            CallFault::Refused(_) => "STS refused for another reason",
            CallFault::NotSts(_) => "a server other than STS answered",
            CallFault::NoAnswer(_) => "STS did not answer",
        }),
        (Seen::NotChecked(why), _) | (_, Seen::NotChecked(why)) => Outcome::skip(why.clone()),
        (Seen::Seen(_), Seen::Seen(_)) => Outcome::Pass,
    }
}

/// For a cause that a failed connection shows.
pub(crate) fn connected(evidence: &Evidence) -> Outcome {
    match (evidence.unanswered(), &evidence.session) {
        (Some(_), _) if evidence.endpoint.seen().is_some() => Outcome::skip("another fault prevented the call to STS"),
        (_, Seen::NotChecked(why)) => Outcome::skip(why.clone()),
        (_, Seen::Seen(_) | Seen::Failed(_)) => Outcome::Pass,
    }
}
