use crate::aws::partition::Partition;
use crate::causes::{
    Advice, Candidate, Cause, Facts, Fix, OPT_IN_REGION_V1_TOKEN, Priority, Reading, STATIC_KEYS_OVERRIDE, Saying,
    Severity, WRONG_PARTITION_ENDPOINT, answered, any, wrong_partition_endpoint,
};

/// STS refuses a signed call with the session that it issued.
pub(crate) static SIGNED_CALL_REFUSED: Cause = Cause {
    code: "signed-call-refused",
    title: "STS refuses the session that it has just issued",
    compare: "what AWS said about the signed call",
    severity: Severity::Error,
    advice: Advice::Fix,
    explanation: "\
Web identity worked, but STS refuses the first signed call with the new session as invalid (InvalidClientTokenId). \
The session is genuine, but not valid at this endpoint: either it is a version 1 session (from the global endpoint \
sts.amazonaws.com) and the region is an opt-in region, or it was issued in another partition. In a program, this \
answer can also mean that static keys were used instead, and that they are deleted or mistyped.

Call STS at the regional endpoint of the workload's own region and partition.",
    says: &[Saying::new(
        Priority::Elsewhere(20),
        &[any(&[
            "invalidclienttokenid",
            "unrecognizedclientexception",
            "security token included in the request is invalid",
            "provided token is malformed or otherwise invalid",
            "not able to validate the provided access credentials",
        ])],
        reading,
    )],
    settles: false,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

/// STS issued the session, but it is not valid here.
fn reading(facts: &Facts) -> Reading {
    if let Some(why) = wrong_partition_endpoint::why(facts) {
        return Reading::decided(&WRONG_PARTITION_ENDPOINT, why);
    }
    let region = facts.region.as_deref().or(facts.host.as_deref().and_then(|host| host.split('.').nth(1)));
    if let Some(region) = region.filter(|region| Partition::is_opt_in(region)) {
        let why = format!(
            "{region} is an opt-in region, which rejects version-1 sessions of the global endpoint sts.amazonaws.com"
        );
        return Reading::decided(&OPT_IN_REGION_V1_TOKEN, why);
    }
    let opt_in = Candidate::new(
        &OPT_IN_REGION_V1_TOKEN,
        "opt-in regions reject sessions of the global endpoint sts.amazonaws.com",
    );
    let partition = Candidate::new(
        &WRONG_PARTITION_ENDPOINT,
        "sessions of one partition (China, GovCloud, commercial) are invalid in another",
    );
    let keys = Candidate::new(
        &STATIC_KEYS_OVERRIDE,
        "static keys set beside IRSA that were deleted or belong to another account are rejected like this too",
    );
    // Elsewhere than in the commercial partition, SDKs that call the wrong one are the common case.
    let elsewhere = facts.host.is_none() && facts.partition().is_some_and(|it| it != Partition::Aws);
    let candidates = if elsewhere { vec![partition, opt_in, keys] } else { vec![opt_in, partition, keys] };
    Reading::open(&SIGNED_CALL_REFUSED, candidates)
}

fn fix(_: &Facts) -> Fix {
    Fix::new("Call the STS endpoint of the workload's own region, in the role's partition, and remove static keys.")
        .command("env | grep -oE '^AWS_[A-Z0-9_]+'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::GetCallerIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &SIGNED_CALL_REFUSED,
            GetCallerIdentity,
            &["403 InvalidClientTokenId: The security token included in the request is invalid"],
        );
    }
}
