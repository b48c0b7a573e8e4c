//! What each AWS SDK does in a pod: the order of its credential chain, how it reaches STS, and from which version on it
//! supports a mechanism.

pub(crate) mod chain;
pub(crate) mod choice;
pub(crate) mod network;
pub mod support;
pub(crate) mod traps;
