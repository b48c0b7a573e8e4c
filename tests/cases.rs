//! Every case of `tests/cases/` through the whole program: the report must be the one beside it. `CASE=wrong-audience` runs
//! one case alone. After a change that is meant to change reports, `UPDATE_CASES=1 cargo test --test cases` writes them;
//! read the diff. `UPDATE_README=1` does the same for the transcripts of the pages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, dead_code, reason = "tests have files; not all of the support is used here")]

#[path = "../examples/demo/case.rs"]
mod case;
#[path = "../examples/local_sts/mod.rs"]
mod local_sts;
#[path = "support/needs.rs"]
mod needs;
#[path = "../examples/demo/own_network.rs"]
mod own_network;
#[path = "support/probe.rs"]
mod probe;
#[path = "support/reasons.rs"]
mod reasons;
#[path = "support/sdk_peers.rs"]
mod sdk_peers;
#[path = "../examples/demo/stage.rs"]
mod stage;
#[path = "support/transcript.rs"]
mod transcript;
#[path = "support/varying.rs"]
mod varying;

use case::Case;
use probe::Run;
use serde_json::{Value, json};
use stage::Raised;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

#[test]
fn every_case_gives_its_report() {
    assert_each(judge);
}

/// `kubectl logs` shows the end of a report, and nobody scrolls at night.
#[test]
fn every_failure_fits_one_screen() {
    assert_each(|case| {
        if !case.is_pod() {
            return Ok(());
        }
        let mut raised = raised(case).expect("a pod");
        let (text, _) = probe::text(&mut raised);
        let text = text.replace(&raised.directory.path().display().to_string(), "");
        let rows: usize = text.lines().map(|line| line.chars().count().div_ceil(80).max(1)).sum();
        if rows > 24 {
            return Err(format!("{rows} rows of 80 columns\n{text}"));
        }
        // What a command holds is there to be pasted.
        let prose: Vec<&str> = text.lines().filter(|line| !line.starts_with("              ")).collect();
        let identifiers = prose.iter().filter_map(|line| {
            ["  role      arn:", "  sub       system:", "  iss       https:"]
                .iter()
                .find(|label| line.starts_with(**label))?;
            Some(&line[12..])
        });
        match identifiers.clone().find(|identifier| prose.iter().filter(|line| line.contains(identifier)).count() > 1) {
            Some(twice) => Err(format!("{twice} is shown twice\n{text}")),
            None => Ok(()),
        }
    });
}

/// Programs in Python and Go get credentials from the agent in the pods that are healthy, and in no other.
#[test]
#[ignore = "needs PyPI"]
fn other_sdks_succeed_and_fail_with_the_agent_as_the_probe_says() {
    let peers = sdk_peers::SdkPeers::install();
    let compared = Mutex::new(0);
    assert_each(|case| {
        if !case.pod_identity || case.stage().expect("a stage").unreadable {
            return Ok(());
        }
        let mut raised = raised(case).expect("a pod");
        let run = probe::run(&mut raised);
        let works = run.exit_code == 0;
        *compared.lock().expect("a number") += 1;
        // Each of these warnings names the SDK for which it is a fault.
        let fails_by = |codes: &[&str]| run.code().is_some_and(|code| codes.contains(&code));
        let boto3_works = works && !fails_by(&["env-partially-set", "container-uri-not-the-agent"]);
        let go_works = boto3_works && !fails_by(&["agent-call-proxied"]);
        for (sdk, works, reached) in [("boto3", boto3_works, peers.boto3(&raised)), ("Go", go_works, peers.go(&raised))]
        {
            if reached.is_ok() != works {
                return Err(format!("the probe says that {sdk} works: {works}; {sdk} says {reached:?}"));
            }
        }
        Ok(())
    });
    let compared = compared.into_inner().expect("a number");
    assert!(compared >= 20 || std::env::var_os("CASE").is_some(), "{compared}");
}

