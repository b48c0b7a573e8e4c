use crate::causes::{
    Advice, Cause, Diagnosis, Facts, Fix, Names, Outcome, Priority, Reading, Saying, Severity, TOKEN_FILE,
    TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS, any, webhook, with,
};
use crate::probe::evidence::{Evidence, Flaw, Mechanism, PathStepKind, Seen, TokenFileFault, TokenFileFaultKind};

/// No token file exists at the path in `AWS_WEB_IDENTITY_TOKEN_FILE`, or in EKS Pod Identity's variable.
pub(crate) static TOKEN_FILE_MISSING: Cause = Cause {
    code: "token-file-missing",
    title: "no token file exists at the configured path",
    compare: "the token volume must be mounted at that path",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Source: the webhook v0.6.17 on a cluster (tests/webhook).
    explanation: "\
The webhook mounts a projected volume named aws-iam-token at /var/run/secrets/eks.amazonaws.com/serviceaccount, and \
the kubelet writes the file token into it. If the file does not exist, the volume was not mounted into this \
container, or someone set the variable to another path. Or the pod already had a volume of the same name but another \
kind (for example an emptyDir), which the webhook reuses without checking it.

EKS Pod Identity mounts a volume named eks-pod-identity-token in the same manner.

Volumes are fixed when the pod is created. Remove what was set by hand, then recreate the pod.",
    says: &[
        Saying::new(
            Priority::File(40),
            &[with(&["is a directory", "isadirectoryerror", "eisdir", "errno 21"], &[TOKEN_FILE])],
            |_| {
                let why = "the token path is a directory, which Docker creates for a bind mount of a missing file";
                Reading::decided(&TOKEN_FILE_MISSING, why)
            },
        ),
        Saying::new(
            Priority::File(50),
            &[
                with(
                    &[
                        "no such file or directory",
                        "enoent",
                        "errno 2",
                        "nosuchfileexception",
                        "filenotfoundexception",
                        "filenotfounderror",
                        "could not find file",
                        "could not find a part of the path",
                        "cannot find the file specified",
                        "cannot find the path specified",
                        "file does not exist",
                        "file not found",
                        "not a directory",
                        "failed to open stream",
                    ],
                    &[TOKEN_FILE],
                ),
                any(&["missingwebidentitytokenfile", "invalid file path provided for aws::assumerolewebidentity"]),
            ],
            |facts| match facts.windows {
                true => Reading::decided(
                    &TOKEN_PATH_NOT_ABSOLUTE_ON_WINDOWS,
                    "the path has no drive letter, so Windows looks for it on the current drive",
                ),
                false => Reading::decided(&TOKEN_FILE_MISSING, "the token path does not exist"),
            },
        ),
    ],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let fault = match &evidence.token_file {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Seen(_) => return Outcome::Pass,
        Seen::Failed(fault) => fault,
    };
    let TokenFileFault { path, walk, kind } = fault;
    let variable = evidence.token_setting();
    let flaw = evidence.token_path().and_then(Flaw::of);
    let is_windows = path.get(1..3) == Some(":\\");
    let is_relative = !path.starts_with('/');
    let cause = match kind {
        TokenFileFaultKind::Missing { .. } if is_windows => {
            format!(
                "{variable} is {path:?}, a Windows path. The webhook sets such a path if the pod's \
                 nodeSelector selects Windows, but this is Linux."
            )
        }
        TokenFileFaultKind::Missing { at } if is_relative => format!(
            "{variable} is {path:?}, a relative path. Each process opens it from its own working \
             directory. {at} does not exist."
        ),
        TokenFileFaultKind::NotADirectory { at } if is_end(path) => format!(
            "{variable} is {path:?}. It ends like the path of a directory, but {at} is not a \
             directory, so the kernel refuses to open it (ENOTDIR)."
        ),
        TokenFileFaultKind::NotADirectory { at } => {
            format!("{path} cannot be opened: {at} is not a directory (ENOTDIR).")
        }
        TokenFileFaultKind::Missing { .. } if flaw.is_some() => {
            let flaw = flaw.map(Flaw::in_words).unwrap_or_default();
            format!("{path:?} does not exist: the path in {variable} is {flaw}.")
        }
        TokenFileFaultKind::Missing { at } if at == path => {
            let empty = walk.last().filter(|step| step.kind == PathStepKind::Directory);
            let place = empty.map(|step| format!("; the directory {} exists", step.path)).unwrap_or_default();
            format!("{path} does not exist{place}.")
        }
        TokenFileFaultKind::Missing { at } => match walk.last().filter(|step| step.kind == PathStepKind::Link) {
            Some(link) => {
                format!("{path} leads to {at}, which does not exist: the link {} is broken.", link.path)
            }
            None => format!("{path} does not exist: there is no {at}."),
        },
        TokenFileFaultKind::LinkLoop => format!("{path} is a loop of symbolic links."),
        TokenFileFaultKind::Directory => format!("{path} is a directory. The token is a file in it."),
        TokenFileFaultKind::Denied { at } if walk.last().is_none_or(|step| step.kind != PathStepKind::File) => {
            return Outcome::skip(format!("access to {at} is denied, so the probe cannot see whether the file exists"));
        }
        _ => return Outcome::skip("there is something at the token file's path"),
    };
    let mounts = match kind {
        // The file itself exists.
        TokenFileFaultKind::NotADirectory { .. } => None,
        _ if evidence.has_pod_identity() || evidence.has_profile_identity() => None,
        _ => webhook::without_file(evidence, path),
    };
    let cause = mounts.map_or(cause.clone(), |mounts| format!("{cause} {mounts}"));
    let pod = evidence.kubectl_pod();
    let volume = evidence.mechanism.unwrap_or(Mechanism::Irsa).volume();
    let facts = Facts::of(evidence);
    if let Some(profile) = &facts.profile {
        // A file may change while the pod runs.
        let fix = Fix::new(format!(
            "Set web_identity_token_file of {profile} to the path of the mounted token. If no token is mounted, add a \
             projected volume with a serviceAccountToken to the pod template."
        ))
        .command(format!("kubectl get pod {pod} -o 'jsonpath={{.spec.volumes[*].projected}}'"));
        return Diagnosis::new(cause, fix).advise(Advice::Fix).into();
    }
    let fix = match kind {
        TokenFileFaultKind::Directory => Fix::new(format!(
            "Set {variable} to the file ({}/token), then recreate the pod.",
            path.trim_end_matches('/')
        )),
        TokenFileFaultKind::NotADirectory { .. } if is_end(path) => Fix::new(format!(
            "Set {variable} to {}, then recreate the pod.",
            path.trim_end_matches(['/', '.'])
        )),
        TokenFileFaultKind::Missing { .. } if is_windows => Fix::new(
            "Remove the nodeSelector for Windows, or a path that was set by hand, from the pod template, then recreate \
             the pod.",
        )
        .command(format!("kubectl get pod {pod} -o 'jsonpath={{.spec.nodeSelector}}'")),
        _ => Fix::new(format!(
            "Remove a hand-set {variable} and any volume of your own named {volume} from the manifest, then recreate the \
             pod so that the webhook adds both.",
        ))
        .command(format!("kubectl get pod {pod} -o 'jsonpath={{.spec.volumes[?(@.name==\"{volume}\")]}}'")),
    };
    Diagnosis::new(cause, fix).into()
}

