//! Where commands come from: reports of the cases, fixes of each cause, explanations, audits, trust policies, help.

use irsa_probe::aws::arn::RoleArn;
use irsa_probe::causes::{CAUSES, Facts};
use irsa_probe::documents::trust_policy::{Given, Needed, PodIdentityCall, Request};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
/// What a shell may be asked to run.
pub const PROGRAMS: &[&str] = &[
    "aws",
    "kubectl",
    "irsa-probe",
    "eksctl",
    "curl",
    "openssl",
    "getent",
    "grep",
    "env",
    "ls",
    "id",
    "wc",
    "date",
    "jq",
    "sh",
];

/// Each once.
pub fn all() -> Vec<String> {
    let mut all = BTreeSet::new();
    all.extend(cases());
    all.extend(CAUSES.iter().flat_map(|cause| every_fact().into_iter().flat_map(|facts| (cause.fix)(&facts).commands)));
    all.extend(CAUSES.iter().flat_map(|cause| quoted(cause.explanation)));
    all.extend(AUDITS.lines().map(|line| serde_json::from_str::<String>(line).expect("a JSON string")));
    all.extend(trust_policies());
    all.extend(help());
    assert!(all.len() > 80, "{all:#?}");
    all.into_iter().collect()
}

/// A JSON string a line; the tests of `src/documents/audit` hold it complete.
const AUDITS: &str = include_str!("../../commands_of_audits.txt");

/// Also holds the names: what a report knows does not stand in capitals in its commands.
fn cases() -> Vec<String> {
    let mut all = Vec::new();
    for case in fs::read_dir(format!("{PROJECT}/tests/cases")).expect("the cases").flatten() {
        let Ok(text) = fs::read_to_string(case.path().join("report.json")) else { continue };
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let report = report.get("report").unwrap_or(&report);
        // An error text has causes where a pod has findings.
        let commands: Vec<String> = report["findings"]
            .as_array()
            .or(report["causes"].as_array())
            .expect("findings or causes")
            .iter()
            .flat_map(|finding| finding["fix"]["commands"].as_array().expect("commands"))
            .map(|command| command.as_str().expect("a string").to_owned())
            .collect();
        for (known, word) in [
            (&report["token"]["namespace"], "NAMESPACE"),
            (&report["token"]["service_account"], "SERVICE_ACCOUNT"),
            (&report["token"]["pod"], "POD"),
            (&report["token"]["issuer"], "ISSUER"),
        ] {
            let unnamed = commands.iter().find(|command| super::rules::placeholders(command).contains(&word));
            assert!(known.is_null() || unnamed.is_none(), "{known} is known: {unnamed:?} of {:?}", case.file_name());
        }
        all.extend(commands);
    }
    all
}

/// Nothing known, a service account of EKS, one of China with an audience of its own, and GitHub.
fn every_fact() -> Vec<Facts> {
    let role = |arn: &str| RoleArn::parse(arn).ok();
    let text = |text: &str| Some(text.to_owned());
    vec![
        Facts::default(),
        Facts {
            role: role("arn:aws:iam::111122223333:role/team/checkout"),
            issuer: text("https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"),
            subject: text("system:serviceaccount:payments:checkout"),
            audience: Some(vec!["sts.amazonaws.com".into()]),
            host: text("sts.eu-west-1.amazonaws.com"),
            ..Facts::default()
        },
        Facts {
            role: role("arn:aws-cn:iam::111122223333:role/checkout"),
            issuer: text("https://oidc.example.com:8443/cluster"),
            subject: text("system:serviceaccount:payments:checkout"),
            audience: Some(vec!["vault".into()]),
            url: text("http://sts.example:4566"),
            thumbprint: text("9e99a48a9960b14926bb7f3b02e22da2b0ab7280"),
            ..Facts::default()
        },
        Facts {
            issuer: text("https://token.actions.githubusercontent.com"),
            subject: text("repo:octo/app:ref:refs/heads/main"),
            audience: Some(vec!["vault".into(), "sts.amazonaws.com".into()]),
            ..Facts::default()
        },
    ]
}

/// What stands between backticks and has options; the others are names of commands.
fn quoted(text: &str) -> Vec<String> {
    let spans = text.split('`').skip(1).step_by(2);
    spans.filter(|span| span.contains(" -") && begins(span)).map(str::to_owned).collect()
}

fn begins(line: &str) -> bool {
    line.split(' ').next().is_some_and(|program| PROGRAMS.contains(&program))
}

fn trust_policies() -> Vec<String> {
    ["arn:aws:iam::111122223333:role/checkout", "arn:aws-us-gov:iam::111122223333:role/team/it's"]
        .iter()
        .filter_map(|arn| RoleArn::parse(arn).ok())
        .flat_map(|role| {
            let subject = "system:serviceaccount:payments:checkout";
            let request = Request::new(role, "https://k/id/A", subject, ["sts.amazonaws.com"]);
            let needed = Needed::from(&request);
            let update = needed.update_command(&needed.policy());
            let call = PodIdentityCall::new(request.role.clone());
            let of_pod_identity =
                call.check_commands(&Given::default()).into_iter().chain([needed.update_command(&call.policy())]);
            let of_irsa =
                needed.check_commands(&Given::default()).into_iter().chain(needed.provider_commands()).chain([update]);
            of_irsa.chain(of_pod_identity)
        })
        .collect()
}

/// The examples below the options.
fn help() -> Vec<String> {
    let mut program = irsa_probe::cli::command();
    program.build();
    let pages = program.get_subcommands().filter_map(|command| command.get_after_help()).map(ToString::to_string);
    let lines: Vec<String> = pages.flat_map(|page| page.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    // A remark stands behind several blanks.
    let commands = lines.iter().filter_map(|line| line.strip_prefix("  ")?.split("   ").next());
    commands.filter(|line| begins(line)).map(str::to_owned).collect()
}
