//! The reading of TLS faults.

use super::{Failure, Story};
use crate::causes::proxy_interferes::not_tls;
use crate::causes::sts_unreachable::closed;
use crate::causes::tls_unknown_ca::out_of_date;
use crate::causes::{Fix, TLS_HOSTNAME_MISMATCH, TLS_UNKNOWN_CA, shell_word};
use crate::probe::evidence::{EndpointSource, TlsFault, is_of_amazon};

/// The fault of TLS with STS, or with whatever answers for it.
pub(super) fn read(story: &Story, fault: &TlsFault) -> Failure {
    let host = &story.endpoint.host;
    let seen = format!("{host}: {fault}.");
    match fault {
        TlsFault::UnknownIssuer { issuer: Some(issuer) } if !is_of_amazon(issuer) => Failure::decided(
            &TLS_UNKNOWN_CA,
            format!(
                "{seen} Amazon did not issue it: a proxy or firewall inspects TLS, or another server answers as STS."
            ),
        ),
        TlsFault::UnknownIssuer { .. } => Failure::decided(
            &TLS_UNKNOWN_CA,
            format!("{seen} The trust store of this image lacks Amazon's root certificates."),
        ),
        TlsFault::NoRoots { looked_at } => {
            let places = looked_at.first().map(String::as_str).unwrap_or_default();
            Failure::decided(&TLS_UNKNOWN_CA, format!("This image has no CA bundle (neither {places} nor elsewhere)."))
        }
        TlsFault::BadBundle { variable, path, .. } => {
            Failure::decided(&TLS_UNKNOWN_CA, format!("The CA bundle cannot be used: {fault}.")).with_fix(
                Fix::new(format!(
                    "Mount the CA bundle at the path that {variable} names, or remove {variable} if no private CA is \
                     needed, then recreate the pod."
                ))
                .command(format!("ls -lL {}", shell_word(path))),
            )
        }
        TlsFault::WrongName { .. } => {
            let reading = Failure::decided(&TLS_HOSTNAME_MISMATCH, wrong_name(story, &seen));
            match other_name_fix(story) {
                Some(fix) => reading.with_fix(fix),
                None => reading,
            }
        }
        TlsFault::Expired { .. } | TlsFault::NotYetValid { .. } => Failure::open(seen, out_of_date()).with_fix(
            Fix::new(
                "Compare the local clock with the certificate's dates. If the clock is wrong, correct time \
                 synchronization on the node. If it is right, ask whoever runs the TLS inspection or the STS stand-in \
                 to renew the certificate.",
            )
            .command("date -u")
            .command(format!(
                "openssl s_client -connect {0}:{1} -servername {0} </dev/null | openssl x509 -noout -issuer -dates",
                shell_word(host),
                story.endpoint.port
            )),
        ),
        TlsFault::NotTls => Failure::open(seen, not_tls(story.facts)),
        TlsFault::Other(_) | TlsFault::Closed | TlsFault::TimedOut { .. } => Failure::open(seen, closed(story.facts)),
    }
}

/// Where the regional name is called already, there is no other name to advise.
fn other_name_fix(story: &Story) -> Option<Fix> {
    let host = &story.endpoint.host;
    if search_domain(story).is_some() || story.endpoint.is_global() {
        return None;
    }
    let text = match story.endpoint.source {
        EndpointSource::Override(variable) => {
            format!("Set {variable} to a name that is in the certificate, or remove it.")
        }
        _ => format!(
            "Remove the DNS record, hosts entry or proxy rule that sends {host} to another server. The name itself is \
             correct."
        ),
    };
    Some(Fix::new(text).command(format!("getent hosts {}", shell_word(host))))
}

/// Where the name was found under a search domain, something else than STS answers there.
fn search_domain<'s>(story: &'s Story) -> Option<&'s str> {
    story.dial.lookup.as_ref()?.found_under.as_deref()
}

fn wrong_name(story: &Story, seen: &str) -> String {
    match search_domain(story) {
        Some(domain) => format!(
            "{seen} The name resolved under the search domain {domain}, where a wildcard record answers for every \
             name."
        ),
        None => seen.to_owned(),
    }
}
