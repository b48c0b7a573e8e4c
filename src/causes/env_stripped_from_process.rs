use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Mechanism, OtherProcess, TargetVariables};

/// The container has the variables of IRSA or EKS Pod Identity, but not every process in it has them.
pub(crate) static ENV_STRIPPED_FROM_PROCESS: Cause = Cause {
    code: "env-stripped-from-process",
    title: "a process was started without the variables of its container",
    compare: "does the start script clear variables?",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source: PHP manual, "FPM configuration": clear_env, default "yes".
    explanation: "\
The container has the variables, but one of its processes does not, because the program that started it removed them. \
sudo, su - and cron do this. Process managers such as supervisord, s6 and runit do it by configuration, and Apache \
passes only what PassEnv names. The SDK in such a process finds no web identity and falls back to the node role.

php-fpm's clear_env (on by default) has the same effect on PHP code, but is not visible from outside. The process \
clears its variables after the start, and /proc/PID/environ continues to show those it was started with. If the \
application is PHP, check that the pool's configuration says clear_env = no, or names the variables with env[...].

Pass the variables AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_REGION to the process, or for EKS Pod Identity \
AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE.",
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
    if target.variables != TargetVariables::Its {
        return Outcome::skip("the application's environment was not seen");
    }
    let is_set = |name: &&str| evidence.environment.variable(name).is_set();
    let has_any = Mechanism::all_variables().iter().flatten().any(is_set);
    let with = |has| target.others.iter().filter(move |other| other.has_identity == Some(has)).collect::<Vec<_>>();
    let pid = evidence.identity.pid;
    match evidence.mechanism {
        Some(Mechanism::IrsaProfile) => Outcome::skip("the pod has its role by a profile, not by variables"),
        Some(mechanism) if mechanism.variables().iter().flatten().all(is_set) && !with(false).is_empty() => {
            let cause = format!(
                "Process {pid} ({}) has both variables of {}, but {} in the same container {} not.",
                target.command,
                mechanism.name(),
                named(&with(false)),
                if with(false).len() == 1 { "does" } else { "do" },
            );
            Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&Facts::of(evidence)))))
        }
        _ if !has_any && !with(true).is_empty() => {
            let cause = format!(
                "Process {pid} ({}) has none of the variables of IRSA and EKS Pod Identity, but {} in the same \
                 container {} them.",
                target.command,
                named(&with(true)),
                if with(true).len() == 1 { "has" } else { "have" },
            );
            Diagnosis::new(cause, fix(&Facts::of(evidence))).into()
        }
        _ => Outcome::Pass,
    }
}

fn named(processes: &[&OtherProcess]) -> String {
    let names: Vec<String> =
        processes.iter().take(3).map(|other| format!("{} ({})", other.pid, other.command)).collect();
    let more = match processes.len().saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let noun = if processes.len() == 1 { "process" } else { "processes" };
    format!("{noun} {}{more}", names.join(", "))
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Configure the program that starts the process to pass on AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and \
         AWS_REGION (php-fpm: clear_env = no; sudo: --preserve-env; systemd: PassEnvironment).",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;

    #[test]
    fn a_target_without_the_variables_is_a_fault_and_another_process_without_them_a_warning() {
        let other = |has_identity| vec![OtherProcess { pid: 1, command: "supervisord".into(), has_identity }];
        let with = testing::healthy();
        let without = testing::environment(&[]);
        for (evidence, others, expected) in [
            (&without, other(Some(true)), "fault"),
            (&without, other(Some(false)), "pass"),
            (&without, other(None), "pass"),
            (&without, vec![], "pass"),
            (&with, other(Some(false)), "warning"),
            (&with, other(Some(true)), "pass"),
            (&with, other(None), "pass"),
        ] {
            let target = Some(crate::probe::evidence::Target { others, ..testing::target() });
            let outcome = match judge(&Evidence { target, ..evidence.clone() }) {
                Outcome::Fault(found) => {
                    assert!(found.cause.contains("process 1 (supervisord)"), "{}", found.cause);
                    "fault"
                }
                Outcome::Warning(_) => "warning",
                Outcome::Pass => "pass",
                Outcome::Skip(_) => "skip",
            };
            assert_eq!(outcome, expected);
        }
    }
}
