use crate::aws::arn::without_scheme;
use crate::causes::{
    Advice, CONDITION_KEY_WRONG_IN_TRUST_POLICY, Candidate, Cause, Facts, Fix, Priority, ROLE_DOES_NOT_EXIST, Reading,
    SCP_OR_BOUNDARY_DENY, SERVICE_ACCOUNT_MISMATCH, SUBJECT_WILDCARD_NEEDS_STRINGLIKE, Saying, Severity,
    TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT, WEB_IDENTITY_CALL, WRONG_AUD_CONDITION_IN_TRUST_POLICY,
    WRONG_PROVIDER_IN_TRUST_POLICY, WRONG_SUBJECT_IN_TRUST_POLICY, answered, any, is_named_after_nodes, with,
    wrong_audience::quoted,
};

/// STS rejects the token for this role. Nine different mistakes cause the same answer.
pub(crate) static NOT_AUTHORIZED: Cause = Cause {
    code: "not-authorized",
    title: "the role's trust policy does not allow this service account",
    compare: "the role's trust policy and this token",
    severity: Severity::Error,
    advice: Advice::Fix,
    // Source of the delay: IAM user guide, "Troubleshoot IAM: Changes that I make are not always immediately
    // visible"; it gives no number, public reports speak of seconds, seldom of minutes.
    explanation: "\
STS answers \"Not authorized to perform sts:AssumeRoleWithWebIdentity\" for nine different mistakes and never says \
which: the trust policy names another provider, another subject or another audience; its condition keys are misspelt; \
it has a wildcard under StringEquals; it has no statement for web identity; the pod runs under another service \
account than intended; the role does not exist; or an organization's policy denies the call.

The answer does show that STS verified the token. The issuer, its keys and the provider's audience are correct. Check \
the role, its trust policy, the pod's service account and the organization's policies.

Compare four values, letter by letter. The action must be sts:AssumeRoleWithWebIdentity. The federated principal must \
be arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER, with the role's own account and the issuer without https://. The \
condition ISSUER:sub must equal the token's sub, system:serviceaccount:NAMESPACE:NAME. The condition ISSUER:aud, if \
there is one, must equal the token's aud. `irsa-probe trust-policy` prints the policy that this token needs. With \
--check FILE, it shows which part of an existing policy fails.

A role or provider that was created or changed within the last minute may only need time: IAM propagates changes to \
all of AWS within seconds, rarely minutes. Otherwise, waiting does not help. Once the policy is correct, the pod \
recovers without being recreated.",
    says: &[
        Saying::new(
            Priority::Aws,
            &[
                any(&[
                    "not authorized to perform sts:assumerolewithwebidentity",
                    "not authorized to perform: sts:assumerolewithwebidentity",
                    "not authorised to perform sts:assumerolewithwebidentity",
                ]),
                with(WEB_IDENTITY_CALL, &[&["accessdenied"]]),
            ],
            reading,
        ),
        // A 403 without its code.
        Saying::new(
            Priority::Vague(20),
            &[
                with(WEB_IDENTITY_CALL, &[&["forbidden", "access denied"]]),
                with(
                    &["assumerolewithwebidentity", "assume-role-with-web-identity", "assume_role_with_web_identity"],
                    &[&["403"]],
                ),
            ],
            reading,
        ),
    ],
    settles: true,
    hides_caller: false,
    judge: Some(answered),
    fix,
};

fn reading(facts: &Facts) -> Reading {
    if facts.is_other_service_account() {
        let why = "the token belongs to another service account than the expected one";
        return Reading::decided(&SERVICE_ACCOUNT_MISMATCH, why);
    }
    Reading::open(&NOT_AUTHORIZED, candidates(facts))
}

/// STS gives one answer for all of these. They are ranked by how often each was the cause in public reports, then by
/// what is known.
fn candidates(facts: &Facts) -> Vec<Candidate> {
    let sub = facts.subject.as_deref().map_or_else(|| "the token's sub".to_owned(), |sub| format!("{sub:?}"));
    let key = facts.issuer.as_deref().map_or_else(|| "ISSUER".to_owned(), |iss| without_scheme(iss).to_owned());
    let mut candidates = vec![
        subject(facts, &sub),
        provider(facts),
        statement(facts),
        (
            40,
            Candidate::new(
                &CONDITION_KEY_WRONG_IN_TRUST_POLICY,
                format!("the condition keys must be exactly \"{key}:sub\" and \"{key}:aud\""),
            ),
        ),
        account(facts, &sub),
        (30, Candidate::new(&SUBJECT_WILDCARD_NEEDS_STRINGLIKE, "a wildcard in the policy's sub requires StringLike")),
        audience(facts),
        (15, Candidate::new(&ROLE_DOES_NOT_EXIST, does_not_exist(facts))),
        (
            10,
            Candidate::new(
                &SCP_OR_BOUNDARY_DENY,
                "an organization policy that denies the call gives the same error; likely if everything else matches",
            ),
        ),
    ];
    candidates.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    candidates.into_iter().map(|(_, candidate)| candidate).collect()
}

/// A candidate with its weight in the ranking: the higher, the more likely.
type Weighed = (u32, Candidate);

fn subject(facts: &Facts, sub: &str) -> Weighed {
    let why = match facts.token_account() {
        Some((namespace, name)) => {
            format!(
                "the policy's sub must be {sub}: namespace {namespace:?}, service account {name:?}, same letter case"
            )
        }
        None => format!("the policy's sub must be {sub}, same letter case"),
    };
    (50, Candidate::new(&WRONG_SUBJECT_IN_TRUST_POLICY, why))
}

