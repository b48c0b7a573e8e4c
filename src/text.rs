//! Values on their way in and out: secrets stay hidden, foreign text is made printable, times are read and written.

pub mod json;
pub mod printable;
pub mod redact;
pub mod secrets;
pub mod timestamp;
pub mod unwrap;
