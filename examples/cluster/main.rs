//! `cargo run --example cluster -- --pods 100000 | irsa-probe audit -`: what kubectl prints of a cluster of any size, to
//! measure what an audit of it costs. `.ci/budget` does.

use clap::{Parser, ValueEnum};
use std::io::{BufWriter, Result, Write};

/// Prints the pods and service accounts of a cluster, or what only looks like documents.
#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 1_000)]
    pods: usize,
    #[arg(long, value_enum, default_value = "json")]
    form: Form,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// As `kubectl get pods,serviceaccounts -A -o json`: one list
    Json,
    /// The same with `-o yaml`
    Yaml,
    /// Pods of which each is no more than a name, one after the other, none injected
    Tiny,
    /// A list of that many numbers
    Numbers,
    /// One pod with that many labels
    One,
}

/// As many as a Deployment commonly has.
const REPLICAS: usize = 20;
/// What fills a pod up to the 2.5 KB that it commonly has.
const FILLER: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut out = BufWriter::new(std::io::stdout().lock());
    match arguments.form {
        Form::Json => json(&mut out, arguments.pods)?,
        Form::Yaml => yaml(&mut out, arguments.pods)?,
        Form::Tiny => tiny(&mut out, arguments.pods)?,
        Form::Numbers => {
            write!(out, "[1")?;
            (1..arguments.pods).try_for_each(|_| write!(out, ",1"))?;
            writeln!(out, "]")?;
        }
        Form::One => {
            write!(out, "{{\"kind\": \"Pod\", \"metadata\": {{\"name\": \"p\", \"labels\": {{\"a\": \"\"")?;
            (0..arguments.pods).try_for_each(|place| write!(out, ", \"{FILLER}-{place}\": \"{FILLER}\""))?;
            writeln!(out, "}}}}}}")?;
        }
    }
    out.flush()
}

/// Of every five workloads, three are injected, one was missed by the webhook, and one has nothing to do with IRSA.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Injected,
    Missed,
    Plain,
}

fn kind(workload: usize) -> Kind {
    match workload % 5 {
        0..3 => Kind::Injected,
        3 => Kind::Missed,
        _ => Kind::Plain,
    }
}

fn json(out: &mut dyn Write, pods: usize) -> Result<()> {
    write!(out, "{{\n    \"apiVersion\": \"v1\",\n    \"items\": [")?;
    for place in 0..pods {
        let workload = place / REPLICAS;
        if place % REPLICAS == 0 {
            let comma = if place == 0 { "" } else { "," };
            write!(out, "{comma}\n{}", account(workload))?;
        }
        write!(out, ",\n{}", pod(workload, place))?;
    }
    writeln!(
        out,
        "\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {{\n        \"resourceVersion\": \"\"\n    }}\n}}"
    )
}

/// JSON is YAML too, but kubectl writes blocks.
fn yaml(out: &mut dyn Write, pods: usize) -> Result<()> {
    writeln!(out, "apiVersion: v1\nitems:")?;
    for place in 0..pods {
        let workload = place / REPLICAS;
        if place % REPLICAS == 0 {
            block(out, &account(workload))?;
        }
        block(out, &pod(workload, place))?;
    }
    writeln!(out, "kind: List\nmetadata:\n  resourceVersion: \"\"")
}

/// The item of a list as a block, out of JSON that has each key in a line of its own.
fn block(out: &mut dyn Write, json: &str) -> Result<()> {
    let value: serde_json::Value = serde_json::from_str(json)?;
    let mut text = String::new();
    nested(&mut text, &value, 1);
    writeln!(out, "- {}", text.trim_start())
}

fn nested(text: &mut String, value: &serde_json::Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        serde_json::Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                text.push_str(&format!("\n{indent}{key}:"));
                nested(text, value, depth + 1);
            }
        }
        serde_json::Value::Array(list) if !list.is_empty() => {
            for value in list {
                let mut item = String::new();
                nested(&mut item, value, depth);
                text.push_str(&format!("\n{}- {}", "  ".repeat(depth - 1), item.trim_start()));
            }
        }
        other => text.push_str(&format!(" {other}")),
    }
}

