use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Identity, PathStep, PathStepKind, Seen, TokenFileFaultKind};

/// The application cannot read its token, whoever else can.
pub(crate) static TOKEN_FILE_UNREADABLE_BY_TARGET: Cause = Cause {
    code: "token-file-unreadable-by-target",
    title: "the application cannot read its token file",
    compare: "the application's uid and groups",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: FsUserFrom in Kubernetes' pkg/volume/util, and files on a v1.36 node.
    explanation: "\
The application's process does not have permission to read the token. The probe computes this as the kernel does: \
from the mode and owner of every directory and file on the path, and from the user, groups and capabilities of the \
process. Whether the probe itself can read the file does not matter: a debug container often runs as root and can \
read what the application cannot.

If all containers of the pod have the same runAsUser, the kubelet gives the file mode 0600 and that user. If the pod \
has an fsGroup, the file gets mode 0640 and that group. Otherwise the file gets mode 0644. A process that changes its \
user or drops its groups after the start then loses its token. Many SDKs then silently fall back to the node's role.

Set fsGroup in the pod's securityContext, or let the process keep the user in the manifest. Then recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if evidence.target.is_none() {
        return Outcome::skip("the probe checks its own process");
    }
    let (walk, we_can) = match &evidence.token_file {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Seen(file) => (&file.walk, true),
        Seen::Failed(fault) if matches!(fault.kind, TokenFileFaultKind::Denied { .. }) => (&fault.walk, false),
        Seen::Failed(_) => return Outcome::skip("reading the token file did not fail for lack of permission"),
    };
    match walk.iter().find(|step| !evidence.identity.may_pass(step)) {
        Some(step) => refused(step, evidence, we_can).into(),
        None if we_can => Outcome::Pass,
        None => Outcome::skip("the probe could not see the whole path to the token file"),
    }
}

fn refused(step: &PathStep, evidence: &Evidence, we_can: bool) -> Diagnosis {
    let application = &evidence.identity;
    let PathStep { path, mode, uid: owner, gid: group, .. } = step;
    let what = if step.kind == PathStepKind::Directory { "The directory " } else { "" };
    let groups: Vec<String> = application.groups.iter().map(u32::to_string).collect();
    let groups = if groups.is_empty() {
        "no supplementary groups".to_owned()
    } else {
        format!("supplementary groups {}", groups.join(", "))
    };
    let Identity { pid, uid, gid, .. } = application;
    let we = if we_can {
        "The probe can read it, but the application cannot"
    } else {
        "Neither the probe nor the application can read it"
    };
    let cause = format!(
        "{what}{path} has mode {mode:04o}, owner {owner}, group {group}. Process {pid} runs as uid {uid}, gid {gid}, \
         {groups}, and has no access. {we}."
    );
    Diagnosis::new(cause, fix(&Facts::of(evidence)))
}

fn fix(facts: &Facts) -> Fix {
    Fix::new("Set fsGroup so that the application can read the token, then recreate the pod.").snippet(facts.fs_group())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{TokenFile, TokenFileFault};

    /// A token that the probe can read, for process 7 with this user and these groups.
    fn read(mode: u32, owner: u32, group: u32, uid: u32, groups: &[u32]) -> Evidence {
        let step =
            |path: &str, kind, mode| PathStep { path: path.into(), kind, mode, uid: owner, gid: group, target: None };
        let walk = vec![step("/t", PathStepKind::Directory, 0o1777), step("/t/token", PathStepKind::File, mode)];
        Evidence {
            identity: Identity { pid: 7, uid, gid: 0, groups: groups.to_vec(), capabilities: Some(0) },
            token_file: Seen::Seen(TokenFile { path: "/t/token".into(), opened: "/t/token".into(), walk, bytes: 1 }),
            target: Some(testing::target()),
            ..testing::healthy()
        }
    }

    #[test]
    fn each_mode_that_the_kubelet_gives_is_judged_for_the_application() {
        for (mode, owner, group, uid, groups, may) in [
            (0o644, 0, 0, 1000, &[][..], true),
            (0o600, 1000, 0, 1000, &[], true),
            (0o600, 1000, 0, 1001, &[], false),
            (0o600, 0, 0, 33, &[], false),
            (0o640, 0, 1337, 1000, &[1337], true),
            (0o640, 0, 1337, 1000, &[], false),
            (0o640, 1000, 1337, 1000, &[], true),
        ] {
            let outcome = judge(&read(mode, owner, group, uid, groups));
            assert_eq!(outcome == Outcome::Pass, may, "{mode:o} {owner}:{group} by {uid} {groups:?}");
        }
    }

    #[test]
    fn the_cause_says_who_can_read_the_token() {
        let Outcome::Fault(found) = judge(&read(0o600, 0, 0, 33, &[])) else { panic!("no fault") };
        assert!(found.cause.contains("The probe can read it, but the application cannot."), "{}", found.cause);

        let mut evidence = read(0o600, 0, 0, 33, &[]);
        let Seen::Seen(file) = evidence.token_file.clone() else { panic!("no file") };
        let kind = TokenFileFaultKind::Denied { at: "/t/token".into() };
        evidence.token_file = Seen::Failed(TokenFileFault { path: file.path, walk: file.walk, kind });
        let Outcome::Fault(found) = judge(&evidence) else { panic!("no fault") };
        assert!(found.cause.contains("Neither the probe nor the application"), "{}", found.cause);

        evidence.identity.uid = 0;
        evidence.identity.capabilities = Some(0b10);
        assert!(
            matches!(judge(&evidence), Outcome::Skip(_)),
            "the application can; another check reports that the probe cannot"
        );
    }
}
