//! The admission policies' CEL, evaluated by a CEL implementation on the pods that a real cluster saw. The mutated pods
//! are written to `target/tmp/mutated`, where `tests/manifests/run` holds them against the Kubernetes schema.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use cel::common::types::{CelStruct, Type};
use cel::common::value::{CowVal, Val};

use cel::Value as Cel;
use cel::{Context, Env, ExecutionError, Program, StructType};
use serde_json::{Value, json};

use crate::document;
use crate::files_below;
use crate::read;

pub const INJECT: [(&str, &str); 2] =
    [("deploy/admission/inject.yaml", "MutatingAdmissionPolicy"), ("deploy/kyverno/inject.yaml", "MutatingPolicy")];
const WARN: [(&str, &str); 2] =
    [("deploy/admission/warn.yaml", "ValidatingAdmissionPolicy"), ("deploy/kyverno/warn.yaml", "ValidatingPolicy")];

#[test]
fn a_labelled_namespace_gives_every_pod_the_probe_first() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutated");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let pods = files_below(&["tests/webhook"], "json");
    assert_eq!(pods.len(), 60);
    for (file, kind) in INJECT {
        let policy = Policy::load((file, kind));
        for mode in ["init", "sidecar"] {
            for path in &pods {
                let name = path.file_name().unwrap().to_string_lossy();
                let pod: Value = serde_json::from_str(&read(path)).unwrap();
                let mutated = policy.mutate(&pod, &namespace(json!({"irsa-probe/inject": mode}), json!({})));
                if name.starts_with("windows") || name.starts_with("skip-label") {
                    assert_eq!(mutated, pod, "{name}");
                    continue;
                }
                let first = &mutated["spec"]["initContainers"][0];
                assert_eq!(first["name"], "irsa-probe", "{name}");
                assert_eq!(first["restartPolicy"] == "Always", mode == "sidecar", "{name}");
                assert_eq!(first["startupProbe"].is_object(), mode == "sidecar", "{name}: no sidecar without one");
                // Nothing else has changed.
                let mut rest = mutated.clone();
                rest["spec"]["initContainers"].as_array_mut().unwrap().remove(0);
                if pod["spec"].get("initContainers").is_none() {
                    rest["spec"].as_object_mut().unwrap().remove("initContainers");
                }
                assert_eq!(rest, pod, "{name}");
                fs::write(folder.join(format!("{kind}-{mode}-{name}")), mutated.to_string()).unwrap();
            }
        }
    }
}

#[test]
fn the_pods_label_decides_over_its_namespaces() {
    let with_label = |value: &str| pod(json!({"irsa-probe/inject": value}), json!({}));
    let init = namespace(json!({"irsa-probe/inject": "init"}), json!({}));
    let unlabelled = namespace(json!({}), json!({}));
    for policy in INJECT.map(Policy::load) {
        let injected = |pod: &Value, namespace: &Value| {
            let mutated = policy.mutate(pod, namespace);
            mutated["spec"]["initContainers"][0]["args"][0].as_str().map(str::to_owned)
        };
        assert_eq!(injected(&with_label("sidecar"), &init).as_deref(), Some("serve"));
        assert_eq!(injected(&with_label("init"), &unlabelled).as_deref(), Some("wait"));
        assert_eq!(injected(&with_label("none"), &init), None);
        assert_eq!(injected(&with_label("tea"), &init), None, "an unknown value adds nothing");
        assert_eq!(injected(&pod(json!({}), json!({})), &unlabelled), None);
    }
}

#[test]
fn a_second_evaluation_changes_nothing() {
    for policy in INJECT.map(Policy::load) {
        for mode in ["init", "sidecar"] {
            let labelled = namespace(json!({"irsa-probe/inject": mode}), json!({}));
            let once = policy.mutate(&pod(json!({}), json!({})), &labelled);
            assert_eq!(policy.mutate(&once, &labelled), once);
        }
    }
}

