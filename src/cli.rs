//! The command line. Every option has an `IRSA_PROBE_*` twin, because pod specs find variables easier to set.
#![allow(clippy::disallowed_methods, reason = "the command line, the clock and standard output belong to the world")]

mod audit;
mod check;
mod debug_profile;
mod explain;
mod input;
mod out;
mod ping;
mod serve;
mod trust_policy;
mod wait;

use crate::diagnosis::report::{Report, exit};
use crate::modes::log;
use crate::modes::termination_log::{self, TerminationLog};
use crate::probe::collect::IssuerCheck;
use crate::probe::evidence::Mechanism;
use crate::render::{json, text};
use crate::text::printable::Notation;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Checks whether IAM Roles for Service Accounts (IRSA) works in this pod, and if not, names the cause and the fix.
#[derive(Parser)]
#[command(name = "irsa-probe", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
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

// Deferred: building the options of eight commands of which one runs was a tenth of a run's instructions.
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
    #[command(after_help = "Example:\n  irsa-probe completions bash > /etc/bash_completion.d/irsa-probe")]
    Completions { shell: clap_complete::Shell },
}

// The groups of options below carry plain comments: clap would show a doc comment as the command's own description.

// What every run needs.
#[derive(Args, Clone)]
pub struct RunOptions {
    /// Role to test [default: $AWS_ROLE_ARN]
    #[arg(long, value_name = "ARN", env = "IRSA_PROBE_ROLE_ARN")]
    role_arn: Option<String>,
    /// Mechanism that must give the pod its role [default: the one that an SDK uses here]
    #[arg(
        long,
        value_name = "irsa|pod-identity",
        env = "IRSA_PROBE_IDENTITY",
        value_enum,
        hide_possible_values = true
    )]
    identity: Option<Mechanism>,
    /// Token file to read [default: $AWS_WEB_IDENTITY_TOKEN_FILE, or that of --identity]
    #[arg(long, value_name = "PATH", env = "IRSA_PROBE_TOKEN_FILE")]
    token_file: Option<OsString>,
    /// AWS region [default: $AWS_REGION]
    #[arg(long, value_name = "REGION", env = "IRSA_PROBE_REGION")]
    region: Option<String>,
    /// Service account that the token must belong to
    #[arg(long, value_name = "NAMESPACE/NAME", env = "IRSA_PROBE_EXPECT_SERVICE_ACCOUNT", value_parser = service_account)]
    expect_service_account: Option<(String, String)>,
    /// Accept a container that nothing is configured for: without IRSA variable, token volume, web identity profile and
    /// --expect-service-account, warn and exit 0
    #[arg(long, env = "IRSA_PROBE_IF_CONFIGURED", value_parser = clap::builder::FalseyValueParser::new())]
    if_configured: bool,
    /// Make no network calls
    #[arg(long, env = "IRSA_PROBE_NO_STS", value_parser = clap::builder::FalseyValueParser::new())]
    no_sts: bool,
    /// Fetch the issuer's public keys as STS does and verify the token with them: auto (only where the answer of STS
    /// leaves the issuer in doubt), always or never [default: auto in check, never in wait and serve]
    #[arg(long, value_name = "WHEN", env = "IRSA_PROBE_ISSUER_CHECK", value_enum, num_args = 0..=1, default_missing_value = "always", hide_possible_values = true)]
    issuer_check: Option<IssuerCheck>,
    /// Do not test whether the instance metadata service can be reached; wait and serve never do
    #[arg(long, env = "IRSA_PROBE_NO_IMDS", value_parser = clap::builder::FalseyValueParser::new())]
    no_imds: bool,
    /// Time limit for one run of the checks
    #[arg(long, value_name = "DURATION", env = "IRSA_PROBE_RUN_TIMEOUT", default_value = "10s", value_parser = humantime::parse_duration)]
    run_timeout: Duration,
}

// What a mode that lives in a pod needs.
#[derive(Args, Clone)]
pub struct LifeOptions {
    /// Format of the log lines on standard error
    #[arg(long, env = "IRSA_PROBE_LOG_FORMAT", value_enum, default_value = "json")]
    log_format: LogFormat,
    #[command(flatten)]
    termination: TerminationOptions,
}

// Where kubectl describe finds the verdict.
#[derive(Args, Clone)]
pub struct TerminationOptions {
    /// File for the termination message, written only if it exists; "none" turns it off
    #[arg(long, value_name = "PATH", env = "IRSA_PROBE_TERMINATION_LOG", default_value = termination_log::DEFAULT)]
    termination_log: TerminationLog,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

// How to say it.
#[derive(Args, Clone)]
pub struct OutputOptions {
    #[arg(long, env = "IRSA_PROBE_OUTPUT", value_enum, default_value = "text")]
    output: Output,
    /// Use colour: auto means on a terminal, unless NO_COLOR is set
    #[arg(long, env = "IRSA_PROBE_COLOR", value_enum, default_value = "auto")]
    color: Color,
}

// How to say what a run found.
#[derive(Args, Clone)]
pub struct ReportOptions {
    #[command(flatten)]
    output: OutputOptions,
    /// Also show what passed, what was skipped and why, and every candidate in detail (JSON always has everything)
    #[arg(long, short, env = "IRSA_PROBE_VERBOSE", value_parser = clap::builder::FalseyValueParser::new())]
    verbose: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// The command line as a value, for what is held against it: manifests, documents.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program; gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return out::usage(&error),
    };
    match cli.command {
        None => check::run(&cli.check),
        Some(Command::Check(options)) => check::run(&options),
        Some(Command::Explain(options)) => explain::run(&options),
        Some(Command::Audit(options)) => audit::run(&options),
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

/// The reason, if the modes that can keep a pod from starting are switched off.
fn disabled() -> Option<String> {
    let reason = std::env::var_os("IRSA_PROBE_DISABLED").filter(|reason| !reason.is_empty())?;
    Some(reason.to_string_lossy().into_owned())
}

impl LifeOptions {
    fn start_log(&self) {
        log::start(match self.log_format {
            LogFormat::Text => log::Format::Text,
            LogFormat::Json => log::Format::Json,
        });
    }
}

impl Output {
    fn notation(self) -> Notation {
        match self {
            Self::Text => Notation::Text,
            Self::Json => Notation::Json,
        }
    }
}

impl ReportOptions {
    fn render(&self, report: &Report) -> String {
        let detail = if self.verbose { text::Detail::Everything } else { text::Detail::FirstScreen };
        match self.output.output {
            Output::Text => text::render(report, self.output.colour(), detail),
            Output::Json => json::render(report),
        }
    }
}

impl OutputOptions {
    fn colour(&self) -> text::Colour {
        use std::io::IsTerminal;
        let on = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stdout().is_terminal()
            }
        };
        if on { text::Colour::On } else { text::Colour::Off }
    }
}

fn service_account(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err("must be NAMESPACE/NAME".to_owned()),
    }
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
