use crate::causes::{Advice, Candidate, Cause, Diagnosis, ENV_NOT_INJECTED, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::Evidence;

/// The probe runs in a debug container that cannot see the application.
pub(crate) static DEBUG_CONTAINER_WITHOUT_TARGET: Cause = Cause {
    code: "debug-container-without-target",
    title: "the probe cannot see the application from this container",
    compare: "debug with --target=CONTAINER",
    severity: Severity::Error,
    // Nothing is known to be wrong with the pod: run the checks again from a container that can see the application.
    advice: Advice::Retry,
    // Source: Kubernetes, "Ephemeral Containers"; ephemeral containers on a v1.36 node.
    explanation: "\
The probe runs in a container from which it cannot see the application. If AWS_ROLE_ARN is missing in such a \
container, that proves nothing about the application.

Kubernetes gives an ephemeral container, such as one that kubectl debug creates, neither the variables nor the \
volumes of the pod's other containers. Without --target, it does not share their processes either.

kubectl debug names a container debugger-XXXXX unless -c sets the name. The probe treats a container with another \
name as ephemeral unless it has a volume of the pod, a memory or CPU limit, or an AWS variable.

irsa-probe debug-profile reads the pod's JSON and writes a script. The script creates a debug container that can see \
the application.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
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
        return Outcome::skip("nothing indicates that this is a debug container");
    };
    let name = &container.name;
    let facts = Facts::of(evidence);
    let fix = fix(&facts);
    if container.is_named_by_kubectl_debug() {
        let cause = format!(
            "The probe runs in the debug container {name}, which has no IRSA variables. No process of another \
             container is visible there."
        );
        return Diagnosis::new(cause, fix).into();
    }
    let cause = format!(
        "The probe runs in container {name}. Like an ephemeral container, it has no AWS variables, no volume of the \
         pod and no limits. No process of another container is visible there."
    );
    let fix = fix.command(facts.names().audit_pod());
    let not_ephemeral = Candidate {
        cause: &ENV_NOT_INJECTED,
        why: format!("if {name} is a regular container, not an ephemeral one").into(),
    };
    Diagnosis::new(cause, fix).could_be(vec![not_ephemeral]).into()
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    Fix::new("Create a debug container that can see the application.").command(names.debug(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Container, Expectations, PodContext};

    fn container(name: &str, has_volumes: bool, has_limits: bool) -> Option<Container> {
        Some(Container { name: name.to_owned(), has_volumes, has_limits })
    }

    #[test]
    fn a_container_that_may_be_ephemeral_cannot_see_the_application() {
        let role = [("AWS_ROLE_ARN", testing::ROLE)];
        let region = [("AWS_REGION", "eu-west-1")];
        for (container, variables, is_blind) in [
            (container("debugger-x7k2p", false, false), &[][..], true),
            (container("debugger", true, false), &[], true),
            (container("debugger-x7k2p", false, false), &role, false),
            (container("debugger-x7k2p", false, true), &[], false),
            (container("znot", false, false), &[], true),
            (container("znot", false, false), &region, false),
            (container("app", true, false), &[], false),
            (container("app", false, true), &[], false),
            (None, &[], false),
        ] {
            let pod_context = PodContext { container: container.clone(), ..PodContext::default() };
            let evidence = Evidence { pod_context, ..testing::environment(variables) };
            let shown = format!("{container:?} {variables:?}");
            assert_eq!(matches!(judge(&evidence), Outcome::Fault(_)), is_blind, "{shown}");
            let is_called_broken = testing::found(&ENV_NOT_INJECTED, &evidence);
            assert!(!(is_blind && is_called_broken), "{shown}");
            let expected = Expectations { in_pod_spec: true, ..Expectations::default() };
            assert!(
                !testing::found(&DEBUG_CONTAINER_WITHOUT_TARGET, &Evidence { expected, ..evidence }),
                "wait and serve: {shown}"
            );
        }
    }

    #[test]
    fn the_command_names_the_pod() {
        let pod_context = PodContext { container: container("znot", false, false), ..testing::healthy().pod_context };
        let Outcome::Fault(found) = judge(&Evidence { pod_context, ..testing::environment(&[]) }) else {
            panic!("no fault")
        };
        let command = "kubectl get pod checkout-5d9 -n payments -o json | irsa-probe debug-profile --image IMAGE | sh";
        assert_eq!(found.fix.commands[0], command);
    }
}
