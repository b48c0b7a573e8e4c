//! How long a step took.

use tokio::time::Instant;

pub(crate) fn milliseconds(since: Instant) -> u64 {
    since.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
}
