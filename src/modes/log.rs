//! Log lines on standard error, for people or as JSON. Only this program's own: the SDK's may hold a token.
#![allow(clippy::disallowed_methods, reason = "a log line has a time")]

use crate::causes::webhook;
use crate::diagnosis::report::{Report, Verdict};
use crate::probe::evidence::Mechanism;
use crate::text::printable::{Notation, fit, printable};
use crate::text::redact::scrub;
use serde_json::Value;
use std::time::SystemTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{self, FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;
use tracing_subscriber::registry::LookupSpan;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

/// Call once. Before it, nothing is logged.
pub(crate) fn start(format: Format) {
    // If standard error is full, the layer would write its own error there, which ends the process.
    let lines = fmt::layer().with_writer(std::io::stderr).event_format(Line(format)).log_internal_errors(false);
    // A second call would change nothing.
    let _ = tracing::subscriber::set_global_default(registry().with(LevelFilter::INFO).with(lines));
}

/// One line for a finished run. `next` says what follows.
pub(crate) fn report(report: &Report, next: &str) {
    let root = report.root_cause().or(report.findings.first());
    let code = root.map(|finding| finding.cause.code);
    let candidates = root.map(|finding| finding.diagnosis.candidates.iter().map(|one| one.cause.code));
    let candidates = candidates.map(|codes| codes.collect::<Vec<_>>().join(" ")).filter(|codes| !codes.is_empty());
    let evidence = &report.evidence;
    let refusal = evidence.sts_error();
    let shown = |text: Option<&str>| Some(report.secrets.hide_in(text?.to_owned(), Notation::Text));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                code,
                candidates,
                advice = report.advice.word(),
                exit_code = report.exit_code,
                mechanism = evidence.mechanism.map(Mechanism::code),
                role = shown(evidence.role_arn()),
                sub = shown(evidence.token.seen().and_then(|token| token.subject.as_deref())),
                caller = shown(evidence.caller.seen().map(|caller| caller.arn.as_str())),
                aws_code = shown(refusal.map(|refusal| refusal.code.as_str())),
                aws_request_id = shown(refusal.and_then(|refusal| refusal.request_id.as_deref())),
                duration_ms = report.duration_ms,
                next,
                "{}",
                report.verdict.word(),
            )
        };
    }
    if webhook::is_absent_as_allowed(evidence) {
        tracing::warn!("NOT CHECKED: {}", webhook::NOTHING_TO_CHECK);
    }
    match report.verdict {
        Verdict::Healthy => line!(info),
        Verdict::Degraded | Verdict::Undetermined => line!(warn),
        Verdict::Broken => line!(error),
    }
}

/// One line for a verdict that has changed.
pub(crate) fn verdict_changed(from: Verdict, report: &Report) {
    let (from, to) = (from.word(), report.verdict.word());
    let summary = report.secrets.hide_in(report.summary.clone(), Notation::Text);
    match report.verdict {
        Verdict::Healthy => tracing::info!(from, summary, "verdict is now {to}"),
        Verdict::Degraded | Verdict::Undetermined => tracing::warn!(from, summary, "verdict is now {to}"),
        Verdict::Broken => tracing::error!(from, summary, "verdict is now {to}"),
    }
}

/// Writes one event as one line.
struct Line(Format);

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> std::fmt::Result {
        let metadata = event.metadata();
        if !metadata.target().starts_with(env!("CARGO_CRATE_NAME")) {
            return Ok(());
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let time = humantime::format_rfc3339_millis(SystemTime::now());
        let level = metadata.level();
        let (line, notation) = match self.0 {
            Format::Json => {
                let message = Value::from(fields.message);
                let mut line = format!("{{\"time\":\"{time}\",\"level\":\"{level}\",\"msg\":{message}");
                fields.others.iter().for_each(|(name, value)| line += &format!(",\"{name}\":{value}"));
                (line + "}", Notation::Json)
            }
            Format::Text => {
                let mut line = format!("{time} {level:<5} {}", printable(&fields.message));
                for (name, value) in fields.others {
                    line += &match value {
                        Value::String(text) if !text.contains([' ', '"']) => format!(" {name}={}", printable(&text)),
                        value => format!(" {name}={value}"),
                    };
                }
                (line, Notation::Text)
            }
        };
        writeln!(writer, "{}", fit(scrub(&line), notation))
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    /// In the order in which they were given. A name is an identifier.
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        self.others.push((field.name(), value));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // The message itself comes as format arguments, whose Debug is their text.
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            _ => self.add(field, format!("{value:?}").into()),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }
}
