use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::documents::debug_profile::{FILE, IMAGE};
use crate::probe::evidence::{Evidence, Hindrance, Identity, Seen, Target, TargetVariables};

/// The target's variables cannot be read from where the probe stands.
pub static TARGET_ENVIRONMENT_DENIED: Cause = Cause {
        code: "target-environment-denied",
        title: "the application's environment cannot be read",
        severity: Severity::Error,
        // Nothing is known to be wrong with the pod: look again, from a place that can see.
        advice: Advice::Retry,
        explanation: "\
A debug container made by kubectl debug gets none of the application's variables. The probe reads them from \
/proc/PID/environ instead, and the kernel allows that to a process of the same user and group that has every \
capability which the application has, or to one with CAP_SYS_PTRACE (ptrace(2), PTRACE_MODE_READ). Being root is not \
enough.

Measured with the profiles of kubectl debug: an application of uid 0 can be read by root in any profile but restricted; \
an application of uid 1000 by uid 1000 in any profile, or by root in the profiles general and sysadmin, but not in \
legacy and baseline.

So give the debug container the application's user and group, or the profile general. irsa-probe debug-profile \
writes the whole command out of the pod's JSON. Whether the pod was given IRSA's variables stays open until then: \
nothing is judged from a view that cannot see it.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    let Some(target) = &evidence.target else {
        return Outcome::skip("the probe looks at itself");
    };
    match target.variables {
        TargetVariables::Its => Outcome::Pass,
        TargetVariables::Unseen(hindrance) => denied(evidence, target, hindrance).into(),
        // The pod's specification gave the probe the same: judged all the same, and said.
        TargetVariables::Ours(hindrance) => Outcome::Warning(Box::new(denied(evidence, target, hindrance))),
    }
}

fn denied(evidence: &Evidence, target: &Target, hindrance: Hindrance) -> Diagnosis {
    let application = &evidence.identity;
    let mut cause = format!(
        "/proc/{}/environ of {:?} cannot be read: {}.",
        application.pid,
        target.command,
        reason(hindrance, &target.prober, application)
    );
    match &target.token_mounts {
        Seen::Seen(mounts) if mounts.is_empty() => {
            cause += " No token volume of EKS is mounted for it, so IRSA's webhook most likely passed it by.";
        }
        Seen::Seen(mounts) => cause += &format!(" A token is mounted for it at {}.", mounts.join(" and ")),
        _ => {}
    }
    if matches!(target.variables, TargetVariables::Ours(_)) {
        cause += " The probe's own variables were judged in their place.";
    }
    Diagnosis::new(cause, fix(hindrance, target, application))
}

fn reason(hindrance: Hindrance, prober: &Identity, application: &Identity) -> String {
    let Identity { uid, gid, .. } = application;
    match hindrance {
        Hindrance::OtherUser => format!(
            "it runs as uid {uid}, gid {gid}, and the probe as uid {}, gid {} without CAP_SYS_PTRACE",
            prober.uid, prober.gid
        ),
        Hindrance::FewerCapabilities => {
            let set = |identity: &Identity| identity.capabilities.unwrap_or_default();
            format!(
                "it has the capabilities {:016x} and the probe, as the same user, only {:016x} and not CAP_SYS_PTRACE",
                set(application),
                set(prober)
            )
        }
        Hindrance::Other => "neither users nor capabilities explain it; it may have made itself undumpable, or a \
                             security module forbids it"
            .to_owned(),
        Hindrance::Gone => "it has ended, or wrote over it".to_owned(),
    }
}

fn fix(hindrance: Hindrance, target: &Target, application: &Identity) -> Fix {
    let Identity { uid, gid, .. } = application;
    let with_ptrace = debug_command(target, "general");
    match hindrance {
        Hindrance::OtherUser if *uid != 0 => {
            let context = format!(r#"{{"securityContext":{{"runAsUser":{uid},"runAsGroup":{gid}}}}}"#);
            Fix::new("make the debug container run as the application's user and group")
                .command(format!("echo '{context}' > {FILE}"))
                .command(format!("{} --custom={FILE}", debug_command(target, "restricted")))
        }
        Hindrance::OtherUser | Hindrance::FewerCapabilities => {
            Fix::new("make the debug container run as root with CAP_SYS_PTRACE").command(with_ptrace)
        }
        Hindrance::Other => {
            let all = debug_command(target, "sysadmin");
            Fix::new("give the debug container every capability").command(all)
        }
        Hindrance::Gone => {
            Fix::new("name another process of the application").command("irsa-probe check --all-processes")
        }
    }
}

/// Needs a pod that is known; the rest is left away where it is not.
fn debug_command(target: &Target, profile: &str) -> String {
    let place = &target.place;
    let option = |name: &str, value: &Option<String>| {
        value.as_ref().map(|value| format!(" --{name}={value}")).unwrap_or_default()
    };
    let pod = place.pod.as_deref().unwrap_or("\"$POD\"");
    let [namespace, container] = [option("namespace", &place.namespace), option("target", &place.container)];
    format!("kubectl debug{namespace} {pod} --stdin --quiet --image={IMAGE}{container} --profile={profile}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;

    const ROOT: u64 = 0xa804_25fb;
    const PTRACE: u64 = 1 << 19;

    fn looked_at(prober: (u32, u64), application: (u32, u64)) -> Evidence {
        let identity =
            |(uid, capabilities)| Identity { pid: 1, uid, gid: uid, groups: vec![], capabilities: Some(capabilities) };
        let (prober, application) = (identity(prober), identity(application));
        let hindrance = Hindrance::of(&prober, &application);
        let target = Target { prober, variables: TargetVariables::Unseen(hindrance), ..testing::target() };
        Evidence { identity: application, target: Some(target), ..testing::environment(&[]) }
    }

    #[test]
    fn what_is_missing_is_named_with_a_command_that_gives_it() {
        for (prober, application, reason, command) in [
            ((1000, 0), (0, ROOT), "uid 0, gid 0, and the probe as uid 1000", "--profile=general"),
            ((0, ROOT), (1000, 0), "uid 1000, gid 1000, and the probe as uid 0", "--custom=irsa-probe-profile.json"),
            ((0, 0), (0, ROOT), "only 0000000000000000", "--profile=general"),
            ((0, ROOT | PTRACE), (0, ROOT), "undumpable", "--profile=sysadmin"),
        ] {
            let Outcome::Fault(found) = judge(&looked_at(prober, application)) else { panic!("no fault") };
            assert!(found.cause.contains(reason), "{}", found.cause);
            let last = found.fix.commands.last().unwrap();
            assert!(last.contains(command), "{last}");
            assert!(last.starts_with("kubectl debug --namespace=payments checkout-5d9 --stdin"), "{last}");
            assert!(found.cause.contains("A token is mounted for it at /run/secrets/eks"), "{}", found.cause);
        }
    }

    #[test]
    fn the_probe_s_own_variables_in_their_place_soften_it() {
        let mut evidence = looked_at((0, ROOT), (1000, 0));
        evidence.target.as_mut().unwrap().variables = TargetVariables::Ours(Hindrance::OtherUser);
        assert!(matches!(judge(&evidence), Outcome::Warning(_)));
        evidence.target.as_mut().unwrap().variables = TargetVariables::Its;
        assert_eq!(judge(&evidence), Outcome::Pass);
        assert!(matches!(judge(&testing::healthy()), Outcome::Skip(_)));
    }
}
