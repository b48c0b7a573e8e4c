//! What a doctor prints to be run next carries the options that the user gave it.

use super::{Laptop, answers, cases, text, world};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const GIVEN: [&str; 4] = ["--context", "prod eu", "--profile", "prod"];
/// As they are typed.
const OF_KUBECTL: &str = "kubectl --context 'prod eu' ";
const OF_AWS: &str = "aws --profile prod ";
const OF_DOCTOR: &str = "irsa-probe doctor --context 'prod eu' --profile prod ";

/// The answers to the same commands with these options.
fn with_options(answers: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let of = |command: &str| match command.starts_with("aws ") {
        true => format!("{command} --profile prod"),
        false => format!("{command} --context prod eu"),
    };
    answers.into_iter().map(|(command, answer)| (of(&command), answer)).collect()
}

/// `kubectl` and `aws` at the beginning of a command.
fn lacks_options(command: &str) -> bool {
    let begins = |program: &str| command.starts_with(program) || command.contains(&format!("| {program}"));
    let lacks = |program: &str, with: &str| begins(program) && !begins(with);
    lacks("kubectl ", OF_KUBECTL) || lacks("aws ", OF_AWS) || lacks("irsa-probe doctor ", OF_DOCTOR)
}

#[test]
fn every_command_of_a_fix_has_the_options() {
    let mut seen = 0;
    for (_, name, case) in cases() {
        if !case.missing.is_empty() || case.arguments.contains(&"--debug".to_owned()) {
            continue;
        }
        let laptop = Laptop::with(&with_options(answers(&case)), &case.config);
        let arguments = [&case.arguments[..], &GIVEN.map(str::to_owned), &["--output".into(), "json".into()]].concat();
        let output = laptop.run(&arguments);
        let Ok(report) = serde_json::from_slice::<Value>(&output.stdout) else { continue };
        for finding in report["findings"].as_array().unwrap() {
            for command in finding["fix"]["commands"].as_array().unwrap() {
                let command = command.as_str().unwrap();
                assert!(!lacks_options(command), "{name}: {command}");
                seen += usize::from(command.starts_with(OF_KUBECTL) || command.starts_with(OF_AWS));
            }
        }
    }
    assert!(seen > 10 || std::env::var_os("CASE").is_some(), "{seen} commands");
}

#[test]
fn the_first_screen_shows_them_too() {
    let (_, _, case) = cases().into_iter().find(|(_, name, _)| name == "role-does-not-exist").expect("the case");
    let laptop = Laptop::with(&with_options(answers(&case)), "");
    let shown = text(laptop.run(&[&case.arguments[..], &GIVEN.map(str::to_owned)].concat()).stdout);
    assert!(shown.contains(&format!("{OF_AWS}iam list-roles --query 'Roles[].Arn'")), "{shown}");
}

#[test]
fn so_does_the_command_for_one_workload_of_many() {
    let mut answers = world();
    let pod = answers["kubectl get pod checkout-0 -n payments -o json"].clone();
    let pods: Vec<Value> = (0..2)
        .map(|number| {
            let mut pod = pod.clone();
            pod["metadata"]["name"] = format!("web-{number}-0").into();
            pod["metadata"]["ownerReferences"][0]["name"] = format!("web-{number}").into();
            pod["spec"]["containers"] = json!([{"name": "app"}]);
            pod["spec"]["volumes"] = json!([]);
            pod
        })
        .collect();
    let account = answers["kubectl get serviceaccount checkout -n payments -o json --show-managed-fields"].clone();
    let list = |items: Vec<Value>| json!({"apiVersion": "v1", "kind": "List", "items": items});
    answers.insert("kubectl get pods -n payments -o json".to_owned(), list(pods));
    answers.insert(
        "kubectl get serviceaccounts -n payments -o json --show-managed-fields".to_owned(),
        list(vec![account]),
    );
    let laptop = Laptop::with(&with_options(answers), "");
    let shown = text(laptop.run(&[&["-n", "payments"], &GIVEN[..]].concat()).stdout);
    let wanted = "irsa-probe doctor --context 'prod eu' --profile prod -n payments statefulset/web-0";
    assert!(shown.contains(wanted), "{shown}");
}
