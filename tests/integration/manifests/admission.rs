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

use super::document;
use super::documents;
use super::files_below;
use super::read;
use super::repository;

pub const INJECT: [(&str, &str); 2] =
    [("deploy/admission/inject.yaml", "MutatingAdmissionPolicy"), ("deploy/kyverno/inject.yaml", "MutatingPolicy")];
/// The policies of a warning file.
const EXPECTED: &str = "irsa-probe-expected";
const LABEL: &str = "irsa-probe-label";
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

/// The token file's mode follows the uids of all containers (pkg/volume/util/util.go in Kubernetes, FsUserFrom).
#[test]
fn the_probe_states_what_the_applications_container_states_for_itself() {
    let policies = INJECT.map(Policy::load);
    let own = json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    let localhost = json!({"type": "Localhost", "localhostProfile": "profiles/app.json"});
    for (security_context, copied) in [
        (Value::Null, json!({})),
        (json!({}), json!({})),
        (json!({"runAsUser": 1000}), json!({"runAsUser": 1000})),
        (json!({"runAsUser": 0, "privileged": true}), json!({"runAsUser": 0})),
        (
            json!({"runAsUser": 1000, "runAsGroup": 3000, "runAsNonRoot": true}),
            json!({"runAsUser": 1000, "runAsGroup": 3000, "runAsNonRoot": true}),
        ),
        (json!({"seccompProfile": localhost}), json!({"seccompProfile": localhost})),
    ] {
        let mut pod = pod(json!({}), json!({}));
        if !security_context.is_null() {
            pod["spec"]["containers"][0]["securityContext"] = security_context.clone();
        }
        let mut expected = own.clone();
        json_patch::merge(&mut expected, &copied);
        for (policy, mode) in policies.iter().flat_map(|policy| ["init", "sidecar"].map(|mode| (policy, mode))) {
            let mutated = policy.mutate(&pod, &namespace(json!({"irsa-probe/inject": mode}), json!({})));
            assert_eq!(mutated["spec"]["initContainers"][0]["securityContext"], expected, "{security_context}");
        }
    }
}

/// EKS gives the probe's container what it gives the others, because its webhook runs after this policy.
#[test]
fn a_pod_that_gets_pod_identity_is_probed_as_one_that_gets_irsa() {
    for name in ["pod-identity", "plain"] {
        let path = repository(&format!("tests/webhook/{name}.in.json"));
        let before: Value = serde_json::from_str(&read(&path)).unwrap();
        for policy in INJECT.map(Policy::load) {
            let mutated = policy.mutate(&before, &namespace(json!({"irsa-probe/inject": "init"}), json!({})));
            let first = &mutated["spec"]["initContainers"][0];
            assert_eq!(first["args"], json!(["wait", "--timeout=2m", "--if-configured"]), "{name}");
            // Variables of its own would keep the webhook from adding any.
            let variables = first["env"].to_string();
            assert!(!variables.contains("AWS_"), "{name}: {variables}");
        }
    }
}

/// What EKS adds to a pod changes no decision: neither the variables, the volume nor the label of either mechanism counts as
/// a probe, an opt-out or a reason to leave the pod alone.
#[test]
fn a_pod_that_has_pod_identity_is_judged_as_one_that_has_irsa() {
    let expecting = namespace(json!({}), json!({"irsa-probe/expected": "true"}));
    let labelled = namespace(json!({"irsa-probe/inject": "init"}), json!({}));
    for name in ["pod-identity", "plain"] {
        let mut admitted: Value =
            serde_json::from_str(&read(&repository(&format!("tests/webhook/{name}.out.json")))).unwrap();
        admitted["metadata"]["labels"]["eks.amazonaws.com/pod-identity"] = "enabled".into();
        for policy in WARN.map(|(file, kind)| Policy::of(&named(file, kind, EXPECTED))) {
            assert!(policy.warns(&admitted, &expecting), "{name}");
            for inject in INJECT.map(Policy::load) {
                let probed = inject.mutate(&admitted, &labelled);
                assert_eq!(probed["spec"]["initContainers"][0]["name"], "irsa-probe", "{name}");
                assert!(!policy.warns(&probed, &expecting), "{name}");
            }
        }
    }
}

