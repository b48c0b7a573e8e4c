//! `irsa-probe debug-profile`: the `kubectl debug` command for a pod.

use super::{Output, OutputOptions, complain, input, print};
use crate::documents::debug_profile::{Choices, IMAGE, build};
use clap::Args;
use std::ffi::OsString;

pub const EXAMPLES: &str = "\
Examples:
  kubectl get pod checkout-5d9 --output json | irsa-probe debug-profile
  kubectl get pod checkout-5d9 --output json | irsa-probe debug-profile --container app | sh";

#[derive(Args)]
pub struct DebugProfileOptions {
    /// Output of kubectl get pod NAME --output json; `-` reads standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pod: OsString,
    /// Container to check, if the pod has several
    #[arg(long, value_name = "NAME", env = "IRSA_PROBE_CONTAINER")]
    container: Option<String>,
    /// User ID of the application, if the pod does not state it
    #[arg(long, value_name = "UID", env = "IRSA_PROBE_UID")]
    uid: Option<u32>,
    /// Image of the probe
    #[arg(long, value_name = "IMAGE", env = "IRSA_PROBE_IMAGE", default_value = IMAGE)]
    image: String,
    #[command(flatten)]
    output: OutputOptions,
}

pub fn run(options: &DebugProfileOptions) -> u8 {
    let pod = match input::read(&options.pod) {
        Ok(pod) => pod,
        Err(why) => return complain(&why),
    };
    let choices =
        Choices { container: options.container.clone(), uid: options.uid.map(i64::from), image: options.image.clone() };
    match (build(&pod, &choices), options.output.output) {
        (Err(fault), _) => complain(&fault.to_string()),
        (Ok(built), Output::Text) => print(built.script().as_bytes()),
        (Ok(built), Output::Json) => {
            let json = serde_json::json!({
                "schema": "irsa-probe/debug-profile/v1",
                "profile": built.profile,
                "command": built.command,
                "notes": built.notes,
            });
            print(format!("{json:#}\n").as_bytes())
        }
    }
}
