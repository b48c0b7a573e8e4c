//! A stand-in for STS, for a cluster's OIDC issuer, for the agent of EKS Pod Identity and for a proxy, on loopback. It checks for real what AWS checks:
//! the token's signature, issuer, audience and times, the role's trust policy, and the signature of the call that
//! follows; and it refuses with AWS's own codes, texts, statuses and XML. It can also be told to misbehave.
//!
//! The demo, the benchmark and the tests all use these same files. Servers are threads that live as long as the process.

#![allow(dead_code, unused_imports, reason = "no single program uses all of the stand-in")]
#![allow(clippy::disallowed_methods, reason = "the stand-in is a server with a clock; it judges no evidence")]

pub mod answer;
mod assume_role;
mod caller_identity;
mod connection;
pub mod dead_ends;
pub mod echo;
pub mod jwt;
pub mod keys;
mod misbehaviour;
mod openid;
pub mod pod_identity;
pub mod proxy;
mod request;
mod role_session;
pub mod server;
mod sigv4;
pub mod tls;
pub mod world;

pub use misbehaviour::Misbehaviour;
pub use server::{LocalSts, Operation};
pub use world::World;
