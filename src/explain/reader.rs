//! Reads facts out of a pasted text: variables, claims, ARNs, hosts and addresses, in whatever notation.

mod provider;

use crate::aws::arn::RoleArn;
use crate::aws::partition::Partition;
use crate::causes::{Facts, VariableState, WEB_IDENTITY};
use crate::probe::evidence::Mechanism;
use provider::{SUBJECT, issuer_in, subject_in};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

/// The facts that hold for the whole text.
pub(super) fn read(text: &str) -> Facts {
    let claim = value(text, &["iss", "issuer"]).filled().filter(|issuer| issuer.contains("://"));
    let asked_for = after(text, "provider found in your account for ").filter(|issuer| issuer.contains("://"));
    let issuer = claim.or(asked_for);
    let issuer = issuer.or_else(|| issuer_in(token_with(text, "oidc.eks.")?));
    let subject = value(text, &["sub"]).filled().or_else(|| subject_in(token_with(text, SUBJECT)?));
    let role_variable = value(text, &["AWS_ROLE_ARN", "AWS_IAM_ROLE_ARN"]);
    let role = role_variable.filled().or_else(|| token_with(text, ":role/"));
    // OpenSearch names the role of a session, and not the session.
    let role_that_called = || after(text, "User [name=").filter(|name| name.contains(":role/"));
    let caller = token_with(text, "assumed-role/").or_else(|| token_with(text, ":user/")).or_else(role_that_called);
    let any = |names: &[&str]| value(text, names).filled().is_some();
    Facts {
        role: role.and_then(|role| RoleArn::parse(role).ok()),
        role_variable: role_variable.state(),
        file_variable: value(text, &["AWS_WEB_IDENTITY_TOKEN_FILE"]).state(),
        issuer: issuer.map(|issuer| trimmed(issuer).to_owned()),
        subject: subject.map(|subject| trimmed(subject).to_owned()),
        audience: audience(text),
        token_path: value(text, &["AWS_WEB_IDENTITY_TOKEN_FILE"]).filled().map(str::to_owned),
        region: region(text).map(str::to_owned),
        proxy: any(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]).then_some(true),
        static_keys: !matches!(
            value(text, &["AWS_ACCESS_KEY_ID"]).state(),
            VariableState::Unknown | VariableState::Missing
        ),
        mechanism: mechanism(text),
        windows: value(text, &["os", "OS"]).filled().is_some_and(|os| os.to_ascii_lowercase().starts_with("windows")),
        caller: caller.map(str::to_owned),
        ..Facts::default()
    }
}

/// What a text has to do with STS around one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// A host of STS is named.
    Sts(String),
    /// The nearest host is the agent of EKS Pod Identity.
    Agent,
    /// The nearest host is another one of AWS.
    OtherAws,
    OtherHost,
    /// No host; words of web identity or STS are near.
    Words,
    Nothing,
}

/// `text` is lower case.
pub(super) fn context(text: &str, place: &Range<usize>) -> Context {
    let nearby = around(text, place, 300, 200);
    let offset = nearby.as_ptr() as usize - text.as_ptr() as usize;
    let hosts: Vec<(usize, &str)> = hosts(nearby).map(|(at, host)| (at + offset, host)).collect();
    let before = hosts.iter().rev().find(|(at, _)| *at < place.start);
    let behind = hosts.iter().find(|(_, host)| is_sts(host));
    match before.or(behind).or(hosts.first()).map(|(_, host)| *host) {
        Some(host) if is_sts(host) => Context::Sts(host.to_owned()),
        Some(AGENT_V4 | AGENT_V6) => Context::Agent,
        Some(host) if is_aws(host) => Context::OtherAws,
        Some(_) => Context::OtherHost,
        None if WORDS.iter().any(|word| nearby.contains(word))
            || STS_WORDS.iter().any(|word| has_word(nearby, word)) =>
        {
            Context::Words
        }
        None => Context::Nothing,
    }
}

/// Whether a host of STS is named near a place, whatever else is.
pub(super) fn is_about_sts(text: &str, place: &Range<usize>) -> bool {
    hosts(around(text, place, 300, 200)).any(|(_, host)| is_sts(host))
}

