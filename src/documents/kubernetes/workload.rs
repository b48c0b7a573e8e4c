//! Objects of any kind that have a pod template or a life cycle.

use serde_json::Value;

/// Whether an object has ended, so that it cannot be right or wrong any more: pods that have ended or are being deleted,
/// Jobs that have ended, and ReplicaSets of earlier revisions of a Deployment.
///
/// Source: "Pod phase", "Jobs" (terminal conditions) and "Deployments" (revision history) of the Kubernetes documentation.
pub(crate) fn has_ended(kind: &str, object: &Value) -> bool {
    let any = |list: &Value, is: &dyn Fn(&Value) -> bool| list.as_array().is_some_and(|list| list.iter().any(is));
    let status = &object["status"];
    match kind {
        "Pod" => {
            matches!(status["phase"].as_str(), Some("Succeeded" | "Failed"))
                || !object["metadata"]["deletionTimestamp"].is_null()
        }
        "Job" => any(&status["conditions"], &|condition| {
            matches!(condition["type"].as_str(), Some("Complete" | "Failed")) && condition["status"] == "True"
        }),
        "ReplicaSet" => {
            let of_deployment = any(&object["metadata"]["ownerReferences"], &|owner| owner["kind"] == "Deployment");
            of_deployment && object["spec"]["replicas"] == 0
        }
        _ => false,
    }
}

/// The pod that a workload creates, of any kind with a template in the usual place.
pub(crate) fn template(workload: &Value) -> Option<Value> {
    let spec = workload.get("spec")?;
    let template = match spec.get("jobTemplate") {
        Some(job) => job.get("spec")?.get("template")?,
        None => spec.get("template")?,
    };
    template.get("spec")?.get("containers")?;
    let mut pod = template.clone();
    let metadata = &workload["metadata"];
    pod["metadata"]["name"] = metadata["name"].clone();
    pod["metadata"]["namespace"] = metadata["namespace"].clone();
    Some(pod)
}
