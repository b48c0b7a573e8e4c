//! One run from its beginning to its report.
#![allow(clippy::disallowed_methods, reason = "a run reads the clock")]

use crate::diagnosis::report::{Mode, Report};
use crate::modes::clock::now;
use crate::probe::collect::{self, Options};
use crate::probe::subject::Subject;
use crate::text::secrets::Secrets;
use std::time::Instant;

/// Runs every check once and judges what was seen. Ends within [`Options::run_timeout`].
pub async fn probe(subject: &Subject, options: &Options, mode: Mode) -> Report {
    let began = Instant::now();
    let secrets = Secrets::default();
    let evidence = collect::run(subject, options, now(), &secrets).await;
    let judged = crate::diagnosis::judged::judge(&evidence);
    let duration_ms = began.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
    Report::new(mode, duration_ms, evidence, judged, secrets)
}

/// The same report, judged again with the token file as it is now. Nothing is sent.
pub fn probe_token(subject: &Subject, options: &Options, last: &Report) -> Report {
    let evidence = collect::refresh_token(subject, options, &last.evidence, now(), &last.secrets);
    let judged = crate::diagnosis::judged::judge(&evidence);
    Report::new(last.mode, last.duration_ms, evidence, judged, last.secrets.clone())
}
