use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Identity, Seen, TokenFileFaultKind};

/// The application may read its token, but the probe may not, so nothing behind it was seen.
pub static TOKEN_FILE_UNREADABLE_BY_PROBE: Cause = Cause {
        code: "token-file-unreadable-by-probe",
        title: "only the application may read the token file",
        severity: Severity::Error,
        // Nothing is known to be wrong with the pod: look again, from a place that can see.
        advice: Advice::Retry,
        explanation: "\
As far as the modes and owners on the way tell, the application can read its token. The probe cannot: it runs as \
another user, without the application's groups, and without CAP_DAC_OVERRIDE. So neither the token nor what STS says of \
it was judged, and nothing of this is the application's fault.

Run the probe as the application's user and group; irsa-probe debug-profile writes the command out of the pod's JSON.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(target) = &evidence.target else {
        return Outcome::skip("the probe looks at itself");
    };
    let fault = match &evidence.token_file {
        Seen::NotLooked(why) => return Outcome::skip(why.clone()),
        Seen::Seen(_) => return Outcome::Pass,
        Seen::Failed(fault) => fault,
    };
    let TokenFileFaultKind::Denied { at } = &fault.kind else {
        return Outcome::skip("reading the token file did not fail for lack of permission");
    };
    if fault.walk.iter().any(|step| !evidence.identity.may_pass(step)) {
        return Outcome::skip("the application may not read it either");
    }
    let who = |identity: &Identity| format!("uid {}, gid {}", identity.uid, identity.gid);
    let cause =
        format!("{at} refuses the probe ({}); the application is {}.", who(&target.prober), who(&evidence.identity));
    let Identity { uid, gid, .. } = &evidence.identity;
    let fix = Fix::new("run the probe as the application's user and group").command(format!(
        r#"echo '{{"securityContext":{{"runAsUser":{uid},"runAsGroup":{gid}}}}}' > irsa-probe-profile.json"#
    ));
    Diagnosis::new(cause, fix).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{PathStep, PathStepKind, TokenFileFault};

    #[test]
    fn it_is_this_fault_only_if_the_application_can() {
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
