//! `doctor` with the real kubectl, which talks to an API server of the test's own, and the real aws CLI, which talks to moto.
//! Each verdict is that of the programs that replay answers.

use super::{Laptop, answers, cases, text};
use crate::cluster::Cluster;
use crate::kubectl::kubectl;
use crate::needs;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

const POD: &str = "kubectl get pod checkout-0 -n payments -o json";
const ACCOUNT: &str = "kubectl get serviceaccount checkout -n payments -o json --show-managed-fields";
const ISSUER: &str = "kubectl get --raw /.well-known/openid-configuration";
/// Cases that these documents decide.
const DECIDED: [&str; 8] = [
    "healthy",
    "role-does-not-exist",
    "wrong-subject-in-trust-policy",
    "no-oidc-provider",
    "wrong-provider-in-trust-policy",
    "trust-policy-lacks-web-identity-statement",
    "subject-wildcard-needs-stringlike",
    "explicit-deny-in-trust-policy",
];
/// The first of them, because each call of the aws CLI takes a second.
const AT_MOTO: usize = 5;

type Answers = BTreeMap<String, Value>;

fn on_path(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file()).unwrap()
}

/// The answers of a case, in moto's account.
fn decided(names: &[&str]) -> Vec<(String, Answers)> {
    let of = |case| -> Answers {
        let text = serde_json::to_string(&answers(&case)).unwrap();
        serde_json::from_str(&text.replace("111122223333", "123456789012")).unwrap()
    };
    let all = cases().into_iter().filter(|(_, name, _)| names.contains(&name.as_str()));
    all.map(|(_, name, case)| (name, of(case))).collect()
}

/// An API server that has what the recorded answers have.
fn serve(laptop: &Laptop, answers: &Answers) -> std::sync::Arc<std::sync::Mutex<Cluster>> {
    let cluster = Cluster::start(laptop.directory.path(), answers[POD].clone(), (0, 0));
    let mut served = cluster.lock().unwrap();
    served.objects.insert("/api/v1/namespaces/payments/serviceaccounts/checkout".to_owned(), answers[ACCOUNT].clone());
    served.objects.insert("/.well-known/openid-configuration".to_owned(), answers[ISSUER].clone());
    drop(served);
    cluster
}

fn with_kubectl(laptop: &Laptop) -> Vec<String> {
    let kubeconfig = laptop.path("kubeconfig").display().to_string();
    let arguments = ["-n", "payments", "pod/checkout-0", "--output", "json", "--kubeconfig", &kubeconfig, "--kubectl"];
    let mut arguments = arguments.map(str::to_owned).to_vec();
    arguments.push(on_path("kubectl").display().to_string());
    arguments
}

/// What a report decides.
fn judgement(report: &[u8]) -> Value {
    let report: Value = serde_json::from_slice(report).expect("a report");
    let findings = report["findings"].as_array().unwrap().iter();
    let findings: Vec<_> = findings.map(|one| json!([one["code"], one["about"], one["cause"]])).collect();
    json!([report["verdict"], report["exit_code"], findings, report["pods"], report["facts"]])
}

fn replayed(answers: &Answers) -> Value {
    let laptop = Laptop::with(answers, "");
    judgement(&laptop.run(&["-n", "payments", "pod/checkout-0", "--output", "json"]).stdout)
}

#[test]
fn the_real_kubectl_leads_to_the_same_verdicts() {
    if !kubectl() {
        return;
    }
    for (name, answers) in decided(&DECIDED) {
        let laptop = Laptop::with(&answers, "");
        let _cluster = serve(&laptop, &answers);
        let output = laptop.run(&with_kubectl(&laptop));
        let said = text(output.stderr);
        assert!(!laptop.asked().iter().any(|one| one.starts_with("kubectl")), "{name}: the real one was not run");
        assert_eq!(judgement(&output.stdout), replayed(&answers), "{name}: {said}");
    }
}

