//! `irsa-probe ping`: asks a running `serve`.

use super::block_on;
use super::out::{complain, print};
use crate::modes::ping::{Target, ping};
use crate::text::printable::Notation;
use clap::Args;

pub(super) const EXAMPLES: &str = "Examples:
  irsa-probe ping                              the sidecar of this pod, at its \
                            default address
  irsa-probe ping http://127.0.0.1:18080
  irsa-probe ping --live \
                            unix:/run/irsa-probe.sock

Exit codes:
  0  ready        1  not ready; reason on standard \
                            output        3  no response";

#[derive(Args)]
pub(super) struct PingOptions {
    /// http://HOST:PORT[/PATH] or unix:/path [default: where serve listens]
    #[arg(env = "IRSA_PROBE_LISTEN", default_value = super::serve::LISTEN)]
    url: String,
    /// Check liveness instead of readiness
    #[arg(long, env = "IRSA_PROBE_LIVE", value_parser = clap::builder::FalseyValueParser::new())]
    live: bool,
}

pub(super) fn run(options: &PingOptions) -> u8 {
    let target = match Target::parse(&options.url, options.live) {
        Ok(target) => target,
        Err(why) => return complain(&why),
    };
    match block_on(ping(&target)) {
        Ok(pong) => {
            print(format!("{}\n", pong.line()), Notation::Text);
            pong.exit_code()
        }
        Err(code) => code,
    }
}
