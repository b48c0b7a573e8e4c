//! What all runs so far amount to, and whether the pod should count as ready.

use std::collections::BTreeMap;
use std::time::Duration;

use super::report::{Report, Verdict};
use crate::probe::evidence::{CallFault, Evidence, Operation, Seen};
use crate::text::timestamp::{Timestamp, span};

/// When a pod stops being ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// This many runs in a row must have failed. At least 1.
    pub failure_threshold: u32,
    /// How long after the last run that worked an undetermined verdict leaves the pod ready. `None`: as long as the
    /// session of that run is valid, because the application's own is about as old.
    pub ready_grace: Option<Duration>,
}

/// What `/readyz` says, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready(String),
    NotReady(String),
}

/// What is remembered of all runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Runs by [`Verdict::word`].
    pub runs: BTreeMap<&'static str, u64>,
    /// Runs in a row that did not work, up to the last.
    pub failures: u32,
    /// The present verdict, and since when it has been that.
    pub verdict: Option<(Verdict, Timestamp)>,
    /// When the last run ended, and how long it took.
    pub last_run: Option<(Timestamp, Duration)>,
    pub last_success: Option<Success>,
    /// Durations of calls to STS by operation and outcome.
    pub calls: BTreeMap<(&'static str, CallOutcome), Durations>,
}

/// A run that worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Success {
    pub at: Timestamp,
    pub session_expires_at: Option<Timestamp>,
}

/// How a call to STS ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallOutcome {
    Ok,
    Refused,
    NotSts,
    NoAnswer,
}

impl CallOutcome {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::NotSts => "not-sts",
            Self::NoAnswer => "no-answer",
        }
    }

    fn of<T>(seen: &Seen<T, CallFault>) -> Option<Self> {
        match seen {
            Seen::NotChecked(_) => None,
            Seen::Seen(_) => Some(Self::Ok),
            Seen::Failed(CallFault::Refused(_)) => Some(Self::Refused),
            Seen::Failed(CallFault::NotSts(_)) => Some(Self::NotSts),
            Seen::Failed(CallFault::NoAnswer(_)) => Some(Self::NoAnswer),
        }
    }
}

/// A histogram.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Durations {
    /// How many took at most as long as the bound of the same place in [`Durations::BOUNDS`], and longer than the one
    /// before.
    pub counts: [u64; Self::BOUNDS.len()],
    /// All, those above the last bound too.
    pub count: u64,
    pub sum_seconds: f64,
}

impl Durations {
    /// In seconds.
    pub const BOUNDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

    fn add(&mut self, seconds: f64) {
        if let Some(count) = Self::BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.counts[count] += 1;
        }
        self.count += 1;
        self.sum_seconds += seconds;
    }
}

impl History {
    /// Adds a run.
    pub fn record(&mut self, report: &Report) {
        let works = report.works();
        *self.runs.entry(report.verdict.word()).or_default() += 1;
        self.failures = if works { 0 } else { self.failures.saturating_add(1) };
        self.rejudged(report);
        let took = Duration::from_millis(report.duration_ms);
        self.last_run = Some((report.evidence.now.plus(took.as_secs() as i64), took));
        if works {
            let session_expires_at = report.evidence.session.seen().map(|session| session.expires_at);
            self.last_success = Some(Success { at: report.evidence.now, session_expires_at });
        }
        for (operation, outcome, seconds) in calls(&report.evidence) {
            self.calls.entry((operation.name(), outcome)).or_default().add(seconds);
        }
    }

    /// Adds the last run as judged again by the token file. No call was made, so it does not count as a run, but a token
    /// that has expired or disappeared is a failure from now on.
    pub fn rejudged(&mut self, report: &Report) {
        if !report.works() {
            self.failures = self.failures.max(1);
        }
        if self.verdict.is_none_or(|(verdict, _)| verdict != report.verdict) {
            self.verdict = Some((report.verdict, report.evidence.now));
        }
    }

    /// How long the session of the last run that worked is still valid.
    pub fn session_left(&self, now: Timestamp) -> Duration {
        let expires_at = self.last_success.and_then(|success| success.session_expires_at);
        Duration::from_secs(expires_at.map_or(0, |expires_at| expires_at.since(now).max(0) as u64))
    }

    /// Whether the pod should get traffic, and why, in one line without ARN, claim or path.
    pub fn readiness(&self, report: &Report, patience: Patience) -> Readiness {
        let now = report.evidence.now;
        let mut codes = report.findings.iter().map(|finding| finding.cause.code);
        let verdict = match (report.verdict, codes.next()) {
            (Verdict::Healthy, _) | (_, None) => report.verdict.word().to_owned(),
            (verdict, Some(first)) => {
                codes.fold(format!("{} {first}", verdict.word()), |line, code| line + ", " + code)
            }
        };
        if report.works() {
            return Readiness::Ready(format!("ready: {verdict}"));
        }
        let Some(success) = self.last_success else {
            return Readiness::NotReady(format!("not ready: {verdict}"));
        };
        let mechanism = report.evidence.mechanism_in_words();
        let worked = format!("{mechanism} worked {} ago", span(now.since(success.at)));
        if self.failures < patience.failure_threshold {
            let (failures, threshold) = (self.failures, patience.failure_threshold);
            return Readiness::Ready(format!("ready: {worked}; failure {failures} of {threshold}: {verdict}"));
        }
        let grace_left = match patience.ready_grace {
            Some(grace) => grace.as_secs() as i64 - now.since(success.at),
            None => success.session_expires_at.map_or(0, |expires_at| expires_at.since(now)),
        };
        if report.verdict == Verdict::Undetermined && grace_left > 0 {
            return Readiness::Ready(format!(
                "ready: {worked}, and keeps the pod ready for {} more; {verdict}",
                span(grace_left)
            ));
        }
        Readiness::NotReady(format!("not ready: {verdict}"))
    }
}

