//! What is wrong with a trust policy: the cause behind a mismatch, from what the policy has and what the token needs.

use super::condition::Condition;
use super::intent::meant_claim;
use super::mismatch::Mismatch;
use super::operator::Test;
use super::pattern::Pattern;
use super::policy::{Actions, Principals, Statement};
use super::request::{ACTION, Request};
use super::typo::{issuer_typo, subject_typo, typo};
use crate::aws::arn::without_scheme;
use crate::causes::{
    CONDITION_KEY_WRONG_IN_TRUST_POLICY, Cause, EXPLICIT_DENY_IN_TRUST_POLICY, SUBJECT_WILDCARD_NEEDS_STRINGLIKE,
    TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT, WRONG_AUD_CONDITION_IN_TRUST_POLICY, WRONG_PROVIDER_IN_TRUST_POLICY,
    WRONG_SUBJECT_IN_TRUST_POLICY,
};

/// A fault of a trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub cause: &'static Cause,
    /// What is wrong, in a clause with the values seen.
    pub text: String,
}

impl Fault {
    pub(super) fn new(cause: &'static Cause, text: impl Into<String>) -> Fault {
        Fault { cause, text: text.into() }
    }

    pub(super) fn explicit_deny() -> Fault {
        Fault::new(
            &EXPLICIT_DENY_IN_TRUST_POLICY,
            "a Deny statement applies to this call, and Deny overrides every Allow",
        )
    }

    pub(super) fn no_statement() -> Fault {
        Fault::new(
            &TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT,
            format!("the policy has no statement that allows {ACTION}"),
        )
    }

    /// The fault behind the first mismatch of an `Allow` statement.
    pub(super) fn behind(mismatch: &Mismatch, statement: &Statement, request: &Request) -> Fault {
        match mismatch {
            Mismatch::Principal { .. } => principal(&statement.principals, request),
            Mismatch::Action { .. } => action(&statement.actions),
            Mismatch::Condition { operator, key, .. } => {
                let of_mismatch = |c: &&Condition| c.operator.name == *operator && c.key == *key;
                match statement.conditions.iter().find(of_mismatch) {
                    Some(found) => condition(found, statement, request),
                    None => Fault::no_statement(),
                }
            }
        }
    }
}

fn principal(principals: &Principals, request: &Request) -> Fault {
    let set = match principals {
        Principals::Only(set) => set,
        Principals::AllBut(_) => {
            return Fault::new(
                &WRONG_PROVIDER_IN_TRUST_POLICY,
                "NotPrincipal excludes the provider that issued this token",
            );
        }
    };
    if let Some(has) = set.federated.first() {
        // The closest of several: one with a typo rather than one for another cluster.
        let closest = set.federated.iter().filter_map(|has| provider_typo(has, request)).min();
        let text =
            closest.map(|(_, text)| text).unwrap_or_else(|| format!("{has:?} is not the provider of this token"));
        return Fault::new(&WRONG_PROVIDER_IN_TRUST_POLICY, text);
    }
    let names: Vec<&str> = set.others.iter().flat_map(|(_, names)| names).map(String::as_str).collect();
    if names.iter().any(|name| name.contains(":oidc-provider/")) {
        return Fault::new(
            &WRONG_PROVIDER_IN_TRUST_POLICY,
            "the provider's ARN is under \"AWS\"; it belongs under \"Federated\"",
        );
    }
    let whom = names.join(", ");
    Fault::new(
        &TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT,
        match names.contains(&"pods.eks.amazonaws.com") {
            true => "the role trusts EKS Pod Identity (pods.eks.amazonaws.com), which IRSA does not use".to_owned(),
            false => format!("the statement trusts {whom}, not an OIDC provider"),
        },
    )
}

