//! How a text differs from the one that is needed, when the difference is one that people make.

use super::pattern::Pattern;
use crate::partition::Partition;

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
