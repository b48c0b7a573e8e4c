//! The only I/O.

pub mod sdks;
