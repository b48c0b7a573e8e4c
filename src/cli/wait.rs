//! `irsa-probe wait`: the init container, or a wrapper that execs a program.

use super::out::{complain, print_rendered, print_rendered_aside};
use super::{LifeOptions, ReportOptions, RunOptions, block_on, seed};
use crate::diagnosis::report::{Report, exit};
use crate::modes::schedule::Waiting;
use crate::modes::wait::{Settings, Waited, wait};
use clap::Args;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

pub(super) const EXAMPLES: &str = "Examples:
  irsa-probe wait
  irsa-probe wait --timeout 5m --warn-only
  irsa-probe wait \
                            --if-configured             does not block a pod without IRSA
  irsa-probe wait -- /app \
                            --port 80           execs the program once IRSA works
  IRSA_PROBE_DISABLED='incident 42' \
                            irsa-probe wait

Exit codes: those of check; 0 with --warn-only or if IRSA_PROBE_DISABLED \
                            is not empty.";

#[derive(Args)]
pub(super) struct WaitOptions {
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    report: ReportOptions,
    #[command(flatten)]
    life: LifeOptions,
    /// Give up after this long
    #[arg(long, value_name = "DURATION", env = "IRSA_PROBE_TIMEOUT", default_value = "2m", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Keep retrying errors that IAM propagation delay can cause; any other fault that needs a fix ends the wait
    #[arg(long, value_name = "DURATION", env = "IRSA_PROBE_SETTLE", default_value = "60s", value_parser = humantime::parse_duration)]
    settle: Duration,
    /// Wait this long before exit code 4, up to half as much more: where restartPolicyRules recreate the pod, Kubernetes
    /// has no back-off of its own. Report, log line and termination message are written before; set 0s elsewhere
    #[arg(long, value_name = "DURATION", env = "IRSA_PROBE_RECREATE_HOLD", default_value = "30s", value_parser = humantime::parse_duration)]
    recreate_hold: Duration,
    /// Report, but never block the pod
    #[arg(long, env = "IRSA_PROBE_WARN_ONLY", value_parser = clap::builder::FalseyValueParser::new())]
    warn_only: bool,
    /// Command to exec once the identity works
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(super) fn run(options: &WaitOptions) -> u8 {
    options.life.start_log();
    let code = match super::disabled() {
        Some(reason) => {
            tracing::warn!(reason, "IRSA_PROBE_DISABLED is set: CHECKS SKIPPED, letting the pod start");
            exit::WORKS
        }
        None => wait_for_identity(options),
    };
    match code {
        exit::WORKS => become_command(&options.command),
        code => code,
    }
}

fn wait_for_identity(options: &WaitOptions) -> u8 {
    if let Some(why) = options.run.contradiction() {
        return complain(why);
    }
    // With --warn-only the pod starts, and nothing recreates it.
    let recreate_hold = if options.warn_only { Duration::ZERO } else { options.recreate_hold };
    let settings = Settings {
        waiting: Waiting { timeout: options.timeout, settle: options.settle, recreate_hold },
        termination_log: options.life.termination.termination_log.clone(),
        seed: seed(),
    };
    let subject = options.run.subject();
    let run_options = options.run.options(crate::diagnosis::report::Mode::Wait);
    let show = |report: &Report| show(options, report);
    let waited = match block_on(wait(&subject, &run_options, &settings, show)) {
        Ok(Ok(waited)) => waited,
        Ok(Err(why)) => return complain(&why),
        Err(code) => return code,
    };
    match waited {
        Waited::Ran(report) => {
            let let_through = options.warn_only && report.exit_code != exit::WORKS;
            if let_through {
                tracing::warn!(exit_code = report.exit_code, "--warn-only: letting the pod start anyway");
            }
            if let_through { exit::WORKS } else { report.exit_code }
        }
        // The signal ends the program that would follow, too.
        Waited::Ended(Some(report)) if report.exit_code != exit::WORKS => report.exit_code,
        Waited::Ended(_) => exit::UNDETERMINED,
    }
}

/// On standard output, unless a program follows that owns it.
fn show(options: &WaitOptions, report: &Report) {
    let rendered = options.report.render(report);
    if options.command.is_empty() { print_rendered(&rendered) } else { print_rendered_aside(&rendered) }
}

/// Does not return if there is a command and it can be run.
fn become_command(command: &[OsString]) -> u8 {
    let Some((program, arguments)) = command.split_first() else {
        return exit::WORKS;
    };
    let error = Command::new(program).args(arguments).exec();
    complain(&format!("cannot run {}: {error}", program.to_string_lossy()))
}
