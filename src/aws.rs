//! What AWS and its SDKs define: ARNs, partitions, issuers, the order of credential sources in each SDK, and how each reaches STS.

pub mod arn;
pub(crate) mod issuer;
pub(crate) mod partition;
pub(crate) mod pod_identity;
pub(crate) mod sdk_chain;
pub(crate) mod sdk_network;
pub mod sdk_support;
pub(crate) mod sts_time;
pub(crate) mod webhook;
