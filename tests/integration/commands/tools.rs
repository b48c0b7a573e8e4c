//! The real aws CLI and the real kubectl, which find nobody at the other end.

use super::shells::{self, Words};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The calls of `program` in these commands, without its name, each once.
pub fn calls(program: &str, commands: &[String]) -> Vec<Words> {
    let all = shells::words("sh", commands).into_iter().flatten();
    let mut calls: Vec<Words> = all.filter(|words| words[0] == program).map(|words| words[1..].to_vec()).collect();
    calls.sort();
    calls.dedup();
    calls
}

/// Nobody listens there, and no port below 1024 is given to another test.
const CLOSED: &str = "http://127.0.0.1:1";

/// The interpreter beside `aws`, if it knows the aws CLI's modules.
pub fn python_with_awscli() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let aws = std::env::split_paths(&path).map(|folder| folder.join("aws")).find(|file| file.is_file())?;
    // The link of .ci/awscli leads into its virtual environment.
    let python = aws.canonicalize().ok()?.with_file_name("python3");
    let found = Command::new(&python).args(["-c", "import awscli.clidriver"]).output();
    found.is_ok_and(|output| output.status.success()).then_some(python)
}

/// What the aws CLI says to each call. One process for all: a start takes half a second.
pub fn aws(python: &PathBuf, calls: &[Words]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/commands/aws.py"))
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("AWS_ENDPOINT_URL", CLOSED)
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIexampleKEY")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_MAX_ATTEMPTS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python");
    let input = serde_json::to_vec(calls).expect("JSON");
    child.stdin.take().expect("a pipe").write_all(&input).expect("written");
    let output = child.wait_with_output().expect("an answer");
    serde_json::from_slice(&output.stdout).expect("a string for each call")
}

/// Only `get` prints columns; each is an expression of JSONPath behind its heading.
fn in_jsonpath(format: &str) -> String {
    let Some(columns) = format.strip_prefix("custom-columns=") else { return format.to_owned() };
    let paths = columns.split(',').map(|column| column.split_once(':').expect("a heading").1);
    format!("jsonpath={}", paths.map(|path| format!("{{{path}}}")).collect::<String>())
}

pub fn runs_kubectl() -> bool {
    Command::new("kubectl").args(["version", "--client"]).output().is_ok_and(|output| output.status.success())
}

/// What kubectl says to each call. The format of an answer is tried by itself: without an answer nobody reads it.
pub fn kubectl(calls: &[Words]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &[String]| {
        let output = Command::new("kubectl")
            .args(words)
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("PATH"))
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("kubectl");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let try_one = |call: &Words| {
        let format = call.iter().skip_while(|word| !["-o", "--output"].contains(&word.as_str())).nth(1);
        if let Some(format) = format {
            let format = in_jsonpath(format);
            let offline = ["create", "namespace", "x", "--dry-run=client", "-o", format.as_str()];
            let (works, said) = run(&offline.map(str::to_owned));
            if !works {
                return said;
            }
        }
        run(&[&["--server".to_owned(), CLOSED.to_owned()], call.as_slice()].concat()).1
    };
    // kubectl waits more than it works.
    std::thread::scope(|scope| {
        let parts = calls.chunks(calls.len().div_ceil(4).max(1));
        let threads: Vec<_> = parts.map(|part| scope.spawn(|| part.iter().map(try_one).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    })
}
