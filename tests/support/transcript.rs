//! The transcripts of README.md and deploy/README.md. A marker before each says how it is made:
//! `<!-- demo CASE -->` for a case of `tests/cases/`, `<!-- network -->` for the one that needs a network of its own.

use crate::varying::scrub;
use regex_lite::Regex;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub const PAGES: [&str; 2] = ["README.md", "deploy/README.md"];

/// What a terminal shows: the command and the report, without the paths of this machine.
pub fn transcript(arguments: &[String], report: &str, directory: &Path) -> String {
    let shown = format!("$ irsa-probe {}\n{}\n", arguments.join(" "), report.trim_end());
    shown.replace(&directory.display().to_string(), "")
}

/// Compares the transcript behind the marker with what the program says now, apart from what differs in each run. With
/// `UPDATE_README=1` writes it there instead, if it differs.
pub fn hold(page: &str, marker: &str, transcript: &str) -> Result<(), String> {
    // Tests of one program run beside each other, and two may write the same page.
    static WRITING: Mutex<()> = Mutex::new(());
    let _guard = WRITING.lock();
    let text = fs::read_to_string(path(page)).expect("a page");
    let begin = format!("<!-- {marker} -->\n```console\n");
    let from = text.find(&begin).ok_or_else(|| format!("{page}: no ```console behind {marker}"))? + begin.len();
    let to = from + text[from..].find("```\n").ok_or_else(|| format!("{page}: {marker} does not end"))?;
    if comparable(&text[from..to]) == comparable(transcript) {
        return Ok(());
    }
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(path(page), format!("{}{transcript}{}", &text[..from], &text[to..])).expect("written");
        return Ok(());
    }
    let command = "`just readme` (CONTRIBUTING.md) writes it";
    Err(format!("{page}: {marker}: the program says\n{transcript}\nbut the page has\n{}\n{command}", &text[from..to]))
}

/// Values of different lengths wrap at different words.
fn comparable(transcript: &str) -> String {
    let unwrapped = Regex::new(r"\n {7,}").expect("a pattern").replace_all(transcript, " ").into_owned();
    scrub(&unwrapped)
}

fn path(page: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(page)
}
