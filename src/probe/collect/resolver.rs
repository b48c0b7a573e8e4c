//! Resolves names as the C library does, and records what each name server did.
//!
//! `getaddrinfo(3)` returns only the result: it folds a server that refuses, one that fails and one that is not there
//! into "temporary failure", waits 5 s for each that keeps silent, and says nothing of them if another answers at last.
//! This gives the addresses that glibc gives, by the same files, servers, search domains and record types, and asks the
//! next server sooner. musl differs where it says so.

mod ask;
mod configuration;
mod message;
pub(crate) mod order;
mod server;

use crate::probe::evidence::{DnsFault, Lookup, Resolver};
use crate::probe::subject::Variables;
use ask::Servers;
use std::net::IpAddr;
use std::path::Path;
use tokio::time::Instant;

pub(crate) use configuration::read as configuration;

/// The result of a lookup, and the queries that it took.
pub(crate) struct Resolved {
    pub addresses: Result<Vec<IpAddr>, DnsFault>,
    pub lookup: Option<Lookup>,
}

/// The addresses of `host`, in the order in which they are to be tried, by the files in `root`.
pub(crate) async fn resolve(host: &str, root: &Path, variables: &Variables, deadline: Instant) -> Resolved {
    let known = match host.parse() {
        Ok(address) => vec![address],
        Err(_) => configuration::hosts(root, host),
    };
    let (mut addresses, lookup) = match known.is_empty() {
        false => (Ok(known), None),
        true => {
            let (addresses, lookup) = ask(host, configuration::read(root, variables), deadline).await;
            (addresses, Some(lookup))
        }
    };
    if let Ok(addresses) = &mut addresses {
        order::sort(addresses);
    }
    Resolved { addresses, lookup }
}

async fn ask(host: &str, resolver: Resolver, deadline: Instant) -> (Result<Vec<IpAddr>, DnsFault>, Lookup) {
    let began = Instant::now();
    let candidates = candidates(host, &resolver);
    let mut servers = Servers::of(&resolver);
    let mut names = Vec::new();
    // The answer for the host without a search domain is what counts: nobody means the names under search domains.
    let mut meant = Err(DnsFault::TimedOut { after_ms: 0 });
    let mut found_under = None;
    let mut only_as_it_stands = false;
    for (place, (name, domain)) in candidates.iter().enumerate() {
        if only_as_it_stands && domain.is_some() {
            continue;
        }
        // Half of the time is for the names that follow.
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        let by = if place + 1 < candidates.len() { now + left / 2 } else { deadline };
        let result = servers.ask(name, by).await;
        names.push(name.clone());
        match &result {
            Ok(_) => {
                found_under = domain.clone();
                meant = result;
                break;
            }
            // glibc goes on to the next search domain (`__res_context_search`); musl does so after NXDOMAIN only.
            Err(DnsFault::NoSuchName | DnsFault::NoAddress | DnsFault::ServerFailed { .. } | DnsFault::NotAName) => {}
            Err(_) => only_as_it_stands = true,
        }
        if domain.is_none() {
            meant = result;
        }
    }
    let took_ms = super::elapsed::milliseconds(began);
    if let Err(DnsFault::TimedOut { after_ms }) = &mut meant {
        *after_ms = took_ms;
    }
    let servers = servers.into_records();
    (meant, Lookup { resolver, names, found_under, servers, took_ms })
}

/// The names to ask for, each with its search domain: those with fewer dots than `ndots` under the search domains
/// first.
fn candidates(host: &str, resolver: &Resolver) -> Vec<(String, Option<String>)> {
    let as_it_stands = (host.trim_end_matches('.').to_owned(), None);
    if host.ends_with('.') {
        return vec![as_it_stands];
    }
    let under = |domain: &String| (format!("{host}.{}", domain.trim_matches('.')), Some(domain.clone()));
    let mut candidates: Vec<_> = resolver.search.iter().map(under).collect();
    let dots = u32::try_from(host.matches('.').count()).unwrap_or(u32::MAX);
    // Where a name has enough dots, glibc tries the search domains last, and musl not at all.
    let place = if dots >= resolver.ndots { 0 } else { candidates.len() };
    candidates.insert(place, as_it_stands);
    candidates
}