/// A namespace's label also covers pods that need no role. A label of its own is a pod's word that it needs one.
#[test]
fn only_a_label_of_its_own_makes_a_missing_role_a_fault() {
    for (policy, mode) in
        INJECT.map(Policy::load).iter().flat_map(|policy| ["init", "sidecar"].map(|mode| (policy, mode)))
    {
        let labels = json!({"irsa-probe/inject": mode});
        let lenient = |pod: &Value, labels: Value| {
            let mutated = policy.mutate(pod, &namespace(labels, json!({})));
            let arguments = mutated["spec"]["initContainers"][0]["args"].as_array().unwrap().clone();
            arguments.contains(&json!("--if-configured"))
        };
        assert!(lenient(&pod(json!({}), json!({})), labels.clone()));
        assert!(!lenient(&pod(labels.clone(), json!({})), json!({})));
        assert!(!lenient(&pod(labels.clone(), json!({})), labels));
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
    let others = |spec: &Value| {
        let variables = spec["variables"].as_array().unwrap().iter();
        variables.filter(|variable| variable["name"] != "settings").cloned().collect::<Vec<_>>()
    };
    assert_eq!(others(&native), others(&kyverno));
    for policy in [EXPECTED, LABEL] {
        let [native, kyverno] = WARN.map(|(file, kind)| named(file, kind, policy)["spec"].clone());
        for field in ["variables", "validations", "matchConstraints"] {
            assert_eq!(native[field], kyverno[field], "{policy} {field}");
        }
    }
}

#[test]
fn a_pod_without_probe_is_warned_of_only_where_one_is_expected() {
    let expecting = namespace(json!({}), json!({"irsa-probe/expected": "true"}));
    let injecting = namespace(json!({"irsa-probe/inject": "init"}), json!({"irsa-probe/expected": "true"}));
    let labelled = namespace(json!({"irsa-probe/inject": "init"}), json!({}));
    let not = namespace(json!({}), json!({"irsa-probe/expected": "false"}));
    let plain = pod(json!({}), json!({}));
    let label = |value: &str| pod(json!({"irsa-probe/inject": value}), json!({}));
    let left_out = pod(json!({"eks.amazonaws.com/skip-pod-identity-webhook": "x"}), json!({}));
    let probed = Policy::load(INJECT[0]).mutate(&plain, &labelled);
    for policy in WARN.map(|(file, kind)| Policy::of(&named(file, kind, EXPECTED))) {
        for (said, pod, namespace, in_pod, in_template) in [
            ("none", &plain, &expecting, true, true),
            // A template's pods will get the probe. A pod that has none after all mutation was missed.
            ("none, where it is injected", &plain, &injecting, true, false),
            ("none, label of its own", &label("sidecar"), &expecting, true, false),
            ("none, a mistyped label", &label("nope"), &injecting, true, true),
            ("not annotated", &plain, &labelled, false, false),
            ("annotated otherwise", &plain, &not, false, false),
            ("opted out", &label("none"), &injecting, false, false),
            ("left out by the webhook", &left_out, &expecting, false, false),
            ("probed", &probed, &expecting, false, false),
        ] {
            assert_eq!(policy.warns(pod, namespace), in_pod, "{said}: pod");
            for workload in workloads(pod) {
                assert_eq!(policy.warns(&workload, namespace), in_template, "{said}: {}", workload["kind"]);
            }
        }
    }
}

#[test]
fn a_mistyped_label_is_warned_of_wherever_it_is() {
    for policy in WARN.map(|(file, kind)| Policy::of(&named(file, kind, LABEL))) {
        for (labels, wrong) in [
            (json!({}), false),
            (json!({"irsa-probe/inject": "init"}), false),
            (json!({"irsa-probe/inject": "sidecar"}), false),
            (json!({"irsa-probe/inject": "none"}), false),
            (json!({"irsa-probe/inject": "nope"}), true),
            (json!({"irsa-probe/inject": "Init"}), true),
            (json!({"irsa-probe/inject": ""}), true),
        ] {
            // The API server hands no namespace with an object that is a namespace.
            let namespace =
                json!({"kind": "Namespace", "metadata": {"name": "payments", "labels": labels}, "spec": {}});
            assert_eq!(policy.warns(&namespace, &Value::Null), wrong, "namespace {labels}");
            let pod = pod(labels.clone(), json!({}));
            for object in workloads(&pod).into_iter().chain([pod]) {
                assert_eq!(
                    policy.warns(&object, &self::namespace(json!({}), json!({}))),
                    wrong,
                    "{} {labels}",
                    object["kind"]
                );
            }
        }
    }
}

/// Every kind whose template the warnings judge, with the pod as its template.
fn workloads(pod: &Value) -> Vec<Value> {
    let template = json!({"metadata": pod["metadata"], "spec": pod["spec"]});
    let mut workloads: Vec<_> = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"]
        .map(|kind| json!({"kind": kind, "metadata": {"name": "w"}, "spec": {"template": template}}))
        .into();
    let job = json!({"spec": {"template": template}});
    workloads.push(json!({"kind": "CronJob", "metadata": {"name": "w"}, "spec": {"jobTemplate": job}}));
    for (file, kind) in WARN {
        let rules = document(file, kind)["spec"]["matchConstraints"]["resourceRules"].to_string();
        for workload in &workloads {
            let resource = format!("\"{}s\"", workload["kind"].as_str().unwrap().to_lowercase());
            assert!(rules.contains(&resource), "{file} does not match {resource}");
        }
    }
    workloads
}

/// The document of that kind and name.
fn named(file: &str, kind: &str, name: &str) -> Value {
    let mut all = documents(&repository(file)).into_iter();
    all.find(|d| d["kind"] == kind && d["metadata"]["name"] == name).unwrap_or_else(|| panic!("{file}: no {name}"))
}

pub fn pod(labels: Value, annotations: Value) -> Value {
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
        Self::of(&document(file, kind))
    }

    fn of(policy: &Value) -> Self {
        let spec = &policy["spec"];
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

    /// The same policy under other settings.
    pub fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.params["data"][name] = value.into();
        self
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
