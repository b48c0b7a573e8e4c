//! `audit` with documents as commands, consoles and charts give them: each directory of `tests/audit/` holds some, and the
//! report. Those of a directory `explain.*` are read by `explain`. `UPDATE_CASES=1` writes the reports; read the diff.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audit");

/// All, or the one that is named in `CASE`.
fn cases() -> Vec<PathBuf> {
    let only = std::env::var("CASE").ok();
    let folders = fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> =
        folders.filter(|path| only.as_ref().is_none_or(|only| path.ends_with(only))).collect();
    folders.sort();
    folders
}

fn documents(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "report.txt").collect();
    names.sort();
    names
}

/// What is shown on a terminal.
fn shown(folder: &Path) -> String {
    let names = documents(folder);
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    let line = if folder.file_name().unwrap().to_string_lossy().starts_with("explain.") {
        command.args(["explain", "-"]).stdin(File::open(folder.join(&names[0])).unwrap());
        format!("explain - < {}", names[0])
    } else {
        command.arg("audit").args(&names);
        format!("audit {}", names.join(" "))
    };
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    format!("$ irsa-probe {line}\n{}{}", text(output.stderr), text(output.stdout))
}

#[test]
fn each_document_is_read_and_judged() {
    let mut wrong = Vec::new();
    for folder in cases() {
        let (path, is) = (folder.join("report.txt"), shown(&folder));
        // Values of variables and tokens in the documents.
        assert!(!is.contains("hunter2") && !is.contains("AKIA"), "{is}");
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&path, &is).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected != is {
            wrong.push(format!("{}: expected\n{expected}\nis\n{is}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
