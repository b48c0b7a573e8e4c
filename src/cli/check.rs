//! `irsa-probe [check]`: one look.

use super::{LookOptions, Output, OutputOptions, complain, write_out};
use crate::collect::Options;
use crate::evidence::Expectations;
use crate::probe::probe;
use crate::render;
use crate::report::Mode;
use crate::subject::Subject;
use clap::Args;

pub const EXAMPLES: &str = "\
Examples:
  irsa-probe check
  irsa-probe check --expect-service-account payments/checkout
  irsa-probe check --output json | jq .findings
  kubectl exec deploy/checkout -- irsa-probe check";

#[derive(Args)]
pub struct CheckOptions {
    #[command(flatten)]
    look: LookOptions,
    #[command(flatten)]
    output: OutputOptions,
}

pub fn run(options: &CheckOptions) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("cannot start: {error}")),
    };
    let report = runtime.block_on(probe(&options.look.subject(), &options.look.options(), Mode::Check));
    // A lookup that hangs in the C library must not keep the process.
    runtime.shutdown_background();
    let text = match options.output.output {
        Output::Text => render::text::render(&report, options.output.colour()),
        Output::Json => render::json::render(&report),
    };
    if let Err(error) = write_out(text.as_bytes()) {
        // The exit code still tells the truth.
        complain(&format!("cannot write the report: {error}"));
    }
    report.exit_code
}

impl LookOptions {
    /// This process, with what the options put in place of its variables.
    pub fn subject(&self) -> Subject {
        let mut subject = Subject::this_process();
        let variables = &mut subject.variables;
        if let Some(arn) = &self.role_arn {
            variables.set("AWS_ROLE_ARN", arn);
        }
        if let Some(path) = &self.token_file {
            variables.set("AWS_WEB_IDENTITY_TOKEN_FILE", path);
        }
        if let Some(region) = &self.region {
            variables.set("AWS_REGION", region);
        }
        subject
    }

    pub fn options(&self) -> Options {
        Options {
            look_timeout: self.look_timeout,
            expected: Expectations { service_account: self.expect_service_account.clone(), no_sts: self.no_sts },
        }
    }
}
