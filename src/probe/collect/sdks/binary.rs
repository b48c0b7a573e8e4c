//! SDK versions out of programs and libraries, read in pieces.

use super::{Budget, Module};
use crate::probe::evidence::SdkKind;
use memchr::memmem::Finder;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;

const PIECE: usize = 256 << 10;
/// A Go module list, or the like, is not longer.
const MAX_BLOCK: usize = 1 << 20;
/// Go's linker puts these before and after the list of modules, in stripped programs too. Source:
/// `cmd/go/internal/modload` (`infoStart`, `infoEnd`), unchanged since Go 1.12.
const GO_START: [u8; 16] = *b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const GO_END: [u8; 16] = *b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
/// Part of the path of `aws-config`'s sources, which the messages of its panics hold: `.../aws-config-1.5.0/src/...`.
const RUST_SOURCE: &[u8] = b"/aws-config-";

/// Functions that a Go program which finds credentials by itself has linked in. Their names stay in stripped programs
/// too, for stack traces, and tell the SDK, though no version, of one that was built without modules, as Debian's are.
const GO_FUNCTIONS: [(SdkKind, &[u8]); 2] = [
    (SdkKind::GoV1, b"github.com/aws/aws-sdk-go/aws/session.NewSession"),
    (SdkKind::GoV2, b"github.com/aws/aws-sdk-go-v2/config.LoadDefaultConfig"),
];

/// The SDKs that are linked into a program.
pub(super) fn program(file: &File, budget: &mut Budget) -> Vec<Module> {
    let mut found: BTreeSet<(SdkKind, Option<String>)> = BTreeSet::new();
    found.extend(audited_rust(file).map(|version| (SdkKind::Rust, Some(version))));
    let (go, rust) = (Finder::new(&GO_START), Finder::new(RUST_SOURCE));
    let functions = GO_FUNCTIONS.map(|(kind, name)| (kind, Finder::new(name)));
    let (mut is_go, mut linked) = (false, BTreeSet::new());
    for_each_piece(file, budget, |offset, piece| {
        if let Some(at) = go.find(piece)
            && let Some(modules) = go_modules(&block(file, offset + (at + GO_START.len()) as u64))
        {
            is_go = true;
            found.extend(modules.into_iter().map(|(kind, version)| (kind, Some(version))));
        }
        if let Some(at) = rust.find(piece) {
            let version = rust_source(&piece[at + RUST_SOURCE.len()..]);
            found.extend(version.map(|version| (SdkKind::Rust, Some(version))));
        }
        linked.extend(functions.iter().filter(|(_, name)| name.find(piece).is_some()).map(|(kind, _)| *kind));
    });
    // In another language's program such a name is only a text.
    linked.retain(|kind| is_go && !found.iter().any(|(other, _)| other == kind));
    found.extend(linked.into_iter().map(|kind| (kind, None)));
    let module = |(kind, version)| Module { kind, sts: false, version, path: "its program".to_owned() };
    found.into_iter().map(module).collect()
}

/// `libaws-cpp-sdk-core.so`, whose version is a text of its own between zero bytes.
pub(super) fn cpp_library(file: &File, path: String, budget: &mut Budget) -> Module {
    let mut versions = BTreeSet::new();
    for_each_piece(file, budget, |_, piece| {
        versions.extend(piece.split(|byte| *byte == 0).filter_map(cpp_version));
    });
    let mut versions = versions.into_iter();
    // More than one: it cannot be told which is the SDK's own.
    let version = versions.next().filter(|_| versions.next().is_none());
    Module { kind: SdkKind::Cpp, sts: false, version, path }
}

fn cpp_version(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.starts_with("1.") && text.len() <= 10)?;
    let parts: Vec<&str> = text.split('.').collect();
    let numeric = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    (parts.len() == 3 && numeric && parts[2].len() >= 2).then(|| text.to_owned())
}

/// Calls `run` with each piece of the file and its offset. Pieces overlap, so that nothing short is cut in two.
fn for_each_piece(file: &File, budget: &mut Budget, mut run: impl FnMut(u64, &[u8])) {
    const OVERLAP: usize = 256;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    if !budget.may_read(size) {
        return;
    }
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    while budget.has_time() {
        let length = read_at(file, &mut buffer, offset);
        run(offset, &buffer[..length]);
        if length < PIECE {
            return;
        }
        offset += (length - OVERLAP) as u64;
    }
}

