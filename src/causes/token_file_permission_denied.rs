use crate::causes::{
    Advice, Candidate, Cause, Diagnosis, Facts, Fix, Outcome, Priority, Reading, Saying, Severity, TOKEN_FILE,
    TOKEN_FILE_MALFORMED, TOKEN_FILE_MISSING, any, with,
};
use crate::probe::evidence::{Evidence, Identity, PathStep, PathStepKind, Seen, TokenFileFaultKind};

/// The process does not have permission to read its token.
pub(crate) static TOKEN_FILE_PERMISSION_DENIED: Cause = Cause {
    code: "token-file-permission-denied",
    title: "this process cannot read the token file",
    compare: "uid, fsGroup and the token file's mode",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: FsUserFrom in Kubernetes' pkg/volume/util, and files on a v1.36 node.
    explanation: "\
The kubelet chooses the token file's mode and owner from the security contexts of all containers of the pod, \
including init, sidecar and ephemeral ones (Kubernetes, pkg/volume/util, FsUserFrom). If all of them have the same \
runAsUser, the file has mode 0600 and belongs to that user. If the pod has an fsGroup, that group can read the file \
(0640). Otherwise the file has mode 0644 and everyone can read it.

A process cannot read the file if its uid is not the one in the manifest. For example, every container has runAsUser: \
0, and the image starts as root and then switches to another user. Many SDKs then silently fall back to the node's \
role.

Set fsGroup in the pod's securityContext, or run the process as the uid in the manifest. Then recreate the pod.",
    says: &[
        Saying::new(
            Priority::File(30),
            &[
                with(
                    &[
                        "permission denied",
                        "permissiondenied",
                        "permissionerror",
                        "eacces",
                        "errno 13",
                        "accessdeniedexception: /",
                        "accessdeniedexception: \\",
                        "is denied",
                        "unauthorizedaccessexception",
                    ],
                    &[TOKEN_FILE],
                ),
                // A pod may be configured with the API's own token.
                with(
                    &["permission denied", "permissionerror", "eacces", "errno 13"],
                    &[
                        &["kubernetes.io/serviceaccount/token"],
                        &["aws", "sts", "boto3", "botocore", "aws-sdk", "awssdk"],
                    ],
                ),
            ],
            |_| {
                let why = "the operating system does not let this process read the token file";
                Reading::decided(&TOKEN_FILE_PERMISSION_DENIED, why)
            },
        ),
        // Not read, for a reason that is not given.
        Saying::new(
            Priority::File(60),
            &[
                // Cut off: what failed is missing.
                any(&[
                    "failed fetching webidentity token",
                    "failed to fetch web identity token",
                    "failed to retrieve jwt from provide source",
                ]),
                with(&["tokenfilewebidentitycredentials.load"], &[&["opensync", "readfilesync"]]),
                with(
                    &[
                        "unable to read file",
                        "could not read",
                        "cannot read",
                        "can't read",
                        "failed to read",
                        "error reading",
                        "can't open",
                        "cannot open",
                        "could not open",
                        "failed to open",
                        "unable to open",
                        "unable to locate specified",
                    ],
                    &[&[
                        "token file",
                        "webidentitytoken",
                        "web identity token",
                        "web identify token",
                        "eks.amazonaws.com/serviceaccount",
                    ]],
                ),
            ],
            |_| {
                let denied = "usually a non-root process that the file mode denies access";
                Reading::ranked(vec![
                    Candidate::new(&TOKEN_FILE_PERMISSION_DENIED, denied),
                    Candidate::new(&TOKEN_FILE_MISSING, "the token path does not exist"),
                    Candidate::new(&TOKEN_FILE_MALFORMED, "the token file is empty"),
                ])
            },
        ),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if evidence.target.is_some() {
        return Outcome::skip("this is judged for the application, not for the probe");
    }
    let fault = match &evidence.token_file {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Seen(_) => return Outcome::Pass,
        Seen::Failed(fault) => fault,
    };
    let TokenFileFaultKind::Denied { at } = &fault.kind else {
        return Outcome::skip("reading the token file did not fail for lack of permission");
    };
    // In a projected volume, the configured file is a link: access was refused at the end of the path.
    let refused = fault.walk.iter().rev().find(|step| step.path == *at && step.kind != PathStepKind::Link);
    let refused = refused.or(fault.walk.last());
    let who = who(&evidence.identity);
    let Some(step) = refused else {
        return Diagnosis::new(
            format!("{at} cannot be accessed. This process runs as {who}."),
            fix(&Facts::of(evidence)),
        )
        .into();
    };
    let what = if step.kind == PathStepKind::Directory { "The directory " } else { "" };
    let PathStep { path, mode, uid, gid, .. } = step;
    let cause = format!(
        "{what}{path} has mode {mode:04o}, owner {uid}, group {gid}. This process runs as {who} and has no access. {}",
        rule(step, &evidence.identity)
    );
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

fn who(identity: &Identity) -> String {
    let groups: Vec<String> = identity.groups.iter().map(u32::to_string).collect();
    let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(", ") };
    let powers = match identity.capabilities {
        None => "not known".to_owned(),
        Some(set) => format!("{set:016x}"),
    };
    let Identity { uid, gid, .. } = identity;
    format!("uid {uid}, gid {gid} (supplementary groups {groups}; effective capabilities {powers})")
}

/// The kubelet's rule that gave the file this mode.
fn rule(step: &PathStep, identity: &Identity) -> String {
    if step.kind == PathStepKind::Directory {
        return "A process without search permission on it cannot reach anything below it.".to_owned();
    }
    match (step.mode & 0o777, step.uid, step.gid) {
        (0o600, 0, 0) => "The kubelet sets this mode if every container of the pod has runAsUser: 0. A process that \
                          then switches to another user cannot read the file."
            .to_owned(),
        (0o600, owner, 0) => format!(
            "The kubelet sets this mode if every container of the pod has runAsUser: {owner}, but this process runs as \
             {}.",
            identity.uid
        ),
        (0o640, _, group) if !identity.in_group(group) => format!(
            "The kubelet sets this mode if the pod has fsGroup: {group}, but this process has left that group \
             (setgroups, su, gosu and similar tools drop it)."
        ),
        _ => "The kubelet does not create a token file like this. Someone else created it or changed its mode."
            .to_owned(),
    }
}

fn fix(facts: &Facts) -> Fix {
    Fix::new("Set fsGroup so that this process can read the token, then recreate the pod.").snippet(facts.fs_group())
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
    fn mode_and_owner_show_the_kubelet_s_rule() {
        for (mode, uid, gid, rule) in [
            (0o600, 0, 0, "runAsUser: 0."),
            (0o600, 1000, 0, "runAsUser: 1000,"),
            (0o640, 0, 1337, "fsGroup: 1337,"),
            (0o400, 5, 5, "Someone else"),
        ] {
            let Outcome::Fault(found) = judge(&denied(mode, uid, gid)) else { panic!("no fault") };
            assert!(found.cause.contains(rule), "{}", found.cause);
            assert!(found.cause.contains("uid 1001"), "{}", found.cause);
        }
        assert_eq!(judge(&testing::healthy()), Outcome::Pass);
        assert!(matches!(judge(&testing::token_file(TokenFileFaultKind::Empty)), Outcome::Skip(_)));
    }
}
