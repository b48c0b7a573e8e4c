use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Names, Outcome, Severity};
use crate::probe::evidence::{Evidence, Seen};

/// The token's path depends on the working directory.
pub(crate) static TOKEN_PATH_RELATIVE: Cause = Cause {
    code: "token-path-relative",
    title: "the path of the token file is relative",
    compare: "the path must start with /",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    explanation: "\
SDKs pass the path to the operating system unchanged, and the operating system opens a relative path from the working \
directory of the process. The token is found only while the working directory is the right one. A worker that changes \
its directory, a shell opened by kubectl exec or a cron job opens another path and finds no token. Many SDKs then \
fall back to the node's role.

Set AWS_WEB_IDENTITY_TOKEN_FILE to the absolute path, or remove it from the manifest so that the webhook sets it. \
Then recreate the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    let file = match &evidence.token_file {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Failed(_) => return Outcome::skip("the token file could not be read"),
        Seen::Seen(file) => file,
    };
    if file.path.starts_with('/') {
        return Outcome::Pass;
    }
    let cause = format!(
        "{} is {:?}. From the working directory of this process, that is {}. A process with \
         another working directory does not find it.",
        evidence.token_setting(),
        file.path,
        file.opened
    );
    let fix = Fix::new(format!("Set {} to {}, then recreate the pod.", evidence.token_setting(), file.opened));
    Diagnosis::new(cause, fix).into()
}

fn fix(facts: &Facts) -> Fix {
    let Names { token_path, .. } = facts.names();
    Fix::new(format!(
        "Set AWS_WEB_IDENTITY_TOKEN_FILE to the absolute path of the token (such as {token_path}), then recreate the pod."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::TokenFileFaultKind;

    #[test]
    fn only_a_relative_path_that_leads_to_the_token_gives_a_warning() {
        let mut evidence = testing::healthy();
        assert_eq!(judge(&evidence), Outcome::Pass);
        if let Seen::Seen(file) = &mut evidence.token_file {
            (file.path, file.opened) = ("token".into(), "/app/token".into());
        }
        let Outcome::Fault(diagnosis) = judge(&evidence) else { panic!("no warning") };
        assert!(diagnosis.cause.contains("\"token\"") && diagnosis.fix.text.contains("/app/token"), "{diagnosis:?}");
        assert!(matches!(judge(&testing::token_file(TokenFileFaultKind::Empty)), Outcome::Skip(_)));
    }
}
