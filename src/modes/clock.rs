//! The local clock.
#![allow(clippy::disallowed_methods, reason = "this is where the clock is read")]

use crate::text::timestamp::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(since_1970.as_secs().try_into().unwrap_or(i64::MAX))
}
