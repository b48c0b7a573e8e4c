//! How a text differs from the one that is needed, when the difference is one that people make.

use super::pattern::Pattern;
use super::request::Request;
use crate::aws::arn::without_scheme;
use crate::aws::partition::Partition;

/// What is wrong with a text that would be right without it, in a clause that follows "the ...".
pub(super) fn slip_of_typing(has: &str, needs: &str) -> Option<String> {
    let invisible = |c: char| c.is_whitespace() || c.is_control() || "\u{200b}\u{200c}\u{200d}\u{feff}".contains(c);
    let quotes = |c: char| "\u{201c}\u{201d}\u{2018}\u{2019}\"'".contains(c);
    let bare = has.trim_start_matches("https://").trim_start_matches("http://");
    if has == needs {
        None
    } else if has.trim() == needs {
        Some("has white space around it".to_owned())
    } else if has.replace(invisible, "") == needs {
        Some("holds white space or an invisible character".to_owned())
    } else if has.replace(quotes, "") == needs {
        Some("holds quotes that are part of the value".to_owned())
    } else if has.trim_end_matches('/') == needs {
        Some("ends in a slash too many".to_owned())
    } else if has.eq_ignore_ascii_case(needs) {
        Some("differs in upper and lower case".to_owned())
    } else if bare == needs {
        Some("begins with https://, which IAM leaves off".to_owned())
    } else if has.replacen("/https://", "/", 1) == needs {
        Some("holds https://, which IAM leaves off".to_owned())
    } else {
        None
    }
}

/// What is wrong with an issuer (no scheme), in a clause that follows "the ...".
pub(super) fn issuer_slip(has: &str, needs: &str) -> Option<String> {
    if let Some(slip) = slip_of_typing(has, needs) {
        return Some(slip);
    }
    let (host, path) = has.split_once('/').unwrap_or((has, ""));
    let (right_host, right_path) = needs.split_once('/').unwrap_or((needs, ""));
    let region = region_of(host);
    let right_region = region_of(right_host)?;
    let swapped = region.is_some_and(|region| host.starts_with(&format!("oidc.{region}.eks.")));
    if swapped {
        Some(format!("has region and \"eks\" the wrong way round: {host}, not {right_host}"))
    } else if path == right_path && !path.is_empty() {
        Some(match region {
            Some(region) if region != right_region => {
                format!("names the region {region}; the token's issuer is in {right_region}")
            }
            _ if host.ends_with(".api.aws") || right_host.ends_with(".api.aws") => {
                format!(
                    "has the host {host}, the token's issuer is {right_host}: dual-stack and ordinary host are two issuers"
                )
            }
            _ if Partition::of_host(host) != Partition::of_host(right_host) => {
                format!("has the host {host} of another partition; the token's issuer is {right_host}")
            }
            _ => format!("has the host {host}; the token's issuer is {right_host}"),
        })
    } else if path.starts_with(right_path) && host == right_host {
        Some(format!("has something behind the issuer: {has}"))
    } else if region.is_some() && host.contains("eks") {
        Some(match region == Some(right_region) {
            true => format!("is of another cluster in {right_region}: {has}, not {needs}"),
            false => format!("is of a cluster in another region: {has}, not {needs}"),
        })
    } else {
        None
    }
}

/// Whether the name of a federated principal can be that of no token for the role, or of this token alone.
pub(super) fn is_provider_of_nobody(has: &str, request: &Request) -> bool {
    let (needs, issuer) = (request.provider_arn(), without_scheme(&request.issuer));
    if slip_of_typing(has, &needs).is_some() || has.contains(['*', '?']) {
        return true;
    }
    let Some((prefix, named)) = has.split_once(":oidc-provider/") else { return without_scheme(has) == issuer };
    // A role trusts only providers of its own account.
    if !needs.starts_with(&format!("{prefix}:oidc-provider/")) || slip_of_typing(named, issuer).is_some() {
        return true;
    }
    let (host, path) = named.split_once('/').unwrap_or((named, ""));
    let (right_host, right_path) = issuer.split_once('/').unwrap_or((issuer, ""));
    let is_swapped = region_of(host).is_some_and(|region| host.starts_with(&format!("oidc.{region}.eks.")));
    // The id of a cluster is the same at no other host.
    let is_same_cluster = path.starts_with("id/") && path == right_path;
    is_swapped || is_same_cluster || host == right_host && !right_path.is_empty() && path.starts_with(right_path)
}

/// What the author of a condition with these values would have written for this subject. Patterns stay patterns: a name
/// that is generated differs after the next release.
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

/// `provider-aws` of `provider-aws-6b36ca882d8e`: a hash behind the last dash, as Crossplane and others make it.
fn without_generated_suffix(name: &str) -> Option<&str> {
    let (stem, hash) = name.rsplit_once('-')?;
    let is_hash = hash.len() >= 8
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        && hash.bytes().any(|byte| byte.is_ascii_digit());
    is_hash.then_some(stem)
}

/// The label of a host that is a region's name.
fn region_of(host: &str) -> Option<&str> {
    host.split('.').find(|label| Partition::of_region(label).is_some())
}

/// What is wrong with a service account's subject, in a clause of its own.
pub(super) fn subject_slip(has: &str, needs: &str) -> Option<String> {
    if let Some(slip) = slip_of_typing(has, needs) {
        return Some(format!("the subject {slip}"));
    }
    let (namespace, account) = needs.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let Some(rest) = has.strip_prefix("system:serviceaccount:") else {
        let bare = [format!("{namespace}:{account}"), format!("{namespace}/{account}"), account.to_owned()];
        return Some(match bare.iter().any(|bare| bare == has) {
            true => format!("the subject {has:?} lacks \"system:serviceaccount:\" before NAMESPACE:NAME"),
            false => format!("the policy names {has:?}, which is no service account"),
        });
    };
    let takes = |pattern: &str, text: &str| Pattern::with_wildcards(pattern).matches(text);
    Some(match rest.split_once(':') {
        Some((n, a)) if (n, a) == (account, namespace) => "namespace and service account are swapped".to_owned(),
        Some((n, a)) if takes(a, account) => {
            format!("the policy names the namespace {n:?}, the pod is in {namespace:?}")
        }
        Some((n, a)) if takes(n, namespace) => {
            format!("the policy names the service account {a:?}, the pod uses {account:?}")
        }
        Some((n, a)) => format!("the policy names {n}/{a}, the pod uses {namespace}/{account}"),
        None => format!("the subject {has:?} has no colon between namespace and service account"),
    })
}
