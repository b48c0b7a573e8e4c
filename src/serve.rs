//! The sidecar: looks again and again, and answers HTTP from what the last look saw.

mod history;
mod http;
mod listen;
mod route;

pub use history::{CallOutcome, Durations, History, Patience, Success};
pub use listen::{Address, Listener};
