//! From which version on each AWS SDK can use IRSA or EKS Pod Identity.
//!
//! Sources: the Amazon EKS user guide, "Use IRSA with the AWS SDK" as of 2026 and as of 2021, and "Use Pod Identity
//! with the AWS SDK". Where those pages name a release instead of a package, the package's version is from the SDK's
//! own change log: AWSSDK.Core 3.3.104.14 is release 3.3.659.1 and 3.7.302.0 is 3.7.734.0 of .NET; the Go 2 module
//! `config`
//! 1.25.0 is release-2023-11-14; the crate `aws-config` 1.1.8 is release-2024-03-13.

use crate::probe::evidence::SdkKind;

/// How a credential gets into the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    WebIdentity,
    PodIdentity,
}

impl Mechanism {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebIdentity => "IRSA",
            Self::PodIdentity => "EKS Pod Identity",
        }
    }

    /// The variable that makes an SDK use it.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::WebIdentity => "AWS_WEB_IDENTITY_TOKEN_FILE",
            Self::PodIdentity => "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    Yes,
    /// Too old by every source.
    No {
        needs: &'static str,
    },
    /// Old enough to be refused by one of AWS's pages and new enough for the other.
    Disputed {
        needs: &'static str,
    },
    /// The version is not known, or no page names this SDK.
    Unknown,
}

/// The rule for one SDK. An empty `needs` means that every version will do.
struct Row {
    kind: SdkKind,
    /// Of the versions with this major number only, where there are two lines.
    major: Option<u32>,
    needs: &'static str,
    /// What the older of two differing pages asks for.
    once: Option<&'static str>,
}

const fn row(kind: SdkKind, needs: &'static str) -> Row {
    Row { kind, major: None, needs, once: None }
}

const WEB_IDENTITY: &[Row] = &[
    row(SdkKind::Boto3, "1.9.220"),
    row(SdkKind::Botocore, "1.12.200"),
    row(SdkKind::Cli, "1.16.232"),
    Row { kind: SdkKind::JavaV1, major: None, needs: "1.12.782", once: Some("1.11.704") },
    row(SdkKind::JavaV2, "2.10.11"),
    row(SdkKind::JavaScriptV2, "2.525.0"),
    Row { kind: SdkKind::JavaScriptV3, major: None, needs: "3.27.0", once: Some("3.15.0") },
    row(SdkKind::GoV1, "1.23.13"),
    row(SdkKind::GoV2, ""),
    Row { kind: SdkKind::Ruby, major: Some(2), needs: "3.58.0", once: Some("2.11.345") },
    row(SdkKind::Ruby, "3.58.0"),
    row(SdkKind::Php, "3.110.7"),
    row(SdkKind::DotNet, "3.3.104.14"),
    row(SdkKind::Cpp, "1.7.174"),
];

const POD_IDENTITY: &[Row] = &[
    row(SdkKind::Boto3, "1.34.41"),
    row(SdkKind::Botocore, "1.34.41"),
    Row { kind: SdkKind::Cli, major: Some(1), needs: "1.30.0", once: None },
    row(SdkKind::Cli, "2.15.0"),
    row(SdkKind::JavaV1, "1.12.746"),
    row(SdkKind::JavaV2, "2.21.30"),
    row(SdkKind::Kotlin, "1.0.1"),
    row(SdkKind::JavaScriptV2, "2.1550.0"),
    row(SdkKind::JavaScriptV3, "3.458.0"),
    row(SdkKind::GoV1, "1.47.11"),
    row(SdkKind::GoV2, "1.25.0"),
    row(SdkKind::Ruby, "3.188.0"),
    row(SdkKind::Php, "3.287.1"),
    row(SdkKind::DotNet, "3.7.302.0"),
    row(SdkKind::Cpp, "1.11.263"),
    row(SdkKind::Rust, "1.1.8"),
];

