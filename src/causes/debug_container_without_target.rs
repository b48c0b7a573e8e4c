use crate::causes::{Advice, Cause, Diagnosis, Fix, Outcome, Severity};
use crate::probe::evidence::Evidence;

/// The probe stands in a debug container that shows it nothing of the application.
pub static DEBUG_CONTAINER_WITHOUT_TARGET: Cause = Cause {
    code: "debug-container-without-target",
    title: "the application cannot be seen from here",
    severity: Severity::Error,
    // Nothing is known to be wrong with the pod: look again, from a place that can see.
    advice: Advice::Retry,
    explanation: "\
Kubernetes gives an ephemeral container, as kubectl debug makes it, neither the variables nor the mounts of the pod's \
other containers. Without --target it does not share their processes either, so there is nothing of the application to \
look at. That this container has no AWS_ROLE_ARN says nothing of the application.

Add --target=CONTAINER, and run as the application's user or with the profile general. irsa-probe debug-profile \
writes the whole command out of the pod's JSON.",
    judge: Some(judge),
};

fn judge(evidence: &Evidence) -> Outcome {
    if evidence.target.is_some() {
        return Outcome::Pass;
    }
    let names = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    if names.iter().any(|name| evidence.environment.variable(name).is_set()) {
        return Outcome::Pass;
    }
    let Some(container) = evidence.debug_container() else {
        return Outcome::skip("nothing says that this is a debug container");
    };
    let cause = format!(
        "the probe runs in the debug container {container}, which has no variables of IRSA itself, and no process of \
         another container can be seen from it."
    );
    let fix = Fix::new("make the debug container share the processes of the application's container")
        .command("kubectl get pod \"$POD\" --output json | irsa-probe debug-profile | sh");
    Diagnosis::new(cause, fix).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Mounts, Seen};

    #[test]
    fn only_a_debug_container_without_variables_cannot_see() {
        let irsa = [("AWS_ROLE_ARN", testing::ROLE)];
        for (container, variables, blind) in [
            (Some("debugger-x7k2p"), &[][..], true),
            (Some("debugger"), &[], true),
            (Some("debugger-x7k2p"), &irsa, false),
            (Some("app"), &[], false),
            (None, &[], false),
        ] {
            let mounts = Mounts { container: container.map(str::to_owned), ..Mounts::default() };
            let evidence = Evidence { mounts: Seen::Seen(mounts), ..testing::environment(variables) };
            assert_eq!(matches!(judge(&evidence), Outcome::Fault(_)), blind, "{container:?} {variables:?}");
        }
    }
}