/// How close a provider's ARN is to the right one (less is closer), and what is wrong with it.
fn provider_typo(has: &str, request: &Request) -> Option<(u8, String)> {
    let needs = request.provider_arn();
    if let Some(typo) = typo(has, &needs) {
        return Some((0, format!("the provider's ARN {typo}")));
    }
    let issuer = without_scheme(&request.issuer);
    let Some((prefix, named)) = has.split_once(":oidc-provider/") else {
        return Some(if has.contains(":saml-provider/") {
            (9, "the statement trusts a SAML provider, not an OIDC provider".to_owned())
        } else if without_scheme(has) == issuer {
            (0, "the principal is the issuer's URL; it must be the ARN of its OIDC provider".to_owned())
        } else if has.contains(['*', '?']) {
            (7, format!("a federated principal cannot have wildcards: {has:?} is compared literally"))
        } else {
            (8, format!("{has:?} is not the ARN of an OIDC provider"))
        });
    };
    if named.contains(['*', '?']) || prefix.contains(['*', '?']) {
        return Some((2, format!("a federated principal cannot have wildcards: {has:?} is compared literally")));
    }
    if named != issuer {
        return Some(match issuer_typo(named, issuer) {
            Some(text) => (2, format!("the provider's ARN {text}")),
            None => (7, format!("the provider's ARN is for another issuer, {named}")),
        });
    }
    let fields: Vec<&str> = prefix.split(':').collect();
    let (partition, account) = (request.role.partition.id(), request.role.account.as_str());
    match fields[..] {
        ["arn", other, "iam", "", _] if other != partition => {
            Some((1, format!("the provider's ARN is in partition {other:?}, the role is in {partition:?}")))
        }
        ["arn", _, "iam", "", other] if other != account => Some((
            1,
            format!(
                "the provider's ARN is in account {other:?}, the role is in {account}: a role can trust only providers of its own account"
            ),
        )),
        _ => Some((1, format!("the provider's ARN begins with {prefix:?}"))),
    }
}

fn action(actions: &Actions) -> Fault {
    let names = match actions {
        Actions::AllBut(_) => {
            return Fault::new(&TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT, format!("NotAction excludes {ACTION}"));
        }
        Actions::Only(names) => names,
    };
    let is = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let text = if is("sts:AssumeRole") {
        format!("the action is sts:AssumeRole, which is another API call; a web identity needs {ACTION}")
    } else if is("sts:AssumeRoleWithSAML") {
        format!("the action is sts:AssumeRoleWithSAML; a web identity needs {ACTION}")
    } else if let Some(typo) = names.iter().find_map(|name| typo(name, ACTION)) {
        format!("the action {typo}")
    } else {
        format!("the action is {}; a web identity needs {ACTION}", names.join(", "))
    };
    Fault::new(&TRUST_POLICY_LACKS_WEB_IDENTITY_STATEMENT, text)
}

fn condition(condition: &Condition, statement: &Statement, request: &Request) -> Fault {
    let issuer = without_scheme(&request.issuer);
    let (prefix, claim) = condition.key.rsplit_once(':').unwrap_or((&condition.key, ""));
    let meant = meant_claim(condition, request);
    if condition.key.trim_end_matches(':').eq_ignore_ascii_case(issuer) {
        return Fault::new(
            &CONDITION_KEY_WRONG_IN_TRUST_POLICY,
            "the key is only the issuer: :sub or :aud is missing at its end",
        );
    }
    if !prefix.eq_ignore_ascii_case(issuer) {
        return Fault::new(
            &CONDITION_KEY_WRONG_IN_TRUST_POLICY,
            foreign_key(condition, statement, prefix, claim, request),
        );
    }
    match (claim.to_ascii_lowercase().as_str(), meant) {
        ("aud", Some(("sub", _))) => Fault::new(
            &CONDITION_KEY_WRONG_IN_TRUST_POLICY,
            "the key ends in :aud, but its value is a subject: use :sub",
        ),
        ("sub", Some(("aud", _))) => Fault::new(
            &CONDITION_KEY_WRONG_IN_TRUST_POLICY,
            "the key ends in :sub, but its value is an audience: use :aud",
        ),
        ("sub", _) => subject(condition, request),
        ("aud", _) => audience(condition, request),
        (other, _) => Fault::new(
            &CONDITION_KEY_WRONG_IN_TRUST_POLICY,
            format!(
                "the key is the claim {other:?}, which is not a condition key for this token: only sub and aud are"
            ),
        ),
    }
}