/// The calls that one run made.
fn calls(evidence: &Evidence) -> impl Iterator<Item = (Operation, CallOutcome, f64)> {
    let outcomes = [
        (Operation::AssumeRoleWithWebIdentity, CallOutcome::of(&evidence.session)),
        (Operation::GetCallerIdentity, CallOutcome::of(&evidence.caller)),
    ];
    outcomes.into_iter().filter_map(|(operation, outcome)| {
        let step = evidence.steps.iter().find(|step| step.name == operation.step())?;
        Some((operation, outcome?, step.duration_ms as f64 / 1000.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    const STRICT: Patience = Patience { failure_threshold: 1, ready_grace: None };

    fn readiness_after(reports: &[Report], patience: Patience) -> Readiness {
        let mut history = History::default();
        for report in reports {
            history.record(report);
        }
        history.readiness(&reports[reports.len() - 1], patience)
    }

    #[test]
    fn readiness_follows_the_verdict_and_allows_for_temporary_faults() {
        let ready = |line: &str| Readiness::Ready(line.into());
        let not_ready = |line: &str| Readiness::NotReady(line.into());
        let (healthy, refused) = (sample::healthy(), sample::refused());
        let throttled = |seconds| sample::later(sample::throttled(), seconds);
        let patient = Patience { failure_threshold: 3, ..STRICT };
        let graceful = |seconds| Patience { ready_grace: Some(Duration::from_secs(seconds)), ..STRICT };
        for (reports, patience, readiness) in [
            (vec![healthy.clone()], STRICT, ready("ready: healthy")),
            (vec![sample::degraded()], STRICT, ready("ready: degraded token-not-refreshed")),
            (vec![refused.clone()], STRICT, not_ready("not ready: broken not-authorized")),
            // Never worked: nothing to be lenient about, whatever the threshold.
            (vec![throttled(0)], STRICT, not_ready("not ready: undetermined throttled")),
            (vec![refused.clone()], patient, not_ready("not ready: broken not-authorized")),
            // Refused is certain, so the session in hand does not count.
            (vec![healthy.clone(), refused.clone()], STRICT, not_ready("not ready: broken not-authorized")),
            (
                vec![healthy.clone(), refused.clone(), refused.clone()],
                patient,
                ready("ready: IRSA worked 0 s ago; failure 2 of 3: broken not-authorized"),
            ),
            (
                vec![healthy.clone(), refused.clone(), refused.clone(), refused.clone()],
                patient,
                not_ready("not ready: broken not-authorized"),
            ),
            // A blip of STS leaves the pod ready as long as the session of the last good run.
            (
                vec![healthy.clone(), throttled(3_000)],
                STRICT,
                ready("ready: IRSA worked 50 min ago, and keeps the pod ready for 10 min more; undetermined throttled"),
            ),
            (vec![healthy.clone(), throttled(3_600)], STRICT, not_ready("not ready: undetermined throttled")),
            (
                vec![healthy.clone(), throttled(7_000)],
                graceful(7_200),
                ready(
                    "ready: IRSA worked 1 h 56 min ago, and keeps the pod ready for 3 min 20 s more; undetermined throttled",
                ),
            ),
            (vec![healthy.clone(), throttled(7_200)], graceful(7_200), not_ready("not ready: undetermined throttled")),
            (vec![healthy.clone(), throttled(1)], graceful(0), not_ready("not ready: undetermined throttled")),
            // Recovery is at once.
            (vec![refused.clone(), refused.clone(), healthy.clone()], patient, ready("ready: healthy")),
        ] {
            assert_eq!(readiness_after(&reports, patience), readiness);
        }
    }

    #[test]
    fn a_changed_token_file_changes_the_verdict_but_is_not_a_run() {
        let mut history = History::default();
        history.record(&sample::healthy());
        let expired = sample::later(sample::refused(), 30);
        history.rejudged(&expired);
        assert_eq!(history.runs.values().sum::<u64>(), 1);
        assert_eq!(history.failures, 1);
        assert_eq!(history.verdict, Some((Verdict::Broken, sample::NOW.plus(30))));
        assert_eq!(history.readiness(&expired, STRICT), Readiness::NotReady("not ready: broken not-authorized".into()));
    }

    #[test]
    fn a_verdict_has_the_time_since_when_it_has_not_changed() {
        let mut history = History::default();
        for seconds in [0, 60, 120] {
            history.record(&sample::later(sample::refused(), seconds));
        }
        assert_eq!(history.verdict, Some((Verdict::Broken, sample::NOW)));
        assert_eq!(history.failures, 3);
        history.record(&sample::later(sample::healthy(), 180));
        assert_eq!((history.verdict, history.failures), (Some((Verdict::Healthy, sample::NOW.plus(180))), 0));
        assert_eq!(history.session_left(sample::NOW.plus(180)), Duration::from_secs(3_420));
    }
}
