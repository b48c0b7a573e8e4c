use crate::causes::{Advice, Cause, Diagnosis, Facts, Fix, Outcome, Severity};
use crate::probe::evidence::{Evidence, Layer, Operation, Step, StepStatus};

/// STS answers within a second; a connection within a region takes a few milliseconds.
const SLOW_ANSWER_MS: u64 = 2000;
const SLOW_LAYER_MS: u64 = 1000;

/// STS answered, but slowly.
pub(crate) static STS_SLOW: Cause = Cause {
    code: "sts-slow",
    title: "STS answers, but slowly",
    compare: "time the call from another node",
    severity: Severity::Warning,
    advice: Advice::Fix,
    // Sources: the defaults of the SDKs: botocore `Config` (connect and read 60 s), AWS SDK for Java 2.x
    // `ApacheHttpClient` (connect 2 s, read 30 s), aws-smithy-runtime (connect 3.1 s, no read limit).
    explanation: "\
The call succeeded, but a layer of the connection or the answer itself took longer than STS needs. The report names \
that layer and its time.

SDKs have different timeouts: boto3 waits 60 s for a connection and for an answer, Java v2 connects within 2 s or \
fails, Rust within 3.1 s. A run that is slow here may fail with another SDK.

Common reasons are a proxy or firewall that inspects TLS, a NAT gateway or VPC endpoint in another zone, an endpoint \
in another region, and CPU limits of the pod.",
    says: &[],
    settles: false,
    hides_caller: false,
    judge: Some(judge),
    fix,
};

fn judge(evidence: &Evidence) -> Outcome {
    if let Some(why) = evidence.why_not_irsa() {
        return Outcome::skip(why);
    }
    let Some(session) = evidence.session.seen() else {
        return Outcome::skip("STS issued no session");
    };
    let call = Operation::AssumeRoleWithWebIdentity.step();
    let up_to_the_call = evidence.steps.iter().position(|step| step.name == call).unwrap_or_default();
    let steps = evidence.steps.get(..up_to_the_call).unwrap_or_default();
    let is_slow = |step: &&Step| {
        // A lookup has its own check.
        let layers = [Layer::Tcp, Layer::Proxy, Layer::Tls].map(Layer::name);
        step.status == StepStatus::Ok && layers.contains(&step.name) && step.duration_ms >= SLOW_LAYER_MS
    };
    let mut slow: Vec<String> =
        steps.iter().filter(is_slow).map(|step| format!("{} took {} ms", step.name, step.duration_ms)).collect();
    let connecting: u64 = steps.iter().map(|step| step.duration_ms).sum();
    let all = evidence.steps.get(up_to_the_call).map(|step| step.duration_ms).unwrap_or_default();
    let answering = all.saturating_sub(connecting);
    // Pauses between attempts do not count as a slow answer.
    if session.attempts == 1 && answering >= SLOW_ANSWER_MS {
        slow.push(format!("the answer took {answering} ms"));
    }
    if slow.is_empty() {
        return Outcome::Pass;
    }
    let cause = format!("During the call {call}, {}.", slow.join(", "));
    Outcome::Warning(Box::new(Diagnosis::new(cause, fix(&Facts::of(evidence)))))
}

fn fix(_: &Facts) -> Fix {
    Fix::new(
        "Find what delays the connection (proxy, TLS inspection, NAT gateway or VPC endpoint), and call the endpoint of \
         the workload's own region.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::healthy;
    use crate::probe::evidence::Seen;

    #[test]
    fn a_slow_layer_is_named_with_its_time() {
        let step = |name, duration_ms| Step { name, status: StepStatus::Ok, duration_ms, detail: String::new() };
        let call = Operation::AssumeRoleWithWebIdentity.step();
        for (steps, attempts, words) in [
            (vec![step("dns", 20), step("tls", 9), step(call, 100)], 1, None),
            (vec![step("dns", 5000), step("tls", 9), step(call, 5100)], 1, None),
            (vec![step("tcp", 20), step(call, 4530)], 1, Some("the answer took 4510 ms")),
            (vec![step("tcp", 20), step(call, 4530)], 3, None),
            (vec![step("tcp", 1020), step(call, 1100)], 1, Some("tcp took 1020 ms")),
        ] {
            let mut evidence = Evidence { steps, ..healthy() };
            if let Seen::Seen(session) = &mut evidence.session {
                session.attempts = attempts;
            }
            match (judge(&evidence), words) {
                (Outcome::Pass, None) => {}
                (Outcome::Warning(diagnosis), Some(words)) => {
                    assert!(diagnosis.cause.contains(words), "{}", diagnosis.cause);
                }
                (outcome, _) => panic!("{outcome:?}"),
            }
        }
    }
}
