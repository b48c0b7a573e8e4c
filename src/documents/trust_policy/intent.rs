//! What the author of a policy meant: the claim, subject or provider behind a value that does not match.

use super::condition::Condition;
use super::operator::Test;
use super::pattern::Pattern;
use super::request::Request;
use super::typo::{region_of, typo};
use crate::aws::arn::without_scheme;

/// The claim that a condition is meant to test, and the value that it needs for this token. The condition's values decide
/// before its key.
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

/// The value for this subject in the style of a condition with these values. Patterns remain patterns, because a generated
/// name changes with the next release.
pub(super) fn meant_subject(values: &[String], subject: &str) -> String {
    const PREFIX: &str = "system:serviceaccount:";
    let fits = |pattern: &str, text: &str| Pattern::with_wildcards(pattern).matches(text);
    let is_pattern = |value: &str| value.contains(['*', '?']);
    let patterns = || values.iter().filter(|value| is_pattern(value));
    let Some(pattern) = patterns().find(|pattern| fits(pattern, subject)).or(patterns().next()) else {
        return subject.to_owned();
    };
    if fits(pattern, subject) {
        return pattern.clone();
    }
    let halves = |text: &str| {
        let (namespace, account) = text.strip_prefix(PREFIX)?.split_once(':')?;
        Some((namespace.to_owned(), account.to_owned()))
    };
    let (Some((namespace, account)), Some((of_pod, name))) = (halves(pattern), halves(subject)) else {
        return subject.to_owned();
    };
    let namespace = if fits(&namespace, &of_pod) { namespace } else { of_pod };
    let account = match is_pattern(&account) {
        _ if fits(&account, &name) => account,
        true => without_generated_suffix(&name).map_or_else(|| name.clone(), |stem| format!("{stem}-*")),
        false => name,
    };
    format!("{PREFIX}{namespace}:{account}")
}

/// `provider-aws` for `provider-aws-6b36ca882d8e`: Crossplane and others append a hash after the last dash.
fn without_generated_suffix(name: &str) -> Option<&str> {
    let (stem, hash) = name.rsplit_once('-')?;
    let is_hash = hash.len() >= 8
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        && hash.bytes().any(|byte| byte.is_ascii_digit());
    is_hash.then_some(stem)
}

/// Whether a federated principal matches no token that can assume the role, or was meant for this token alone. Changing it
/// then takes the role from nobody.
pub(super) fn serves_no_other_provider(has: &str, request: &Request) -> bool {
    let (needs, issuer) = (request.provider_arn(), without_scheme(&request.issuer));
    if typo(has, &needs).is_some() || has.contains(['*', '?']) {
        return true;
    }
    let Some((prefix, named)) = has.split_once(":oidc-provider/") else { return without_scheme(has) == issuer };
    // A role can trust only providers of its own account.
    if !needs.starts_with(&format!("{prefix}:oidc-provider/")) || typo(named, issuer).is_some() {
        return true;
    }
    let (host, path) = named.split_once('/').unwrap_or((named, ""));
    let (right_host, right_path) = issuer.split_once('/').unwrap_or((issuer, ""));
    let is_swapped = region_of(host).is_some_and(|region| host.starts_with(&format!("oidc.{region}.eks.")));
    // A cluster ID exists at one host only.
    let is_same_cluster = path.starts_with("id/") && path == right_path;
    is_swapped || is_same_cluster || host == right_host && !right_path.is_empty() && path.starts_with(right_path)
}
