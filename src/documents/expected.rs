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
/// Source: "AWS authentication" of the External Secrets documentation (`auth.jwt.serviceAccountRef`); DeploymentRuntimeConfig
/// (`serviceAccountTemplate`) and ControllerConfig (its own annotations) of the Crossplane documentation.
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
        let is_of_account = path.len() > 1
            && path.last() == Some(&"annotations")
            && path[path.len() - 2].to_ascii_lowercase().contains("serviceaccount");
        let fault = if split.is_some() {
            Some(format!(
                "the dots of {ROLE_ANNOTATION} were read as levels: with --set, write eks\\.amazonaws\\.com/role-arn"
            ))
        } else if !is_of_account {
            Some(format!(
                "it is under {place:?}; the webhook reads it only from a service account, so from serviceAccount.annotations"
            ))
        } else {
            None
        };
        let object = format!("Helm values at {place}");
        all.push(Expected { object, account: None, role_arn: Some(role.to_owned()), fault });
    }
    for (key, value) in fields {
        path.push(key);
        walk(value, path, all);
        path.pop();
    }
}