/// FACTS of the kubelet: the token file's mode follows the uids of all containers.
#[test]
fn the_probe_takes_the_uid_that_the_applications_container_states() {
    let labelled = namespace(json!({"irsa-probe/inject": "init"}), json!({}));
    let policies = INJECT.map(Policy::load);
    for (security_context, expected) in [
        (json!({"runAsUser": 1000}), json!(1000)),
        (json!({"runAsNonRoot": true}), Value::Null),
        (Value::Null, Value::Null),
    ] {
        let mut pod = pod(json!({}), json!({}));
        if !security_context.is_null() {
            pod["spec"]["containers"][0]["securityContext"] = security_context.clone();
        }
        for policy in &policies {
            let mutated = policy.mutate(&pod, &labelled);
            let context = &mutated["spec"]["initContainers"][0]["securityContext"];
            assert_eq!(context["runAsUser"], expected, "{security_context}");
            assert_eq!(context["readOnlyRootFilesystem"], true);
        }
    }
}

#[test]
fn static_pods_mirrors_are_left_alone() {
    let labelled = namespace(json!({"irsa-probe/inject": "init"}), json!({}));
    let mirror = pod(json!({}), json!({"kubernetes.io/config.mirror": "x"}));
    for policy in INJECT.map(Policy::load) {
        assert_eq!(policy.mutate(&mirror, &labelled), mirror);
    }
}

#[test]
fn kyverno_says_the_same_word_for_word() {
    let [native, kyverno] = INJECT.map(|(file, kind)| document(file, kind)["spec"].clone());
    for field in ["matchConditions", "mutations", "matchConstraints"] {
        assert_eq!(native[field], kyverno[field], "{field}");
    }
    let [native, kyverno] = WARN.map(|(file, kind)| document(file, kind)["spec"].clone());
    for field in ["variables", "validations", "matchConstraints"] {
        assert_eq!(native[field], kyverno[field], "{field}");
    }
}

#[test]
fn a_pod_without_probe_is_warned_of_only_where_one_is_expected() {
    let expecting = namespace(json!({}), json!({"irsa-probe/expected": "true"}));
    let labelled = namespace(json!({"irsa-probe/inject": "init"}), json!({}));
    let plain = pod(json!({}), json!({}));
    let probed = Policy::load(INJECT[0]).mutate(&plain, &labelled);
    for policy in WARN.map(Policy::load) {
        assert!(policy.warns(&plain, &expecting));
        assert!(!policy.warns(&plain, &labelled), "not annotated");
        assert!(!policy.warns(&probed, &expecting));
        assert!(!policy.warns(&pod(json!({"irsa-probe/inject": "none"}), json!({})), &expecting));
        assert!(
            !policy.warns(&pod(json!({"eks.amazonaws.com/skip-pod-identity-webhook": "x"}), json!({})), &expecting)
        );
        let not = namespace(json!({}), json!({"irsa-probe/expected": "false"}));
        assert!(!policy.warns(&plain, &not));
    }
}

fn pod(labels: Value, annotations: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "labels": labels, "annotations": annotations},
        "spec": {"containers": [{"name": "app", "image": "app:1"}]},
    })
}

pub fn namespace(labels: Value, annotations: Value) -> Value {
    json!({"metadata": {"name": "payments", "labels": labels, "annotations": annotations}})
}

/// A policy with its expressions compiled.
pub struct Policy {
    conditions: Vec<Program>,
    variables: Vec<(String, Program)>,
    /// What is evaluated in the end: mutations or validations.
    results: Vec<Program>,
    params: Value,
    env: Arc<Env>,
}

