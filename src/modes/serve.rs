//! The sidecar: runs at an interval, and answers HTTP from what the last run saw.

mod conversation;
mod http;
mod listen;
mod route;

pub(crate) use listen::{Address, Listener};

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::diagnosis::history::{History, Patience, Readiness};
use crate::diagnosis::report::{Mode, Report};
use crate::modes::log;
use crate::modes::run::{probe, probe_token};
use crate::modes::schedule::{Outlook, Serving};
use crate::modes::signals::Ending;
use crate::modes::termination_log::TerminationLog;
use crate::probe::collect::{Options, token_is_mounted_alone};
use crate::probe::subject::Subject;
use crate::render::{html, json, metrics, page};
use crate::text::timestamp::span;
use route::{Pages, Side};

/// At most this many connections for the network, and for the report.
const CONNECTIONS: (usize, usize) = (48, 16);

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub listen: Address,
    /// Address of the whole report; `None`: it is not served.
    pub report_listen: Option<ReportAddress>,
    pub serving: Serving,
    /// Time between checks of the token file alone.
    pub token_interval: Duration,
    pub patience: Patience,
    pub termination_log: TerminationLog,
    /// Run and report, but always count as ready.
    pub disabled: bool,
    pub seed: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct ReportAddress {
    pub address: Address,
    /// Whether the user named it. If the default is taken, serve continues without it: the pod's other containers share
    /// its ports.
    pub wanted: bool,
}

/// Serves until a signal ends it. The error says why it could not start.
pub(crate) async fn serve(subject: &Subject, options: &Options, settings: &Settings) -> Result<(), String> {
    let mut ending = Ending::new().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let mut hangup = signal(SignalKind::hangup()).map_err(|error| format!("cannot listen for SIGHUP: {error}"))?;
    let mut sidecar = Sidecar {
        subject,
        options,
        settings,
        history: History::default(),
        report: None,
        dice: Rng::with_seed(settings.seed),
        stale_at: Instant::now(),
        publish: watch::channel(None).0,
    };
    sidecar.publish();
    let servers = sidecar.listen()?;
    if token_is_mounted_alone(subject, options.expected.mechanism).await {
        tracing::warn!("the token file is mounted with subPath: the kubelet cannot refresh it, and it will expire");
    }
    let signal = tokio::select! {
        signal = ending.wait() => signal,
        never = sidecar.run_forever(&mut hangup) => match never {},
    };
    tracing::info!("{signal}: shutting down");
    sidecar.publish.send_replace(None);
    for server in servers {
        // A server that panicked has nothing left to finish.
        let _ = server.await;
    }
    Ok(())
}

struct Sidecar<'a> {
    subject: &'a Subject,
    options: &'a Options,
    settings: &'a Settings,
    history: History,
    report: Option<Report>,
    dice: Rng,
    stale_at: Instant,
    publish: watch::Sender<Option<Arc<Pages>>>,
}

