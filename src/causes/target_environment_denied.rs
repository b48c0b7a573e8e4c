use crate::causes::{Advice, Candidate, Cause, Diagnosis, ENV_NOT_INJECTED, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{AccessBarrier, Evidence, Identity, Seen, Target, TargetVariables};

/// The probe cannot read the target's variables.
pub(crate) static TARGET_ENVIRONMENT_DENIED: Cause = Cause {
    code: "target-environment-denied",
    title: "the application's environment cannot be read",
    compare: "run as the application's user",
    severity: Severity::Error,
    // Nothing is known to be wrong with the pod: check again with more rights.
    advice: Advice::Retry,
    // Source: ptrace(2), PTRACE_MODE_READ_FSCREDS; the profiles of kubectl debug on a v1.36 node.
    explanation: "\
The probe cannot read the application's variables. A debug container that kubectl debug creates gets none of them, so \
the probe reads them from /proc/PID/environ. The kernel allows that to a process of the same user and the same group \
that has every capability of the application, and to root with CAP_SYS_PTRACE. Root alone is not enough, and \
CAP_SYS_PTRACE has no effect for a user other than root.

Of the profiles of kubectl debug, general and sysadmin add CAP_SYS_PTRACE; legacy, baseline and restricted do not. \
None of them sets a user, so a custom profile must set one: runAsUser 0 with CAP_SYS_PTRACE, or the user and group of \
the application. irsa-probe debug-profile writes that profile from the pod's JSON.

The probe does not judge whether the pod has IRSA's variables until it can read them. Mounts are visible to every \
user: if no token is mounted in the application's container, the webhook most likely did not mutate it \
(env-not-injected).",
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
    match target.variables {
        TargetVariables::Its => Outcome::Pass,
        TargetVariables::Unseen(access_barrier) => denied(evidence, target, access_barrier).into(),
        // The pod's specification gives the probe the same variables: the probe judges those and reports that.
        TargetVariables::Ours(access_barrier) => Outcome::Warning(Box::new(denied(evidence, target, access_barrier))),
    }
}

fn denied(evidence: &Evidence, target: &Target, access_barrier: AccessBarrier) -> Diagnosis {
    let application = &evidence.identity;
    let mut cause = format!(
        "/proc/{}/environ of {:?} cannot be read: {}.",
        application.pid,
        target.command,
        reason(access_barrier, &target.prober, application)
    );
    let is_without_token = matches!(&target.token_mounts, Seen::Seen(mounts) if mounts.is_empty());
    if is_without_token {
        cause += " No EKS token is mounted in its container.";
    } else if let Seen::Seen(mounts) = &target.token_mounts {
        cause += &format!(" A token is mounted in its container at {}.", mounts.join(" and "));
    }
    if matches!(target.variables, TargetVariables::Ours(_)) {
        cause += " The probe judged its own variables instead.";
    }
    let facts = Facts::of(evidence);
    let mut fix = access(access_barrier, target, &facts);
    let mut candidates = Vec::new();
    if is_without_token {
        candidates.push(Candidate {
            cause: &ENV_NOT_INJECTED,
            why: "the webhook mounts a token in each container that it mutates; this one has none".into(),
        });
        fix = facts.names().inspect_service_account(fix);
    }
    Diagnosis::new(cause, fix).could_be(candidates)
}

fn reason(access_barrier: AccessBarrier, prober: &Identity, application: &Identity) -> String {
    let Identity { uid, gid, .. } = application;
    match access_barrier {
        AccessBarrier::OtherUser => format!(
            "the process runs as uid {uid}, gid {gid}, and the probe as uid {}, gid {} without CAP_SYS_PTRACE",
            prober.uid, prober.gid
        ),
        AccessBarrier::FewerCapabilities => {
            let set = |identity: &Identity| identity.capabilities.unwrap_or_default();
            format!(
                "the process has the capabilities {:016x}; the probe has the same user but only {:016x}, without \
                 CAP_SYS_PTRACE",
                set(application),
                set(prober)
            )
        }
        AccessBarrier::Other if prober.has_ptrace() => {
            "the probe has CAP_SYS_PTRACE, so a security module or a user namespace blocks it".to_owned()
        }
        AccessBarrier::Other => "the process has the probe's user and capabilities, so it made itself undumpable or a \
                             security module blocks the probe"
            .to_owned(),
        AccessBarrier::Gone => "the process has ended, or has overwritten it".to_owned(),
    }
}

/// What gives the probe access, where more is known than that it has none.
fn access(access_barrier: AccessBarrier, target: &Target, facts: &Facts) -> Fix {
    match access_barrier {
        AccessBarrier::OtherUser if facts.uid != Some(0) => {
            Fix::new("Run the debug container with the user and group of the application.")
                .command(facts.names().debug_as_application())
        }
        AccessBarrier::Other if target.prober.has_ptrace() => {
            Fix::new("Audit the pod's specification instead.").command(facts.names().audit_pod())
        }
        AccessBarrier::OtherUser | AccessBarrier::FewerCapabilities | AccessBarrier::Other => fix(facts),
        AccessBarrier::Gone => {
            Fix::new("Check the other processes of the pod.").command("irsa-probe check --all-processes")
        }
    }
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new("Run the debug container as root with CAP_SYS_PTRACE.").command(names.debug(" --uid 0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;

    const ROOT: u64 = 0xa804_25fb;
    const PTRACE: u64 = 1 << 19;

    fn checked(prober: (u32, u64), application: (u32, u64)) -> Evidence {
        let identity =
            |(uid, capabilities)| Identity { pid: 1, uid, gid: uid, groups: vec![], capabilities: Some(capabilities) };
        let (prober, application) = (identity(prober), identity(application));
        let access_barrier = AccessBarrier::of(&prober, &application);
        let target = Target { prober, variables: TargetVariables::Unseen(access_barrier), ..testing::target() };
        Evidence { identity: application, target: Some(target), ..testing::environment(&[]) }
    }

    #[test]
    fn the_missing_right_is_named_with_a_command_that_grants_it() {
        for (prober, application, reason, command) in [
            ((1000, 0), (0, ROOT), "uid 0, gid 0, and the probe as uid 1000", "--uid 0 | sh"),
            ((0, ROOT), (1000, 0), "uid 1000, gid 1000, and the probe as uid 0", "--uid 1000 --gid 1000 | sh"),
            ((0, 0), (0, ROOT), "only 0000000000000000", "--uid 0 | sh"),
            ((0, ROOT), (0, ROOT), "undumpable", "--uid 0 | sh"),
            ((0, ROOT | PTRACE), (0, ROOT), "a security module or a user namespace", "irsa-probe audit -"),
        ] {
            let Outcome::Fault(found) = judge(&checked(prober, application)) else { panic!("no fault") };
            assert!(found.cause.contains(reason), "{}", found.cause);
            let last = found.fix.commands.last().unwrap();
            assert!(last.contains(command), "{last}");
            assert!(last.starts_with("kubectl get pod checkout-5d9 -n payments -o json | irsa-probe "), "{last}");
            assert!(found.cause.contains("mounted in its container at /run/secrets/eks"), "{}", found.cause);
            assert!(found.candidates.is_empty(), "{:?}", found.candidates);
        }
    }

    #[test]
    fn a_container_without_a_token_was_most_likely_not_injected() {
        let mut evidence = checked((1000, 0), (0, ROOT));
        evidence.target.as_mut().unwrap().token_mounts = Seen::Seen(vec![]);
        let Outcome::Fault(found) = judge(&evidence) else { panic!("no fault") };
        assert!(found.cause.contains("No EKS token is mounted in its container."), "{}", found.cause);
        assert_eq!(found.candidates[0].cause.code, "env-not-injected");
        let commands = found.fix.commands.join("\n");
        assert!(
            commands.contains("--uid 0 | sh") && commands.contains("serviceaccount -n payments checkout"),
            "{commands}"
        );
    }

    #[test]
    fn judging_the_probe_s_own_variables_makes_it_a_warning() {
        let mut evidence = checked((0, ROOT), (1000, 0));
        evidence.target.as_mut().unwrap().variables = TargetVariables::Ours(AccessBarrier::OtherUser);
        assert!(matches!(judge(&evidence), Outcome::Warning(_)));
        evidence.target.as_mut().unwrap().variables = TargetVariables::Its;
        assert_eq!(judge(&evidence), Outcome::Pass);
        assert!(matches!(judge(&testing::healthy()), Outcome::Skip(_)));
    }
}
