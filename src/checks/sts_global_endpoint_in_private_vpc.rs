use crate::finding::{Advice, Cause, Severity};

/// The global STS is called where only a regional one can be reached.
pub static CAUSE: Cause = Cause {
    code: "sts-global-endpoint-in-private-vpc",
    title: "the global STS endpoint is called from a network without internet",
    severity: Severity::Error,
    advice: Advice::RecreatePod,
    explanation: "\
sts.amazonaws.com is in us-east-1 and on the internet. A VPC without a way out may have an endpoint for STS, but \
only for its own region's name, sts.REGION.amazonaws.com. Older SDKs call the global name unless told otherwise.

Set AWS_STS_REGIONAL_ENDPOINTS=regional and AWS_REGION (the annotation eks.amazonaws.com/sts-regional-endpoints: \
\"true\" has the webhook do it), then recreate the pod. Do not alias the global name to the endpoint: its \
certificate does not fit.",
};