impl Policy {
    pub fn load((file, kind): (&str, &str)) -> Self {
        let spec = &document(file, kind)["spec"];
        let list = |field: &str| spec[field].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let results: Vec<_> = list("mutations")
            .iter()
            .map(|mutation| text(&mutation["jsonPatch"]["expression"]))
            .chain(list("validations").iter().map(|validation| text(&validation["expression"])))
            .collect();
        let mut env = Env::stdlib();
        for name in results.iter().flat_map(|expression| constructed_types(expression)).collect::<BTreeSet<_>>() {
            env.add_type(ObjectType(Type::new_struct(name))).unwrap();
        }
        let compile = |expression: &str| env.compile(expression).unwrap_or_else(|e| panic!("{e}\n{expression}"));
        let condition = |condition: &Value| {
            let expression = text(&condition["expression"]);
            // The API server hands no namespace to match conditions.
            assert!(!expression.contains("namespaceObject"), "{expression}");
            compile(&expression)
        };
        let variable = |variable: &Value| (text(&variable["name"]), compile(&text(&variable["expression"])));
        Self {
            conditions: list("matchConditions").iter().map(condition).collect(),
            variables: list("variables").iter().map(variable).collect(),
            results: results.iter().map(|expression| compile(expression)).collect(),
            params: document("deploy/admission/settings.yaml", "ConfigMap"),
            env: Arc::new(env),
        }
    }

    /// The pod that a mutating policy makes of `pod`.
    pub fn mutate(&self, pod: &Value, namespace: &Value) -> Value {
        let mut pod = pod.clone();
        if self
            .conditions
            .iter()
            .all(|condition| self.run(condition, &BTreeMap::new(), &pod, namespace) == Cel::Bool(true))
        {
            for mutation in &self.results {
                let patch = json(&self.evaluate(mutation, &pod, namespace), "");
                json_patch::patch(&mut pod, &serde_json::from_value::<json_patch::Patch>(patch).unwrap()).unwrap();
            }
        }
        pod
    }

    fn warns(&self, pod: &Value, namespace: &Value) -> bool {
        !self.results.iter().all(|validation| self.evaluate(validation, pod, namespace) == Cel::Bool(true))
    }

    fn evaluate(&self, program: &Program, pod: &Value, namespace: &Value) -> Cel {
        let mut variables = BTreeMap::new();
        for (name, variable) in &self.variables {
            let value = json(&self.run(variable, &variables, pod, namespace), "");
            variables.insert(name.as_str(), value);
        }
        self.run(program, &variables, pod, namespace)
    }

    fn run(&self, program: &Program, variables: &BTreeMap<&str, Value>, pod: &Value, namespace: &Value) -> Cel {
        let mut context = Context::with_env(self.env.clone());
        context.add_variable("object", pod).unwrap();
        context.add_variable("namespaceObject", namespace).unwrap();
        context.add_variable("params", &self.params).unwrap();
        context.add_variable("variables", variables).unwrap();
        program.execute(&context).unwrap_or_else(|e| panic!("{e}"))
    }
}

/// `Object.spec...{` and `JSONPatch{`, as the expression constructs them.
fn constructed_types(expression: &str) -> impl Iterator<Item = String> + '_ {
    expression
        .split('{')
        .map(|before| before.rsplit(|c: char| !c.is_alphanumeric() && c != '.').next().unwrap_or_default().to_owned())
        .filter(|name| name.starts_with("Object") || name == "JSONPatch")
}

/// Kubernetes' object types take any field; what the fields are is checked when the patched object is decoded.
struct ObjectType(Type);

impl StructType for ObjectType {
    fn get_type(&self) -> &Type {
        &self.0
    }

    fn new_value<'b, 'v>(&self, fields: BTreeMap<String, CowVal<'b, 'v>>) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        let mut value = CelStruct::new(self.0.name().to_owned());
        for (name, field) in fields {
            value.add_field_value(name, field);
        }
        Ok(Box::new(value))
    }
}

/// The value as JSON. Like the API server, refuses an object whose type is not the path of the field that it is put in.
fn json(value: &Cel, path: &str) -> Value {
    match value {
        Cel::Struct(object) => {
            assert!(path.is_empty() || path == object.name(), "{} put into {path}", object.name());
            let field = |(name, value): (String, Arc<dyn Val>)| {
                let below =
                    if object.name() == "JSONPatch" { String::new() } else { format!("{}.{name}", object.name()) };
                let value = json(&Cel::try_from(value.as_ref()).unwrap(), &below);
                (name, value)
            };
            Value::Object(object.field_values().into_iter().map(field).collect())
        }
        Cel::List(list) => Value::Array(list.iter().map(|item| json(item, path)).collect()),
        other => other.json().unwrap(),
    }
}
