//! What people get wrong in trust policies, named by what the policy holds and what the token needs.

use super::condition::{Condition, Test};
use super::document::{Actions, Principals, Statement};
use super::evaluate::Mismatch;
use super::pattern::Pattern;
use super::request::{ACTION, Request};
use super::slip::{issuer_slip, meant_subject, slip_of_typing, subject_slip};
use crate::aws::arn::without_scheme;

/// A named mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The public name of the fault, as in reports.
    pub code: &'static str,
    /// What is wrong, in a clause with the values seen.
    pub text: String,
}

const SUBJECT: &str = "wrong-subject-in-trust-policy";
const WILDCARD: &str = "subject-wildcard-needs-stringlike";
const KEY: &str = "condition-key-wrong-in-trust-policy";
const AUDIENCE: &str = "wrong-aud-condition-in-trust-policy";
const PROVIDER: &str = "wrong-provider-in-trust-policy";
const STATEMENT: &str = "trust-policy-lacks-web-identity-statement";
const DENY: &str = "explicit-deny-in-trust-policy";

impl Mistake {
    fn new(code: &'static str, text: impl Into<String>) -> Mistake {
        Mistake { code, text: text.into() }
    }

    pub(super) fn explicit_deny() -> Mistake {
        Mistake::new(DENY, "a Deny statement of the policy is about this very call, and Deny beats every Allow")
    }

    pub(super) fn no_statement() -> Mistake {
        Mistake::new(STATEMENT, format!("the policy has no statement that allows {ACTION}"))
    }
}

/// Names the mistake behind the first mismatch of an `Allow` statement.
pub(super) fn name(mismatch: &Mismatch, statement: &Statement, request: &Request) -> Mistake {
    match mismatch {
        Mismatch::Principal { .. } => principal(&statement.principals, request),
        Mismatch::Action { .. } => action(&statement.actions),
        Mismatch::Condition { operator, key, .. } => {
            let of_mismatch = |c: &&Condition| c.operator.name == *operator && c.key == *key;
            match statement.conditions.iter().find(of_mismatch) {
                Some(found) => condition(found, statement, request),
                None => Mistake::no_statement(),
            }
        }
    }
}

fn principal(principals: &Principals, request: &Request) -> Mistake {
    let set = match principals {
        Principals::Only(set) => set,
        Principals::AllBut(_) => {
            return Mistake::new(PROVIDER, "NotPrincipal leaves out the very provider that this token comes from");
        }
    };
    if let Some(has) = set.federated.first() {
        // The nearest of several: the one with a slip rather than one of another cluster.
        let slips = set.federated.iter().filter_map(|has| provider_slip(has, request)).min();
        let text = slips.map(|(_, text)| text).unwrap_or_else(|| format!("{has:?} is not the provider of this token"));
        return Mistake::new(PROVIDER, text);
    }
    let names: Vec<&str> = set.others.iter().flat_map(|(_, names)| names).map(String::as_str).collect();
    if names.iter().any(|name| name.contains(":oidc-provider/")) {
        return Mistake::new(PROVIDER, "the provider's ARN stands under \"AWS\"; it belongs under \"Federated\"");
    }
    let whom = names.join(", ");
    Mistake::new(
        STATEMENT,
        match names.contains(&"pods.eks.amazonaws.com") {
            true => {
                "the role is made for EKS Pod Identity (pods.eks.amazonaws.com), which IRSA does not use".to_owned()
            }
            false => format!("the statement trusts {whom}, not an OIDC provider"),
        },
    )
}