/// Whether the path ends in a slash or in `/.`.
fn is_end(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.")
}

fn fix(facts: &Facts) -> Fix {
    let Names { pod, .. } = facts.names();
    let mechanism = facts.mechanism.unwrap_or(Mechanism::Irsa);
    let (variable, volume) = (mechanism.token_variable(), mechanism.volume());
    Fix::new(format!(
        "Remove a hand-set {variable} and any volume of your own named {volume} from the manifest, then recreate the pod \
         so that the webhook adds both."
    ))
    .command(format!("kubectl get pod {pod} -o 'jsonpath={{.spec.volumes[?(@.name==\"{volume}\")]}}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::PathStep;

    #[test]
    fn what_is_missing_is_named() {
        use TokenFileFaultKind::*;
        for (kind, words) in [
            (Missing { at: "/a/token".into() }, Some("/a/token does not exist")),
            (Missing { at: "/a".into() }, Some("there is no /a.")),
            (Directory, Some("is a directory")),
            (LinkLoop, Some("loop")),
            (NotADirectory { at: "/a".into() }, Some("/a is not a directory")),
            (Empty, None),
            (Denied { at: "/a".into() }, None),
        ] {
            let outcome = judge(&testing::token_file(kind.clone()));
            match words {
                Some(words) => assert!(matches!(&outcome, Outcome::Fault(d) if d.cause.contains(words)), "{outcome:?}"),
                None => assert!(matches!(outcome, Outcome::Skip(_)), "{kind:?}"),
            }
        }
    }

    #[test]
    fn a_denied_file_exists_and_a_denied_directory_hides_its_files() {
        let step = |kind| PathStep { path: "/a".into(), kind, mode: 0o600, uid: 0, gid: 0, target: None };
        for (kind, words) in [(PathStepKind::File, "something at"), (PathStepKind::Directory, "cannot see")] {
            let mut evidence = testing::token_file(TokenFileFaultKind::Denied { at: "/a".into() });
            if let Seen::Failed(fault) = &mut evidence.token_file {
                fault.walk = vec![step(kind)];
            }
            assert!(matches!(judge(&evidence), Outcome::Skip(why) if why.contains(words)), "{kind:?}");
        }
    }

    #[test]
    fn a_path_that_is_wrong_by_itself_is_quoted() {
        use TokenFileFaultKind::*;
        let missing = || Missing { at: "/app/token".into() };
        for (path, kind, cause, fix) in [
            ("token", missing(), "relative path", "hand-set"),
            (r"C:\var\run\token", missing(), "a Windows path", "nodeSelector"),
            ("/a/token/", NotADirectory { at: "/a/token".into() }, "ENOTDIR", "_FILE to /a/token, then"),
            ("/a/token/.", NotADirectory { at: "/a/token".into() }, "ENOTDIR", "_FILE to /a/token, then"),
        ] {
            let mut evidence = testing::token_file(kind);
            if let Seen::Failed(fault) = &mut evidence.token_file {
                fault.path = path.into();
            }
            let Outcome::Fault(diagnosis) = judge(&evidence) else { panic!("{path}") };
            assert!(diagnosis.cause.contains(cause) && diagnosis.fix.text.contains(fix), "{path}: {diagnosis:?}");
        }
    }
}
