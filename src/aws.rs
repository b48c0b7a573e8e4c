//! What AWS and its SDKs define: ARNs, partitions, issuers, the order of credential sources in each SDK.

pub mod arn;
pub mod issuer;
pub mod partition;
pub mod sdk_chain;
pub mod sdk_support;
