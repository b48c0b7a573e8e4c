//! `irsa-probe debug-profile`: the `kubectl debug` command for a pod.

use super::out::{complain, print};
use super::{Output, OutputOptions, debug_container, input};
use crate::diagnosis::report::exit;
use crate::documents::debug_profile::{Choices, build};
use crate::modes::clock;
use crate::text::printable::Notation;
use clap::Args;
use std::ffi::OsString;

pub(super) const EXAMPLES: &str = "Examples:
  export IRSA_PROBE_IMAGE=registry.example.com/irsa-probe:1
  kubectl get pod \
                            checkout-5d9 --output json | irsa-probe debug-profile           to review it first
  \
                            kubectl get pod checkout-5d9 --output json | irsa-probe debug-profile | sh

The script \
                            creates an ephemeral container, prints the report, and exits with the code of the probe.";

#[derive(Args)]
pub(super) struct DebugProfileOptions {
    /// Output of kubectl get pod NAME --output json; `-` reads standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pod: OsString,
    /// Container to check, if the pod has several
    #[arg(long, value_name = "NAME", env = "IRSA_PROBE_CONTAINER")]
    container: Option<String>,
    /// User ID of the application, if the pod does not state it
    #[arg(long, value_name = "UID", env = "IRSA_PROBE_UID")]
    uid: Option<u32>,
    /// Group ID of the application, if the pod does not state it
    #[arg(long, value_name = "GID", env = "IRSA_PROBE_GID")]
    gid: Option<u32>,
    /// Image of the probe, from a registry that the nodes can pull from
    #[arg(long, value_name = "IMAGE", env = "IRSA_PROBE_IMAGE")]
    image: String,
    /// Context for kubectl
    #[arg(long, value_name = "NAME", env = "IRSA_PROBE_CONTEXT")]
    context: Option<String>,
    /// Configuration file for kubectl
    #[arg(long, value_name = "PATH", env = "IRSA_PROBE_KUBECONFIG")]
    kubeconfig: Option<String>,
    #[command(flatten)]
    output: OutputOptions,
}

pub(super) fn run(options: &DebugProfileOptions) -> u8 {
    let choices = Choices {
        container: options.container.clone(),
        uid: options.uid.map(i64::from),
        gid: options.gid.map(i64::from),
        image: options.image.clone(),
        name: debug_container(),
        cluster: cluster(options),
        now: clock::now(),
    };
    let built = input::read(&options.pod).and_then(|pod| build(&pod, &choices).map_err(|fault| fault.to_string()));
    let text = match (built, options.output.output) {
        (Err(why), Output::Json) => return complain(&why),
        (Err(why), Output::Text) => {
            // For `... | sh`, whose exit code is that of the script.
            print("(exit 2)\n".to_owned(), Notation::Text);
            return complain(&why);
        }
        (Ok(built), Output::Text) => built.script,
        (Ok(built), Output::Json) => {
            let json = serde_json::json!({
                "schema": "irsa-probe/debug-profile/v1",
                "profile": built.profile,
                "command": built.command,
                "target": built.target,
                "script": built.script,
                "notes": built.notes,
            });
            format!("{json:#}\n")
        }
    };
    print(text, options.output.output.notation());
    exit::WORKS
}

fn cluster(options: &DebugProfileOptions) -> Vec<(&'static str, String)> {
    let chosen = [("--context", &options.context), ("--kubeconfig", &options.kubeconfig)];
    chosen.into_iter().filter_map(|(option, value)| Some((option, value.clone()?))).collect()
}
