//! `cargo run --example demo`: the probe in a healthy pod, without a cluster and without AWS.
//! `-- --list` names the ways in which it can be broken, `-- NAME` shows one, `-- --all` shows all.
//!
//! STS, the issuer and the proxy in front of them are stand-ins on loopback that verify what AWS verifies.

#![allow(clippy::disallowed_methods, reason = "the demo makes the world that the probe looks at")]

#[path = "../local_sts/mod.rs"]
mod local_sts;
mod scenarios;
mod stage;

use clap::Parser;
use scenarios::{SCENARIOS, Scenario};
use stage::Stage;
use std::ffi::OsString;
use std::io::{Error, Result};
use std::process::ExitCode;

/// This program as the probe: what follows are the probe's own arguments.
const AS_PROBE: &str = "as-irsa-probe";

/// Shows irsa-probe in a pod on loopback, healthy or broken.
#[derive(Parser)]
#[command(name = "demo")]
struct Arguments {
    /// The scenario to show
    #[arg(default_value = "healthy")]
    scenario: String,
    /// Name all scenarios
    #[arg(long)]
    list: bool,
    /// Show all scenarios
    #[arg(long)]
    all: bool,
    /// Show the report as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os();
    if arguments.nth(1).is_some_and(|first| first == AS_PROBE) {
        let arguments = std::iter::once(OsString::from("irsa-probe")).chain(arguments);
        return Ok(ExitCode::from(irsa_probe::cli::run(arguments)));
    }
    let arguments = Arguments::parse();
    if arguments.list {
        for Scenario { name, about, .. } in SCENARIOS {
            println!("{name:<42} {about}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = |scenario: &&Scenario| arguments.all || scenario.name == arguments.scenario;
    let mut shown = SCENARIOS.iter().filter(chosen).peekable();
    if shown.peek().is_none() {
        return Err(Error::other(format!("no scenario is named {:?}; --list names all", arguments.scenario)));
    }
    shown.try_for_each(|scenario| show(scenario, arguments.json))?;
    Ok(ExitCode::SUCCESS)
}

fn show(scenario: &Scenario, json: bool) -> Result<()> {
    let mut stage = Stage::healthy()?;
    (scenario.break_it)(&mut stage)?;
    let mut raised = stage.raise(&std::env::current_exe()?)?;
    println!("# {}: {}", scenario.name, scenario.about);
    for (name, value) in &raised.variables {
        println!("export {name}={}", quoted(value));
    }
    println!("$ irsa-probe {}", raised.arguments.join(" "));
    raised.command.arg(AS_PROBE).args(&raised.arguments);
    if json {
        raised.command.args(["--output", "json"]);
    }
    let status = raised.command.status()?;
    println!("$ echo $?\n{}\n", status.code().map_or_else(|| status.to_string(), |code| code.to_string()));
    Ok(())
}

/// For a shell.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+@".contains(c);
    match value.chars().all(plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', r"'\''")),
    }
}