fn account(workload: usize) -> String {
    let (namespace, name) = (workload / 50, workload);
    let annotations = match kind(workload) {
        Kind::Plain => "{}".to_owned(),
        _ => {
            format!(r#"{{"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/team-{namespace}-app-{name}"}}"#)
        }
    };
    format!(
        r#"        {{
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {{
                "annotations": {annotations},
                "creationTimestamp": "2026-11-01T00:00:00Z",
                "name": "app-{name}",
                "namespace": "team-{namespace}",
                "uid": "5f79de79-0000-4000-8000-{name:012}"
            }}
        }}"#
    )
}

fn pod(workload: usize, place: usize) -> String {
    let (namespace, name) = (workload / 50, workload);
    let (mut variables, mut mounts, mut volumes) = (String::new(), String::new(), String::new());
    if kind(workload) == Kind::Injected {
        variables = format!(
            r#",
                            {{"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"}},
                            {{"name": "AWS_DEFAULT_REGION", "value": "eu-west-1"}},
                            {{"name": "AWS_REGION", "value": "eu-west-1"}},
                            {{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/team-{namespace}-app-{name}"}},
                            {{"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"}}"#
        );
        mounts = r#",
                            {"mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount", "name": "aws-iam-token", "readOnly": true}"#
            .to_owned();
        volumes = r#",
                    {"name": "aws-iam-token", "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}}]}}"#
            .to_owned();
    }
    format!(
        r#"        {{
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {{
                "annotations": {{"checksum/config": "{FILLER}"}},
                "creationTimestamp": "2026-11-20T00:00:00Z",
                "generateName": "app-{name}-5c6949b99d-",
                "labels": {{"app.kubernetes.io/instance": "app-{name}", "app.kubernetes.io/name": "app", "pod-template-hash": "5c6949b99d"}},
                "name": "app-{name}-5c6949b99d-{place:05}",
                "namespace": "team-{namespace}",
                "ownerReferences": [{{"apiVersion": "apps/v1", "blockOwnerDeletion": true, "controller": true, "kind": "ReplicaSet", "name": "app-{name}-5c6949b99d", "uid": "5f79de79-1111-4000-8000-{name:012}"}}],
                "resourceVersion": "{place}",
                "uid": "5f79de79-2222-4000-8000-{place:012}"
            }},
            "spec": {{
                "containers": [
                    {{
                        "env": [
                            {{"name": "LOG_LEVEL", "value": "info"}},
                            {{"name": "DATABASE_URL", "valueFrom": {{"secretKeyRef": {{"key": "url", "name": "app-{name}"}}}}}}{variables}
                        ],
                        "image": "registry.example.com/team-{namespace}/app:{FILLER}",
                        "name": "app",
                        "resources": {{"limits": {{"memory": "256Mi"}}, "requests": {{"cpu": "100m", "memory": "256Mi"}}}},
                        "volumeMounts": [
                            {{"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "kube-api-access-{place:05}", "readOnly": true}}{mounts}
                        ]
                    }}
                ],
                "nodeName": "ip-10-0-{namespace}-1.eu-west-1.compute.internal",
                "securityContext": {{"fsGroup": 1000}},
                "serviceAccountName": "app-{name}",
                "volumes": [
                    {{"name": "kube-api-access-{place:05}", "projected": {{"defaultMode": 420, "sources": [{{"serviceAccountToken": {{"expirationSeconds": 3607, "path": "token"}}}}, {{"configMap": {{"items": [{{"key": "ca.crt", "path": "ca.crt"}}], "name": "kube-root-ca.crt"}}}}]}}}}{volumes}
                ]
            }},
            "status": {{"containerStatuses": [{{"containerID": "containerd://{FILLER}", "imageID": "registry.example.com/team-{namespace}/app@sha256:{FILLER}", "ready": true}}], "phase": "Running", "podIP": "10.0.0.1"}}
        }}"#
    )
}

fn tiny(out: &mut dyn Write, pods: usize) -> Result<()> {
    (0..pods).try_for_each(|place| {
        writeln!(
            out,
            r#"{{"kind":"Pod","metadata":{{"name":"p{place}","namespace":"a","uid":"u"}},"spec":{{"serviceAccountName":"s{place}","containers":[{{"env":[{{"name":"AWS_ROLE_ARN","value":"arn:aws:iam::111122223333:role/r{place}"}}]}}]}}}}"#
        )
    })
}
