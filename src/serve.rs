//! The sidecar: looks again and again, and answers HTTP from what the last look saw.

mod http;
mod listen;
mod route;

pub use listen::{Address, Listener};
