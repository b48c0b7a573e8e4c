//! The command line. Every option has an `IRSA_PROBE_*` twin, because pod specs find variables easier to set.
#![allow(clippy::disallowed_methods, reason = "the command line, the clock and standard output belong to the world")]

mod audit;
#[cfg(target_os = "linux")]
mod check;
mod debug_profile;
mod doctor;
mod explain;
mod input;
#[cfg(not(target_os = "linux"))]
mod needs_linux;
#[cfg(target_os = "linux")]
mod options;
mod out;
mod output;
#[cfg(target_os = "linux")]
mod ping;
mod plugin;
#[cfg(target_os = "linux")]
mod serve;
mod trust_policy;
#[cfg(target_os = "linux")]
mod wait;

use crate::diagnosis::report::exit;
use crate::text::printable::Notation;
use clap::{CommandFactory, Parser, Subcommand};
#[cfg(not(target_os = "linux"))]
use needs_linux::{check, ping, serve, wait};
#[cfg(target_os = "linux")]
use options::{LifeOptions, ReportOptions, RunOptions, TerminationOptions};
use output::{Output, OutputOptions};
use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};

/// Checks whether IAM Roles for Service Accounts (IRSA) works in this pod, and if not, names the cause and the fix.
#[derive(Parser)]
#[command(name = "irsa-probe", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[cfg_attr(target_os = "linux", command(flatten))]
    #[cfg_attr(not(target_os = "linux"), arg(skip))]
    check: check::CheckOptions,
}

const EXAMPLES: &str = "Examples:
  irsa-probe                                  run every check once, as text
  \
                        irsa-probe check --output json              the report as JSON
  irsa-probe explain \
                        not-authorized           what a code means
  irsa-probe wait --timeout 2m                init \
                        container: wait until IRSA works
  irsa-probe serve                            sidecar: \
                        /readyz, /metrics and a page

Exit codes:
  0  IRSA works                      3  \
                        undetermined; retrying may help
  1  broken; fix the configuration   4  broken; fix it, then \
                        recreate the pod
  2  usage error";

// Deferred: building the options of nine commands of which one runs was a tenth of a run's instructions.
#[derive(Subcommand)]
#[command(defer = true)]
enum Command {
    /// Run every check once and print a report
    #[command(after_help = check::EXAMPLES)]
    Check(check::CheckOptions),
    /// Explain a finding code or a pasted error; without an argument, list every code
    #[command(after_help = explain::EXAMPLES)]
    Explain(explain::ExplainOptions),
    /// Cross-check what kubectl and aws print, without network access
    #[command(after_help = audit::EXAMPLES)]
    Audit(audit::AuditOptions),
    /// From a laptop: run kubectl and aws, read only, and name the cause
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(doctor::DoctorOptions),
    /// Read a pod as JSON and print the kubectl debug command that runs the probe as its application
    #[command(after_help = debug_profile::EXAMPLES)]
    DebugProfile(debug_profile::DebugProfileOptions),
    /// Init container: run the checks until the identity works or retrying cannot help
    #[command(after_help = wait::EXAMPLES)]
    Wait(wait::WaitOptions),
    /// Sidecar: keep checking; serve health, metrics and the report over HTTP
    #[command(after_help = serve::EXAMPLES)]
    Serve(serve::ServeOptions),
    /// Query a running serve, for exec probes
    #[command(after_help = ping::EXAMPLES)]
    Ping(ping::PingOptions),
    /// Print the trust policy that this token needs; with --check, say which condition of a policy fails
    #[command(after_help = trust_policy::EXAMPLES)]
    TrustPolicy(trust_policy::TrustPolicyOptions),
    /// Print shell completions
    #[command(after_help = plugin::COMPLETIONS)]
    Completions { shell: clap_complete::Shell },
}

/// The command line as a value, for what is held against it: manifests, documents.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program; gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    // Consoles older than Windows Terminal show colours only on demand.
    #[cfg(windows)]
    let _ = anstyle_query::windows::enable_ansi_colors();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(answer) = plugin::completion(&arguments) {
        out::print(answer, Notation::Text);
        return exit::WORKS;
    }
    let cli = match plugin::parse(arguments) {
        Ok(cli) => cli,
        Err(error) => return out::usage(&error),
    };
    match cli.command {
        None => check::run(&cli.check),
        Some(Command::Check(options)) => check::run(&options),
        Some(Command::Explain(options)) => explain::run(&options),
        Some(Command::Audit(options)) => audit::run(&options),
        Some(Command::Doctor(options)) => doctor::run(&options),
        Some(Command::DebugProfile(options)) => debug_profile::run(&options),
        Some(Command::Wait(options)) => wait::run(&options),
        Some(Command::Serve(options)) => serve::run(&options),
        Some(Command::Ping(options)) => ping::run(&options),
        Some(Command::TrustPolicy(options)) => trust_policy::run(&options),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "irsa-probe", &mut script);
            out::print(String::from_utf8_lossy(&script).into_owned(), Notation::Text);
            exit::WORKS
        }
    }
}

/// Runs it on one thread; the error is the exit code. A lookup that hangs in the C library does not keep the process.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| out::complain(&format!("cannot start: {error}")))?;
    // Boxed, for tokio hands it from function to function by value.
    let result = runtime.block_on(Box::pin(future));
    runtime.shutdown_background();
    Ok(result)
}

/// A number that differs from pod to pod.
fn seed() -> u64 {
    RandomState::new().hash_one(())
}

/// A name for a debug container that no other has.
fn debug_container() -> String {
    format!("irsa-probe-{:05x}", seed() & 0xf_ffff)
}

/// The reason, if the modes that can keep a pod from starting are switched off.
fn disabled() -> Option<String> {
    let reason = std::env::var_os("IRSA_PROBE_DISABLED").filter(|reason| !reason.is_empty())?;
    Some(reason.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_every_option_has_its_variable() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        let everywhere = std::iter::once(&command).chain(command.get_subcommands());
        for command in everywhere {
            for argument in command.get_arguments().filter(|argument| !argument.is_positional()) {
                let Some(long) = argument.get_long().filter(|long| !["help", "version"].contains(long)) else {
                    continue;
                };
                let twin = format!("IRSA_PROBE_{}", long.to_uppercase().replace('-', "_"));
                let is = argument.get_env().map(|name| name.to_string_lossy().into_owned());
                assert_eq!(is, Some(twin), "--{long} of {}", command.get_name());
            }
        }
    }
}