fn block(file: &File, offset: u64) -> Vec<u8> {
    let mut block = vec![0; MAX_BLOCK];
    let length = read_at(file, &mut block, offset);
    block.truncate(length);
    block
}

/// As much as there is, up to the buffer's size.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> usize {
    let mut length = 0;
    while length < buffer.len() {
        match file.read_at(&mut buffer[length..], offset + length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    length
}

/// The lines `dep<TAB>path<TAB>version`, or `=>` with what replaces the line before. `None` if this is not what Go's
/// linker wrote: a program that looks for its marks, as this one does, holds them too.
fn go_modules(block: &[u8]) -> Option<Vec<(SdkKind, String)>> {
    let end = Finder::new(&GO_END).find(block)?;
    let text = std::str::from_utf8(&block[..end]).ok().filter(|text| text.starts_with("path\t"))?;
    let mut modules: Vec<(SdkKind, String)> = Vec::new();
    let mut of_aws = false;
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (verb, path, version) = (fields.next(), fields.next(), fields.next());
        let kind = match path {
            Some("github.com/aws/aws-sdk-go") => Some(SdkKind::GoV1),
            Some("github.com/aws/aws-sdk-go-v2/config") => Some(SdkKind::GoV2),
            _ => None,
        };
        let version = version.map(|version| version.trim_start_matches('v').to_owned());
        match (verb, kind, version) {
            (Some("dep" | "mod"), Some(kind), Some(version)) => modules.push((kind, version)),
            (Some("=>"), _, Some(version)) if of_aws && !version.is_empty() => {
                if let Some(last) = modules.last_mut() {
                    last.1 = version;
                }
            }
            _ => {}
        }
        of_aws = verb == Some("dep") && kind.is_some();
    }
    Some(modules)
}

fn rust_source(rest: &[u8]) -> Option<String> {
    let end = rest.iter().take(40).position(|byte| *byte == b'/')?;
    let version = std::str::from_utf8(&rest[..end]).ok()?;
    let is_source = rest[end..].starts_with(b"/src/");
    (is_source && version.starts_with(|c: char| c.is_ascii_digit())).then(|| version.to_owned())
}

/// The part of `cargo auditable`'s list that is used.
#[derive(Deserialize)]
struct Audit {
    packages: Vec<AuditedPackage>,
}

#[derive(Deserialize)]
struct AuditedPackage {
    name: String,
    version: String,
}

/// The version of `aws-config` in the section `.dep-v0`, which `cargo auditable` writes as packed JSON.
fn audited_rust(file: &File) -> Option<String> {
    let packed = elf_section(file, b".dep-v0")?;
    let json = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&packed, 8 * MAX_BLOCK).ok()?;
    let audit: Audit = serde_json::from_slice(&json).ok()?;
    audit.packages.into_iter().find(|package| package.name == "aws-config").map(|package| package.version)
}

/// A section of a 64-bit little-endian ELF file, which is what EKS runs. A whole ELF reader would trust the sizes that
/// the file states; this takes [`MAX_BLOCK`] at most.
fn elf_section(file: &File, wanted: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 64;
    let mut header = [0; HEADER];
    if read_at(file, &mut header, 0) < HEADER || !header.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let table = u64::from_le_bytes(header[40..48].try_into().ok()?);
    let [count, names] = [60, 62].map(|at| usize::from(u16::from_le_bytes([header[at], header[at + 1]])));
    let mut sections = vec![0; count * HEADER];
    let length = read_at(file, &mut sections, table);
    let sections: Vec<&[u8]> = sections[..length].chunks_exact(HEADER).collect();
    let content = |section: &[u8]| {
        let offset = u64::from_le_bytes(section[24..32].try_into().ok()?);
        let size = u64::from_le_bytes(section[32..40].try_into().ok()?);
        let mut content = vec![0; usize::try_from(size).ok().filter(|size| *size <= MAX_BLOCK)?];
        (read_at(file, &mut content, offset) == content.len()).then_some(content)
    };
    let names = content(sections.get(names)?)?;
    let name = |section: &[u8]| {
        let start = u32::from_le_bytes(section[..4].try_into().ok()?) as usize;
        names.get(start..)?.split(|byte| *byte == 0).next()
    };
    content(sections.iter().find(|section| name(section) == Some(wanted))?)
}