impl Sidecar<'_> {
    fn listen(&self) -> Result<Vec<tokio::task::JoinHandle<()>>, String> {
        let limit = http::descriptors_to_spare();
        let start = |listener: Listener, side, most: usize| {
            let address = listener.address().map(|address| address.to_string());
            tracing::info!(address, side = ?side, "listening");
            tokio::spawn(http::serve(listener, side, most.min(limit), self.publish.subscribe()))
        };
        let mut servers = vec![start(self.settings.listen.listen()?, Side::Network, CONNECTIONS.0)];
        if let Some(ReportAddress { address, wanted }) = &self.settings.report_listen {
            match address.listen() {
                Ok(listener) => servers.push(start(listener, Side::Report, CONNECTIONS.1)),
                Err(why) if *wanted => return Err(why),
                Err(why) => tracing::warn!("{why}; continuing without the report page (see --report-listen)"),
            }
        }
        Ok(servers)
    }

    /// Runs, waits, and runs again.
    async fn run_forever(&mut self, hangup: &mut tokio::signal::unix::Signal) -> std::convert::Infallible {
        loop {
            let report = self.run().await;
            self.record(report);
            let pause = self.pause();
            self.stale_at = Instant::now() + pause + self.settings.serving.interval + self.options.run_timeout;
            self.publish();
            self.wait(pause, hangup).await;
        }
    }

    /// One run; meanwhile `/livez` stays alive.
    async fn run(&self) -> Report {
        let mut run = pin!(probe(self.subject, self.options, Mode::Serve));
        loop {
            tokio::select! {
                report = &mut run => return report,
                _ = sleep(self.settings.token_interval) => self.publish(),
            }
        }
    }

    fn record(&mut self, report: Report) {
        self.history.record(&report);
        self.show(report);
    }

    /// Puts a report in the place of the last one.
    fn show(&mut self, report: Report) {
        let before = self.report.replace(report);
        let Some(report) = &self.report else {
            return;
        };
        let changed = before.as_ref().map(|before| before.verdict) != Some(report.verdict);
        if changed {
            self.settings.termination_log.write(report);
        }
        if let Some(before) = before.filter(|_| changed) {
            log::verdict_changed(before.verdict, report);
        }
    }

    fn pause(&mut self) -> Duration {
        let Some(report) = &self.report else {
            return Duration::ZERO;
        };
        let session_left = self.history.session_left(report.evidence.now);
        let roll = self.dice.f64();
        let pause = self.settings.serving.pause(Outlook::of(report), self.history.failures, session_left, roll);
        log::report(report, &format!("next run in {}", span(pause.as_secs() as i64)));
        pause
    }

    /// Until the next run is due: after `pause`, on SIGHUP, or soon after the token file has changed.
    async fn wait(&mut self, pause: Duration, hangup: &mut tokio::signal::unix::Signal) {
        let mut next_run = Instant::now() + pause;
        let mut next_token_check = Instant::now() + self.settings.token_interval;
        loop {
            tokio::select! {
                _ = hangup.recv() => return tracing::info!("SIGHUP: running now"),
                _ = sleep_until(next_run) => return,
                _ = sleep_until(next_token_check) => {}
            }
            next_token_check = Instant::now() + self.settings.token_interval;
            if self.check_token() {
                let soon = self.settings.serving.pause_after_rotation(self.history.failures == 0, self.dice.f64());
                next_run = next_run.min(Instant::now() + soon);
            }
            self.publish();
        }
    }

    /// Checks the token file alone. Whether a whole run should follow: the token or the verdict has changed.
    fn check_token(&mut self) -> bool {
        let Some(before) = &self.report else {
            return false;
        };
        let now = probe_token(self.subject, self.options, before);
        let new_token = now.evidence.token != before.evidence.token;
        let changed = now.verdict != before.verdict;
        if new_token {
            tracing::info!("the token file has changed");
        }
        self.history.rejudged(&now);
        self.show(now);
        new_token || changed
    }

    /// Renders every page.
    fn publish(&self) {
        let now = Instant::now();
        let report = self.report.as_ref();
        let readiness = match report {
            Some(report) => self.history.readiness(report, self.settings.patience),
            None => Readiness::NotReady("not ready: the first run has not finished".to_owned()),
        };
        let readiness = match readiness {
            Readiness::NotReady(line) if self.settings.disabled => {
                Readiness::Ready(format!("ready: IRSA_PROBE_DISABLED is set (otherwise {line})"))
            }
            other => other,
        };
        let pages = Pages {
            readiness,
            stale_at: self.stale_at,
            dead_at: now + 3 * self.settings.token_interval + self.options.run_timeout,
            metrics: metrics::render(report, &self.history).into(),
            report: report.map(|report| route::Report {
                json: json::render(report).into(),
                html: html::render(report, &self.history).into(),
                html_policy: page::policy(),
            }),
        };
        self.publish.send_replace(Some(Arc::new(pages)));
    }
}
