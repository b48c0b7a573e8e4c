use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Seen};

/// The probe's container changes the mode of the application's own token.
pub static PROBE_UID_DIFFERS_FROM_APP: Cause = Cause {
        code: "probe-uid-differs-from-app",
        title: "the probe's user changes the token file's mode",
        severity: Severity::Warning,
        advice: Advice::Fix,
        // Source: FsUserFrom in Kubernetes' pkg/volume/util, and files on a v1.36 node.
        explanation: "\
The kubelet gives the token file to one user, with mode 0600, only if every container of the pod names the same \
runAsUser, and it counts init, sidecar and ephemeral containers too (Kubernetes, pkg/volume/util, FsUserFrom). A probe \
container that runs as another user thereby makes the file 0644, readable by all: at the pod's start if it is part of \
the pod, at the token's next refresh if it was added by kubectl debug.

That is a change to what is looked at: a process that may not read a file of mode 0600 suddenly may, and the fault that \
was there before, and will be there again in the next pod, is hidden.

Give the probe's container no runAsUser of its own and set one for the pod, or give it the application's.",
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
        "the probe runs as uid {probe}, the application as uid {application}. {} is now {:04o}, owner {}; at its next \
         refresh the kubelet will make it 0644, because not all containers run as one user any more.",
        file.path, file.mode, file.uid
    );
    let fix = Fix::new("run the probe as the application's user")
        .command("kubectl get pod \"$POD\" --output json | irsa-probe debug-profile");
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