/// Whether an AWS SDK speaks near a place.
pub(super) fn is_of_an_sdk(text: &str, place: &Range<usize>) -> bool {
    let nearby = around(text, place, 300, 200);
    let names = ["botocore.", "awssdk.", "com.amazonaws.", "aws-sdk", "amazon.runtime.", "aws_config::", "aws_smithy"];
    names.iter().any(|name| nearby.contains(name))
}

/// Whether a task of ECS speaks: its address is named, and not only as one that an SDK allows beside the agent's.
pub(super) fn is_of_ecs(text: &str) -> bool {
    let names = |address: &str| text.split(|c: char| !c.is_ascii_digit() && c != '.').any(|word| word == address);
    names("169.254.170.2") && !names(AGENT_V4) && !text.contains(AGENT_V6)
}

/// The first address near a place that is not a name server's.
pub(super) fn address(text: &str, place: &Range<usize>) -> Option<IpAddr> {
    let tokens = around(text, place, 200, 100).split([' ', '"', '\'', '>', '<', '(', ')', '[', ']', '/', ',', '=']);
    tokens.map(|token| token.trim_end_matches([':', '.', ';'])).find_map(|token| match token.parse::<SocketAddr>() {
        Ok(address) if address.port() == 53 => None,
        Ok(address) => Some(address.ip()),
        Err(_) => token.parse().ok().filter(|_| token.len() > 6),
    })
}

/// The text around a place, cut at characters.
fn around<'t>(text: &'t str, place: &Range<usize>, before: usize, after: usize) -> &'t str {
    let start = text.floor_char_boundary(place.start.saturating_sub(before));
    let end = text.ceil_char_boundary(text.len().min(place.end + after));
    &text[start..end]
}

/// What begins like the ends of other words.
const STS_WORDS: &[&str] = &["sts:", "sts ", "sts/", "stsexception"];

/// Whether a text has a word, which may go on: `sts:` is in `perform: sts:AssumeRole` and not in `hosts: a`.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(|before: char| before.is_ascii_alphanumeric()))
}

const WORDS: &[&str] = &[
    "webidentity",
    "web identity",
    "web_identity",
    "web-identity",
    "securitytoken",
    "service: sts",
    "getcalleridentity",
    "get-caller-identity",
    "assumerole",
];

/// Host names: those of AWS and the agent's addresses wherever they stand, others where a URL or a connection shows them.
fn hosts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut at = 0;
    text.split(move |c| !is_part(c)).filter_map(move |token| {
        let start = at;
        at += token.len() + text[at + token.len()..].chars().next().map_or(0, char::len_utf8);
        let before = &text[..start];
        if text[start..].starts_with(AGENT_V6) {
            return Some((start, AGENT_V6));
        }
        let host = token.trim_end_matches('.');
        let in_url = before.ends_with("://") && !host.is_empty();
        let is_peer = host.contains('.') && ["connect to ", "connecting to "].iter().any(|to| before.ends_with(to));
        let documentation = host.starts_with("docs.") || host.ends_with("github.com") || host.ends_with("github.io");
        (!documentation && (is_aws(host) || host == AGENT_V4 || in_url || is_peer)).then_some((start, host))
    })
}

/// The agent's addresses.
const AGENT_V4: &str = "169.254.170.23";
const AGENT_V6: &str = "fd00:ec2::23";

/// What the pod has its role by, if the text shows it. The names of the webhook are those of both mechanisms.
fn mechanism(text: &str) -> Option<Mechanism> {
    let text = text.to_ascii_lowercase();
    let names = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let pod_identity = [
        AGENT_V4,
        AGENT_V6,
        "pods.eks.amazonaws.com",
        "eks-pod-identity-token",
        "eks-pod-identity-agent",
        "assumeroleforpodidentity",
        "eks does not have permissions to assume",
        "service account role association",
        "service account token failed",
        "service account token cannot be",
        "eks auth",
    ];
    // As the agent passes on what EKS answered: `[REQUEST-ID]: (CODE): MESSAGE`.
    let is_of_the_agent = names(&pod_identity) || names(&["]: ("]) && names(&["exception): "]);
    match (is_of_the_agent, names(WEB_IDENTITY)) {
        (true, false) => Some(Mechanism::PodIdentity),
        (false, true) => Some(Mechanism::Irsa),
        _ => None,
    }
}

