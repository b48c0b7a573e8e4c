//! The reading of each layer's fault.

use super::{Failure, Story, connections, names, patience, proxy, tls};
use crate::causes::sts_unreachable::closed;
use crate::causes::{Candidate, china_partition_endpoint};
use crate::probe::evidence::{HttpFault, Layer};

/// `None` where the host itself cannot be right, which a check of the settings tells.
pub(super) fn read(story: &Story) -> Option<Failure> {
    let dial = story.dial;
    if china_partition_endpoint::is_near(&story.endpoint.host) {
        return None;
    }
    let reading = if let Some(Err(fault)) = &dial.dns {
        names::read(story, fault)?
    } else if let Some(Err(faults)) = &dial.tcp {
        connections::read(story, faults)
    } else if let Some(Err(fault)) = &dial.proxy_tls {
        proxy::secure(story, fault)
    } else if let Some(Err(fault)) = &dial.proxy {
        proxy::read(story, fault)
    } else if let Some(Err(fault)) = &dial.tls {
        tls::read(story, fault)
    } else {
        exchange(story, dial.http.as_ref())
    };
    let reading = proxy::left_out(story, reading);
    match patience::cut_short(dial) {
        Some(layer) => Some(cut_short(reading, layer)),
        None => Some(reading),
    }
}

/// What would be decided after a layer's whole time is only likely after a part of it.
fn cut_short(reading: Failure, layer: Layer) -> Failure {
    let seen = format!("The run timed out while {} ({}). {}", layer.deed(), layer.name(), reading.seen);
    let decided = reading.candidates.is_empty();
    let why = "if the fault stays with a longer --run-timeout";
    let decided = decided.then(|| Candidate::new(reading.cause, why));
    let candidates = reading.candidates.into_iter().chain(decided).collect();
    Failure { fix: reading.fix, ..Failure::open(seen, candidates) }
}

fn exchange(story: &Story, fault: Option<&HttpFault>) -> Failure {
    match fault {
        Some(fault) => Failure::open(format!("{}: {fault}.", story.endpoint.host), closed(story.facts)),
        None if story.out_of_time => Failure::open("The run timed out before STS answered.".to_owned(), Vec::new()),
        None => Failure::open("STS did not answer.".to_owned(), Vec::new()),
    }
}

#[cfg(test)]
pub(super) mod tests;
