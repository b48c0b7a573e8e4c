//! `cargo run --example demo`: the probe in a healthy pod, without a cluster and without AWS.
//! `-- --list` names the ways in which it can be broken, `-- NAME` shows one, `-- --all` shows all.
//!
//! STS, the issuer and the proxy in front of them are stand-ins on loopback that verify what AWS verifies.

#![allow(clippy::disallowed_methods, reason = "the demo makes the world that the probe inspects")]

mod case;
#[path = "../local_sts/mod.rs"]
mod local_sts;
mod own_network;
mod stage;

use case::Case;
use clap::Parser;
use std::ffi::OsString;
use std::io::{Error, ErrorKind, Result, Write};
use std::process::{Command, ExitCode, ExitStatus};

/// This program as the probe: what follows are the probe's own arguments.
const AS_PROBE: &str = "as-irsa-probe";

/// Shows irsa-probe in a pod on loopback, healthy or broken.
#[derive(Parser)]
#[command(name = "demo")]
struct Arguments {
    /// The case to show
    #[arg(default_value = "healthy")]
    case: String,
    /// Name all cases
    #[arg(long)]
    list: bool,
    /// Show all cases
    #[arg(long)]
    all: bool,
    /// Show the report as JSON
    #[arg(long)]
    json: bool,
    /// Run the probe with these arguments instead of those of the case, such as serve
    #[arg(last = true)]
    probe: Vec<String>,
}

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os();
    if arguments.nth(1).is_some_and(|first| first == AS_PROBE) {
        let arguments = std::iter::once(OsString::from("irsa-probe")).chain(arguments);
        return Ok(ExitCode::from(irsa_probe::cli::run(arguments)));
    }
    match demonstrate(&Arguments::parse()) {
        // `demo --all | head` has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        result => result.map(|()| ExitCode::SUCCESS),
    }
}

fn demonstrate(arguments: &Arguments) -> Result<()> {
    let mut out = std::io::stdout();
    let cases = Case::all()?;
    if arguments.list {
        for Case { name, about, .. } in &cases {
            writeln!(out, "{name:<42} {about}")?;
        }
        return Ok(());
    }
    let mut shown = cases.iter().filter(|case| arguments.all || case.name == arguments.case).peekable();
    if shown.peek().is_none() {
        return Err(Error::other(format!("no case is named {:?}; --list names all", arguments.case)));
    }
    if arguments.all {
        return shown.try_for_each(|case| show_in_a_process_of_its_own(case, arguments.json));
    }
    shown.try_for_each(|case| show(case, arguments, &mut out))
}

/// The agent of EKS Pod Identity has one port in one network, and a process has its network before it has threads.
fn show_in_a_process_of_its_own(case: &Case, json: bool) -> Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(&case.name).args(json.then_some("--json"));
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(Error::other(format!("{}: {status}", case.name))) }
}

fn show(case: &Case, arguments: &Arguments, out: &mut impl Write) -> Result<()> {
    if !case.is_pod() {
        return show_input(case, arguments, out);
    }
    if case.pod_identity {
        own_network::enter().map_err(|error| Error::other(format!("a network with the agent's address: {error}")))?;
    }
    let mut raised = case.stage()?.raise(&std::env::current_exe()?)?;
    writeln!(out, "# {}: {}", case.name, case.about)?;
    for (name, value) in &raised.variables {
        writeln!(out, "export {name}={}", quoted(value))?;
    }
    if !arguments.probe.is_empty() {
        raised.arguments.clone_from(&arguments.probe);
    }
    writeln!(out, "$ irsa-probe {}", raised.arguments.join(" "))?;
    raised.command.arg(AS_PROBE).args(&raised.arguments);
    if arguments.json {
        raised.command.args(["--output", "json"]);
    }
    end(raised.command.status()?, out)
}

/// A case that is an error text or documents.
fn show_input(case: &Case, arguments: &Arguments, out: &mut impl Write) -> Result<()> {
    let words = case.arguments.clone().unwrap_or_default();
    writeln!(
        out,
        "# {}: {}\n$ irsa-probe {} < input of tests/cases/{}/case.json",
        case.name,
        case.about,
        words.join(" "),
        case.name
    )?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(AS_PROBE).args(&words).args(arguments.json.then_some(["--output", "json"]).into_iter().flatten());
    let status = command.stdin(case.input()?).status()?;
    end(status, out)
}

fn end(status: ExitStatus, out: &mut impl Write) -> Result<()> {
    writeln!(out, "$ echo $?\n{}\n", status.code().map_or_else(|| status.to_string(), |code| code.to_string()))
}

/// For a shell.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+@".contains(c);
    match value.chars().all(plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', r"'\''")),
    }
}
