use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::documents::debug_profile;
use crate::probe::evidence::{Evidence, Seen};

/// The probe's container changes the mode of the application's own token.
pub static PROBE_UID_DIFFERS_FROM_APP: Cause = Cause {
    code: "probe-uid-differs-from-app",
    title: "the probe's user changes the token file's mode",
    severity: Severity::Warning,
    advice: Advice::Fix,
    // Source: FsUserFrom in Kubernetes' pkg/volume/util, and files on a v1.36 node.
    explanation: "\
The kubelet gives the token file to one user, with mode 0600, only if every container of the pod has the same \
runAsUser, and it counts init, sidecar and ephemeral containers too (Kubernetes, pkg/volume/util, FsUserFrom). A probe \
container that runs as another user makes the file 0644, readable by every user: from the pod's start if it is part of \
the pod, from the token's next refresh if kubectl debug added it. Until that refresh the file keeps its mode.

The probe then changes what it checks: a process that cannot read a file of mode 0600 can read it after the refresh. The \
fault is hidden in this pod and comes back in the next one.

Set runAsUser for the whole pod and none for the probe's container, or give the probe's container the user of the \
application.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(target) = &evidence.target else {
        return Outcome::skip("the probe looks at itself");
    };
    let (probe, application) = (target.prober.uid, evidence.identity.uid);
    if probe == application {
        return Outcome::Pass;
    }
    let walk = match &evidence.token_file {
        Seen::Seen(file) => &file.walk,
        Seen::Failed(fault) => &fault.walk,
        Seen::NotLooked(why) => return Outcome::skip(why.clone()),
    };
    let Some(file) = walk.last() else {
        return Outcome::skip("the token file was not seen");
    };
    if file.mode & 0o077 != 0 {
        // Readable through the group or by all: another uid among the containers changes nothing any more.
        return Outcome::Pass;
    }
    let cause = format!(
        "The probe runs as uid {probe}, the application as uid {application}. {} has mode {:04o} and owner {} now. At \
         its next refresh the kubelet will make it 0644, because the containers of the pod no longer share one user.",
        file.path, file.mode, file.uid
    );
    let options = [format!("--uid {application}"), format!("--gid {}", evidence.identity.gid)];
    let fix = Fix::new("Recreate the pod to undo this, then run the probe as the application's user and group.")
        .command(debug_profile::command_for(evidence, &options));
    Diagnosis::new(cause, fix).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Identity, PathStep, PathStepKind, TokenFile};

    #[test]
    fn only_a_private_token_is_changed_by_another_user() {
        for (mode, probe, application, changes) in
            [(0o600, 0, 1000, true), (0o600, 1000, 1000, false), (0o640, 0, 1000, false), (0o644, 0, 1000, false)]
        {
            let file = PathStep { path: "/t".into(), kind: PathStepKind::File, mode, uid: 1000, gid: 0, target: None };
            let mut target = testing::target();
            target.prober.uid = probe;
            let evidence = Evidence {
                identity: Identity { uid: application, ..Identity::default() },
                token_file: Seen::Seen(TokenFile {
                    path: "/t".into(),
                    opened: "/t".into(),
                    walk: vec![file],
                    bytes: 1,
                }),
                target: Some(target),
                ..testing::healthy()
            };
            assert_eq!(matches!(judge(&evidence), Outcome::Fault(_)), changes, "{mode:o} {probe} {application}");
        }
    }
}
