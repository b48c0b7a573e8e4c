//! The real binary against real servers, files and namespaces: one program, so that the stand-in for STS and the support
//! compile once. `cargo test --test integration network::` runs the tests of one module. Tests of a module run beside those
//! of others: what one of them changes of a process (its network, its mounts) it changes in a thread or a child of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "tests have a clock and files")]

#[path = "../../examples/local_sts/mod.rs"]
mod local_sts;
#[path = "../../examples/demo/stage.rs"]
mod stage;

#[path = "../support/application.rs"]
mod application;
#[path = "../support/cluster.rs"]
mod cluster;
#[path = "../support/http.rs"]
mod http;
#[path = "../support/internet.rs"]
mod internet;
#[path = "../support/name_server.rs"]
mod name_server;
#[path = "../support/needs.rs"]
mod needs;
#[path = "../support/pod.rs"]
mod pod;
#[path = "../support/private_network.rs"]
mod private_network;
#[path = "../support/probe.rs"]
mod probe;
#[path = "../support/transcript.rs"]
mod transcript;
#[path = "../support/varying.rs"]
mod varying;

mod answers;
mod audit;
mod command_line;
mod commands;
mod corpus;
mod debug_profile;
mod default_chain;
mod dns;
mod doctor;
mod documents;
mod echoes;
mod house_rules;
mod kubectl;
mod life;
mod manifests;
mod network;
mod outputs;
mod page;
mod paths;
mod pod_identity;
mod profile;
mod real_sdks;
mod sdk_network;
mod sdks;
mod secrets;
mod stand_in;
mod target;
mod way_to_sts;
