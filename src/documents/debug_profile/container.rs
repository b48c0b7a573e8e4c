//! Which container of the pod is checked, and which of its mounts the debug container gets.

use super::pointer::{list, text};
use super::profile::ProfileFault;
use crate::aws::webhook::{POD_IDENTITY_VOLUME, TOKEN_VOLUME};
use serde_json::Value;

pub(super) fn choose<'p>(pod: &'p Value, wanted: Option<&str>) -> Result<&'p Value, ProfileFault> {
    let all = || list(pod, "/spec/containers").iter().chain(list(pod, "/spec/initContainers"));
    let named = |name: &str| all().find(|container| text(container, "/name") == name);
    if let Some(wanted) = wanted {
        let there = || all().map(|container| text(container, "/name").to_owned()).collect();
        return named(wanted)
            .ok_or_else(|| ProfileFault::NoSuchContainer { wanted: wanted.to_owned(), there: there() });
    }
    let by_annotation = named(text(pod, "/metadata/annotations/kubectl.kubernetes.io~1default-container"));
    let has_token = |container: &&Value| list(container, "/volumeMounts").iter().any(is_token_mount);
    by_annotation
        .or_else(|| list(pod, "/spec/containers").iter().find(has_token))
        .or_else(|| list(pod, "/spec/containers").first())
        .ok_or_else(|| ProfileFault::NoSuchContainer { wanted: "any".to_owned(), there: Vec::new() })
}

/// The token's mount, and mounts with a file that one of the variables names.
pub(super) fn mounts(container: &Value, env: &[Value], notes: &mut Vec<String>) -> Vec<Value> {
    let named: Vec<&str> = env.iter().map(|variable| text(variable, "/value")).filter(|v| v.starts_with('/')).collect();
    let has_a_named_file = |mount: &Value| {
        let path = text(mount, "/mountPath").trim_end_matches('/');
        named.iter().any(|file| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    };
    let mut kept = Vec::new();
    for mount in
        list(container, "/volumeMounts").iter().filter(|mount| is_token_mount(mount) || has_a_named_file(mount))
    {
        if mount.get("subPath").is_some() || mount.get("subPathExpr").is_some() {
            // Ephemeral containers cannot have it.
            notes.push(format!(
                "the mount at {} has a subPath, which a debug container cannot have",
                text(mount, "/mountPath")
            ));
        } else {
            kept.push(mount.clone());
        }
    }
    kept
}

fn is_token_mount(mount: &Value) -> bool {
    [TOKEN_VOLUME, POD_IDENTITY_VOLUME].contains(&text(mount, "/name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn mounts_with_a_sub_path_are_reported_and_left_out() {
        let container = json!({ "volumeMounts": [
            { "name": "aws-iam-token", "mountPath": "/token" },
            { "name": "ca", "mountPath": "/etc/ca/", "readOnly": true },
            { "name": "data", "mountPath": "/etc/c" },
            { "name": "eks-pod-identity-token", "mountPath": "/pod-identity", "subPath": "x" },
        ] });
        let env = [json!({ "name": "AWS_CA_BUNDLE", "value": "/etc/ca/bundle.pem" })];
        let mut notes = Vec::new();
        let kept = mounts(&container, &env, &mut notes);
        let paths: Vec<&str> = kept.iter().map(|mount| text(mount, "/mountPath")).collect();
        assert_eq!(paths, ["/token", "/etc/ca/"]);
        assert!(notes.iter().any(|note| note.contains("/pod-identity has a subPath")), "{notes:?}");
    }

    #[test]
    fn the_container_is_chosen_by_option_annotation_token_or_order() {
        let token = json!([{ "name": "aws-iam-token", "mountPath": "/token" }]);
        let containers = json!([{ "name": "a" }, { "name": "b", "volumeMounts": token }, { "name": "c" }]);
        let chosen = |annotations: Value, wanted: Option<&str>| {
            let pod = json!({ "metadata": { "annotations": annotations },
                "spec": { "containers": containers, "initContainers": [{ "name": "i" }] } });
            choose(&pod, wanted).map(|container| text(container, "/name").to_owned())
        };
        assert_eq!(chosen(json!({}), None).as_deref(), Ok("b"));
        assert_eq!(chosen(json!({ "kubectl.kubernetes.io/default-container": "c" }), None).as_deref(), Ok("c"));
        assert_eq!(chosen(json!({}), Some("i")).as_deref(), Ok("i"));
        let there = ["a", "b", "c", "i"].map(str::to_owned).to_vec();
        assert_eq!(chosen(json!({}), Some("x")), Err(ProfileFault::NoSuchContainer { wanted: "x".into(), there }));
    }
}