/// Judges all cases, or the one that is named in `CASE`.
fn assert_each(judge: impl Fn(&Case) -> Result<(), String> + Sync) {
    let mut cases = Case::all().expect("cases");
    if let Ok(only) = std::env::var("CASE") {
        cases.retain(|case| case.name == only);
        assert!(!cases.is_empty(), "there is no tests/cases/{only}");
    }
    let cases = Mutex::new(cases);
    let wrong = Mutex::new(Vec::new());
    // Most of a case is waiting.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = next(&cases) {
                    if let Err(why) = where_it_belongs(&case, &judge) {
                        wrong.lock().expect("a list").push(format!("{}: {why}", case.name));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("a list");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn next(cases: &Mutex<Vec<Case>>) -> Option<Case> {
    cases.lock().expect("cases").pop()
}

/// A pod with EKS Pod Identity is in a network of its own, which has the agent's addresses.
fn where_it_belongs(case: &Case, judge: &(impl Fn(&Case) -> Result<(), String> + Sync)) -> Result<(), String> {
    // Only root can run the probe as a user who may not read the file.
    let stage = case.stage().expect("a stage");
    if (stage.unreadable || stage.closed_profile) && !needs::root() {
        return Ok(());
    }
    if !case.pod_identity {
        return judge(case);
    }
    if !needs::root() || !needs::program("ip", "iproute2") {
        return Ok(());
    }
    thread::scope(|scope| {
        let alone = scope.spawn(|| {
            own_network::enter().map_err(|error| format!("no network of its own: {error}"))?;
            judge(case)
        });
        alone.join().unwrap_or_else(|_| Err("the case panicked".to_owned()))
    })
}

fn raised(case: &Case) -> std::io::Result<Raised> {
    case.stage()?.raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe")))
}

fn judge(case: &Case) -> Result<(), String> {
    if !case.is_pod() {
        return judge_input(case);
    }
    let mut raised = raised(case).expect("a pod");
    let run = probe::run(&mut raised);
    shows_its_cause(case, &run)?;
    let seen = reasons::Seen { report: &run.report, variables: &raised.variables, arguments: &raised.arguments };
    let untrue = reasons::untrue(&seen);
    if !untrue.is_empty() {
        return Err(untrue.join("\n"));
    }
    hold(case, &scrubbed(&run.report, raised.directory.path()))
}

/// A text that is explained, or documents that are audited.
fn judge_input(case: &Case) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.args(case.arguments.iter().flatten()).args(["--output", "json"]);
    let output = command.stdin(case.input().expect("an input")).output().expect("the probe runs");
    let text = varying::scrub(&String::from_utf8(output.stdout).expect("UTF-8"));
    let mut report: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
    if let Value::Object(fields) = &mut report {
        fields.retain(|name, _| ["causes", "verdict", "exit_code", "findings"].contains(&name.as_str()));
    }
    if !named(&report).iter().any(|code| code == case.code()) {
        return Err(format!("does not show its cause: {report:#}"));
    }
    hold(case, &report)
}

/// The causes that a report names: those that it decides on, then those that it leaves possible.
fn named(report: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let findings = list(&report["findings"]);
    let candidates: Vec<Value> = findings.iter().flat_map(|finding| list(&finding["candidates"])).collect();
    let all = list(&report["causes"]).into_iter().chain(findings).chain(candidates);
    all.filter_map(|named| named["code"].as_str().map(str::to_owned)).collect()
}

/// The report must be the one beside the case.
fn hold(case: &Case, report: &Value) -> Result<(), String> {
    let path = case::directory().join(&case.name).join("report.json");
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(path, format!("{report:#}\n")).expect("written");
        return Ok(());
    }
    let text = fs::read_to_string(path).map_err(|error| format!("report.json: {error}; see the top of this file"))?;
    let expected: Value = serde_json::from_str(&text).map_err(|error| format!("report.json: {error}"))?;
    if *report == expected { Ok(()) } else { Err(format!("the report is\n{report:#}\nbut should be\n{expected:#}")) }
}

/// The pages show what the program says: see `tests/support/transcript.rs`.
#[test]
fn the_pages_show_what_the_program_says() {
    // The pods of the pages have root's files, and a user who may not read one of them.
    if !needs::root() {
        return;
    }
    let (mut seen, mut wrong) = (0, Vec::new());
    for page in transcript::PAGES {
        for marker in markers(page, "demo") {
            let name = marker.split(' ').nth(1).unwrap_or_default();
            let mut raised = Case::read(name).and_then(|case| raised(&case)).expect("a pod");
            let (report, _) = probe::text(&mut raised);
            let shown = transcript::transcript(&raised.arguments, &report, raised.directory.path());
            wrong.extend(transcript::hold(page, &marker, &shown).err());
            seen += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(seen >= 9, "{seen}");
}

/// What stands between `<!-- ` and ` -->` of each marker that begins with `kind`.
fn markers(page: &str, kind: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("a page");
    let inner = text.lines().filter_map(|line| line.strip_prefix("<!-- ")?.strip_suffix(" -->"));
    inner.filter(|marker| marker.split(' ').next() == Some(kind)).map(str::to_owned).collect()
}

/// The reference names each field of the report that a program can read.
#[test]
fn the_reference_names_every_field_of_the_report() {
    let reference = include_str!("../deploy/REFERENCE.md");
    let (_, section) = reference.split_once("## JSON report").expect("the section");
    let mut raised =
        Case::all().expect("cases").into_iter().find(|case| case.name == "wrong-audience").map(|case| {
            case.stage().expect("a stage").raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))).expect("a pod")
        });
    let run = probe::run(raised.as_mut().expect("the case"));
    let mut fields = 0;
    for (name, value) in run.report.as_object().expect("a report") {
        let inner = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        for field in inner.as_object().into_iter().flat_map(|object| object.keys()).chain([name]) {
            assert!(section.contains(&format!("`{field}`")), "{name}: {field} is not in deploy/REFERENCE.md");
            fields += 1;
        }
    }
    assert!(fields > 40, "{fields}");
}

