//! Values on their way in and out: secrets stay hidden, foreign text is made printable, times are read and written.

pub(crate) mod json;
pub mod printable;
pub(crate) mod redact;
pub(crate) mod secrets;
pub mod timestamp;
pub(crate) mod unwrap;
