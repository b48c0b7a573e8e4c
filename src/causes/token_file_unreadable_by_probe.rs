use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Identity, Seen, TokenFileFaultKind};

/// The application can read its token, but the probe cannot, so the probe did not check what follows.
pub(crate) static TOKEN_FILE_UNREADABLE_BY_PROBE: Cause = Cause {
    code: "token-file-unreadable-by-probe",
    title: "the application can read the token file, but the probe cannot",
    compare: "the probe's uid and groups",
    severity: Severity::Error,
    // Nothing is known to be wrong with the pod: check again from where the file can be read.
    advice: Advice::Retry,
    explanation: "\
This is not a fault of the application. The modes and owners on the path show that the application can read its \
token. The probe cannot read it, because it runs as another user, without the application's groups and without \
CAP_DAC_OVERRIDE. It judged neither the token nor the answer of STS.

Run the probe with the user and group of the application. irsa-probe debug-profile writes the command from the pod's \
JSON.",
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
    let fault = match &evidence.token_file {
        Seen::NotChecked(why) => return Outcome::skip(why.clone()),
        Seen::Seen(_) => return Outcome::Pass,
        Seen::Failed(fault) => fault,
    };
    let TokenFileFaultKind::Denied { at } = &fault.kind else {
        return Outcome::skip("reading the token file did not fail for lack of permission");
    };
    if fault.walk.iter().any(|step| !evidence.identity.may_pass(step)) {
        return Outcome::skip("the application cannot read it either");
    }
    let who = |identity: &Identity| format!("uid {}, gid {}", identity.uid, identity.gid);
    let cause = format!(
        "The probe ({}) has no access to {at}. The application runs as {}.",
        who(&target.prober),
        who(&evidence.identity)
    );
    Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new("Run the probe with the application's user and group.").command(names.debug_as_application())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{PathStep, PathStepKind, TokenFileFault};

    #[test]
    fn it_is_this_fault_only_if_the_application_can_read_the_token() {
        let step =
            PathStep { path: "/t".into(), kind: PathStepKind::File, mode: 0o600, uid: 1000, gid: 0, target: None };
        let kind = TokenFileFaultKind::Denied { at: "/t".into() };
        let fault = TokenFileFault { path: "/t".into(), walk: vec![step], kind };
        for (uid, is_fault) in [(1000, true), (1001, false)] {
            let evidence = Evidence {
                identity: Identity { pid: 7, uid, gid: 0, groups: vec![], capabilities: Some(0) },
                token_file: Seen::Failed(fault.clone()),
                target: Some(testing::target()),
                ..testing::healthy()
            };
            assert_eq!(matches!(judge(&evidence), Outcome::Fault(_)), is_fault, "{uid}");
        }
    }
}
