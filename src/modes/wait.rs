//! The init container: runs until the identity works, until retrying cannot help, or until the timeout.
#![allow(clippy::disallowed_methods, reason = "waiting is about time")]

use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::time::sleep;

use crate::diagnosis::report::{Mode, Report};
use crate::modes::log;
use crate::modes::run::probe;
use crate::modes::schedule::{Next, Outlook, Waiting};
use crate::modes::signals::Ending;
use crate::modes::termination_log::TerminationLog;
use crate::probe::collect::Options;
use crate::probe::subject::Subject;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub waiting: Waiting,
    pub termination_log: TerminationLog,
    pub seed: u64,
}

/// How waiting ended.
#[derive(Debug)]
pub(crate) enum Waited {
    /// The last run, whose exit code is the answer.
    Ran(Box<Report>),
    /// A signal came; the last run, if one had ended.
    Ended(Option<Box<Report>>),
}

/// Waits. The last report is passed to `show` before the hold before exit code 4, so that the log has it by then. The error
/// says why waiting could not start.
pub(crate) async fn wait(
    subject: &Subject,
    options: &Options,
    settings: &Settings,
    show: impl FnMut(&Report),
) -> Result<Waited, String> {
    let mut ending = Ending::new().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let mut last = None;
    let ended = {
        tokio::select! {
            signal = ending.wait() => Some(signal),
            () = run_until_done(subject, options, settings, show, &mut last) => None,
        }
    };
    Ok(match (ended, last) {
        (None, Some(report)) => Waited::Ran(report),
        (signal, last) => {
            tracing::warn!("{}: exiting before the identity worked", signal.unwrap_or("no run"));
            Waited::Ended(last)
        }
    })
}

async fn run_until_done(
    subject: &Subject,
    options: &Options,
    settings: &Settings,
    mut show: impl FnMut(&Report),
    last: &mut Option<Box<Report>>,
) {
    let began = Instant::now();
    let mut dice = Rng::with_seed(settings.seed);
    for runs in 1.. {
        let report = probe(subject, &within(options, settings, began.elapsed()), Mode::Wait).await;
        let next = settings.waiting.next(Outlook::of(&report), runs, began.elapsed(), dice.f64());
        let in_words = match next {
            Next::RunIn(pause) => format!("next run in {:.1} s", pause.as_secs_f64()),
            Next::ExitIn(hold) if !hold.is_zero() => {
                format!("exit {1} in {0} s", hold.as_secs(), report.exit_code)
            }
            Next::Exit | Next::ExitIn(_) => format!("exit {}", report.exit_code),
        };
        // A full line only for a change and for the end.
        let continues = matches!(next, Next::RunIn(_));
        match &*last {
            Some(before) if continues && is_same(before, &report) => tracing::info!(runs, next = in_words, "no change"),
            _ => {
                log::report(&report, &in_words);
                settings.termination_log.write(&report);
            }
        }
        if !continues {
            show(&report);
        }
        *last = Some(Box::new(report));
        match next {
            Next::RunIn(pause) => sleep(pause).await,
            Next::ExitIn(hold) => return sleep(hold).await,
            Next::Exit => return,
        }
    }
}

/// A run ends by the timeout, but always has a second.
fn within(options: &Options, settings: &Settings, elapsed: Duration) -> Options {
    let left = settings.waiting.timeout.saturating_sub(elapsed).max(Duration::from_secs(1));
    Options { run_timeout: options.run_timeout.min(left), ..options.clone() }
}

fn is_same(before: &Report, now: &Report) -> bool {
    let codes = |report: &Report| report.findings.iter().map(|finding| finding.cause.code).collect::<Vec<_>>();
    before.verdict == now.verdict && codes(before) == codes(now)
}
