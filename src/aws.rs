//! What AWS defines: ARNs, partitions, issuers, addresses of a VPC, the rules of the webhook and of EKS Pod Identity.

pub mod arn;
pub(crate) mod issuer;
pub(crate) mod partition;
pub(crate) mod pod_identity;
pub(crate) mod sts_time;
pub(crate) mod vpc;
pub(crate) mod webhook;