/// A case is named after a finding or after what a finding could be.
fn shows_its_cause(case: &Case, run: &Run) -> Result<(), String> {
    let codes = named(&run.report);
    match case.code() {
        "healthy" if run.verdict() == "healthy" && codes.is_empty() => Ok(()),
        code if codes.iter().any(|shown| shown == code) => Ok(()),
        _ => Err(format!("shows {} and {codes:?}", run.verdict())),
    }
}

/// What a reader of the report acts on, without what differs from run to run.
fn scrubbed(report: &Value, directory: &Path) -> Value {
    let kept = json!({
        "verdict": report["verdict"],
        "advice": report["advice"],
        "exit_code": report["exit_code"],
        "summary": report["summary"],
        "findings": report["findings"],
    });
    let text = varying::scrub(&kept.to_string().replace(&directory.display().to_string(), ""));
    serde_json::from_str(&text).expect("still JSON")
}

/// Faults that need another process or other files than a case has, and the tests that show them.
const SHOWN_ELSEWHERE: &[(&str, &str)] = &[
    ("debug-container-without-target", "tests/integration/target.rs"),
    ("target-environment-denied", "tests/integration/target.rs"),
    ("env-stripped-from-process", "tests/integration/target.rs"),
    ("token-file-unreadable-by-target", "tests/integration/target.rs"),
    ("token-file-unreadable-by-probe", "tests/integration/target.rs"),
    ("probe-uid-differs-from-app", "tests/integration/target.rs"),
    ("dns-failure", "tests/integration/dns.rs"),
    ("dns-degraded", "tests/integration/dns.rs"),
    ("sts-slow", "tests/integration/dns.rs"),
    ("sts-global-endpoint-in-private-vpc", "tests/integration/network.rs"),
    ("mesh-proxy-not-running", "tests/integration/network.rs"),
    ("node-role-fallback", "tests/integration/default_chain.rs"),
    ("imds-reachable", "tests/integration/default_chain.rs"),
    ("sdk-lacks-web-identity", "tests/integration/target.rs"),
];

#[test]
fn every_file_of_a_cause_is_registered_and_has_the_name_of_its_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let registry = fs::read_to_string(root.join("src/causes.rs")).unwrap();
    // What all causes share is a module of its own there.
    let is_shared = |name: &str| registry.contains(&format!("mod {name};\n"));
    let files: BTreeSet<String> = fs::read_dir(root.join("src/causes"))
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().into_string().unwrap().strip_suffix(".rs")?.to_owned()))
        .filter(|name| !is_shared(name))
        .map(|name| name.replace('_', "-"))
        .collect();
    let causes = irsa_probe::causes::CAUSES;
    let codes: BTreeSet<String> = causes.iter().map(|cause| cause.code.to_owned()).collect();
    assert_eq!(codes, files);
    assert_eq!(codes.len(), causes.len(), "a code is registered twice");
}

#[test]
fn every_cause_is_shown_by_a_case_or_by_a_test_of_its_own() {
    let cases = Case::all().expect("cases");
    let (mut found, mut possible) = (BTreeSet::new(), BTreeSet::new());
    for case in &cases {
        let path = case::directory().join(&case.name).join("report.json");
        let report: Value = serde_json::from_str(&fs::read_to_string(path).unwrap_or_default()).unwrap_or_default();
        let decided = report["findings"].as_array().or(report["causes"].as_array()).map_or(&[][..], Vec::as_slice);
        found.extend(decided.iter().filter_map(|one| one["code"].as_str().map(str::to_owned)));
        possible.extend(named(&report));
    }
    let elsewhere: BTreeSet<&str> = SHOWN_ELSEWHERE.iter().map(|(code, _)| *code).collect();
    for cause in irsa_probe::causes::CAUSES {
        let shown = found.contains(cause.code) || cause.judge.is_none() && possible.contains(cause.code);
        assert!(shown || elsewhere.contains(cause.code), "no case shows {}", cause.code);
        let has_a_case = cases.iter().any(|case| case.code() == cause.code);
        assert!(!(has_a_case && elsewhere.contains(cause.code)), "{} has a case", cause.code);
    }
    for (code, file) in SHOWN_ELSEWHERE {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file);
        assert!(text.contains(&format!("\"{code}\"")), "{file} does not show {code}");
    }
}

#[test]
fn every_case_is_named_after_a_cause() {
    let cases = Case::all().expect("cases");
    assert!(cases.len() > 20);
    for case in cases.iter().filter(|case| case.code() != "healthy") {
        assert!(irsa_probe::causes::cause(case.code()).is_some(), "{}", case.name);
        assert!(!case.about.is_empty() && !case.about.ends_with('.'), "{}", case.name);
    }
}
