//! What an operator applies is tested like code: every manifest parses, speaks of nothing that the binary does not have,
//! and the admission policies' expressions do on real pods what their comments say. `tests/manifests/run` goes further
//! where kubectl, promtool and the Kubernetes schemas are at hand.

mod admission;
mod api_server;
mod containers;
mod monitoring;
mod network;
mod pages;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

#[test]
fn every_manifest_parses_and_names_its_kind() {
    let files = files_below(&["deploy", "examples", "tests/manifests/overlays", "tests/manifests/workloads"], "yaml");
    assert!(files.len() > 30, "only {} manifests found", files.len());
    for file in files {
        for document in documents(&file) {
            for field in ["apiVersion", "kind"] {
                assert!(document[field].is_string(), "{}: a document without {field}", file.display());
            }
        }
    }
    for file in files_below(&["deploy"], "json") {
        let parsed: Value = serde_json::from_str(&read(&file)).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        assert!(parsed.is_object(), "{}", file.display());
    }
}

fn documents(path: &Path) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The one document of `kind` in a file of the repository.
fn document(path: &str, kind: &str) -> Value {
    documents(&repository(path)).into_iter().find(|d| d["kind"] == kind).unwrap_or_else(|| panic!("{path}: no {kind}"))
}

fn files_below(folders: &[&str], extension: &str) -> Vec<PathBuf> {
    let mut open: Vec<_> = folders.iter().map(|folder| repository(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
