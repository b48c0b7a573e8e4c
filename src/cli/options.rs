//! Options that several commands of a pod have.

use super::{Output, OutputOptions};
use crate::diagnosis::report::Report;
use crate::modes::log;
use crate::modes::termination_log::{self, TerminationLog};
use crate::probe::collect::IssuerCheck;
use crate::probe::evidence::Mechanism;
use crate::render::{json, text};
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::time::Duration;

// The groups of options below carry plain comments: clap would show a doc comment as the command's own description.

// What every run needs.
#[derive(Args, Clone)]
pub(super) struct RunOptions {
    /// Role to test [default: $AWS_ROLE_ARN, or that of the profile]
    #[arg(long, value_name = "ARN", env = "IRSA_PROBE_ROLE_ARN")]
    pub(super) role_arn: Option<String>,
    /// Mechanism that must give the pod its role; irsa-profile excludes --role-arn and --token-file [default: the one that
    /// an SDK uses here]
    #[arg(
        long,
        value_name = "irsa|irsa-profile|pod-identity",
        env = "IRSA_PROBE_IDENTITY",
        value_enum,
        hide_possible_values = true
    )]
    pub(super) identity: Option<Mechanism>,
    /// Token file to read [default: $AWS_WEB_IDENTITY_TOKEN_FILE, or that of --identity]
    #[arg(long, value_name = "PATH", env = "IRSA_PROBE_TOKEN_FILE")]
    pub(super) token_file: Option<OsString>,
    /// AWS region [default: $AWS_REGION]
    #[arg(long, value_name = "REGION", env = "IRSA_PROBE_REGION")]
    pub(super) region: Option<String>,
    /// Service account that the token must belong to
    #[arg(long, value_name = "NAMESPACE/NAME", env = "IRSA_PROBE_EXPECT_SERVICE_ACCOUNT", value_parser = service_account)]
    pub(super) expect_service_account: Option<(String, String)>,
    /// Accept a container that nothing is configured for: without IRSA variable, token volume, web identity profile and
    /// --expect-service-account, warn and exit 0
    #[arg(long, env = "IRSA_PROBE_IF_CONFIGURED", value_parser = clap::builder::FalseyValueParser::new())]
    pub(super) if_configured: bool,
    /// Make no network calls
    #[arg(long, env = "IRSA_PROBE_NO_STS", value_parser = clap::builder::FalseyValueParser::new())]
    pub(super) no_sts: bool,
    /// Fetch the issuer's public keys as STS does and verify the token with them: auto (only where the answer of STS
    /// leaves the issuer in doubt), always or never [default: auto in check, never in wait and serve]
    #[arg(long, value_name = "WHEN", env = "IRSA_PROBE_ISSUER_CHECK", value_enum, num_args = 0..=1, default_missing_value = "always", hide_possible_values = true)]
    pub(super) issuer_check: Option<IssuerCheck>,
    /// Do not test whether the instance metadata service can be reached; wait and serve never do
    #[arg(long, env = "IRSA_PROBE_NO_IMDS", value_parser = clap::builder::FalseyValueParser::new())]
    pub(super) no_imds: bool,
    /// Time limit for one run of the checks
    #[arg(long, value_name = "DURATION", env = "IRSA_PROBE_RUN_TIMEOUT", default_value = "10s", value_parser = humantime::parse_duration)]
    pub(super) run_timeout: Duration,
}

// What a mode that lives in a pod needs.
#[derive(Args, Clone)]
pub(super) struct LifeOptions {
    /// Format of the log lines on standard error
    #[arg(long, env = "IRSA_PROBE_LOG_FORMAT", value_enum, default_value = "json")]
    pub(super) log_format: LogFormat,
    #[command(flatten)]
    pub(super) termination: TerminationOptions,
}

// Where kubectl describe finds the verdict.
#[derive(Args, Clone)]
pub(super) struct TerminationOptions {
    /// File for the termination message, written only if it exists; "none" turns it off
    #[arg(long, value_name = "PATH", env = "IRSA_PROBE_TERMINATION_LOG", default_value = termination_log::DEFAULT)]
    pub(super) termination_log: TerminationLog,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

// How to say what a run found.
#[derive(Args, Clone)]
pub(super) struct ReportOptions {
    #[command(flatten)]
    pub(super) output: OutputOptions,
    /// Also show what passed, what was skipped and why, and every candidate in detail (JSON always has everything)
    #[arg(long, short, env = "IRSA_PROBE_VERBOSE", value_parser = clap::builder::FalseyValueParser::new())]
    pub(super) verbose: bool,
}

impl LifeOptions {
    pub(super) fn start_log(&self) {
        log::start(match self.log_format {
            LogFormat::Text => log::Format::Text,
            LogFormat::Json => log::Format::Json,
        });
    }
}

impl ReportOptions {
    pub(super) fn render(&self, report: &Report) -> String {
        let detail = if self.verbose { text::Detail::Everything } else { text::Detail::FirstScreen };
        match self.output.output {
            Output::Text => text::render(report, self.output.colour(), detail),
            Output::Json => json::render(report),
        }
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