pub fn support(kind: SdkKind, version: Option<&str>, mechanism: Mechanism) -> Support {
    let table = match mechanism {
        Mechanism::WebIdentity => WEB_IDENTITY,
        Mechanism::PodIdentity => POD_IDENTITY,
    };
    let version = version.and_then(numbers);
    let major = version.map(|[major, ..]| major);
    let rule = table.iter().find(|row| row.kind == kind && (row.major.is_none() || row.major == major));
    match (rule, version) {
        (Some(Row { needs: "", .. }), _) => Support::Yes,
        (Some(row), Some(version)) if Some(version) >= numbers(row.needs) => Support::Yes,
        (Some(Row { needs, once: Some(once), .. }), Some(version)) if Some(version) >= numbers(once) => {
            Support::Disputed { needs }
        }
        (Some(Row { needs, .. }), Some(_)) => Support::No { needs },
        _ => Support::Unknown,
    }
}

/// The leading numbers of a version, as many as .NET uses; what follows them (`-SNAPSHOT`, `rc1`) is dropped.
pub(crate) fn numbers(version: &str) -> Option<[u32; 4]> {
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let mut numbers = [0; 4];
    let mut parts = version[..end].split('.');
    numbers[0] = parts.next()?.parse().ok()?;
    for (number, part) in numbers[1..].iter_mut().zip(parts) {
        *number = part.parse().unwrap_or(0);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mechanism::{PodIdentity, WebIdentity};
    use SdkKind::*;

    #[test]
    fn each_rule_turns_at_the_version_that_aws_names() {
        for (mechanism, kind, last_bad, first_good) in [
            (WebIdentity, Boto3, "1.9.219", "1.9.220"),
            (WebIdentity, Botocore, "1.12.199", "1.12.200"),
            (WebIdentity, Cli, "1.16.231", "1.16.232"),
            (WebIdentity, JavaV1, "1.11.703", "1.12.782"),
            (WebIdentity, JavaV2, "2.10.10", "2.10.11"),
            (WebIdentity, JavaScriptV2, "2.524.0", "2.525.0"),
            (WebIdentity, JavaScriptV3, "3.14.0", "3.27.0"),
            (WebIdentity, GoV1, "1.23.12", "1.23.13"),
            (WebIdentity, Ruby, "3.57.0", "3.58.0"),
            (WebIdentity, Ruby, "2.11.344", "3.58.0"),
            (WebIdentity, Php, "3.110.6", "3.110.7"),
            (WebIdentity, DotNet, "3.3.104.13", "3.3.104.14"),
            (WebIdentity, Cpp, "1.7.173", "1.7.174"),
            (PodIdentity, Boto3, "1.34.40", "1.34.41"),
            (PodIdentity, Cli, "1.29.85", "1.30.0"),
            (PodIdentity, Cli, "2.14.6", "2.15.0"),
            (PodIdentity, JavaV1, "1.12.745", "1.12.746"),
            (PodIdentity, JavaV2, "2.21.29", "2.21.30"),
            (PodIdentity, GoV1, "1.47.10", "1.47.11"),
            (PodIdentity, GoV2, "1.24.0", "1.25.0"),
            (PodIdentity, Ruby, "2.11.632", "3.188.0"),
            (PodIdentity, DotNet, "3.7.301.9", "3.7.302.0"),
            (PodIdentity, Rust, "1.1.7", "1.1.8"),
        ] {
            let bad = support(kind, Some(last_bad), mechanism);
            let good = support(kind, Some(first_good), mechanism);
            assert!(matches!(bad, Support::No { .. }), "{kind:?} {last_bad}: {bad:?}");
            assert_eq!(good, Support::Yes, "{kind:?} {first_good}");
        }
    }

    #[test]
    fn versions_between_two_pages_are_disputed_and_what_no_page_names_is_unknown() {
        let web = |kind, version| support(kind, Some(version), WebIdentity);
        assert_eq!(web(JavaV1, "1.11.704"), Support::Disputed { needs: "1.12.782" });
        assert_eq!(web(JavaV1, "1.12.781"), Support::Disputed { needs: "1.12.782" });
        assert_eq!(web(JavaScriptV3, "3.26.9"), Support::Disputed { needs: "3.27.0" });
        assert_eq!(web(Ruby, "2.11.345"), Support::Disputed { needs: "3.58.0" });
        assert_eq!(web(JavaV2, "2.10.11-SNAPSHOT"), Support::Yes);
        assert_eq!(web(GoV2, "0.1.0"), Support::Yes);
        assert_eq!(web(Rust, "0.0.1"), Support::Unknown);
        assert_eq!(web(Boto3, "latest"), Support::Unknown);
        assert_eq!(support(Php, None, WebIdentity), Support::Unknown);
    }
}
