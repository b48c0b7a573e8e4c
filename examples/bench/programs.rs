//! What is compared, and how each is made to do the same two calls.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Program {
    pub name: &'static str,
    pub path: PathBuf,
    pub arguments: Vec<String>,
    /// Starts an interpreter: measured less often.
    pub slow: bool,
    /// The size of one file that is the whole program.
    pub size: Option<u64>,
}

/// This program as the floor.
pub const AS_FLOOR: &str = "as-floor";

const BOTO3: &str = "import boto3; boto3.client('sts').get_caller_identity()";
const NODE: &str = "const {STSClient, GetCallerIdentityCommand} = require('@aws-sdk/client-sts');\
    new STSClient({}).send(new GetCallerIdentityCommand({}))\
    .then(answer => process.exit(answer.Arn ? 0 : 1), error => { console.error(error); process.exit(1) })";

/// The programs that are on this machine, and why the others are not compared.
pub fn present(probe: Option<PathBuf>, home: &Path, scratch: &Path) -> Result<(Vec<Program>, Vec<String>)> {
    let floor = std::env::current_exe()?;
    let probe = probe.map_or_else(|| built_probe(&floor), Ok)?;
    let own = |name, path: PathBuf, arguments: &[&str]| -> Result<Program> {
        // The floor shares its file with the benchmark, so that its own size is not told.
        let size = if path == floor { None } else { Some(path.metadata()?.len()) };
        Ok(Program { name, path, arguments: strings(arguments), slow: false, size })
    };
    let mut programs = vec![own("floor", floor.clone(), &[AS_FLOOR])?, own("irsa-probe", probe, &["check"])?];
    let mut absent = Vec::new();
    match built_go_peer(scratch) {
        Ok(path) => programs.push(own("Go SDK v2", path, &[])?),
        Err(why) => absent.push(format!("Go SDK v2: {why}")),
    }
    let peers: [(&str, &str, &[&str], &[&str]); 3] = [
        ("aws CLI", "aws", &["--version"], &["sts", "get-caller-identity"]),
        ("boto3", "python3", &["-c", "import boto3"], &["-c", BOTO3]),
        ("Node SDK v3", "node", &["-e", "require.resolve('@aws-sdk/client-sts')"], &["-e", NODE]),
    ];
    for (name, file, probe_with, arguments) in peers {
        let there = clean(Path::new(file), home).args(probe_with).stdout(Stdio::null()).stderr(Stdio::null()).status();
        match there {
            Ok(status) if status.success() => {
                programs.push(Program {
                    name,
                    path: file.into(),
                    arguments: strings(arguments),
                    slow: true,
                    size: None,
                });
            }
            Ok(_) => absent.push(format!("{name}: `{file} {}` fails", probe_with.join(" "))),
            Err(error) => absent.push(format!("{name}: {file}: {error}")),
        }
    }
    Ok((programs, absent))
}

/// A command with nothing in its environment but what interpreters find themselves and their modules by.
pub fn clean(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home);
    let kept = ["PATH", "NODE_PATH", "PYENV_ROOT", "PYENV_VERSION"];
    command.envs(kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
}

/// A release build beside the one that this benchmark is of: static if there is one.
fn built_probe(bench: &Path) -> Result<PathBuf> {
    let target = bench
        .ancestors()
        .find(|directory| directory.file_name().is_some_and(|name| name == "target"))
        .ok_or_else(|| Error::other("this benchmark is not below a target directory: give --probe"))?;
    ["x86_64-unknown-linux-gnu/release/irsa-probe", "release/irsa-probe"]
        .iter()
        .map(|path| target.join(path))
        .find(|path| path.is_file())
        .ok_or_else(|| Error::other("there is no release build: `cargo build --release` first, or give --probe"))
}

/// A program of the Go SDK that Debian's package `golang-github-aws-aws-sdk-go-v2-dev` installs, as small as images
/// have it: static and stripped.
fn built_go_peer(scratch: &Path) -> std::result::Result<PathBuf, String> {
    let program = scratch.join("go-peer");
    // Without modules Go searches where Debian puts sources, and asks no network.
    let output = Command::new("go")
        .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode"), ("CGO_ENABLED", "0")])
        .args(["build", "-ldflags=-s -w", "-o"])
        .arg(&program)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bench/peer.go"))
        .output()
        .map_err(|error| format!("go: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let why = || format!("`go build` fails: {}", said.lines().next().unwrap_or_default());
    output.status.success().then_some(program).ok_or_else(why)
}

fn strings(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|argument| (*argument).to_owned()).collect()
}
