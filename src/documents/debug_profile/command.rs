//! The command that fixes refer to.

use crate::probe::evidence::{Evidence, name_or};

/// The command, to be run on a laptop, that checks the application of this pod.
pub fn command_for(evidence: &Evidence, options: &[String]) -> String {
    let container = evidence.target.as_ref().and(evidence.container());
    let container = container.map(|name| name_or(Some(name), "CONTAINER"));
    let container = container.map(|name| format!(" --container {name}")).unwrap_or_default();
    let options: String = options.iter().map(|option| format!(" {option}")).collect();
    let pod = evidence.kubectl_pod();
    format!("kubectl get pod {pod} -o json | irsa-probe debug-profile --image IMAGE{container}{options} | sh")
}