#[test]
fn the_real_kubectl_creates_the_debug_container_and_reads_its_report() {
    if !kubectl() {
        return;
    }
    let (_, _, case) = cases().into_iter().find(|(_, name, _)| name == "debug-not-authorized").expect("the case");
    let answers = answers(&case);
    let report =
        answers.iter().find(|(command, _)| command.starts_with("kubectl logs")).expect("a report").1.to_string();
    let debug = ["--debug", "--image", "irsa-probe:1"].map(str::to_owned);
    for refusal in [None, Some("violates PodSecurity \"restricted:latest\": runAsNonRoot != true")] {
        let laptop = Laptop::with(&answers, "");
        let cluster = serve(&laptop, &answers);
        let mut served = cluster.lock().unwrap();
        (served.report, served.refuses) = (Some(report.clone()), refusal);
        drop(served);
        let output = laptop.run(&[with_kubectl(&laptop), debug.to_vec()].concat());
        let (said, shown) = (text(output.stderr), text(output.stdout));
        let created = cluster.lock().unwrap().created.clone();
        match refusal {
            None => {
                let created = created.expect(&said);
                assert_eq!(
                    (&created["image"], &created["targetContainerName"]),
                    (&json!("irsa-probe:1"), &json!("app"))
                );
                assert!(created["env"].as_array().unwrap().iter().any(|one| one["value"] == "json"), "{created}");
                assert!(shown.contains("the probe in pod payments/checkout-0: not-authorized"), "{said}{shown}");
            }
            Some(words) => {
                assert!(created.is_none() && said.contains("... refused"), "{said}");
                assert!(shown.contains(&words.replace('"', "\\\"")), "{shown}");
            }
        }
        assert!(shown.contains("wrong-subject-in-trust-policy") && output.status.code() == Some(1), "{said}{shown}");
    }
}

/// The aws CLI with moto's address, which `.ci/moto` sets.
fn aws(laptop: &Laptop, arguments: &[&str]) {
    let mut command = Command::new(on_path("aws"));
    let output = at_moto(&mut command, laptop).args(arguments).args(["--output", "json"]).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(output.stderr));
}

fn at_moto<'c>(command: &'c mut Command, laptop: &Laptop) -> &'c mut Command {
    command.env("HOME", laptop.directory.path()).env("AWS_DEFAULT_REGION", "eu-west-1");
    command.env("AWS_ENDPOINT_URL", std::env::var_os("MOTO_URL").expect("MOTO_URL, as .ci/moto sets it"));
    command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIexampleKEY")
}

/// Creates what the recorded answers show, where nothing is.
fn create(laptop: &Laptop, answers: &Answers) {
    let moto = std::env::var("MOTO_URL").expect("MOTO_URL, as .ci/moto sets it");
    let reset = Command::new("curl").args(["-fsS", "-X", "POST", &format!("{moto}/moto-api/reset")]).output().unwrap();
    assert!(reset.status.success(), "{}", text(reset.stderr));
    let role = &answers["aws iam get-role --role-name checkout --output json"]["Role"];
    if role.is_object() {
        let policy = role["AssumeRolePolicyDocument"].to_string();
        aws(laptop, &["iam", "create-role", "--role-name", "checkout", "--assume-role-policy-document", &policy]);
        let allow =
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
        aws(laptop, &["iam", "create-policy", "--policy-name", "s3", "--policy-document", &allow.to_string()]);
        let arn = "arn:aws:iam::123456789012:policy/s3";
        aws(laptop, &["iam", "attach-role-policy", "--role-name", "checkout", "--policy-arn", arn]);
    }
    let provider = answers.iter().find(|(command, _)| command.contains("get-open-id-connect-provider")).unwrap().1;
    if let Some(url) = provider["Url"].as_str() {
        let (url, client) = (format!("https://{url}"), provider["ClientIDList"][0].as_str().unwrap());
        aws(
            laptop,
            &[
                "iam",
                "create-open-id-connect-provider",
                "--url",
                &url,
                "--client-id-list",
                client,
                "--thumbprint-list",
                "9e99a48a9960b14926bb7f3b02e22da2b0ab7280",
            ],
        );
    }
}

#[test]
#[ignore = "run by .ci/moto, which starts moto's server"]
fn the_real_clients_lead_to_the_same_verdicts() {
    if !kubectl() || !needs::program("aws", "awscli") || !needs::program("curl", "curl") {
        return;
    }
    for (name, mut answers) in decided(&DECIDED[..AT_MOTO]) {
        // moto records no events.
        answers.retain(|command, _| !command.contains("cloudtrail"));
        let laptop = Laptop::with(&BTreeMap::new(), "");
        create(&laptop, &answers);
        let _cluster = serve(&laptop, &answers);
        let arguments =
            [with_kubectl(&laptop), vec!["--aws".to_owned(), on_path("aws").display().to_string()]].concat();
        let output = at_moto(&mut laptop.command(&arguments), &laptop).output().unwrap();
        let said = text(output.stderr);
        assert!(laptop.asked().is_empty(), "{name}: the real ones were not run");
        assert_eq!(judgement(&output.stdout), replayed(&answers), "{name}: {said}");
    }
}
