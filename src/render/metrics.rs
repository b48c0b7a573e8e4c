//! Prometheus text format. Every label value is one of a fixed set; no ARN, claim or path is in it.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};

use crate::causes::webhook;
use crate::diagnosis::history::{Durations, History};
use crate::diagnosis::report::{Report, Verdict};
use crate::probe::evidence::{Mechanism, Seen};

/// All metrics; without a report (before the first run has ended) those that need none.
pub fn render(report: Option<&Report>, history: &History) -> String {
    let mut page = Page(String::new());
    page.family("build_info", "gauge", "Version of the running probe; always 1.");
    page.sample("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    runs(&mut page, history);
    calls(&mut page, history);
    if let Some(report) = report {
        verdict(&mut page, report);
        lifetimes(&mut page, report, history);
    }
    page.0
}

fn runs(page: &mut Page, history: &History) {
    page.family("runs_total", "counter", "Completed runs, by verdict.");
    for verdict in Verdict::ALL {
        let runs = history.runs.get(verdict.word()).copied().unwrap_or_default();
        page.sample("runs_total", &[("verdict", verdict.word())], runs);
    }
    page.gauge("consecutive_failures", "Consecutive failed runs, up to the last run.", Some(history.failures));
    let (at, took) = history.last_run.unzip();
    page.gauge("last_run_timestamp_seconds", "Time when the last run ended.", at.map(|at| at.0));
    let took = took.map(|took| took.as_secs_f64());
    page.gauge("last_run_duration_seconds", "Duration of the last run.", took);
}

fn calls(page: &mut Page, history: &History) {
    const NAME: &str = "sts_call_duration_seconds";
    if history.calls.is_empty() {
        return;
    }
    page.family(NAME, "histogram", "Duration of STS calls with their retries, by operation and outcome.");
    for ((operation, outcome), durations) in &history.calls {
        let labels = [("operation", *operation), ("outcome", outcome.name())];
        let [operation, outcome] = labels;
        let mut sum = 0;
        for (bound, count) in Durations::BOUNDS.iter().zip(durations.counts) {
            sum += count;
            let bound = bound.to_string();
            page.sample("sts_call_duration_seconds_bucket", &[operation, outcome, ("le", &bound)], sum);
        }
        page.sample("sts_call_duration_seconds_bucket", &[operation, outcome, ("le", "+Inf")], durations.count);
        page.sample("sts_call_duration_seconds_sum", &labels, durations.sum_seconds);
        page.sample("sts_call_duration_seconds_count", &labels, durations.count);
    }
}

fn verdict(page: &mut Page, report: &Report) {
    page.family(
        "identity_info",
        "gauge",
        "Mechanism that gives the pod its role: irsa, irsa-profile, pod-identity or none; always 1.",
    );
    let mechanism = report.evidence.mechanism.map_or("none", Mechanism::code);
    page.sample("identity_info", &[("mechanism", mechanism)], 1);
    // A pod that asks for no role counts neither as working nor as failing.
    let healthy = (!webhook::is_absent_as_allowed(&report.evidence)).then_some(u8::from(report.works()));
    page.gauge("healthy", "Whether the pod's identity worked in the last run (warnings allowed).", healthy);
    let findings: BTreeSet<_> = report.findings.iter().map(|found| (found.cause.code, found.severity)).collect();
    if !findings.is_empty() {
        page.family("finding", "gauge", "Findings of the last run, by code (see irsa-probe explain); always 1.");
    }
    for (code, severity) in findings {
        page.sample("finding", &[("code", code), ("severity", severity.word())], 1);
    }
}

fn lifetimes(page: &mut Page, report: &Report, history: &History) {
    let token = report.evidence.token.seen();
    let issued = token.and_then(|token| token.issued_at).map(|at| at.0);
    page.gauge("token_issued_timestamp_seconds", "Time when the token in the file was issued.", issued);
    let expiry = token.and_then(|token| token.expires_at).map(|at| at.0);
    page.gauge("token_expiry_timestamp_seconds", "Time when the token in the file expires.", expiry);
    let session = history.last_success.and_then(|success| success.session_expires_at).map(|at| at.0);
    page.gauge(
        "credentials_expiry_timestamp_seconds",
        "Time when the session of the last successful run expires.",
        session,
    );
    let skew = match &report.evidence.clock {
        Seen::Seen(clock) => Some(clock.ahead_seconds),
        Seen::NotChecked(_) | Seen::Failed(_) => None,
    };
    page.gauge("clock_skew_seconds", "How far the STS clock is ahead of the local clock.", skew);
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP irsa_probe_{name} {help}\n# TYPE irsa_probe_{name} {kind}");
    }

    /// `values` need no escaping: they are words of this program.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let _ = writeln!(self.0, "irsa_probe_{name}{{{}}} {value}", labels.join(","));
    }

    /// A metric without labels; what is not known is left out rather than made up.
    fn gauge(&mut self, name: &str, help: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.family(name, "gauge", help);
            let _ = writeln!(self.0, "irsa_probe_{name} {value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    fn after(reports: &[Report]) -> String {
        let mut history = History::default();
        for report in reports {
            history.record(report);
        }
        render(reports.last(), &history)
    }

    #[test]
    fn what_is_known_is_there_and_nothing_that_names_anybody() {
        let page = after(&[sample::healthy(), sample::refused()]);
        for line in [
            "irsa_probe_healthy 0",
            "irsa_probe_finding{code=\"not-authorized\",severity=\"error\"} 1",
            "irsa_probe_runs_total{verdict=\"healthy\"} 1",
            "irsa_probe_runs_total{verdict=\"broken\"} 1",
            "irsa_probe_runs_total{verdict=\"degraded\"} 0",
            "irsa_probe_consecutive_failures 1",
            "irsa_probe_last_run_timestamp_seconds 1795309200",
            "irsa_probe_last_run_duration_seconds 0.057",
            "irsa_probe_token_issued_timestamp_seconds 1795302000",
            "irsa_probe_token_expiry_timestamp_seconds 1795388400",
            "irsa_probe_credentials_expiry_timestamp_seconds 1795312800",
            "irsa_probe_sts_call_duration_seconds_bucket{operation=\"AssumeRoleWithWebIdentity\",outcome=\"ok\",le=\"0.025\"} 0",
            "irsa_probe_sts_call_duration_seconds_bucket{operation=\"AssumeRoleWithWebIdentity\",outcome=\"ok\",le=\"0.05\"} 1",
            "irsa_probe_sts_call_duration_seconds_count{operation=\"AssumeRoleWithWebIdentity\",outcome=\"refused\"} 1",
            "irsa_probe_sts_call_duration_seconds_sum{operation=\"GetCallerIdentity\",outcome=\"ok\"} 0.012",
        ] {
            assert!(page.lines().any(|have| have == line), "{line} is not in\n{page}");
        }
        for secret in ["arn:", "111122223333", "checkout", "oidc", "script"] {
            assert!(!page.contains(secret), "{secret} is in\n{page}");
        }
    }

    /// `# HELP irsa_probe_NAME ...` against the rows of the reference.
    #[test]
    fn the_reference_lists_every_metric() {
        let page = after(&[sample::healthy(), sample::degraded(), sample::refused()]);
        let families: BTreeSet<&str> =
            page.lines().filter_map(|line| line.strip_prefix("# HELP irsa_probe_")?.split(' ').next()).collect();
        let reference = include_str!("../../deploy/REFERENCE.md");
        let (_, table) = reference.split_once("## Metrics").expect("the section");
        let table = table.split("\n## ").next().unwrap_or_default();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        assert_eq!(families, rows.collect());
    }

    #[test]
    fn promtool_finds_nothing_to_say() {
        let pages = [
            render(None, &History::default()),
            after(&[sample::healthy()]),
            after(&[sample::degraded(), sample::throttled(), sample::refused()]),
            after(&[sample::frozen()]),
        ];
        for page in pages {
            let mut command = Command::new("promtool");
            command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let Ok(mut promtool) = command.spawn() else {
                eprintln!("skipped: promtool is not installed (Debian: apt-get install prometheus)");
                return;
            };
            promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
            let output = promtool.wait_with_output().unwrap();
            let said =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success() && said.trim().is_empty(), "{said}\n{page}");
        }
    }
}
