//! `audit` with documents as commands, consoles and charts give them: each directory of `tests/audit/` holds some, and the
//! report. Those of a directory `explain.*` are read by `explain`. `UPDATE_CASES=1` writes the reports; read the diff.

use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audit");

/// All, or the one that is named in `CASE`.
fn cases() -> Vec<PathBuf> {
    let only = std::env::var("CASE").ok();
    let folders = fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> =
        folders.filter(|path| only.as_ref().is_none_or(|only| path.ends_with(only))).collect();
    folders.sort();
    folders
}

fn documents(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "report.txt").collect();
    names.sort();
    names
}

/// What is shown on a terminal.
fn shown(folder: &Path) -> String {
    let names = documents(folder);
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    let line = if folder.file_name().unwrap().to_string_lossy().starts_with("explain.") {
        command.args(["explain", "-"]).stdin(File::open(folder.join(&names[0])).unwrap());
        format!("explain - < {}", names[0])
    } else {
        command.arg("audit").args(&names);
        format!("audit {}", names.join(" "))
    };
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    format!("$ irsa-probe {line}\n{}{}", text(output.stderr), text(output.stdout))
}

#[test]
fn each_document_is_read_and_judged() {
    let mut wrong = Vec::new();
    for folder in cases() {
        let (path, is) = (folder.join("report.txt"), shown(&folder));
        // Values of variables and tokens in the documents.
        assert!(!is.contains("hunter2") && !is.contains("AKIA"), "{is}");
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&path, &is).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected != is {
            wrong.push(format!("{}: expected\n{expected}\nis\n{is}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Workloads with their own service account; of every third, the webhook missed the pods.
fn fleet(pods: usize, workloads: usize) -> Value {
    let role = |number: usize| format!("arn:aws:iam::111122223333:role/account-{number}");
    let name = |number: usize| (format!("team-{}", number % 50), format!("account-{number}"));
    let pod = |number: usize| {
        let workload = number % workloads;
        let (namespace, account) = name(workload);
        let injected = json!([{"name": "AWS_ROLE_ARN", "value": role(workload)}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE",
            "value": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"}]);
        let token = json!({"serviceAccountToken": {"audience": "sts.amazonaws.com", "path": "token"}});
        let is_injected = !workload.is_multiple_of(3);
        let volumes = json!([{"name": "aws-iam-token", "projected": {"sources": [token]}}]);
        json!({"kind": "Pod", "metadata": {"name": format!("app-{workload}-5c6949b99d-{number}"), "namespace": namespace,
            "uid": "u", "labels": {"pod-template-hash": "5c6949b99d"}, "ownerReferences": [{"kind": "ReplicaSet",
            "name": format!("app-{workload}-5c6949b99d"), "controller": true}]}, "spec": {"serviceAccountName": account,
            "containers": [{"name": "app", "env": if is_injected { injected } else { json!([]) }}],
            "volumes": if is_injected { volumes } else { json!([]) }}})
    };
    let account = |number: usize| {
        let (namespace, name) = name(number);
        json!({"kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace, "uid": "u",
            "annotations": {"eks.amazonaws.com/role-arn": role(number)}}})
    };
    let items: Vec<Value> = (0..pods).map(pod).chain((0..workloads).map(account)).collect();
    json!({"kind": "List", "items": items})
}

fn audited(fleet: &Value, output: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fleet.json");
    fs::write(&path, fleet.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    let output = command.args(["audit", "--output", output]).arg(&path).env_clear().output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn of_many_workloads_each_fault_and_each_question_is_shown_once() {
    let fleet = fleet(2_000, 200);
    let shown = audited(&fleet, "text");
    assert!(shown.lines().count() < 50, "{shown}");
    assert!(shown.starts_with("x BROKEN  1 cause in 2000 pods; first env-not-injected\n"), "{shown}");
    assert!(shown.contains("  error     env-not-injected: 67 workloads, 670 pods\n"), "{shown}");
    assert!(
        shown.contains("            Deployment team-0/app-0 (10), ") && shown.contains(" and 62 more\n"),
        "{shown}"
    );
    assert!(shown.contains("  pods      1330 of 2000 without an error\n"), "{shown}");
    let questions: Vec<&str> = shown.lines().filter(|line| line.starts_with("  open ")).collect();
    assert!(questions.len() > 3 && questions.windows(2).all(|pair| pair[0] != pair[1]), "{shown}");
    let all: Value = serde_json::from_str(&audited(&fleet, "json")).unwrap();
    assert_eq!(all["pods"].as_array().map(Vec::len), Some(2_000));
    assert_eq!(all["findings"].as_array().map(Vec::len), Some(670));
}

#[test]
fn the_page_of_a_fleet_names_every_workload() {
    let page = audited(&fleet(600, 60), "html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>") && !page.contains("<script"), "{page}");
    for workload in (0..60).filter(|number: &usize| number.is_multiple_of(3)) {
        let named = format!("<li>Deployment team-{}/app-{workload} (10)</li>", workload % 50);
        assert!(page.contains(&named), "{named}");
    }
}
