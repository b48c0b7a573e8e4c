//! `terraform show -json` of a state or a plan: the resources that decide about a pod's role, as the documents that aws and
//! kubectl print of them.
//!
//! Source: "JSON output format" of the Terraform documentation, and the schemas of the providers aws and kubernetes.

use serde_json::{Value, json};

/// A resource with what it is as a document; `None` for one that is not known before it is applied.
pub(super) struct Resource {
    pub address: String,
    pub document: Option<Value>,
}

/// The resources that matter. `None` if the document is not of Terraform.
pub(super) fn resources(document: &Value) -> Option<Vec<Resource>> {
    document["format_version"].as_str()?;
    // Of a plan, what will be.
    let values = document.get("planned_values").or(document.get("values"))?;
    let mut found = Vec::new();
    let mut modules = vec![&values["root_module"]];
    while let Some(module) = modules.pop() {
        modules.extend(module["child_modules"].as_array().into_iter().flatten());
        let resources = module["resources"].as_array().into_iter().flatten();
        for one in resources.filter(|one| one["mode"] != "data") {
            let Some(known) = kind(one["type"].as_str().unwrap_or_default()) else { continue };
            let address = one["address"].as_str().unwrap_or_default().to_owned();
            found.push(Resource { address, document: known(&one["values"]) });
        }
    }
    Some(found)
}

type Read = fn(&Value) -> Option<Value>;

fn kind(of: &str) -> Option<Read> {
    Some(match of.strip_suffix("_v1").unwrap_or(of) {
        "aws_iam_role" => role,
        "aws_iam_openid_connect_provider" => provider,
        "aws_eks_cluster" => cluster,
        "aws_eks_pod_identity_association" => association,
        "kubernetes_manifest" => |values| values["manifest"].is_object().then(|| values["manifest"].clone()),
        "kubernetes_service_account" | "kubernetes_default_service_account" => {
            |values| Some(json!({"kind": "ServiceAccount", "metadata": metadata(values)?}))
        }
        "kubernetes_deployment" => |values| workload("Deployment", values),
        "kubernetes_stateful_set" => |values| workload("StatefulSet", values),
        "kubernetes_daemon_set" | "kubernetes_daemonset" => |values| workload("DaemonSet", values),
        "kubernetes_job" => |values| workload("Job", values),
        "kubernetes_cron_job" => |values| workload("CronJob", values),
        _ => return None,
    })
}

/// A role that a plan creates has no ARN yet. Without one, its policy could pass for that of another role.
fn role(values: &Value) -> Option<Value> {
    let (arn, policy) = (values["arn"].as_str()?, values["assume_role_policy"].as_str()?);
    Some(json!({"Role": {"Arn": arn, "AssumeRolePolicyDocument": policy}}))
}

fn provider(values: &Value) -> Option<Value> {
    let url = values["url"].as_str()?.trim_start_matches("https://");
    let thumbprints = if values["thumbprint_list"].is_array() { values["thumbprint_list"].clone() } else { json!([]) };
    Some(json!({"Url": url, "ClientIDList": values["client_id_list"], "ThumbprintList": thumbprints}))
}

fn cluster(values: &Value) -> Option<Value> {
    let issuer = values["identity"][0]["oidc"][0]["issuer"].as_str()?;
    Some(json!({"cluster": {"name": values["name"], "arn": values["arn"].as_str().unwrap_or_default(),
        "identity": {"oidc": {"issuer": issuer}}}}))
}

fn association(values: &Value) -> Option<Value> {
    let text = |key: &str| values[key].as_str().unwrap_or_default();
    values["role_arn"].as_str()?;
    Some(json!({"association": {"clusterName": text("cluster_name"), "namespace": text("namespace"),
        "serviceAccount": text("service_account"), "associationArn": text("association_arn"),
        "associationId": text("association_id"), "roleArn": values["role_arn"],
        "targetRoleArn": values["target_role_arn"], "externalId": values["external_id"],
        "disableSessionTags": values["disable_session_tags"] == true}}))
}

/// A block is a list with one item.
fn metadata(values: &Value) -> Option<Value> {
    let block = &values["metadata"][0];
    block["name"].as_str()?;
    Some(json!({"name": block["name"], "namespace": block["namespace"], "labels": block["labels"],
        "annotations": block["annotations"]}))
}

fn workload(kind: &str, values: &Value) -> Option<Value> {
    let spec = &values["spec"][0];
    let template = &spec.get("job_template").map_or(spec, |job| &job[0]["spec"][0])["template"][0];
    let spec = &template["spec"][0];
    let containers = |key: &str| -> Value {
        let all = spec[key].as_array().into_iter().flatten();
        all.map(|one| {
            let literal = |variable: &&Value| variable["value_from"][0].is_null();
            let env = one["env"].as_array().into_iter().flatten().map(|variable| match literal(&variable) {
                true => json!({"name": variable["name"], "value": variable["value"]}),
                false => json!({"name": variable["name"]}),
            });
            let sources = one["env_from"].as_array().into_iter().flatten().map(|_| json!({}));
            json!({"name": one["name"], "env": env.collect::<Value>(), "envFrom": sources.collect::<Value>()})
        })
        .collect()
    };
    let labels = json!({"labels": template["metadata"][0]["labels"],
        "annotations": template["metadata"][0]["annotations"]});
    Some(json!({"kind": kind, "metadata": metadata(values)?, "spec": {"template": {"metadata": labels, "spec": {
        "serviceAccountName": spec["service_account_name"], "nodeSelector": spec["node_selector"],
        "initContainers": containers("init_container"), "containers": containers("container")}}}}))
}
