//! The rules by which the EKS Pod Identity Webhook mutates pods: the checks and `audit` describe it by them.
//!
//! Source: the webhook's source, v0.6.17, and pods sent through it on a Kubernetes v1.36 cluster (`tests/webhook`).

/// Annotations of a service account.
pub(crate) const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";
pub(crate) const AUDIENCE_ANNOTATION: &str = "eks.amazonaws.com/audience";
/// An annotation of a pod or a service account.
pub(crate) const EXPIRATION_ANNOTATION: &str = "eks.amazonaws.com/token-expiration";
/// A pod's label and annotation that make the webhook skip all or some of its containers.
pub(crate) const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";
pub(crate) const SKIP_CONTAINERS: &str = "eks.amazonaws.com/skip-containers";

/// The volume with the token.
pub(crate) const TOKEN_VOLUME: &str = "aws-iam-token";
/// The volume of EKS Pod Identity.
pub(crate) const POD_IDENTITY_VOLUME: &str = "eks-pod-identity-token";

/// The token file, on Linux and on Windows.
pub(crate) const TOKEN_PATH: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
pub(crate) const WINDOWS_TOKEN_PATH: &str = r"C:\var\run\secrets\eks.amazonaws.com\serviceaccount\token";

/// The lifetime of the token in seconds: default and minimum.
pub(crate) const DEFAULT_LIFETIME: i64 = 86_400;
pub(crate) const MIN_LIFETIME: i64 = 600;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Injected,
    Unchanged,
    SkipLabel,
    SkippedContainer,
    /// The container sets one of the two variables itself.
    OwnIdentity,
    /// The container sets every variable itself.
    OwnVariables,
    OwnRegion,
    OwnStsEndpoints,
    NoStsEndpoints,
    VolumeReused,
    PodExpiration,
    AccountExpiration,
    ExpirationIgnored,
    ExpirationRaised,
    Audience,
    ArnVerbatim,
    WindowsPath,
    PodIdentity,
    NotInspected,
}

impl Rule {
    /// Its name in `irsa-probe/audit/v1`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Rule::Injected => "injected",
            Rule::Unchanged => "unchanged",
            Rule::SkipLabel => "skip-label",
            Rule::SkippedContainer => "skip-containers",
            Rule::OwnIdentity => "own-identity-variable",
            Rule::OwnVariables => "own-variables",
            Rule::OwnRegion => "own-region",
            Rule::OwnStsEndpoints => "own-sts-regional-endpoints",
            Rule::NoStsEndpoints => "no-sts-regional-endpoints",
            Rule::VolumeReused => "volume-reused",
            Rule::PodExpiration => "pod-token-expiration",
            Rule::AccountExpiration => "service-account-token-expiration",
            Rule::ExpirationIgnored => "token-expiration-ignored",
            Rule::ExpirationRaised => "token-expiration-raised",
            Rule::Audience => "audience",
            Rule::ArnVerbatim => "role-arn-verbatim",
            Rule::WindowsPath => "windows-path",
            Rule::PodIdentity => "pod-identity-association",
            Rule::NotInspected => "not-inspected",
        }
    }

    /// The rule, in a clause.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Rule::Injected => "the webhook adds AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the token's mount",
            Rule::Unchanged => "the webhook did not mutate the pod",
            Rule::SkipLabel => {
                "the webhook skips pods with the label eks.amazonaws.com/skip-pod-identity-webhook, whatever its value"
            }
            Rule::SkippedContainer => {
                "the webhook skips the containers that the pod's annotation eks.amazonaws.com/skip-containers lists"
            }
            Rule::OwnIdentity => {
                "the webhook adds neither variable to a container that already sets one of the two, only the mount"
            }
            Rule::OwnVariables => {
                "the webhook adds nothing, not even the mount, to a container that already sets every variable"
            }
            Rule::OwnRegion => "the webhook adds no region to a container that already sets one",
            Rule::OwnStsEndpoints => "the webhook keeps the container's own AWS_STS_REGIONAL_ENDPOINTS",
            Rule::NoStsEndpoints => {
                "an annotation of the service account or a flag of the webhook turns AWS_STS_REGIONAL_ENDPOINTS off"
            }
            Rule::VolumeReused => "the webhook reuses any volume named aws-iam-token without checking it",
            Rule::PodExpiration => "an annotation of the pod sets the token lifetime",
            Rule::AccountExpiration => {
                "an annotation of the service account or a flag of the webhook sets the token lifetime"
            }
            Rule::ExpirationIgnored => "the webhook ignores a token lifetime that is not a number",
            Rule::ExpirationRaised => "the webhook raises a token lifetime below 600 s to 600 s",
            Rule::Audience => "an annotation of the service account or a flag of the webhook sets the audience",
            Rule::ArnVerbatim => "the webhook copies the role annotation without checking it",
            Rule::WindowsPath => "on Windows, the token path has a drive and backslashes",
            Rule::PodIdentity => {
                "the service account has a Pod Identity association, which takes precedence over a role annotation"
            }
            Rule::NotInspected => "the webhook does not see containers that are added after it runs",
        }
    }
}
