use crate::finding::{Advice, Cause, Severity};

/// Keys win over web identity.
pub static CAUSE: Cause = Cause {
    code: "static-keys-override",
    title: "static keys win over web identity",
    severity: Severity::Warning,
    advice: Advice::RecreatePod,
    explanation: "\
In the default chains of the AWS SDKs, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come before web identity, and in \
most of them so do keys in a shared credentials file or in the program's own configuration. Then IRSA is set up \
perfectly and never used; some SDKs stumble even over an empty AWS_ACCESS_KEY_ID.

Remove the keys from the pod's template (env and envFrom, ConfigMaps and Secrets), then recreate the pod.",
};
