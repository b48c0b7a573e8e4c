//! SDKs within jars: fat jars that hold other jars, and shaded ones that hold the SDK's classes.

use super::names::{self, Clue};
use super::{Budget, Module};
use crate::probe::evidence::SdkKind;
use rawzip::{CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder};
use std::fs::File;
use std::io::Read;

/// An entry that is read is a few hundred bytes long; larger ones are not what they should be.
const MAX_ENTRY: u64 = 64 << 10;

/// What an entry of a jar with an SDK's own classes tells.
enum Inner {
    /// The class is there: so is the module.
    Sts(SdkKind),
    /// Holds `version=...`.
    Properties(SdkKind),
    /// Holds the version as a constant.
    Class(SdkKind),
}

/// An entry worth reading, and how.
struct Page {
    kind: SdkKind,
    is_class: bool,
    method: CompressionMethod,
    place: ZipArchiveEntryWayfinder,
}

/// What the jar's directory tells. Of its content at most a version file of each SDK is read.
pub(super) fn modules(file: File, path: &str, budget: &mut Budget) -> Vec<Module> {
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let Ok(archive) = ZipArchive::from_file(file, &mut buffer) else { return Vec::new() };
    let (mut found, mut pages) = (Vec::new(), Vec::<Page>::new());
    let mut entries = archive.entries(&mut buffer);
    while let Ok(Some(entry)) = entries.next_entry() {
        if !budget.take_entry() {
            break;
        }
        let raw_path = entry.file_path();
        let Ok(name) = std::str::from_utf8(raw_path.as_ref()) else { continue };
        match inner(name) {
            Some(Inner::Sts(kind)) => found.push(Module { kind, sts: true, version: None, path: path.to_owned() }),
            Some(told @ (Inner::Properties(kind) | Inner::Class(kind))) => {
                let is_class = matches!(told, Inner::Class(_));
                let method = entry.compression_method();
                pages.push(Page { kind, is_class, method, place: entry.wayfinder() });
            }
            None => {
                if let Some(Clue::Module { kind, sts, version }) = nested_jar(name) {
                    found.push(Module {
                        kind,
                        sts,
                        version: Some(version),
                        path: format!("{path}!/{}", super::shown(name.as_bytes())),
                    });
                }
            }
        }
    }
    for kind in [SdkKind::JavaV1, SdkKind::JavaV2] {
        let versions = || pages.iter().filter(|page| page.kind == kind);
        if versions().next().is_some() {
            let version = versions().find_map(|page| version(&archive, page));
            found.push(Module { kind, sts: false, version, path: path.to_owned() });
        }
    }
    found
}

fn inner(name: &str) -> Option<Inner> {
    Some(match name {
        "com/amazonaws/services/securitytoken/AWSSecurityTokenService.class" => Inner::Sts(SdkKind::JavaV1),
        "software/amazon/awssdk/services/sts/StsClient.class" => Inner::Sts(SdkKind::JavaV2),
        "com/amazonaws/sdk/versionInfo.properties" => Inner::Properties(SdkKind::JavaV1),
        "META-INF/maven/com.amazonaws/aws-java-sdk-core/pom.properties" => Inner::Properties(SdkKind::JavaV1),
        "META-INF/maven/software.amazon.awssdk/aws-core/pom.properties" => Inner::Properties(SdkKind::JavaV2),
        "software/amazon/awssdk/core/util/VersionInfo.class" => Inner::Class(SdkKind::JavaV2),
        _ => return None,
    })
}

fn nested_jar(name: &str) -> Option<Clue> {
    let file = name.rsplit('/').next()?;
    names::jar(file.strip_suffix(".jar")?)
}

fn version(archive: &ZipArchive<FileReader>, page: &Page) -> Option<String> {
    let entry = archive.get_entry(page.place).ok()?;
    let mut packed = Vec::new();
    entry.reader().take(MAX_ENTRY).read_to_end(&mut packed).ok()?;
    let content = match page.method {
        CompressionMethod::STORE => packed,
        CompressionMethod::DEFLATE => {
            miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, MAX_ENTRY as usize).ok()?
        }
        _ => return None,
    };
    if page.is_class { version_constant(&content) } else { version_property(&content) }
}

fn version_property(content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?;
    let version = text.lines().find_map(|line| line.trim().strip_prefix("version="))?;
    is_version(version).then(|| version.to_owned())
}

/// The first `2.x.y` among the strings of a class file: `VersionInfo` has no other.
fn version_constant(class: &[u8]) -> Option<String> {
    let texts = class.split(|byte| !(byte.is_ascii_digit() || *byte == b'.'));
    let mut versions = texts.filter_map(|text| std::str::from_utf8(text).ok());
    versions
        .find(|text| text.starts_with("2.") && text.matches('.').count() == 2 && is_version(text))
        .map(str::to_owned)
}

fn is_version(text: &str) -> bool {
    text.len() <= 40 && text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_graphic())
}
