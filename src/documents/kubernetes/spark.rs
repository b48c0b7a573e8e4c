//! The pods of Spark on Kubernetes.

use serde_json::{Value, json};

/// Executors without a service account of their own use the driver's: Spark 2.4.5 and later (SPARK-27872).
const INHERITS: [u32; 3] = [2, 4, 5];
/// Executors can have a service account of their own: Spark 3.1 and later (SPARK-30122).
const HAS_OWN: [u32; 3] = [3, 1, 0];

/// What a `SparkApplication` creates: its driver, and its executors.
///
/// Source: `SparkPodSpec` and `submission.go` of the Kubeflow Spark operator, which passes the service accounts as `sparkConf`
/// does; `DriverKubernetesCredentialsFeatureStep` and `ExecutorKubernetesCredentialsFeatureStep` of Spark: of a pod template,
/// only `serviceAccount` takes precedence, and only for executors.
pub(crate) fn spark_pods(application: &Value) -> Option<[(&'static str, Value); 2]> {
    // A ScheduledSparkApplication has the application as a template.
    let spec = application["spec"].get("template").unwrap_or(&application["spec"]);
    let parts = (spec.get("driver")?, spec.get("executor")?);
    let (driver, executor) = accounts(spec, parts);
    let pod = |part: &Value, account: Option<&str>| {
        let metadata = json!({"name": application["metadata"]["name"], "namespace": application["metadata"]["namespace"],
            "labels": part["labels"], "annotations": part["annotations"]});
        let list = |key: &str| part.get(key).cloned().unwrap_or_else(|| json!([]));
        let container = json!({"name": "spark", "env": list("env"), "envFrom": list("envFrom")});
        json!({"metadata": metadata, "spec": {"serviceAccountName": account, "containers": [container],
            "nodeSelector": part["nodeSelector"]}})
    };
    Some([("driver", pod(parts.0, driver)), ("executor", pod(parts.1, executor))])
}

/// The service accounts of the driver and of the executors. `None`: `default`.
fn accounts<'v>(spec: &'v Value, (driver, executor): (&'v Value, &'v Value)) -> (Option<&'v str>, Option<&'v str>) {
    let text = |value: &'v Value| value.as_str().filter(|text| !text.is_empty());
    let version = version(spec["sparkVersion"].as_str().unwrap_or_default());
    let set = |part: &'v Value, name: &str| {
        let key = format!("spark.kubernetes.authenticate.{name}.serviceAccountName");
        text(&part["serviceAccount"]).or_else(|| text(&spec["sparkConf"][key]))
    };
    let template = |part: &'v Value, key: &str| text(&part["template"]["spec"][key]);
    let of_driver = set(driver, "driver");
    let own = set(executor, "executor").filter(|_| version >= HAS_OWN);
    let of_executor = template(executor, "serviceAccount")
        .or(own)
        .or(of_driver.filter(|_| version >= INHERITS))
        .or_else(|| template(executor, "serviceAccountName"));
    let in_template = || template(driver, "serviceAccountName").or_else(|| template(driver, "serviceAccount"));
    (of_driver.or_else(in_template), of_executor)
}

/// `3.5.1`, `3.1.1-amzn-0`. A part that is not known is the newest.
fn version(text: &str) -> [u32; 3] {
    let mut parts = text.split(['.', '-']).map(|part| part.parse().unwrap_or(u32::MAX));
    [(); 3].map(|()| parts.next().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_decides_whose_service_account_executors_use() {
        let all = |version: &str, spec: Value| {
            let mut spec = spec;
            spec["sparkVersion"] = version.into();
            let pods = spark_pods(&json!({"spec": spec})).expect("a driver and executors");
            pods.map(|(_, pod)| pod["spec"]["serviceAccountName"].as_str().unwrap_or("default").to_owned())
        };
        let alone = json!({"driver": {"serviceAccount": "a"}, "executor": {}});
        let both = json!({"driver": {"serviceAccount": "a"}, "executor": {"serviceAccount": "b"}});
        let conf = json!({"driver": {}, "executor": {}, "sparkConf": {
            "spark.kubernetes.authenticate.driver.serviceAccountName": "a",
            "spark.kubernetes.authenticate.executor.serviceAccountName": "b"}});
        let templates = json!({"driver": {"template": {"spec": {"serviceAccountName": "a"}}},
            "executor": {"template": {"spec": {"serviceAccountName": "b"}}}});
        let deprecated = json!({"driver": {"serviceAccount": "a"},
            "executor": {"serviceAccount": "x", "template": {"spec": {"serviceAccount": "b"}}}});
        for (version, spec, expected) in [
            ("3.5.1", &alone, ["a", "a"]),
            ("3.0.2", &alone, ["a", "a"]),
            ("2.4.5", &alone, ["a", "a"]),
            ("2.4.4", &alone, ["a", "default"]),
            ("2.3.1", &alone, ["a", "default"]),
            ("", &alone, ["a", "a"]),
            ("3.1.1-amzn-0", &both, ["a", "b"]),
            ("3.1", &both, ["a", "b"]),
            ("3.0.2", &both, ["a", "a"]),
            ("4.0.0", &conf, ["a", "b"]),
            ("3.5.1", &templates, ["a", "b"]),
            ("3.5.1", &deprecated, ["a", "b"]),
        ] {
            assert_eq!(all(version, spec.clone()), expected, "{version} {spec}");
        }
    }
}
