//! What AWS and its SDKs define: ARNs, partitions, issuers, the order of credential sources in each SDK, and how each reaches STS.

pub mod arn;
pub mod issuer;
pub mod partition;
pub mod pod_identity;
pub mod sdk_chain;
pub mod sdk_network;
pub mod sdk_support;
pub mod sts_time;
pub mod webhook;