/// How near a provider's ARN is to the right one (less is nearer), and what is wrong with it.
fn provider_slip(has: &str, request: &Request) -> Option<(u8, String)> {
    let needs = request.provider_arn();
    if let Some(slip) = slip_of_typing(has, &needs) {
        return Some((0, format!("the provider's ARN {slip}")));
    }
    let issuer = without_scheme(&request.issuer);
    let Some((prefix, named)) = has.split_once(":oidc-provider/") else {
        return Some(if has.contains(":saml-provider/") {
            (9, "the statement trusts a SAML provider, not an OIDC provider".to_owned())
        } else if without_scheme(has) == issuer {
            (0, "the issuer's URL stands where the ARN of its IAM provider is needed".to_owned())
        } else if has.contains(['*', '?']) {
            (7, format!("wildcards have no meaning in a federated principal: {has:?} is taken as it stands"))
        } else {
            (8, format!("{has:?} is not the ARN of an OIDC provider"))
        });
    };
    if named.contains(['*', '?']) || prefix.contains(['*', '?']) {
        return Some((2, format!("wildcards have no meaning in a federated principal: {has:?} is taken as it stands")));
    }
    if named != issuer {
        return Some(match issuer_slip(named, issuer) {
            Some(text) => (2, format!("the provider's ARN {text}")),
            None => (7, format!("the provider's ARN is that of another issuer, {named}")),
        });
    }
    let fields: Vec<&str> = prefix.split(':').collect();
    let (partition, account) = (request.role.partition.id(), request.role.account.as_str());
    match fields[..] {
        ["arn", other, "iam", "", _] if other != partition => {
            Some((1, format!("the provider's ARN is of partition {other:?}, the role's is {partition:?}")))
        }
        ["arn", _, "iam", "", other] if other != account => Some((
            1,
            format!(
                "the provider's ARN is of account {other:?}, the role is in {account}: a role trusts only providers of its own account"
            ),
        )),
        _ => Some((1, format!("the provider's ARN begins with {prefix:?}"))),
    }
}

fn action(actions: &Actions) -> Mistake {
    let names = match actions {
        Actions::AllBut(_) => return Mistake::new(STATEMENT, format!("NotAction leaves out {ACTION}")),
        Actions::Only(names) => names,
    };
    let is = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let text = if is("sts:AssumeRole") {
        format!("the action is sts:AssumeRole, which is another call; a web identity needs {ACTION}")
    } else if is("sts:AssumeRoleWithSAML") {
        format!("the action is sts:AssumeRoleWithSAML; a web identity needs {ACTION}")
    } else if let Some(slip) = names.iter().find_map(|name| slip_of_typing(name, ACTION)) {
        format!("the action {slip}")
    } else {
        format!("the action is {}; a web identity needs {ACTION}", names.join(", "))
    };
    Mistake::new(STATEMENT, text)
}

fn condition(condition: &Condition, statement: &Statement, request: &Request) -> Mistake {
    let issuer = without_scheme(&request.issuer);
    let (prefix, claim) = condition.key.rsplit_once(':').unwrap_or((&condition.key, ""));
    let meant = meant_claim(condition, request);
    if condition.key.trim_end_matches(':').eq_ignore_ascii_case(issuer) {
        return Mistake::new(KEY, "the key is the issuer alone: :sub or :aud is missing at its end");
    }
    if !prefix.eq_ignore_ascii_case(issuer) {
        return Mistake::new(KEY, foreign_key(condition, statement, prefix, claim, request));
    }
    match (claim.to_ascii_lowercase().as_str(), meant) {
        ("aud", Some(("sub", _))) => {
            Mistake::new(KEY, "the key ends in :aud where :sub is meant: its value is a subject")
        }
        ("sub", Some(("aud", _))) => {
            Mistake::new(KEY, "the key ends in :sub where :aud is meant: its value is an audience")
        }
        ("sub", _) => subject(condition, request),
        ("aud", _) => audience(condition, request),
        (other, _) => Mistake::new(
            KEY,
            format!(
                "the key asks for the claim {other:?}, which IAM does not see in this token: only sub and aud are keys"
            ),
        ),
    }
}

