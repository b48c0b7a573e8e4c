use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Seen};

/// The probe's container makes the kubelet change the mode of the application's token file.
pub(crate) static PROBE_UID_DIFFERS_FROM_APP: Cause = Cause {
    code: "probe-uid-differs-from-app",
    title: "the probe's user makes the kubelet change the token file's mode",
    compare: "both containers' runAsUser",
    severity: Severity::Warning,
    advice: Advice::Fix,
    // Source: FsUserFrom in Kubernetes' pkg/volume/util, and files on a v1.36 node.
    explanation: "\
The kubelet gives the token file mode 0600 and one owner only if every container of the pod has the same runAsUser. \
It counts init, sidecar and ephemeral containers too (Kubernetes, pkg/volume/util, FsUserFrom). A probe container \
that runs as another user makes the file 0644, which every user can read. If the probe is part of the pod, this \
applies from the pod's start. If kubectl debug added the probe, the file keeps its mode until the token's next \
refresh.

The probe then changes what it checks: a process that cannot read a file with mode 0600 can read it after the \
refresh. The probe hides the fault in this pod, and the fault returns in the next pod.

Set runAsUser for the whole pod and leave it unset for the probe's container, or run the probe's container as the \
application's user.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(target) = &evidence.target else {
        return Outcome::skip("the probe checks its own process");
    };
    let (probe, application) = (target.prober.uid, evidence.identity.uid);
    if probe == application {
        return Outcome::Pass;
    }
    let walk = match &evidence.token_file {
        Seen::Seen(file) => &file.walk,
        Seen::Failed(fault) => &fault.walk,
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
    };
    let Some(file) = walk.last() else {
        return Outcome::skip("the probe did not see the token file");
    };
    if file.mode & 0o077 != 0 {
        // The group or every user can read the file: another uid among the containers makes no difference.
        return Outcome::Pass;
    }
    let cause = format!(
        "The probe runs as uid {probe}, the application as uid {application}. {} now has mode {:04o} and owner {}. At \
         its next refresh, the kubelet will change the mode to 0644, because the containers of the pod no longer share \
         one user.",
        file.path, file.mode, file.uid
    );
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new("Recreate the pod to undo this, then run the probe with the application's user and group.")
        .command(names.debug_as_application())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Identity, PathStep, PathStepKind, TokenFile};

    #[test]
    fn another_user_changes_only_a_private_token() {
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
