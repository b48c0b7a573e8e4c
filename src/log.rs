//! Log lines on standard error, for people or as JSON. Only this program's own: the SDK's may hold a token.
#![allow(clippy::disallowed_methods, reason = "a log line tells when it was written")]

use crate::finding::Severity;
use crate::render::printable;
use crate::report::{Report, Verdict};
use serde_json::{Map, Value};
use std::fmt;
use std::time::SystemTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Call once. Before it, nothing is logged.
pub fn start(format: Format) {
    let subscriber = tracing_subscriber::fmt().with_max_level(Level::INFO).with_writer(std::io::stderr);
    // A second call would change nothing.
    let _ = tracing::subscriber::set_global_default(subscriber.event_format(Line(format)).finish());
}

/// One line for a look that has ended. `next` is what comes after it.
pub fn look(report: &Report, next: &str) {
    let root = report.root_cause().or(report.findings.first());
    let code = root.map(|finding| finding.cause.code);
    let candidates = root.map(|finding| finding.diagnosis.candidates.iter().map(|one| one.cause.code));
    let candidates = candidates.map(|codes| codes.collect::<Vec<_>>().join(" ")).filter(|codes| !codes.is_empty());
    let evidence = &report.evidence;
    let refusal = evidence.refusal();
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                code,
                candidates,
                advice = report.advice.word(),
                exit_code = report.exit_code,
                role = evidence.environment.value("AWS_ROLE_ARN"),
                sub = evidence.token.seen().and_then(|token| token.subject.as_deref()),
                caller = evidence.caller.seen().map(|caller| caller.arn.as_str()),
                aws_code = refusal.map(|refusal| refusal.code.as_str()),
                aws_request_id = refusal.and_then(|refusal| refusal.request_id.as_deref()),
                duration_ms = report.duration_ms,
                next,
                "{}",
                report.verdict.word(),
            )
        };
    }
    match report.verdict {
        Verdict::Healthy => line!(info),
        Verdict::Degraded | Verdict::Undetermined => line!(warn),
        Verdict::Broken => line!(error),
    }
}
