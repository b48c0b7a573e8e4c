//! Runs the built program in a pod and reads its report. Every run also shows that nothing secret was said.

use crate::stage::{Raised, Stage};
use serde_json::Value;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

/// One run of the whole program.
pub struct Run {
    /// `--output json`
    pub report: Value,
    pub exit_code: i32,
    pub stderr: String,
}

/// Breaks a healthy pod and inspects it.
pub fn inspect(break_it: impl FnOnce(&mut Stage)) -> (Run, Raised) {
    let mut raised = raise(break_it);
    (run(&mut raised), raised)
}

pub fn raise(break_it: impl FnOnce(&mut Stage)) -> Raised {
    let mut stage = Stage::healthy().expect("a stage");
    break_it(&mut stage);
    stage.raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))).expect("a pod")
}

pub fn run(raised: &mut Raised) -> Run {
    raised.command.args(&raised.arguments).args(["--output", "json"]);
    let output = output(&mut raised.command);
    let (stdout, stderr) = (String::from_utf8(output.stdout).expect("UTF-8"), String::from_utf8_lossy(&output.stderr));
    for secret in secrets(raised) {
        assert!(!stdout.contains(&secret), "the report says a secret: {stdout}");
        assert!(!stderr.contains(&secret), "standard error says a secret: {stderr}");
    }
    let report = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"));
    Run { report, exit_code: output.status.code().expect("an exit code"), stderr: stderr.into_owned() }
}

/// The same as text for people, and the exit code.
pub fn text(raised: &mut Raised) -> (String, i32) {
    raised.command.args(&raised.arguments);
    let output = output(&mut raised.command);
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code().expect("an exit code"))
}

/// A copy of the program that was just written may still be open for writing in a child that another test's thread is
/// about to turn into a program: until then the kernel refuses to run it.
fn output(command: &mut Command) -> Output {
    for _ in 0..100 {
        match command.output() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::sleep(Duration::from_millis(20)),
            result => return result.expect("the probe runs"),
        }
    }
    panic!("the probe's file stays busy");
}

/// Parts that must not be seen anywhere: the claims alone are no secret, the signature is.
fn secrets(raised: &Raised) -> Vec<String> {
    let signature = raised.token.as_deref().and_then(|token| token.rsplit_once('.')).map(|(_, last)| last.to_owned());
    let own = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(|name| raised.variables.get(name).cloned());
    let handed_out = raised.sts.secrets().into_iter().map(Some);
    handed_out.chain(own).chain([signature]).flatten().filter(|secret| secret.len() > 8).collect()
}

impl Run {
    pub fn verdict(&self) -> &str {
        self.report["verdict"].as_str().expect("a verdict")
    }

    /// `healthy` also for what works with warnings.
    pub fn verdict_without_warnings(&self) -> &str {
        match self.verdict() {
            "degraded" => "healthy",
            verdict => verdict,
        }
    }

    /// How long the run took, by its own account.
    pub fn duration_ms(&self) -> u64 {
        self.report["duration_ms"].as_u64().expect("a duration")
    }

    /// The code of the first finding.
    pub fn code(&self) -> Option<&str> {
        self.report["findings"][0]["code"].as_str()
    }

    pub fn caller(&self) -> Option<&str> {
        self.report["identity"]["caller_arn"].as_str()
    }

    /// Status and detail of a step.
    pub fn step(&self, name: &str) -> (&str, &str) {
        let steps = self.report["steps"].as_array().expect("steps");
        let step = steps.iter().find(|step| step["name"] == name);
        let step = step.unwrap_or_else(|| panic!("no step {name}: {}", self.report));
        (step["status"].as_str().expect("a status"), step["detail"].as_str().expect("a detail"))
    }
}