/// The key does not begin with this token's issuer.
fn foreign_key(condition: &Condition, statement: &Statement, prefix: &str, claim: &str, request: &Request) -> String {
    let issuer = without_scheme(&request.issuer);
    let key = &condition.key;
    let own =
        |other: &Condition| other.key.rsplit_once(':').is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case(issuer));
    if key.eq_ignore_ascii_case("sts:ExternalId") {
        return "sts:ExternalId belongs to AssumeRole: AssumeRoleWithWebIdentity never has it".to_owned();
    }
    let lower = key.to_ascii_lowercase();
    if lower.starts_with("aws:requesttag/") || ["aws:tagkeys", "sts:transitivetagkeys"].contains(&&*lower) {
        return format!("{key} is of session tags: EKS Pod Identity passes some, a service account's token has none");
    }
    if let Some((_, named)) = prefix.split_once("oidc-provider/") {
        return match named.eq_ignore_ascii_case(issuer) {
            true => "the key begins with the provider's ARN; it must begin with the issuer's host".to_owned(),
            false => format!("the key begins with the ARN of the provider for another issuer, {named}"),
        };
    }
    if let Some(typo) = typo(prefix, issuer).or_else(|| issuer_typo(prefix, issuer)) {
        return match statement.conditions.iter().any(own) {
            true => format!(
                "the statement requires keys of two issuers ({prefix} and {issuer}), but a token has only one: each \
                 cluster needs its own statement"
            ),
            false => format!("the key {typo}"),
        };
    }
    match claim {
        "sub" | "aud" if statement.conditions.iter().any(own) => format!(
            "the statement requires keys of two issuers ({prefix} and {issuer}), but a token has only one: each needs \
             its own statement"
        ),
        "sub" | "aud" => format!("the key is for another issuer, {prefix}"),
        _ => format!("AssumeRoleWithWebIdentity has no condition key {key:?}"),
    }
}

fn subject(condition: &Condition, request: &Request) -> Fault {
    let needs = request.subject.as_str();
    let wildcard = condition.values.iter().find(|value| value.contains(['*', '?']));
    if let (Some(value), Test::Equal | Test::EqualIgnoringCase) = (wildcard, condition.operator.test)
        && !condition.operator.negated
        && Pattern::with_wildcards(value).matches(needs)
    {
        let operator = &condition.operator.name;
        let text = format!("{operator} compares {value:?} literally; a pattern needs StringLike");
        return Fault::new(&SUBJECT_WILDCARD_NEEDS_STRINGLIKE, text);
    }
    if condition.operator.negated {
        return Fault::new(
            &WRONG_SUBJECT_IN_TRUST_POLICY,
            format!("{} excludes this subject, {needs}", condition.operator.name),
        );
    }
    let typo = condition.values.iter().find_map(|value| subject_typo(value, needs));
    Fault::new(&WRONG_SUBJECT_IN_TRUST_POLICY, typo.unwrap_or_else(|| format!("no value of the condition is {needs}")))
}

fn audience(condition: &Condition, request: &Request) -> Fault {
    let has = condition.values.join(", ");
    let needs = request.seen_audience().join(", ");
    let text = if has == "sts.amazonaws.com.cn" {
        format!("the audience is sts.amazonaws.com in China too, not {has}; the token has {needs}")
    } else if let Some(typo) = typo(&has, &needs) {
        format!("the audience {typo}")
    } else if has == "pods.eks.amazonaws.com" {
        format!("{has} is the audience of EKS Pod Identity; the token has {needs}")
    } else {
        format!("the policy requires the audience {has}, the token has {needs}")
    };
    Fault::new(&WRONG_AUD_CONDITION_IN_TRUST_POLICY, text)
}
