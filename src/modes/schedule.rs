//! When to run next, and when to stop: pure decisions, so that they can be simulated for a whole fleet.

use std::time::Duration;

use crate::causes::{AGENT_RATE_LIMITED, Advice, Cause, EKS_AUTH_THROTTLED, THROTTLED};
use crate::diagnosis::report::Report;

/// What of a report decides when to run next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    pub works: bool,
    pub advice: Advice,
    /// STS, EKS or its agent asked for fewer calls.
    pub throttled: bool,
    /// A change in IAM that was made a moment ago explains this: it reaches STS within seconds to a minute.
    pub settles: bool,
}

impl Outlook {
    pub fn of(report: &Report) -> Self {
        let cause = report.root_cause().map(|finding| finding.cause);
        Self {
            works: report.works(),
            advice: report.advice,
            throttled: cause.is_some_and(|cause| THROTTLING.contains(&cause)),
            settles: cause.is_some_and(|cause| cause.settles),
        }
    }
}

static THROTTLING: &[&Cause] = &[&THROTTLED, &EKS_AUTH_THROTTLED, &AGENT_RATE_LIMITED];

/// How an init container waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// For everything.
    pub timeout: Duration,
    /// For what [`Outlook::settles`].
    pub settle: Duration,
    /// Before asking for a new pod: where `restartPolicyRules` make one there is no back-off of Kubernetes' own.
    pub recreate_hold: Duration,
}

/// What an init container does after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    RunIn(Duration),
    /// Exit with the report's code.
    Exit,
    /// Exit with the report's code, but only then.
    ExitIn(Duration),
}

impl Waiting {
    /// With less time left than this, another run would see what the last one saw.
    const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

    /// After the `runs`-th run (from 1), `elapsed` after the first began.
    pub fn next(&self, outlook: Outlook, runs: u32, elapsed: Duration, roll: f64) -> Next {
        let deadline = match outlook.advice {
            _ if outlook.works => return Next::Exit,
            Advice::RecreatePod => return Next::ExitIn(self.recreate_hold.mul_f64(1.0 + roll / 2.0)),
            Advice::Fix if !outlook.settles => return Next::Exit,
            Advice::Fix => self.settle.min(self.timeout),
            Advice::Retry | Advice::None => self.timeout,
        };
        let (first, longest) = if outlook.throttled { (8, 60) } else { (2, 16) };
        let pause = backoff(Duration::from_secs(first), Duration::from_secs(longest), runs, roll);
        // A pause that would overrun is shortened, so that the last run comes at the deadline and not a pause before it.
        let left = deadline.saturating_sub(elapsed);
        if left < Self::SHORTEST_PAUSE { Next::Exit } else { Next::RunIn(pause.min(left)) }
    }
}

/// How a sidecar runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serving {
    pub interval: Duration,
}

impl Serving {
    /// A session is renewed this long before its end, as the SDKs do (5 minutes).
    const SESSION_RESERVE: Duration = Duration::from_secs(300);

    /// From the end of a run to the next. `failures` is how many runs in a row did not work, `session_left` how long
    /// the session of the last run that worked is still valid.
    pub fn pause(&self, outlook: Outlook, failures: u32, session_left: Duration, roll: f64) -> Duration {
        let regular = self.interval.mul_f64(0.8 + 0.4 * roll);
        if outlook.works {
            // Even a session of the shortest kind (900 s) leaves more than the reserve, so this never spins.
            let early = session_left.saturating_sub(Self::SESSION_RESERVE.mul_f64(1.0 + roll));
            return if early.is_zero() { regular } else { regular.min(early) };
        }
        if outlook.throttled {
            // Asking more often than a fleet that works would keep it throttled.
            return backoff(Duration::from_secs(60), self.interval, failures, roll);
        }
        backoff(Duration::from_secs(15), self.interval / 2, failures, roll).min(regular)
    }

    /// From a change of the token file to the run that tries it. The kubelets of a fleet that was started at once
    /// refresh its tokens within the same ten seconds, a day later; but a pod that waits for this token is not kept.
    pub fn pause_after_rotation(&self, works: bool, roll: f64) -> Duration {
        let longest = Duration::from_secs(if works { 90 } else { 5 });
        (self.interval / 10).min(longest).mul_f64(roll)
    }
}

