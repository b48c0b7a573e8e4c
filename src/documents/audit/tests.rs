//! Tests of the whole: documents in, findings out.

mod agent;
mod cluster;
mod event;
mod faults;
mod missing_objects;
mod node_role;
mod own_token;
mod permissions;
mod pod_identity;
mod profiles;
mod static_keys;
mod webhook_pairs;
