//! `irsa-probe serve`: the sidecar.

use super::out::complain;
use super::{LifeOptions, RunOptions, block_on, seed};
use crate::diagnosis::history::Patience;
use crate::modes::schedule::Serving;
use crate::modes::serve::{Address, ReportAddress, Settings, serve};
use clap::Args;
use std::time::Duration;

pub(super) const LISTEN: &str = "[::]:8080";
const REPORT_LISTEN: &str = "127.0.0.1:8081";

pub(super) const EXAMPLES: &str = "Examples:
  irsa-probe serve
  irsa-probe serve --listen '[::]:18080' --report-listen \
                            127.0.0.1:18081
  irsa-probe serve --listen unix:/run/irsa-probe.sock --report-listen none
  \
                            kubectl port-forward pod/checkout 8081    then open http://localhost:8081

If \
                            IRSA_PROBE_DISABLED is not empty, serve always reports ready.

Pages of --listen:         \
                            /livez /readyz /healthz /metrics
Pages of --report-listen:  those, /report (JSON) and / \
                            (HTML)";

#[derive(Args)]
pub(super) struct ServeOptions {
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    life: LifeOptions,
    /// Address for the kubelet and Prometheus: ADDRESS:PORT or unix:/path
    #[arg(long, value_name = "ADDRESS", env = "IRSA_PROBE_LISTEN", default_value = LISTEN)]
    listen: Address,
    /// Address that serves the full report; "none" turns it off [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDRESS", env = "IRSA_PROBE_REPORT_LISTEN")]
    report_listen: Option<String>,
    /// Interval between runs, give or take 20 %; shorter after a failure, a token rotation or before the session ends
    #[arg(long, value_name = "DURATION", env = "IRSA_PROBE_INTERVAL", default_value = "15m", value_parser = interval)]
    interval: Duration,
    /// Interval between checks of the token file alone
    #[arg(long, value_name = "DURATION", env = "IRSA_PROBE_TOKEN_INTERVAL", default_value = "30s", value_parser = interval)]
    token_interval: Duration,
    /// Consecutive failures before /readyz returns 503
    #[arg(long, value_name = "RUNS", env = "IRSA_PROBE_FAILURE_THRESHOLD", default_value = "1",
          value_parser = clap::value_parser!(u32).range(1..))]
    failure_threshold: u32,
    /// How long a passing fault leaves the pod ready after the last run that worked [default: until its session ends]
    #[arg(long, value_name = "DURATION", env = "IRSA_PROBE_READY_GRACE", value_parser = humantime::parse_duration)]
    ready_grace: Option<Duration>,
}

pub(super) fn run(options: &ServeOptions) -> u8 {
    options.life.start_log();
    if let Some(why) = options.run.contradiction() {
        return complain(why);
    }
    let report_listen = match report_address(options.report_listen.as_deref()) {
        Ok(address) => address,
        Err(why) => return complain(&format!("--report-listen: {why}")),
    };
    let disabled = super::disabled();
    if let Some(reason) = &disabled {
        tracing::warn!(reason, "IRSA_PROBE_DISABLED is set: ALWAYS READY");
    }
    let settings = Settings {
        listen: options.listen.clone(),
        report_listen,
        serving: Serving { interval: options.interval },
        token_interval: options.token_interval,
        patience: Patience { failure_threshold: options.failure_threshold, ready_grace: options.ready_grace },
        termination_log: options.life.termination.termination_log.clone(),
        disabled: disabled.is_some(),
        seed: seed(),
    };
    match block_on(serve(
        &options.run.subject(),
        &options.run.options(crate::diagnosis::report::Mode::Serve),
        &settings,
    )) {
        Ok(Ok(())) => crate::diagnosis::report::exit::WORKS,
        Ok(Err(why)) => complain(&why),
        Err(code) => code,
    }
}

fn report_address(text: Option<&str>) -> Result<Option<ReportAddress>, String> {
    match text {
        Some("none") => Ok(None),
        Some(text) => Ok(Some(ReportAddress { address: text.parse()?, wanted: true })),
        None => Ok(Some(ReportAddress { address: REPORT_LISTEN.parse()?, wanted: false })),
    }
}

/// A span of time that is not so short that the probe does nothing else.
fn interval(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(span) if span < Duration::from_millis(100) => Err("must be at least 100ms".to_owned()),
        other => other.map_err(|error| error.to_string()),
    }
}
