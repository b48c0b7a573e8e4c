//! What objects of other controllers, and values of charts, say about roles of service accounts. The controller or chart
//! acts on it; only the service account shows what it did.

use super::kubernetes::Metadata;
use crate::aws::webhook::ROLE_ANNOTATION;
use serde::Deserialize;
use serde_json::Value;

/// A service account that is to have a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// `SecretStore payments/aws`.
    pub object: String,
    /// Namespace and name, where it is known.
    pub account: Option<(String, String)>,
    /// What the document sets it to.
    pub role_arn: Option<String>,
    /// Why it will have no effect, in a clause.
    pub fault: Option<String>,
}

/// Of a SecretStore of External Secrets, and a runtime configuration of Crossplane. `None` for another kind, or if it says
/// nothing about a role.
///
/// Source: `credsFromServiceAccount` of External Secrets (`auth.jwt.serviceAccountRef`; it may then assume `role`);
/// `deployment_runtime_config_types.go` of Crossplane (`serviceAccountTemplate`), and `ServiceAccountWithControllerConfig` of
/// its version 1 (a ControllerConfig's own annotations; version 2 has no ControllerConfig).
pub(super) fn of_object(kind: &str, object: &Value) -> Option<Expected> {
    let metadata = Metadata::deserialize(&object["metadata"]).unwrap_or_default();
    let namespace = metadata.namespace.as_deref();
    let name = namespace.map_or_else(|| metadata.name.clone(), |namespace| format!("{namespace}/{}", metadata.name));
    let expected = Expected { object: format!("{kind} {name}"), ..Expected::default() };
    let role = |metadata: &Metadata| metadata.annotations.get(ROLE_ANNOTATION).map(str::to_owned);
    match kind {
        "SecretStore" | "ClusterSecretStore" => {
            let reference = &object["spec"]["provider"]["aws"]["auth"]["jwt"]["serviceAccountRef"];
            // A SecretStore uses only accounts of its own namespace.
            let of_reference = reference["namespace"].as_str().filter(|_| kind == "ClusterSecretStore");
            let namespace = of_reference.or(namespace.filter(|_| kind == "SecretStore"));
            let account = namespace.map(str::to_owned).zip(reference["name"].as_str().map(str::to_owned));
            reference.is_object().then_some(Expected { account, ..expected })
        }
        "ControllerConfig" => role(&metadata).map(|role| Expected { role_arn: Some(role), ..expected }),
        "DeploymentRuntimeConfig" => {
            let template = &object["spec"]["serviceAccountTemplate"]["metadata"];
            match role(&Metadata::deserialize(template).unwrap_or_default()) {
                Some(role) => Some(Expected { role_arn: Some(role), ..expected }),
                None => role(&metadata).map(|role| Expected {
                    role_arn: Some(role),
                    fault: Some(
                        "the annotation is on the object itself; Crossplane takes it from \
                         spec.serviceAccountTemplate.metadata.annotations"
                            .to_owned(),
                    ),
                    ..expected
                }),
            }
        }
        _ => None,
    }
}

/// Each role annotation in the values of a Helm chart.
pub(super) fn of_values(values: &Value) -> Vec<Expected> {
    let mut all = Vec::new();
    walk(values, &mut Vec::new(), &mut all);
    all
}

fn walk<'v>(value: &'v Value, path: &mut Vec<&'v str>, all: &mut Vec<Expected>) {
    let Value::Object(fields) = value else { return };
    // `--set` reads the dots of a key as levels: eks: {amazonaws: {com/role-arn: ...}}.
    let split = value["eks"]["amazonaws"]["com/role-arn"].as_str();
    if let Some(role) = value[ROLE_ANNOTATION].as_str().or(split) {
        let place = path.join(".");
        let owner = owner(path);
        let fault = if split.is_some() {
            Some(format!(
                "the dots of {ROLE_ANNOTATION} were read as levels: with --set, write eks\\.amazonaws\\.com/role-arn"
            ))
        } else if owner == Owner::OtherObject {
            Some(format!(
                "it is under {place:?}; the webhook reads it only from a service account, so from serviceAccount.annotations"
            ))
        } else {
            None
        };
        let object = match owner {
            Owner::Unknown => format!("Helm values at {place} (if the chart sets these on a service account)"),
            _ => format!("Helm values at {place}"),
        };
        all.push(Expected { object, account: None, role_arn: Some(role.to_owned()), fault });
    }
    for (key, value) in fields {
        path.push(key);
        walk(value, path, all);
        path.pop();
    }
}

/// What a chart annotates with a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    ServiceAccount,
    OtherObject,
    Unknown,
}

/// By the names that charts use. The chart decides, and it is not here.
///
/// Source: values of the charts of velero (`serviceAccount.server.annotations`), prometheus (`serviceAccounts.server`), keda
/// (`serviceAccount.operator`), cluster-autoscaler (`rbac.serviceAccount`, before `rbac.serviceAccountAnnotations`),
/// aws-ebs-csi-driver (`controller.serviceAccount`), traefik (`serviceAccountAnnotations`).
fn owner(path: &[&str]) -> Owner {
    const OTHERS: [&str; 9] =
        ["cronjob", "daemonset", "deployment", "ingress", "job", "namespace", "pod", "service", "statefulset"];
    let plain = |key: &&str| key.replace(['-', '_'], "").to_ascii_lowercase();
    let mut keys = path.iter().map(plain);
    if keys.any(|key| key.contains("serviceaccount")) {
        return Owner::ServiceAccount;
    }
    // `podAnnotations`, or `pod` and below it `annotations`.
    let last: String = path.iter().rev().take(2).rev().map(plain).collect();
    let annotated = last.strip_suffix("annotations").unwrap_or(&last);
    if OTHERS.iter().any(|other| annotated.ends_with(other)) { Owner::OtherObject } else { Owner::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_chart_certainly_sets_elsewhere_is_a_fault() {
        for (place, is_fault, is_sure) in [
            ("serviceAccount.annotations", false, true),
            ("serviceAccount.server.annotations", false, true),
            ("serviceAccounts.server.annotations", false, true),
            ("rbac.serviceAccountAnnotations", false, true),
            ("rbac.serviceAccount.annotations", false, true),
            ("controller.serviceAccount.annotations", false, true),
            ("service_account.annotations", false, true),
            ("serviceAccount.podAnnotations", false, true),
            ("podAnnotations", true, true),
            ("controller.podAnnotations", true, true),
            ("controller.pod.annotations", true, true),
            ("service.annotations", true, true),
            ("deploymentAnnotations", true, true),
            ("annotations", false, false),
            ("controller.annotations", false, false),
            ("iam", false, false),
        ] {
            let mut values = serde_json::json!({ROLE_ANNOTATION: "arn:aws:iam::111122223333:role/r"});
            for key in place.rsplit('.') {
                values = serde_json::json!({ key: values });
            }
            let all = of_values(&values);
            assert_eq!((all.len(), all[0].fault.is_some()), (1, is_fault), "{place}");
            assert_eq!(all[0].object == format!("Helm values at {place}"), is_sure, "{place}");
        }
    }
}