/// `first` doubled for each try after the first, at most `longest`; of that, between a half and one and a half.
fn backoff(first: Duration, longest: Duration, tries: u32, roll: f64) -> Duration {
    let doublings = tries.saturating_sub(1).min(16);
    first.saturating_mul(1 << doublings).min(longest).mul_f64(0.5 + roll)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn outlook(advice: Advice) -> Outlook {
        Outlook { works: advice == Advice::None, advice, throttled: false, settles: false }
    }

    #[test]
    fn waiting_ends_when_it_cannot_help() {
        let waiting = Waiting { timeout: seconds(120), settle: seconds(60), recreate_hold: seconds(30) };
        let settles = Outlook { settles: true, ..outlook(Advice::Fix) };
        let throttled = Outlook { throttled: true, ..outlook(Advice::Retry) };
        for (outlook, runs, elapsed, roll, next) in [
            (outlook(Advice::None), 1, 0, 0.5, Next::Exit),
            (outlook(Advice::Fix), 1, 0, 0.5, Next::Exit),
            (settles, 1, 0, 0.5, Next::RunIn(seconds(2))),
            (settles, 5, 45, 0.5, Next::RunIn(seconds(15))),
            (settles, 5, 59, 0.5, Next::RunIn(seconds(1))),
            (settles, 5, 60, 0.5, Next::Exit),
            (outlook(Advice::Retry), 1, 0, 0.0, Next::RunIn(seconds(1))),
            (outlook(Advice::Retry), 3, 20, 0.5, Next::RunIn(seconds(8))),
            (outlook(Advice::Retry), 40, 100, 0.5, Next::RunIn(seconds(16))),
            (outlook(Advice::Retry), 40, 110, 0.5, Next::RunIn(seconds(10))),
            (outlook(Advice::Retry), 40, 120, 0.5, Next::Exit),
            (outlook(Advice::Retry), 40, 130, 0.5, Next::Exit),
            (throttled, 1, 0, 0.5, Next::RunIn(seconds(8))),
            (outlook(Advice::RecreatePod), 1, 0, 0.0, Next::ExitIn(seconds(30))),
            (outlook(Advice::RecreatePod), 9, 500, 1.0, Next::ExitIn(seconds(45))),
        ] {
            assert_eq!(waiting.next(outlook, runs, seconds(elapsed), roll), next, "{outlook:?} {runs} {elapsed}");
        }
    }

    #[test]
    fn a_sidecar_runs_at_its_interval_sooner_when_it_fails_and_before_the_session_ends() {
        let serving = Serving { interval: seconds(900) };
        let throttled = Outlook { throttled: true, ..outlook(Advice::Retry) };
        for (outlook, failures, session_left, roll, pause) in [
            (outlook(Advice::None), 0, 3600, 0.0, 720),
            (outlook(Advice::None), 0, 3600, 0.5, 900),
            (outlook(Advice::None), 0, 900, 0.0, 600),
            (outlook(Advice::None), 0, 0, 0.5, 900),
            (outlook(Advice::Fix), 1, 3600, 0.5, 15),
            (outlook(Advice::Retry), 3, 3600, 0.5, 60),
            (outlook(Advice::Retry), 60, 3600, 0.5, 450),
            (throttled, 1, 3600, 0.5, 60),
            (throttled, 60, 3600, 0.5, 900),
        ] {
            assert_eq!(
                serving.pause(outlook, failures, seconds(session_left), roll),
                seconds(pause),
                "{outlook:?} {failures} {session_left}"
            );
        }
        // Failing does not make it slower than working, however short the interval.
        assert!(Serving { interval: seconds(5) }.pause(outlook(Advice::Fix), 1, seconds(0), 0.9) < seconds(6));
    }

    #[test]
    fn the_runs_of_a_fleet_that_rotates_at_once_are_spread() {
        let serving = Serving { interval: seconds(900) };
        assert_eq!(serving.pause_after_rotation(true, 0.5), seconds(45));
        assert_eq!(serving.pause_after_rotation(false, 1.0), seconds(5));
        assert_eq!(Serving { interval: seconds(20) }.pause_after_rotation(true, 0.5), seconds(1));
    }
}
