use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity, webhook};
use crate::probe::evidence::{ClosedProfileFile, Evidence, Identity, PathStep, PathStepKind};

/// An AWS configuration file is there, but its mode keeps the process from reading it.
pub(crate) static PROFILE_FILE_PERMISSION_DENIED: Cause = Cause {
    code: "profile-file-permission-denied",
    title: "the AWS configuration file cannot be read",
    compare: "uid, fsGroup and the file's mode",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    // Sources: botocore/configloader.py, raw_config_parse (RawConfigParser.read ignores what it cannot open);
    // aws-sdk-go-v2 config/shared_config.go, loadIniFiles; Kubernetes API reference, ConfigMapVolumeSource.defaultMode.
    explanation: "\
The file that AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE names, or the one in ~/.aws, is there, but the process does \
not have permission to read it or a directory above it. boto3, the AWS CLI and Go silently ignore such a file and \
continue with the next source of credentials, often the node role. Other SDKs fail.

A file in a ConfigMap or Secret volume belongs to root. Its mode is defaultMode, 0644 if that is not set. With another \
mode, such as 0400, only root can read it, unless the pod has an fsGroup.

The probe computes this as the kernel does, from modes, owners, user, groups and capabilities. If only the probe lacks \
permission, it says so and decides nothing.

Set defaultMode to 0444, or set fsGroup so that the application's user can read the file, then recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.unseen_variables() {
        return Outcome::skip(why);
    }
    let has_role = evidence.has_role_despite_closed_profiles();
    // Without a variable, a file that is closed matters only if nothing else gives a role.
    let matters = |file: &&ClosedProfileFile| !has_role || file.variable.is_some();
    let Some(file) = evidence.closed_profiles.iter().find(matters) else {
        return Outcome::Pass;
    };
    if webhook::is_absent_as_allowed(evidence) {
        return Outcome::Pass;
    }
    let facts = Facts::of(evidence);
    match (file.is_only_for_the_probe, has_role) {
        (true, true) => Outcome::skip("the application can read its profile files, but the probe cannot"),
        (true, false) => {
            let prober = evidence.target.as_ref().map_or(&evidence.identity, |target| &target.prober);
            let cause = format!(
                "The probe ({}) cannot read {}. The application ({}) can. No variable gives the pod a role, so the probe \
                 cannot know whether a profile does.",
                who(prober),
                named(file),
                who(&evidence.identity)
            );
            let fix = Fix::new("Run the probe with the application's user and group.");
            let fix = fix.command(facts.names().debug_as_application());
            Diagnosis::new(cause, fix).advise(Advice::Retry).into()
        }
        (false, true) => {
            let cause = format!("{} The pod has a role without it.", refused(file, evidence));
            Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&facts))))
        }
        (false, false) => Diagnosis::new(refused(file, evidence), fix(&facts)).into(),
    }
}

fn refused(file: &ClosedProfileFile, evidence: &Evidence) -> String {
    let process = match &evidence.target {
        Some(_) => format!("Process {} runs as {}", evidence.identity.pid, who(&evidence.identity)),
        None => format!("This process runs as {}", who(&evidence.identity)),
    };
    match &file.refused {
        None => format!("{} cannot be opened. {process}.", named(file)),
        Some(PathStep { path, kind, mode, uid, gid, .. }) => {
            let what = match kind {
                PathStepKind::Directory => format!("{} cannot be read: the directory {path}", named(file)),
                _ if *path == file.path => named(file),
                _ => format!("{} cannot be read: {path}", named(file)),
            };
            format!("{what} has mode {mode:04o}, owner {uid}, group {gid}. {process} and has no access.")
        }
    }
}

fn named(ClosedProfileFile { path, variable, .. }: &ClosedProfileFile) -> String {
    match variable {
        Some(variable) => format!("{path} ({variable})"),
        None => path.clone(),
    }
}

fn who(Identity { uid, gid, .. }: &Identity) -> String {
    format!("uid {uid}, gid {gid}")
}

fn fix(facts: &Facts) -> Fix {
    Fix::new(
        "Set defaultMode: 0444 for the volume that holds the file, or set fsGroup so that the application can read it, then \
         recreate the pod.",
    )
    .snippet(facts.fs_group())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::{ROLE, environment, target};

    fn closed(variable: Option<&'static str>, is_only_for_the_probe: bool) -> ClosedProfileFile {
        let step =
            PathStep { path: "/a/c".into(), kind: PathStepKind::File, mode: 0o400, uid: 0, gid: 0, target: None };
        let refused = (!is_only_for_the_probe).then_some(step);
        ClosedProfileFile { path: "/a/c".into(), variable, refused, is_only_for_the_probe }
    }

    #[test]
    fn a_closed_file_is_a_fault_where_nothing_else_gives_a_role() {
        const NAMED: Option<&str> = Some("AWS_CONFIG_FILE");
        let irsa = [("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")];
        for (variables, variable, only_probe, expected) in [
            (&[][..], NAMED, false, "fault"),
            (&[], None, false, "fault"),
            (&[], NAMED, true, "retry"),
            (&irsa, NAMED, false, "warning"),
            (&irsa, None, false, "pass"),
            (&irsa, NAMED, true, "skip"),
        ] {
            let closed_profiles = vec![closed(variable, only_probe)];
            let target = only_probe.then(target);
            let outcome = match judge(&Evidence { closed_profiles, target, ..environment(variables) }) {
                Outcome::Fault(found) if found.advice == Some(Advice::Retry) => "retry",
                Outcome::Fault(_) => "fault",
                Outcome::Warning(_) => "warning",
                Outcome::Pass => "pass",
                Outcome::Skip(_) => "skip",
            };
            assert_eq!(outcome, expected, "{variables:?} {variable:?} {only_probe}");
        }
    }
}
