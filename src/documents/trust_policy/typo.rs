//! Common typos: how a value differs from the one that is needed.

use super::pattern::Pattern;
use crate::aws::partition::Partition;

/// What is wrong with a value that is otherwise right, in a clause that follows "the ...".
pub(super) fn typo(has: &str, needs: &str) -> Option<String> {
    let invisible = |c: char| c.is_whitespace() || c.is_control() || "\u{200b}\u{200c}\u{200d}\u{feff}".contains(c);
    let quotes = |c: char| "\u{201c}\u{201d}\u{2018}\u{2019}\"'".contains(c);
    let bare = has.trim_start_matches("https://").trim_start_matches("http://");
    if has == needs {
        None
    } else if has.trim() == needs {
        Some("has white space around it".to_owned())
    } else if has.replace(invisible, "") == needs {
        Some("contains white space or an invisible character".to_owned())
    } else if has.replace(quotes, "") == needs {
        Some("contains quotes that are part of the value".to_owned())
    } else if has.trim_end_matches('/') == needs {
        Some("ends with an extra slash".to_owned())
    } else if has.eq_ignore_ascii_case(needs) {
        Some("differs in upper and lower case".to_owned())
    } else if bare == needs {
        Some("begins with https://, which IAM omits".to_owned())
    } else if has.replacen("/https://", "/", 1) == needs {
        Some("contains https://, which IAM omits".to_owned())
    } else {
        None
    }
}

/// What is wrong with an issuer (no scheme), in a clause that follows "the ...".
pub(super) fn issuer_typo(has: &str, needs: &str) -> Option<String> {
    if let Some(typo) = typo(has, needs) {
        return Some(typo);
    }
    let (host, path) = has.split_once('/').unwrap_or((has, ""));
    let (right_host, right_path) = needs.split_once('/').unwrap_or((needs, ""));
    let region = region_of(host);
    let right_region = region_of(right_host)?;
    let swapped = region.is_some_and(|region| host.starts_with(&format!("oidc.{region}.eks.")));
    if swapped {
        Some(format!("has the region and \"eks\" in the wrong order: {host}, not {right_host}"))
    } else if path == right_path && !path.is_empty() {
        Some(match region {
            Some(region) if region != right_region => {
                format!("names the region {region}; the token's issuer is in {right_region}")
            }
            _ if host.ends_with(".api.aws") || right_host.ends_with(".api.aws") => {
                format!(
                    "has the host {host}; the token's issuer is {right_host}: the dual-stack host and the standard host are different issuers"
                )
            }
            _ if Partition::of_host(host) != Partition::of_host(right_host) => {
                format!("has the host {host}, which is in another partition; the token's issuer is {right_host}")
            }
            _ => format!("has the host {host}; the token's issuer is {right_host}"),
        })
    } else if path.starts_with(right_path) && host == right_host {
        Some(format!("continues after the issuer: {has}"))
    } else if region.is_some() && host.contains("eks") {
        Some(match region == Some(right_region) {
            true => format!("is for another cluster in {right_region}: {has}, not {needs}"),
            false => format!("is for a cluster in another region: {has}, not {needs}"),
        })
    } else {
        None
    }
}

/// The label of a host that is a region name.
pub(super) fn region_of(host: &str) -> Option<&str> {
    host.split('.').find(|label| Partition::of_region(label).is_some())
}

/// What is wrong with the subject of a service account, as a clause.
pub(super) fn subject_typo(has: &str, needs: &str) -> Option<String> {
    if let Some(typo) = typo(has, needs) {
        return Some(format!("the subject {typo}"));
    }
    let (namespace, account) = needs.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let Some(rest) = has.strip_prefix("system:serviceaccount:") else {
        let bare = [format!("{namespace}:{account}"), format!("{namespace}/{account}"), account.to_owned()];
        return Some(match bare.iter().any(|bare| bare == has) {
            true => format!("the subject {has:?} lacks \"system:serviceaccount:\" before NAMESPACE:NAME"),
            false => format!("the policy names {has:?}, which is not a service account"),
        });
    };
    let fits = |pattern: &str, text: &str| Pattern::with_wildcards(pattern).matches(text);
    Some(match rest.split_once(':') {
        Some((n, a)) if (n, a) == (account, namespace) => "namespace and service account are swapped".to_owned(),
        Some((n, a)) if fits(a, account) => {
            format!("the policy names the namespace {n:?}, the pod is in {namespace:?}")
        }
        Some((n, a)) if fits(n, namespace) => {
            format!("the policy names the service account {a:?}, the pod uses {account:?}")
        }
        Some((n, a)) => format!("the policy names {n}/{a}, the pod uses {namespace}/{account}"),
        None => format!("the subject {has:?} has no colon between namespace and service account"),
    })
}
