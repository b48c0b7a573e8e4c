//! The AWS SDKs that lie in an application's root file system.

/// What a bounded walk through a root file system found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SdkScan {
    pub sdks: Vec<Sdk>,
    /// Directory entries inspected.
    pub entries: u32,
    /// Directories and files that could not be opened.
    pub unreadable: u32,
    /// The bound that ended the walk early. An SDK that was not found may then be there all the same.
    pub cut_short: Option<&'static str>,
}

/// One copy of an SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sdk {
    pub kind: SdkKind,
    /// `None` if the copy does not show it.
    pub version: Option<String>,
    /// As seen from the root; `a.jar!/b.jar` for an archive within an archive.
    pub path: String,
    /// Whether the module that its credential chain needs for web identity lies beside it; `None` where the SDK needs
    /// none, or where the walk was cut short before one was found.
    pub has_sts_module: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SdkKind {
    Boto3,
    Botocore,
    /// The AWS CLI, which brings its own botocore.
    Cli,
    JavaV1,
    JavaV2,
    Kotlin,
    JavaScriptV2,
    JavaScriptV3,
    GoV1,
    GoV2,
    Ruby,
    Php,
    DotNet,
    Cpp,
    Rust,
}

impl SdkKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Boto3 => "boto3",
            Self::Botocore => "botocore",
            Self::Cli => "AWS CLI",
            Self::JavaV1 => "AWS SDK for Java 1",
            Self::JavaV2 => "AWS SDK for Java 2",
            Self::Kotlin => "AWS SDK for Kotlin",
            Self::JavaScriptV2 => "AWS SDK for JavaScript 2",
            Self::JavaScriptV3 => "AWS SDK for JavaScript 3",
            Self::GoV1 => "AWS SDK for Go 1",
            Self::GoV2 => "AWS SDK for Go 2",
            Self::Ruby => "AWS SDK for Ruby",
            Self::Php => "AWS SDK for PHP",
            Self::DotNet => "AWS SDK for .NET",
            Self::Cpp => "AWS SDK for C++",
            Self::Rust => "AWS SDK for Rust",
        }
    }

    /// The module without which this SDK's default chain skips web identity. Source: AWS's page "Use IRSA with the AWS
    /// SDK" (Java, .NET) and the error text of the AWS SDK for Java 1, "the aws-java-sdk-sts module must be on the
    /// class path".
    pub fn sts_module(self) -> Option<&'static str> {
        match self {
            Self::JavaV1 => Some("aws-java-sdk-sts"),
            Self::JavaV2 => Some("software.amazon.awssdk:sts"),
            Self::DotNet => Some("AWSSDK.SecurityToken"),
            _ => None,
        }
    }

    /// How the names begin of programs that run applications with this SDK; none where the application is a program of
    /// its own.
    pub fn runtimes(self) -> &'static [&'static str] {
        match self {
            Self::Boto3 | Self::Botocore | Self::Cli => &["python", "pypy", "aws", "gunicorn", "uwsgi"],
            Self::JavaV1 | Self::JavaV2 | Self::Kotlin => &["java"],
            Self::JavaScriptV2 | Self::JavaScriptV3 => &["node", "bun"],
            Self::Ruby => &["ruby"],
            Self::Php => &["php", "httpd", "apache2"],
            Self::DotNet => &["dotnet"],
            Self::GoV1 | Self::GoV2 | Self::Cpp | Self::Rust => &[],
        }
    }
}
