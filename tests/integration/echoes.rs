//! An answer may hold what it was sent, or what the answer before it gave out. Whatever its form and wherever it stands,
//! no output of the program shows 16 characters of it in a row.

use crate::local_sts::echo::{Echo, Form, Place};
use crate::local_sts::{Misbehaviour, Operation};
use crate::pod::{Sidecar, exchange};
use crate::stage::{Raised, Stage};
use base64::Engine;
use irsa_probe::diagnosis::history::{History, Patience};
use irsa_probe::diagnosis::report::{Mode, Report};
use irsa_probe::modes::run::probe;
use irsa_probe::probe::collect::{IssuerCheck, Options};
use irsa_probe::probe::evidence::{Expectations, Identity};
use irsa_probe::probe::subject::Subject;
use irsa_probe::render::{html, json, metrics, termination, text};
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
                run_with(&raised, operation, Echo { place, form });
            }
        }
    }
}

#[test]
fn an_echo_of_the_issuer_is_hidden_in_every_place_and_form() {
    let raised = raise();
    for place in Place::OF_ISSUER {
        for form in Form::ALL {
            run_with(&raised, Operation::OpenId, Echo { place, form });
        }
    }
}

/// Of the pod, beside its web identity token.
const PROXY_PASSWORD: &str = "correct-horse-battery-9";
const SHORT_PASSWORD: &str = "h0rse-staple";
const QUERY: &str = "caller=kZ3vQ8mWbT1xN7rLpY5sD2";
const CONTAINER_TOKEN: &str = "pod:identity$9G9hJ4cV6aE0uIsRoX";
const KEYS: [&str; 3] =
    ["AKIAQX3YPOD7ENVIRON2", "wZ9vQ8mWbT1xN7rLpY5sD2/G9hJ4cV6aE0uI+RoX", "IQoJb3JpZ2luX2VjEPX0sessionPX1tokenPX2Long"];
const PROFILE_KEY: &str = "pR0f1leW8mWbT1xN7rLpY5sD2/G9hJ4cV6aE0uIx";

/// A pod with every kind of secret, whose STS answers the signed call with an echo of them all.
fn raise_with_everything(echo: Echo) -> Raised {
    let mut stage = Stage::healthy().unwrap();
    stage.arguments.clear();
    stage.misbehave(IDENTITY, Misbehaviour::Echo(echo));
    let mut raised = stage.raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))).unwrap();
    let directory = raised.directory.path();
    let profile = directory.join("credentials");
    std::fs::write(
        &profile,
        format!("[spare]\naws_access_key_id = AKIASPARE\naws_secret_access_key = {PROFILE_KEY}\n"),
    )
    .unwrap();
    let proxy = raised.variables["HTTPS_PROXY"].clone();
    let with = |password: &str| proxy.replace("http://", &format!("http://me:{password}@"));
    raised.command.env("HTTPS_PROXY", with(PROXY_PASSWORD)).env("HTTP_PROXY", with(SHORT_PASSWORD));
    raised.command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://127.0.0.1:9/x?{QUERY}"));
    raised.command.env("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN);
    raised.command.env("AWS_SHARED_CREDENTIALS_FILE", profile);
    raised.command.envs(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].into_iter().zip(KEYS));
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("me:{PROXY_PASSWORD}"));
    let beside = [PROXY_PASSWORD, SHORT_PASSWORD, QUERY, CONTAINER_TOKEN, PROFILE_KEY, &basic];
    raised.sts.echo_also(&[&beside[..], &KEYS].concat());
    raised
}

fn show(form: Form, raised: &Raised, what: &str, output: &str) {
    let secrets = Secrets::of(&raised.sts.received(), &[Form::Plain, form]);
    let shown = secrets.piece_in(output).or_else(|| output.contains(SHORT_PASSWORD).then(|| SHORT_PASSWORD.to_owned()));
    assert_eq!(shown, None, "{what} with an echo as {form:?}:\n{output}");
}

#[test]
fn no_command_shows_what_an_answer_echoes() {
    let limits = ["--timeout", "1s", "--settle", "0s", "--recreate-hold", "0s"];
    for form in Form::ALL {
        for (place, arguments) in [
            (Place::Message, &["check", "--output", "text"][..]),
            (Place::Message, &["check", "--output", "json"]),
            (Place::Code, &["wait", "--log-format", "text"]),
            (Place::RequestId, &["wait", "--log-format", "json", "--output", "json"]),
        ] {
            let mut raised = raise_with_everything(Echo { place, form });
            let log = raised.directory.path().join("termination-log");
            raised.command.args(arguments).args(if arguments[0] == "wait" { &limits[..] } else { &[] });
            let output = raised.command.arg("--termination-log").arg(&log).output().unwrap();
            let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
            assert!(text.concat().contains("[hidden]"), "{arguments:?} {form:?}: {text:?}");
            for output in [&text[0], &text[1], &std::fs::read_to_string(log).unwrap()] {
                show(form, &raised, &format!("{arguments:?}"), output);
            }
        }
        let mut raised = raise_with_everything(Echo { place: Place::Message, form });
        let sidecar = Sidecar::start(&mut raised, &["--log-format", "json"]);
        show(form, &raised, "the log", &sidecar.running.line("broken").to_string());
        for (address, path) in [
            (&sidecar.network, "/readyz"),
            (&sidecar.network, "/metrics"),
            (&sidecar.report, "/report"),
            (&sidecar.report, "/"),
        ] {
            let answer = exchange(address, &format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"));
            let (_, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(body.len() > 10 && (path != "/report" || body.contains("[hidden]")), "{answer}");
            show(form, &raised, path, body);
        }
    }
}

fn raise() -> Raised {
    Stage::healthy().unwrap().raise(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))).unwrap()
}

fn run_with(raised: &Raised, operation: Operation, echo: Echo) {
    // Of the issuer, both documents.
    let times = if operation == Operation::OpenId { 2 } else { 1 };
    raised.sts.misbehave_times(operation, Misbehaviour::Echo(echo), times);
    let of_issuer = operation == Operation::OpenId;
    let report = run(raised, if of_issuer { IssuerCheck::Always } else { IssuerCheck::Never });
    let secrets = Secrets::of(&raised.sts.received(), &[Form::Plain, echo.form]);
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

fn run(raised: &Raised, issuer_check: IssuerCheck) -> Report {
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
    history.record(report);
    let readiness = history.readiness(report, Patience { failure_threshold: 1, ready_grace: None });
    vec![
        ("text", text::render(report, text::Colour::Off, text::Detail::FirstScreen)),
        ("verbose text", text::render(report, text::Colour::Off, text::Detail::Everything)),
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
        let html = output.replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&");
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
