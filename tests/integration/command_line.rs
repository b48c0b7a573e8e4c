//! The built program by its arguments, its exit codes and its two streams, without any network.

use std::fs::OpenOptions;
use std::process::{Command, Output};

/// In an empty environment, inspecting itself alone: another test's pod must not be seen.
fn probe(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.args(arguments).env_clear().env("IRSA_PROBE_TARGET_PID", "none");
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    said(probe(arguments).output().expect("it runs"))
}

fn said(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

#[test]
fn an_empty_environment_is_reported_in_words() {
    let (code, out, err) = run(&[]);
    assert_eq!((code, err.as_str()), (4, ""));
    for words in ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "env-not-injected", "restart"] {
        assert!(out.contains(words), "{words}: {out}");
    }
    assert!(out.lines().next().expect("a line").contains("BROKEN"), "{out}");
    assert_eq!(run(&["check"]).0, 4);
}

#[test]
fn text_for_people_keeps_to_eighty_columns_but_for_what_pastes() {
    let (_, out, _) = run(&["check"]);
    let commands = |line: &&str| line.contains("kubectl ");
    for line in out.lines().filter(|line| !commands(line)) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(!out.contains('\u{1b}'), "colour although this is no terminal");
    assert!(run(&["check", "--color", "always"]).1.contains('\u{1b}'));
}

#[test]
fn the_exit_code_is_right_if_standard_output_is_full() {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let (code, _, err) = said(probe(&["check"]).stdout(full).output().expect("it runs"));
    assert_eq!(code, 4);
    assert!(err.contains("No space left"), "{err}");
}

#[test]
fn a_denied_policy_stays_denied_where_standard_output_is_full() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let token = include_str!("../k8s/rs256-eks-issuer/normal-sts-aud.jwt");
    std::fs::write(path("token"), token).expect("a token");
    std::fs::write(path("policy"), r#"{"Statement":[]}"#).expect("a policy");
    let full = OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let mut check = probe(&["trust-policy", "--check", "policy", "--token-file", "token", "--role-arn"]);
    check.arg("arn:aws:iam::111122223333:role/checkout").current_dir(directory.path()).stdout(full);
    let (code, _, err) = said(check.output().expect("it runs"));
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("No space left"), "{err}");
}

#[test]
fn a_variable_stands_for_an_option() {
    let output = probe(&[]).env("IRSA_PROBE_OUTPUT", "json").output().expect("it runs");
    let report: serde_json::Value = serde_json::from_str(&said(output).1).expect("JSON");
    assert_eq!(report["schema"], "irsa-probe/report/v1");
    assert_eq!((report["exit_code"].as_i64(), report["advice"].as_str()), (Some(4), Some("recreate-pod")));
}

#[test]
fn what_is_asked_wrongly_exits_2_and_says_so_on_standard_error() {
    for arguments in [
        &["nonsense"] as &[&str],
        &["--no-such-option"],
        &["check", "--run-timeout", "soon"],
        &["check", "--expect-service-account", "payments"],
        &["explain", "no-such-code"],
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(!err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn every_code_is_explained() {
    let (code, list, _) = run(&["explain"]);
    assert_eq!(code, 0);
    for cause in irsa_probe::causes::CAUSES.iter() {
        assert!(list.contains(cause.code), "{} is not listed", cause.code);
        let (code, text, _) = run(&["explain", cause.code]);
        assert_eq!(code, 0);
        assert!(text.starts_with(&format!("{}: ", cause.code)), "{text}");
    }
}

#[test]
fn help_has_examples_and_completions_are_printed() {
    for arguments in [&["--help"] as &[&str], &["check", "--help"], &["explain", "--help"]] {
        let (code, out, _) = run(arguments);
        assert_eq!(code, 0);
        assert!(out.contains("Example"), "{arguments:?}: {out}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell]).1.contains("irsa-probe"), "{shell}");
    }
    assert_eq!(run(&["--version"]).1, format!("irsa-probe {}\n", env!("CARGO_PKG_VERSION")));
}
