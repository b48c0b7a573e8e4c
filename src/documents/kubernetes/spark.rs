//! The pods of Spark on Kubernetes.

use serde_json::{Value, json};

/// What a `SparkApplication` creates: its driver, and executors with a service account of their own.
///
/// Source: API reference of the Kubeflow Spark operator; "Running Spark on Kubernetes" (since Spark 3.1, executors without
/// a service account use the driver's, before that `default`).
pub(crate) fn spark_pods(application: &Value) -> Option<[(&'static str, Value); 2]> {
    // A ScheduledSparkApplication has the application as a template.
    let spec = application["spec"].get("template").unwrap_or(&application["spec"]);
    let (driver, executor) = (spec.get("driver")?, spec.get("executor")?);
    let version = spec["sparkVersion"].as_str().unwrap_or_default();
    let is_old = ["2.", "3.0"].iter().any(|old| version.starts_with(old));
    let inherited = if is_old { &Value::Null } else { &driver["serviceAccount"] };
    let of_executor = executor.get("serviceAccount").unwrap_or(inherited);
    let pod = |part: &Value, account: &Value| {
        let metadata = json!({"name": application["metadata"]["name"], "namespace": application["metadata"]["namespace"],
            "labels": part["labels"], "annotations": part["annotations"]});
        let list = |key: &str| part.get(key).cloned().unwrap_or_else(|| json!([]));
        let container = json!({"name": "spark", "env": list("env"), "envFrom": list("envFrom")});
        json!({"metadata": metadata, "spec": {"serviceAccountName": account, "containers": [container],
            "nodeSelector": part["nodeSelector"]}})
    };
    Some([("driver", pod(driver, &driver["serviceAccount"])), ("executor", pod(executor, of_executor))])
}
