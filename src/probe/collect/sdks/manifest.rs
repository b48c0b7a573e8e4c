//! SDK versions out of the JSON files that package managers leave behind.

use super::Module;
use crate::probe::evidence::SdkKind;
use serde_json::Value;
use std::fs::File;
use std::io::Read;

/// Larger manifests are passed over.
const MAX_MANIFEST: u64 = 16 << 20;

/// The `package.json` of an npm package.
pub(super) fn package_json(file: File, kind: SdkKind, path: &str) -> Option<Module> {
    let json = json(file)?;
    Some(Module { kind, sts: false, version: Some(json.get("version")?.as_str()?.to_owned()), path: path.to_owned() })
}

/// Composer's `installed.json`: a list in version 1, an object with `packages` in version 2.
pub(super) fn composer(file: File, path: &str) -> Vec<Module> {
    let Some(json) = json(file) else { return Vec::new() };
    let packages = json.get("packages").unwrap_or(&json).as_array();
    let of_aws = |package: &&Value| package.get("name").and_then(Value::as_str) == Some("aws/aws-sdk-php");
    let module = |package: &Value| {
        let version = package.get("version")?.as_str()?.trim_start_matches('v').to_owned();
        Some(Module { kind: SdkKind::Php, sts: false, version: Some(version), path: path.to_owned() })
    };
    packages.into_iter().flatten().filter(of_aws).filter_map(module).collect()
}

/// The `libraries` of a .NET application's `*.deps.json`: keys such as `AWSSDK.Core/3.7.302.0`.
pub(super) fn deps_json(file: File, path: &str) -> Vec<Module> {
    let Some(json) = json(file) else { return Vec::new() };
    let libraries = json.get("libraries").and_then(Value::as_object);
    let module = |key: &String| {
        let (name, version) = key.split_once('/')?;
        let sts = match name {
            "AWSSDK.Core" => false,
            "AWSSDK.SecurityToken" => true,
            _ => return None,
        };
        Some(Module { kind: SdkKind::DotNet, sts, version: Some(version.to_owned()), path: path.to_owned() })
    };
    libraries.into_iter().flat_map(|libraries| libraries.keys()).filter_map(module).collect()
}

fn json(file: File) -> Option<Value> {
    let mut text = Vec::new();
    let read = file.take(MAX_MANIFEST + 1).read_to_end(&mut text).ok()?;
    (read as u64 <= MAX_MANIFEST).then(|| serde_json::from_slice(&text).ok())?
}
