//! Why STS was not reached: one reading of the connection's story, shared by the checks of the network, so that one
//! broken layer gives one finding.

mod connections;
mod layers;
mod names;
mod patience;
mod proxy;
mod tls;

use crate::causes::{Advice, Candidate, Cause, Diagnosis, Facts, Fix, STS_UNREACHABLE};
use crate::probe::evidence::{Dial, Endpoint, Environment, Evidence, Seen};

/// What a failed connection means.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    /// The cause where the evidence decides, else the umbrella `sts-unreachable`.
    cause: &'static Cause,
    /// What was seen.
    seen: String,
    /// Most likely first; empty where the evidence decides.
    candidates: Vec<Candidate>,
    /// Where the values at hand give a better fix than the cause's own.
    fix: Option<Fix>,
    /// Where this occurrence calls for something else than the cause's own advice.
    advice: Option<Advice>,
}

impl Failure {
    fn decided(cause: &'static Cause, seen: String) -> Self {
        Self { cause, seen, candidates: Vec::new(), fix: None, advice: None }
    }

    fn open(seen: String, candidates: Vec<Candidate>) -> Self {
        Self { cause: &STS_UNREACHABLE, seen, candidates, fix: None, advice: None }
    }

    fn with_fix(self, fix: Fix) -> Self {
        Self { fix: Some(fix), ..self }
    }

    /// The fault can pass without anybody changing anything.
    fn passing(self) -> Self {
        Self { advice: Some(Advice::Retry), ..self }
    }
}

/// A connection that failed, and what else was seen of the network.
struct Story<'e> {
    endpoint: &'e Endpoint,
    dial: &'e Dial,
    /// Another way than the one that failed; `Ok` if a connection came about there.
    alternate_route: Option<Result<&'e Dial, &'e Dial>>,
    /// The call had no time left.
    out_of_time: bool,
    environment: &'e Environment,
    facts: &'e Facts,
}

/// The cause that a failed connection names, and its diagnosis. `None` if there is no such connection, or if the settings
/// do not lead to STS, which another cause judges.
pub(super) fn read(evidence: &Evidence, facts: &Facts) -> Option<(&'static Cause, Diagnosis)> {
    let (no_answer, endpoint) = (evidence.unanswered()?, evidence.endpoint.seen()?);
    let nothing = Dial::default();
    let alternate_route = match &evidence.alternate_route {
        Seen::Seen(dial) => Some(Ok(dial)),
        Seen::Failed(dial) => Some(Err(dial)),
        Seen::NotChecked(_) => None,
    };
    let story = Story {
        endpoint,
        dial: evidence.dial.failed().unwrap_or(&nothing),
        alternate_route,
        out_of_time: no_answer.out_of_time,
        environment: &evidence.environment,
        facts,
    };
    let reading = layers::read(&story)?;
    let mut fix = reading.fix.unwrap_or_else(|| (reading.cause.fix)(facts));
    if patience::cut_short(story.dial).is_some() {
        fix.text = format!("Raise --run-timeout and run again. If the fault stays: {}", fix.text);
    }
    let diagnosis = Diagnosis::new(reading.seen, fix).could_be(reading.candidates);
    let diagnosis = Diagnosis { advice: reading.advice, ..diagnosis };
    Some((reading.cause, diagnosis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::{HostFrom, Outcome, testing};
    use crate::probe::evidence::{CallFault, NoAnswer, Operation};

    /// What is known where a healthy pod's configuration does not reach STS.
    pub(super) fn regional_facts() -> Facts {
        Facts { proxy: Some(false), host_from: HostFrom::Region, ..Facts::default() }
    }

    /// The codes that speak of this evidence.
    fn codes(evidence: &Evidence) -> Vec<&'static str> {
        let judged = crate::diagnosis::judged::judge(evidence).into_iter();
        judged.filter(|judged| judged.finding().is_some()).map(|judged| judged.cause.code).collect()
    }

    #[test]
    fn an_answer_of_whatever_kind_is_no_fault_of_the_network() {
        let refused = testing::answered(Operation::AssumeRoleWithWebIdentity, 403, "AccessDenied", "");
        for evidence in [testing::healthy(), refused] {
            assert_eq!(testing::judge(&STS_UNREACHABLE, &evidence), Outcome::Pass);
        }
    }

    #[test]
    fn whatever_fails_one_check_of_the_network_speaks() {
        for dial in layers::tests::dials() {
            let evidence = testing::unreached(dial.clone());
            assert_eq!(codes(&evidence).len(), 1, "{:?} of {dial:?}", codes(&evidence));
        }
        let mut evidence = testing::unreached(Dial::default());
        let no_answer = NoAnswer { operation: Operation::AssumeRoleWithWebIdentity, attempts: 1, out_of_time: true };
        evidence.session = Seen::Failed(CallFault::NoAnswer(no_answer));
        evidence.dial = Seen::not_checked("");
        assert_eq!(codes(&evidence), ["sts-unreachable"]);
    }
}
