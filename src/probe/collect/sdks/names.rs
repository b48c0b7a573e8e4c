//! What the path of a file tells about AWS SDKs, without opening it.

use crate::probe::evidence::SdkKind;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clue {
    /// The name tells everything.
    Module { kind: SdkKind, sts: bool, version: String },
    /// A jar, which may hold SDKs or further jars.
    Archive,
    /// The `package.json` of an SDK.
    Package(SdkKind),
    /// Composer's list of what it installed.
    Composer,
    /// What a .NET application depends on.
    DotNet,
    /// The core library of the AWS SDK for C++.
    CppLibrary,
}

/// `path` is absolute, or relative to an archive.
pub(super) fn clue(path: &[u8], is_directory: bool) -> Option<Clue> {
    let path = std::str::from_utf8(path).ok()?;
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    if let Some(found) = python(name) {
        return Some(found);
    }
    if is_directory {
        // The official installer's /usr/local/aws-cli/v2/2.15.30.
        return (parent.ends_with("/aws-cli/v2")).then(|| module(SdkKind::Cli, name))?;
    }
    if let Some(stem) = name.strip_suffix(".jar") {
        return Some(jar(stem).unwrap_or(Clue::Archive));
    }
    if [".war", ".ear"].iter().any(|suffix| name.ends_with(suffix)) {
        return Some(Clue::Archive);
    }
    if let Some(gem) = name.strip_suffix(".gemspec") {
        let version = gem.strip_prefix("aws-sdk-core-")?;
        return parent.ends_with("/specifications").then(|| module(SdkKind::Ruby, version))?;
    }
    match name {
        "package.json" if parent.ends_with("/node_modules/aws-sdk") => Some(Clue::Package(SdkKind::JavaScriptV2)),
        // The package that puts the default chain together; its version is the one that counts.
        "package.json" if parent.ends_with("/node_modules/@aws-sdk/credential-provider-node") => {
            Some(Clue::Package(SdkKind::JavaScriptV3))
        }
        "installed.json" if parent.ends_with("/composer") => Some(Clue::Composer),
        _ if name.ends_with(".deps.json") => Some(Clue::DotNet),
        _ if name.starts_with("libaws-cpp-sdk-core.so") => Some(Clue::CppLibrary),
        _ => None,
    }
}

/// `boto3-1.9.220.dist-info`, `botocore-1.12.200-py3.7.egg-info`.
fn python(name: &str) -> Option<Clue> {
    let stem = name.strip_suffix(".dist-info").or_else(|| name.strip_suffix(".egg-info"))?;
    let (package, version) = stem.split_once('-')?;
    let kind = match package {
        "boto3" => SdkKind::Boto3,
        "botocore" => SdkKind::Botocore,
        "awscli" => SdkKind::Cli,
        _ => return None,
    };
    module(kind, version.split('-').next()?)
}

/// A jar with the name that Maven gives it. `None` if it must be opened to know.
pub(super) fn jar(stem: &str) -> Option<Clue> {
    let artifact =
        |name: &str| stem.strip_prefix(name).filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    let found = |kind, sts, version: &str| Some(Clue::Module { kind, sts, version: version.to_owned() });
    if let Some(version) = artifact("aws-java-sdk-core-") {
        found(SdkKind::JavaV1, false, version)
    } else if let Some(version) = artifact("aws-java-sdk-sts-") {
        found(SdkKind::JavaV1, true, version)
    } else if let Some(version) = artifact("aws-core-").filter(|version| version.starts_with("2.")) {
        found(SdkKind::JavaV2, false, version)
    } else if let Some(version) = artifact("sts-").filter(|version| version.starts_with("2.")) {
        found(SdkKind::JavaV2, true, version)
    } else if let Some(version) = artifact("aws-config-jvm-") {
        found(SdkKind::Kotlin, false, version)
    } else {
        None
    }
}

fn module(kind: SdkKind, version: &str) -> Option<Clue> {
    let sts = false;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| Clue::Module { kind, sts, version: version.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use SdkKind::*;

    #[test]
    fn names_show_what_they_can() {
        for (path, directory, kind, version) in [
            ("/usr/lib/python3/dist-packages/boto3-1.26.27.egg-info", true, Boto3, "1.26.27"),
            ("/app/venv/lib/python3.7/site-packages/botocore-1.12.200-py3.7.egg-info", true, Botocore, "1.12.200"),
            ("/usr/lib/python3.12/site-packages/awscli-2.15.57.dist-info", true, Cli, "2.15.57"),
            ("/usr/local/aws-cli/v2/2.15.30", true, Cli, "2.15.30"),
            ("/app/lib/aws-java-sdk-core-1.11.703.jar", false, JavaV1, "1.11.703"),
            ("/app/lib/aws-core-2.10.10.jar", false, JavaV2, "2.10.10"),
            ("/app/lib/aws-config-jvm-1.0.1.jar", false, Kotlin, "1.0.1"),
            ("/usr/lib/ruby/gems/3.1.0/specifications/aws-sdk-core-3.57.0.gemspec", false, Ruby, "3.57.0"),
        ] {
            let expected = Clue::Module { kind, sts: false, version: version.to_owned() };
            assert_eq!(clue(path.as_bytes(), directory), Some(expected), "{path}");
        }
        assert!(matches!(clue(b"/app/lib/sts-2.10.10.jar", false), Some(Clue::Module { kind: JavaV2, sts: true, .. })));
    }

    #[test]
    fn names_that_say_nothing_are_skipped_or_opened() {
        for (path, directory, expected) in [
            ("/app/lib/sts-1.0.jar", false, Some(Clue::Archive)),
            ("/app/lib/aws-core-tools.jar", false, Some(Clue::Archive)),
            ("/app/app.jar", false, Some(Clue::Archive)),
            ("/app/app.jar", true, None),
            ("/app/node_modules/aws-sdk/package.json", false, Some(Clue::Package(JavaScriptV2))),
            ("/app/src/aws-sdk/package.json", false, None),
            ("/app/node_modules/@aws-sdk/client-s3/package.json", false, None),
            ("/var/www/vendor/composer/installed.json", false, Some(Clue::Composer)),
            ("/app/Shop.deps.json", false, Some(Clue::DotNet)),
            ("/usr/lib/libaws-cpp-sdk-core.so.1.11", false, Some(Clue::CppLibrary)),
            ("/usr/local/aws-cli/v2/current", true, None),
            ("/data/aws-sdk-core-3.57.0.gemspec", false, None),
            ("/x/boto3-stubs.dist-info", true, None),
            ("/x/boto3_extra-1.0.dist-info", true, None),
        ] {
            assert_eq!(clue(path.as_bytes(), directory), expected, "{path}");
        }
        assert_eq!(clue(b"/app/\xff/boto3-1.0.0.dist-info", true), None);
    }
}
