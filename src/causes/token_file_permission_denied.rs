use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Identity, PathStep, PathStepKind, Seen, TokenFileFaultKind};

/// The process may not read its token.
pub static TOKEN_FILE_PERMISSION_DENIED: Cause = Cause {
        code: "token-file-permission-denied",
        title: "this process may not read the token file",
        severity: Severity::Error,
        advice: Advice::RecreatePod,
        // Source: FsUserFrom in Kubernetes' pkg/volume/util, and files on a v1.36 node.
        explanation: "\
The kubelet chooses the token file's mode and owner from the security contexts of all containers of the pod, init, \
sidecar and ephemeral ones included (Kubernetes, pkg/volume/util, FsUserFrom):

the same runAsUser for all of them: 0600, owned by that user; fsGroup: group-readable (0640) for that group; else 0644, \
readable by all. So a process whose uid is not the one that the manifest names, for example because its image starts as \
root and drops to another user, is refused when every container says runAsUser: 0. Many SDKs then go on to the role of \
the node without a word.

Set fsGroup in the pod's securityContext, or run the process as the uid that the manifest names; then make the pod anew.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    if evidence.target.is_some() {
        return Outcome::skip("judged for the application, not for the probe");
    }
    let fault = match &evidence.token_file {
        Seen::NotLooked(why) => return Outcome::skip(why.clone()),
        Seen::Seen(_) => return Outcome::Pass,
        Seen::Failed(fault) => fault,
    };
    let TokenFileFaultKind::Denied { at } = &fault.kind else {
        return Outcome::skip("reading the token file did not fail for lack of permission");
    };
    // The file as configured is a link in a projected volume: what refused is what the way ended at.
    let refused = fault.walk.iter().rev().find(|step| step.path == *at && step.kind != PathStepKind::Link);
    let refused = refused.or(fault.walk.last());
    let who = who(&evidence.identity);
    let Some(step) = refused else {
        return Diagnosis::new(format!("{at} refuses {who}."), fs_group(&evidence.identity)).into();
    };
    let what = if step.kind == PathStepKind::Directory { "directory " } else { "" };
    let PathStep { path, mode, uid, gid, .. } = step;
    let cause = format!(
        "{what}{path} has mode {mode:04o}, owner {uid}, group {gid}, and refuses {who}. {}",
        rule(step, &evidence.identity)
    );
    Diagnosis::new(cause, fs_group(&evidence.identity)).into()
}

fn who(identity: &Identity) -> String {
    let groups: Vec<String> = identity.groups.iter().map(u32::to_string).collect();
    let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(", ") };
    let powers = match identity.capabilities {
        None => "not known".to_owned(),
        Some(set) => format!("{set:016x}"),
    };
    let Identity { uid, gid, .. } = identity;
    format!("uid {uid}, gid {gid} (further groups {groups}; effective capabilities {powers})")
}

/// Which rule of the kubelet gave the file this mode.
fn rule(step: &PathStep, identity: &Identity) -> String {
    if step.kind == PathStepKind::Directory {
        return "Without search permission on it nothing below can be reached.".to_owned();
    }
    match (step.mode & 0o777, step.uid, step.gid) {
        (0o600, 0, 0) => "The kubelet does so when every container of the pod says runAsUser: 0; a process that then \
                          drops to another user cannot read it."
            .to_owned(),
        (0o600, owner, 0) => format!(
            "The kubelet does so when every container of the pod says runAsUser: {owner}; this process runs as {} all \
             the same.",
            identity.uid
        ),
        (0o640, _, group) if !identity.in_group(group) => format!(
            "The kubelet does so when the pod says fsGroup: {group}; this process has left that group (setgroups, su, \
             gosu and the like drop it)."
        ),
        _ => "The kubelet makes no token file like this: somebody else made it or changed its mode.".to_owned(),
    }
}

fn fs_group(identity: &Identity) -> Fix {
    let group = if identity.gid == 0 { 65534 } else { identity.gid };
    Fix::new("let the pod's securityContext give this process the file through its group, then make the pod anew")
        .snippet(format!("spec:\n  securityContext:\n    fsGroup: {group}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Evidence, TokenFileFault};

    fn denied(mode: u32, uid: u32, gid: u32) -> Evidence {
        let at = "/run/token".to_owned();
        let step = PathStep { path: at.clone(), kind: PathStepKind::File, mode, uid, gid, target: None };
        let fault = TokenFileFault { path: at.clone(), walk: vec![step], kind: TokenFileFaultKind::Denied { at } };
        let identity = Identity { pid: 7, uid: 1001, gid: 1001, groups: vec![], capabilities: Some(0) };
        Evidence { token_file: Seen::Failed(fault), identity, ..testing::healthy() }
    }

    #[test]
    fn the_kubelets_rule_is_told_from_mode_and_owner() {
        for (mode, uid, gid, rule) in [
            (0o600, 0, 0, "runAsUser: 0;"),
            (0o600, 1000, 0, "runAsUser: 1000;"),
            (0o640, 0, 1337, "fsGroup: 1337;"),
            (0o400, 5, 5, "somebody else"),
        ] {
            let Outcome::Fault(found) = judge(&denied(mode, uid, gid)) else { panic!("no fault") };
            assert!(found.cause.contains(rule), "{}", found.cause);
            assert!(found.cause.contains("uid 1001"), "{}", found.cause);
        }
        assert_eq!(judge(&testing::healthy()), Outcome::Pass);
        assert!(matches!(judge(&testing::token_file(TokenFileFaultKind::Empty)), Outcome::Skip(_)));
    }
}
