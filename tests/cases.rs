//! Every case of `tests/cases/` through the whole program: the report must be the one beside it. After a change that
//! means to change reports, `UPDATE_CASES=1 cargo test --test cases` writes them anew, for the diff to be read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, dead_code, reason = "tests have files; not all of the support is used here")]

#[path = "../examples/demo/case.rs"]
mod case;
#[path = "../examples/local_sts/mod.rs"]
mod local_sts;
#[path = "support/probe.rs"]
mod probe;
#[path = "../examples/demo/stage.rs"]
mod stage;

use case::Case;
use probe::Look;
use regex_lite::Regex;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

#[test]
fn every_case_gives_its_report() {
    let cases = Mutex::new(Case::all().expect("cases"));
    let wrong = Mutex::new(Vec::new());
    // Most of a case is waiting.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = next(&cases) {
                    if let Err(why) = judge(&case) {
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

fn judge(case: &Case) -> Result<(), String> {
    let stage = case.stage().expect("a stage");
    let unreadable = stage.unreadable;
    let mut raised = stage.raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))).expect("a pod");
    let look = probe::look(&mut raised);
    shows_its_cause(case, &look)?;
    let path = case::directory().join(&case.name).join("report.json");
    let report = scrubbed(&look.report, raised.directory.path());
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(path, format!("{report:#}\n")).expect("written");
        return Ok(());
    }
    let text = fs::read_to_string(path).map_err(|error| format!("report.json: {error}; see the top of this file"))?;
    let expected: Value = serde_json::from_str(&text).map_err(|error| format!("report.json: {error}"))?;
    // Who may read a file is another story for root than for anyone else.
    if report == expected || unreadable && !nix::unistd::geteuid().is_root() {
        Ok(())
    } else {
        Err(format!("the report is\n{report:#}\nbut should be\n{expected:#}"))
    }
}

/// A case is named after a finding or after what a finding could be.
fn shows_its_cause(case: &Case, look: &Look) -> Result<(), String> {
    let findings = look.report["findings"].as_array().expect("findings");
    let candidates = findings.iter().flat_map(|finding| finding["candidates"].as_array().expect("candidates"));
    let codes: Vec<&Value> = findings.iter().chain(candidates).map(|named| &named["code"]).collect();
    match case.code() {
        "healthy" if look.verdict() == "healthy" && findings.is_empty() => Ok(()),
        code if codes.iter().any(|shown| *shown == code) => Ok(()),
        _ => Err(format!("shows {} and {codes:?}", look.verdict())),
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
    let mut text = kept.to_string().replace(&directory.display().to_string(), "");
    for (pattern, name) in [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "REQUEST-ID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"\d{8}T\d{6}Z", "TIME"),
        (r"\b1[78]\d{8}\b", "SECONDS"),
        (r"\b[0-9a-f]{40}\b", "THUMBPRINT"),
        // Ids of keys that are made for the run.
        (r"\bkey [A-Za-z0-9_-]{43}\b", "key KEY"),
        (r"\b\d+ (d|h|min|s)\b( \d+ (h|min|s)\b)?", "SPAN"),
        (r"\b\d+ ms\b", "SPAN"),
    ] {
        text = Regex::new(pattern).expect(pattern).replace_all(&text, name).into_owned();
    }
    serde_json::from_str(&text).expect("still JSON")
}

/// Faults that need another process or other files than a case has, and the tests that show them.
const SHOWN_ELSEWHERE: &[(&str, &str)] = &[
    ("debug-container-without-target", "tests/target.rs"),
    ("target-environment-denied", "tests/target.rs"),
    ("env-stripped-from-process", "tests/target.rs"),
    ("token-file-unreadable-by-target", "tests/target.rs"),
    ("token-file-unreadable-by-probe", "tests/target.rs"),
    ("probe-uid-differs-from-app", "tests/target.rs"),
    ("dns-failure", "tests/network.rs"),
    ("sts-global-endpoint-in-private-vpc", "tests/network.rs"),
    ("sts-endpoint-unreachable-timeout", "tests/network.rs"),
    ("node-role-fallback", "tests/rivals.rs"),
    ("imds-reachable", "tests/rivals.rs"),
    ("sdk-lacks-web-identity", "tests/sdks.rs"),
    ("sdk-lacks-pod-identity", "tests/sdks.rs"),
];

#[test]
fn every_check_has_a_case() {
    let cases = Case::all().expect("cases");
    let reported = cases.iter().flat_map(|case| {
        let path = case::directory().join(&case.name).join("report.json");
        let report: Value = serde_json::from_str(&fs::read_to_string(path).unwrap_or_default()).unwrap_or_default();
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        findings.into_iter().filter_map(|finding| Some(finding["code"].as_str()?.to_owned()))
    });
    let elsewhere = SHOWN_ELSEWHERE.iter().map(|(code, _)| (*code).to_owned());
    let shown: BTreeSet<String> = reported.chain(elsewhere).collect();
    let checks = irsa_probe::checks::CHECKS.iter().map(|check| check.cause.code);
    let missing: Vec<&str> = checks.filter(|code| !shown.contains(*code)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn every_case_is_named_after_a_cause() {
    let cases = Case::all().expect("cases");
    assert!(cases.len() > 20);
    for case in cases.iter().filter(|case| case.name != "healthy") {
        assert!(irsa_probe::checks::cause(case.code()).is_some(), "{}", case.name);
        assert!(!case.about.is_empty() && !case.about.ends_with('.'), "{}", case.name);
    }
}