/// The claim that a condition is about, by its values before its key, and what this token has for it.
pub(super) fn meant_claim(condition: &Condition, request: &Request) -> Option<(&'static str, String)> {
    let audience = request.seen_audience();
    let is_subject = |value: &String| value.starts_with("system:serviceaccount:") || *value == request.subject;
    let is_audience = |value: &String| audience.contains(value) || looks_like_audience(value);
    let claim = if condition.operator.negated || condition.operator.test == Test::Null {
        return None;
    } else if condition.values.iter().any(is_subject) {
        "sub"
    } else if condition.values.iter().any(is_audience) {
        "aud"
    } else {
        match condition.key.rsplit_once(':')?.1.to_ascii_lowercase().as_str() {
            "sub" => "sub",
            "aud" => "aud",
            _ => return None,
        }
    };
    let value = match claim {
        "sub" => meant_subject(&condition.values, &request.subject),
        _ => request.main_audience(),
    };
    Some((claim, value))
}

fn looks_like_audience(value: &str) -> bool {
    let host = value.trim_start_matches("https://");
    host.starts_with("sts.") && host.contains("amazonaws") || host == "pods.eks.amazonaws.com"
}

/// The key does not begin with this token's issuer.
fn foreign_key(condition: &Condition, statement: &Statement, prefix: &str, claim: &str, request: &Request) -> String {
    let issuer = without_scheme(&request.issuer);
    let key = &condition.key;
    let own =
        |other: &Condition| other.key.rsplit_once(':').is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case(issuer));
    if key.eq_ignore_ascii_case("sts:ExternalId") {
        return "sts:ExternalId belongs to AssumeRole: a call with a web identity never has it".to_owned();
    }
    if let Some((_, named)) = prefix.split_once("oidc-provider/") {
        return match named.eq_ignore_ascii_case(issuer) {
            true => "the key is the provider's ARN; it must begin with the issuer's host".to_owned(),
            false => format!("the key is a provider's ARN, of another issuer at that: {named}"),
        };
    }
    if let Some(slip) = slip_of_typing(prefix, issuer).or_else(|| issuer_slip(prefix, issuer)) {
        return match statement.conditions.iter().any(own) {
            true => format!(
                "the statement asks for keys of two issuers at once ({prefix} beside {issuer}), and a token has only \
                 one: each cluster needs a statement of its own"
            ),
            false => format!("the key {slip}"),
        };
    }
    match claim {
        "sub" | "aud" if statement.conditions.iter().any(own) => format!(
            "the statement asks for keys of two issuers at once ({prefix} beside {issuer}), and a token has only one: \
             each needs a statement of its own"
        ),
        "sub" | "aud" => format!("the key is of another issuer, {prefix}"),
        _ => format!("the key {key:?} is not part of a call with a web identity"),
    }
}

fn subject(condition: &Condition, request: &Request) -> Mistake {
    let needs = request.subject.as_str();
    let wildcard = condition.values.iter().find(|value| value.contains(['*', '?']));
    if let (Some(value), Test::Equal | Test::EqualIgnoringCase) = (wildcard, condition.operator.test)
        && !condition.operator.negated
        && Pattern::with_wildcards(value).matches(needs)
    {
        let operator = &condition.operator.name;
        let text = format!("{value:?} under {operator} is compared letter by letter; as a pattern it needs StringLike");
        return Mistake::new(WILDCARD, text);
    }
    if condition.operator.negated {
        return Mistake::new(SUBJECT, format!("{} shuts out this very subject, {needs}", condition.operator.name));
    }
    let slip = condition.values.iter().find_map(|value| subject_slip(value, needs));
    Mistake::new(SUBJECT, slip.unwrap_or_else(|| format!("no value of the condition is {needs}")))
}

fn audience(condition: &Condition, request: &Request) -> Mistake {
    let has = condition.values.join(", ");
    let needs = request.seen_audience().join(", ");
    let text = if has == "sts.amazonaws.com.cn" {
        format!("the audience is sts.amazonaws.com in China too, not {has}; the token has {needs}")
    } else if let Some(slip) = slip_of_typing(&has, &needs) {
        format!("the audience {slip}")
    } else if has == "pods.eks.amazonaws.com" {
        format!("{has} is the audience of EKS Pod Identity; the token has {needs}")
    } else {
        format!("the policy wants the audience {has}, the token has {needs}")
    };
    Mistake::new(AUDIENCE, text)
}