fn is_aws(host: &str) -> bool {
    // A cluster's own endpoint has the cluster's own certificate, and Java's packages are no hosts.
    let is_other = host.ends_with(".eks.amazonaws.com") || host.starts_with("com.amazonaws.");
    let is_of_aws = || Partition::of_host(host).is_some() || is_sts(host) || host.contains(".amazonaws.");
    host.contains('.') && !is_other && is_of_aws()
}

fn is_sts(host: &str) -> bool {
    host.starts_with("sts.") && host.len() > 4
        || host.contains("amazonaws") && host.split('.').any(|label| matches!(label, "sts" | "sts-fips"))
}

/// The value of a name in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value<'t> {
    NotThere,
    Null,
    Text(&'t str),
}

impl<'t> Value<'t> {
    fn filled(self) -> Option<&'t str> {
        match self {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    fn state(self) -> VariableState {
        match self {
            Value::NotThere => VariableState::Unknown,
            Value::Null => VariableState::Missing,
            Value::Text("") => VariableState::Empty,
            Value::Text(_) => VariableState::Set,
        }
    }
}

/// `NAME=value`, `"name": "value"`, `name => value`, `name: value`; the first of `names` that has one.
fn value<'t>(text: &'t str, names: &[&str]) -> Value<'t> {
    let found = names.iter().find_map(|name| {
        text.match_indices(name).take(64).find_map(|(at, _)| {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-')) {
                return None;
            }
            let rest = text[at + name.len()..].trim_start_matches(['"', '\'']).trim_start();
            let rest = rest.strip_prefix("=>").or_else(|| rest.strip_prefix(['=', ':']))?;
            Some(bare_or_quoted(rest.trim_start()))
        })
    });
    found.unwrap_or(Value::NotThere)
}

fn bare_or_quoted(rest: &str) -> Value<'_> {
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => Value::Text(rest[1..].split(quote).next().unwrap_or_default()),
        _ => match rest.split([' ', ',', '}', ']', ')', ';', '"', '\'']).next().unwrap_or_default() {
            "null" | "nil" | "None" | "undefined" => Value::Null,
            text => Value::Text(text),
        },
    }
}

/// What is said to be the region, else the first one named at all.
fn region(text: &str) -> Option<&str> {
    let named = || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').find(|word| is_region(word));
    value(text, &["AWS_REGION", "AWS_DEFAULT_REGION", "region"])
        .filled()
        .filter(|region| is_region(region))
        .or_else(named)
}

fn is_region(word: &str) -> bool {
    // Every other word of a log comes by here, and nearly none ends as regions do.
    word.ends_with(|end: char| end.is_ascii_digit())
        && Partition::of_region(word).is_some_and(|partition| partition.knows_region(word))
}

/// `"aud": "a"`, `"aud": ["a", "b"]`, `aud=a`.
fn audience(text: &str) -> Option<Vec<String>> {
    match value(text, &["aud", "audience"]) {
        Value::NotThere => None,
        Value::Null => Some(Vec::new()),
        Value::Text(list) if list.starts_with('[') || list.is_empty() => {
            let (_, after) = text.split_once("aud")?;
            let (_, list) = after.split_once('[')?;
            let list = list.split(']').next().unwrap_or_default();
            Some(list.split(',').map(|one| trimmed(one).to_owned()).filter(|one| !one.is_empty()).collect())
        }
        Value::Text(one) => Some(vec![one.to_owned()]),
    }
}

/// The word after a phrase.
fn after<'t>(text: &'t str, phrase: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(phrase)?;
    Some(trimmed(rest.split([' ', '<', '"', '\'', ',', ')']).next()?)).filter(|word| !word.is_empty())
}

/// The word that holds a phrase.
fn token_with<'t>(text: &'t str, phrase: &str) -> Option<&'t str> {
    let at = text.find(phrase)?;
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | '(' | ')' | '[' | ']' | '{' | '}' | ';' | '=')
    };
    let start = text[..at].rfind(ends).map_or(0, |end| end + text[end..].chars().next().map_or(1, char::len_utf8));
    let rest = &text[start..];
    Some(trimmed(rest.split(ends).next()?)).filter(|word| !word.is_empty())
}

fn trimmed(word: &str) -> &str {
    word.trim_matches([' ', '"', '\'', '.', ',', ':', '`'])
}

#[cfg(test)]
mod tests;
