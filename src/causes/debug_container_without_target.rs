use crate::causes::{Advice, Candidate, Cause, Diagnosis, ENV_NOT_INJECTED, Fix, Outcome, Severity};
use crate::documents::debug_profile;
use crate::probe::evidence::Evidence;

/// The probe stands in a debug container that shows it nothing of the application.
pub static DEBUG_CONTAINER_WITHOUT_TARGET: Cause = Cause {
    code: "debug-container-without-target",
    title: "the application cannot be seen from here",
    severity: Severity::Error,
    // Nothing is known to be wrong with the pod: check again from where the application can be seen.
    advice: Advice::Retry,
    // Source: Kubernetes, "Ephemeral Containers"; ephemeral containers on a v1.36 node.
    explanation: "\
Kubernetes gives an ephemeral container, as kubectl debug creates it, neither the variables nor the volumes of the \
pod's other containers. Without --target it does not share their processes either, so nothing of the application can be \
seen from it. That such a container has no AWS_ROLE_ARN proves nothing about the application.

kubectl debug names a container debugger-XXXXX unless -c names it. A container of another name counts as ephemeral \
unless something shows that it is not: a volume of the pod, a limit on memory or CPU, or a variable of AWS.

irsa-probe debug-profile writes a script from the pod's JSON that creates a debug container which can see the \
application.",
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
    let name = &container.name;
    let fix = Fix::new("Create a debug container that can see the application.")
        .command(debug_profile::command_for(evidence, &[]));
    if container.is_named_by_kubectl_debug() {
        let cause = format!(
            "The probe runs in the debug container {name}, which has no variables of IRSA, and no process of another \
             container can be seen from it."
        );
        return Diagnosis::new(cause, fix).into();
    }
    let cause = format!(
        "The probe runs in container {name}, which has no variables of AWS, no volume of the pod and no limits, as an \
         ephemeral container has none. No process of another container can be seen from it."
    );
    let fix = fix.command(format!("kubectl get pod {} -o json | irsa-probe audit -", evidence.kubectl_pod()));
    let not_ephemeral =
        Candidate { cause: &ENV_NOT_INJECTED, why: format!("if {name} is a container of the pod's specification") };
    Diagnosis::new(cause, fix).could_be(vec![not_ephemeral]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing;
    use crate::probe::evidence::{Container, Expectations, Place};

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
            let place = Place { container: container.clone(), ..Place::default() };
            let evidence = Evidence { place, ..testing::environment(variables) };
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
        let place = Place { container: container("znot", false, false), ..testing::healthy().place };
        let Outcome::Fault(found) = judge(&Evidence { place, ..testing::environment(&[]) }) else { panic!("no fault") };
        let command = "kubectl get pod checkout-5d9 -n payments -o json | irsa-probe debug-profile --image IMAGE | sh";
        assert_eq!(found.fix.commands[0], command);
    }
}