fn account(facts: &Facts, sub: &str) -> Weighed {
    let (weight, why) = match facts.token_account() {
        Some((namespace, "default")) => (
            90,
            format!(
                "the pod runs as the \"default\" service account of {namespace}, which roles are rarely created for"
            ),
        ),
        Some((_, name)) if is_generated(name) => {
            (80, format!("the service account name {name:?} looks generated: check that the role is for this one"))
        }
        Some(("default", name)) => (55, format!("the pod runs as {name:?} in the namespace \"default\"")),
        _ => (35, format!("check that {sub} is the service account that the role is for")),
    };
    (weight, Candidate::new(&SERVICE_ACCOUNT_MISMATCH, why))
}

/// Whether a name ends in what Helm, Kubernetes and CI generate: a word with digits in it that nobody chooses.
fn is_generated(name: &str) -> bool {
    let Some((_, last)) = name.rsplit_once('-') else { return false };
    let digits = last.bytes().filter(u8::is_ascii_digit).count();
    let hash = last.len() >= 5 && last.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) && digits >= 2;
    (last.len() >= 8 && digits == last.len()) || hash && digits < last.len()
}

fn provider(facts: &Facts) -> Weighed {
    let why = match facts.provider_arn() {
        Some(arn) => format!(
            "the policy's principal must be {{\"Federated\": \"{arn}\"}}; recreated clusters have a new issuer id"
        ),
        None => "the policy's federated principal must be the provider of this issuer in the role's account; \
                 recreated clusters have a new issuer id"
            .to_owned(),
    };
    let dual_stack = facts.issuer_host().is_some_and(|host| host.ends_with("api.aws"));
    (if dual_stack { 70 } else { 45 }, Candidate::new(&WRONG_PROVIDER_IN_TRUST_POLICY, why))
}

fn statement(facts: &Facts) -> Weighed {
    let cause = &TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT;
    match &facts.role {
        Some(role) if is_named_after_nodes(&role.name) => (
            85,
            Candidate::new(
                cause,
                format!("the role name {:?} looks like a node role's, which trusts only EC2", role.name),
            ),
        ),
        _ => (
            42,
            Candidate::new(
                cause,
                "the policy may trust only EC2, another role or pods.eks.amazonaws.com, or allow only sts:AssumeRole",
            ),
        ),
    }
}

fn audience(facts: &Facts) -> Weighed {
    let cause = &WRONG_AUD_CONDITION_IN_TRUST_POLICY;
    match facts.audience.as_deref() {
        Some([one]) if one == "sts.amazonaws.com" => (
            20,
            Candidate::new(
                cause,
                "the policy's aud must be \"sts.amazonaws.com\", like the token's, in every partition",
            ),
        ),
        // Who writes a profile by hand also writes the policy for its token.
        Some(audience) if !audience.is_empty() && facts.profile.is_some() => {
            (20, Candidate::new(cause, format!("the policy's aud must be {}, like the token's", quoted(audience))))
        }
        Some(audience) if !audience.is_empty() => (
            75,
            Candidate::new(
                cause,
                format!("the token's aud is {}, but most policies name sts.amazonaws.com", quoted(audience)),
            ),
        ),
        _ => (25, Candidate::new(cause, "the policy's aud must match the token's, usually sts.amazonaws.com")),
    }
}

fn does_not_exist(facts: &Facts) -> String {
    let role = facts.role.as_ref().map_or_else(|| "the role".to_owned(), ToString::to_string);
    format!("STS returns the same error if {role} does not exist or was created seconds ago")
}

fn fix(facts: &Facts) -> Fix {
    let names = facts.names();
    let fix = Fix::new(
        "Compare the role's trust policy with the token's sub, aud and iss. After a change of the role or the provider, \
         retry for a minute first.",
    );
    names.compare(fix.command(names.doctor()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::arn::RoleArn;
    use crate::causes::testing::assert_named;
    use crate::probe::evidence::Operation::AssumeRoleWithWebIdentity;

    #[test]
    fn no_other_check_reports_its_answers() {
        assert_named(
            &NOT_AUTHORIZED,
            AssumeRoleWithWebIdentity,
            &["403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity", "403 AccessDenied: "],
        );
    }

    #[test]
    fn what_is_known_of_token_and_role_comes_first() {
        let role = |name: &str| RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{name}")).ok();
        for (subject, audience, role_name, first) in [
            (
                "system:serviceaccount:payments:checkout",
                "sts.amazonaws.com",
                "checkout",
                "wrong-subject-in-trust-policy",
            ),
            ("system:serviceaccount:payments:default", "sts.amazonaws.com", "checkout", "service-account-mismatch"),
            ("system:serviceaccount:a:app-7f9c4d2b", "sts.amazonaws.com", "checkout", "service-account-mismatch"),
            ("system:serviceaccount:a:s3-csi-driver-sa", "sts.amazonaws.com", "x", "wrong-subject-in-trust-policy"),
            ("system:serviceaccount:a:b", "openshift", "checkout", "wrong-aud-condition-in-trust-policy"),
            (
                "system:serviceaccount:a:b",
                "sts.amazonaws.com",
                "eksctl-nodegroup-NodeInstanceRole-1Q",
                "trust-policy-lacks-web-identity-statement",
            ),
        ] {
            let facts = Facts {
                subject: Some(subject.into()),
                audience: Some(vec![audience.into()]),
                role: role(role_name),
                ..Facts::default()
            };
            let ranked = candidates(&facts);
            assert_eq!(ranked[0].cause.code, first, "{subject} {audience} {role_name}");
            for always in ["role-does-not-exist", "scp-or-boundary-deny"] {
                assert!(ranked.iter().any(|candidate| candidate.cause.code == always), "{always}");
            }
        }
    }
}
