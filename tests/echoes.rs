//! An answer may hold what it was sent, or what the answer before it gave out. Whatever its form and wherever it stands,
//! no output of the program shows 16 characters of it in a row.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, dead_code, reason = "tests have files; not all of the support is used here")]

#[path = "../examples/local_sts/mod.rs"]
mod local_sts;
#[path = "../examples/demo/stage.rs"]
mod stage;

use irsa_probe::diagnosis::report::{Mode, Report};
use irsa_probe::modes::run::probe;
use irsa_probe::modes::serve::{History, Patience};
use irsa_probe::probe::collect::{IssuerCheck, Options};
use irsa_probe::probe::evidence::{Expectations, Identity};
use irsa_probe::probe::subject::Subject;
use irsa_probe::render::{html, json, metrics, termination, text};
use local_sts::echo::{Echo, Form, Place};
use local_sts::{Misbehaviour, Operation};
use stage::{Raised, Stage};
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

const ASSUME: Operation = Operation::AssumeRoleWithWebIdentity;
const IDENTITY: Operation = Operation::GetCallerIdentity;

/// So many characters of a secret in a row give it away.
const PIECE: usize = 16;

#[test]
fn an_echo_of_sts_is_hidden_in_every_place_and_form() {
    let raised = raise();
    for operation in [ASSUME, IDENTITY] {
        for place in Place::OF_STS {
            for form in Form::ALL {
                look_after(&raised, operation, Echo { place, form });
            }
        }
    }
}

#[test]
fn an_echo_of_the_issuer_is_hidden_in_every_place_and_form() {
    let raised = raise();
    for place in Place::OF_ISSUER {
        for form in Form::ALL {
            look_after(&raised, Operation::OpenId, Echo { place, form });
        }
    }
}

fn raise() -> Raised {
    Stage::healthy().unwrap().raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))).unwrap()
}

fn look_after(raised: &Raised, operation: Operation, echo: Echo) {
    // Of the issuer, both documents.
    let times = if operation == Operation::OpenId { 2 } else { 1 };
    raised.sts.misbehave_times(operation, Misbehaviour::Echo(echo), times);
    let of_issuer = operation == Operation::OpenId;
    let report = look(raised, if of_issuer { IssuerCheck::Always } else { IssuerCheck::Never });
    let secrets = Secrets::of(&raised.sts.heard(), &[Form::Plain, echo.form]);
    let outputs = outputs(&report);
    for (name, output) in &outputs {
        if let Some(piece) = secrets.piece_in(output) {
            panic!("{operation:?} {echo:?}: {name} shows {piece} in\n{output}");
        }
    }
    let is_shown = match echo.place {
        Place::Code | Place::Message | Place::RequestId | Place::Issuer => true,
        Place::Success => operation == IDENTITY,
        _ => false,
    };
    if is_shown {
        assert!(outputs.iter().any(|(_, output)| output.contains("[hidden]")), "{echo:?} echoed nothing: {outputs:#?}");
    }
}

fn look(raised: &Raised, issuer_check: IssuerCheck) -> Report {
    let variables = raised.variables.iter().collect();
    let subject = Subject { variables, identity: Identity::default(), root: "/".into(), target: None };
    let options =
        Options { run_timeout: Duration::from_secs(10), expected: Expectations::default(), issuer_check, imds: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(probe(&subject, &options, Mode::Check))
}

/// Everything that is rendered of a report.
fn outputs(report: &Report) -> Vec<(&'static str, String)> {
    let mut history = History::default();
    history.look(report);
    let readiness = history.readiness(report, Patience { failure_threshold: 1, ready_grace: None });
    vec![
        ("text", text::render(report, text::Colour::Off)),
        ("json", json::render(report)),
        ("html", html::render(report, &history)),
        ("termination message", termination::render(report)),
        ("metrics", metrics::render(Some(report), &history)),
        ("readiness", format!("{readiness:?}")),
    ]
}

/// Every piece of every secret in these forms.
struct Secrets(HashSet<[u8; PIECE]>);

impl Secrets {
    fn of(secrets: &[String], forms: &[Form]) -> Secrets {
        let mut pieces = HashSet::new();
        for secret in secrets {
            for form in forms {
                // Of base64 and the like, at each of the places of a group that the secret may begin at.
                for shift in 0..3 {
                    let text = form.of(&format!("{}{secret}", "x".repeat(shift)));
                    let from = if shift == 0 { 0 } else { form.of("xxx").len().min(8) };
                    pieces.extend(seen(&text)[from..].array_windows().copied());
                }
            }
        }
        Secrets(pieces)
    }

    fn piece_in(&self, output: &str) -> Option<String> {
        let json = serde_json::from_str::<serde_json::Value>(output).map(|value| strings(&value));
        let html = output.replace("&#39;", "'").replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&");
        // As it stands, and as a reader of JSON or HTML gets it.
        [output.to_owned(), json.unwrap_or(html)].iter().find_map(|text| {
            let text = seen(text);
            let piece = text.array_windows().find(|window| self.0.contains(*window))?;
            Some(String::from_utf8_lossy(piece).into_owned())
        })
    }
}

/// Without what a reader sees past: white space and case.
fn seen(text: &str) -> Vec<u8> {
    text.bytes().filter(|byte| byte.is_ascii_graphic()).map(|byte| byte.to_ascii_lowercase()).collect()
}

fn strings(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => format!("{text}\n"),
        serde_json::Value::Array(values) => values.iter().map(strings).collect(),
        serde_json::Value::Object(values) => values.values().map(strings).collect(),
        _ => String::new(),
    }
}
