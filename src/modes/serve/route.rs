//! The answer to each request: a pure function of the request and of pages that were rendered before, so that no request
//! causes work.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::diagnosis::history::Readiness;
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// Who can reach a listener, which decides what it may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The kubelet, Prometheus, and whoever else reaches the pod: verdict, codes and metrics, but no ARN, claim or path.
    Network,
    /// A person with `kubectl port-forward`: everything.
    Report,
}

/// Every page, rendered when the last run ended.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    pub readiness: Readiness,
    /// From then on the last run is too old to count.
    pub stale_at: Instant,
    /// The loop renders again before then, or has stopped.
    pub dead_at: Instant,
    pub metrics: Bytes,
    /// The report as JSON and HTML; `None` until the first run has ended.
    pub report: Option<Report>,
}

/// The pages of one server. `None` shuts it down.
pub(super) type Source = watch::Receiver<Option<Arc<Pages>>>;

/// The same report twice.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub json: Bytes,
    pub html: Bytes,
    /// The `Content-Security-Policy` that the page is written for.
    pub html_policy: String,
}

/// What counts of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    /// Of the request's target if it names one, else the `Host` header; without user and port.
    pub host: Option<&'a str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: Bytes,
    pub policy: Option<String>,
}

/// The methods that every page has; the value of `Allow`.
pub(super) const METHODS: &str = "GET, HEAD";
const TEXT: &str = "text/plain; charset=utf-8";
/// The Prometheus text exposition format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn answer(side: Side, request: Request<'_>, pages: &Pages, now: Instant) -> Answer {
    if side == Side::Report && !request.host.is_some_and(is_loopback) {
        return line(StatusCode::FORBIDDEN, "forbidden: use localhost, for example through kubectl port-forward");
    }
    let page: fn(&Pages, Instant) -> Answer = match (side, request.path) {
        (_, "/livez") => livez,
        (_, "/readyz" | "/healthz") => readyz,
        (_, "/metrics") => metrics,
        (Side::Report, "/report") => report,
        (Side::Report, "/") => html,
        _ => return line(StatusCode::NOT_FOUND, "not found: try /livez, /readyz, /healthz or /metrics"),
    };
    if request.method != Method::GET && request.method != Method::HEAD {
        return line(StatusCode::METHOD_NOT_ALLOWED, "method not allowed: GET or HEAD");
    }
    page(pages, now)
}

fn livez(pages: &Pages, now: Instant) -> Answer {
    if now < pages.dead_at {
        line(StatusCode::OK, "alive")
    } else {
        line(StatusCode::SERVICE_UNAVAILABLE, "dead: the probe has stopped running its checks")
    }
}

fn readyz(pages: &Pages, now: Instant) -> Answer {
    match &pages.readiness {
        Readiness::NotReady(reason) => line(StatusCode::SERVICE_UNAVAILABLE, reason),
        Readiness::Ready(_) if now >= pages.stale_at => {
            line(StatusCode::SERVICE_UNAVAILABLE, "not ready: the last run is too old")
        }
        Readiness::Ready(verdict) => line(StatusCode::OK, verdict),
    }
}

fn metrics(pages: &Pages, _: Instant) -> Answer {
    Answer { status: StatusCode::OK, content_type: METRICS, body: pages.metrics.clone(), policy: None }
}

fn report(pages: &Pages, _: Instant) -> Answer {
    match &pages.report {
        Some(report) => {
            Answer { status: StatusCode::OK, content_type: "application/json", body: report.json.clone(), policy: None }
        }
        None => no_run_yet(),
    }
}

fn html(pages: &Pages, _: Instant) -> Answer {
    match &pages.report {
        Some(report) => Answer {
            status: StatusCode::OK,
            content_type: "text/html; charset=utf-8",
            body: report.html.clone(),
            policy: Some(report.html_policy.clone()),
        },
        None => no_run_yet(),
    }
}

/// The answer while the process shuts down.
pub(super) fn closing() -> Answer {
    line(StatusCode::SERVICE_UNAVAILABLE, "not ready: the probe is shutting down")
}

/// The answer to a request without a Host header, or with several.
pub(super) fn bad_request() -> Answer {
    line(StatusCode::BAD_REQUEST, "bad request: HTTP/1.1 needs exactly one Host header")
}

fn no_run_yet() -> Answer {
    line(StatusCode::SERVICE_UNAVAILABLE, "the first run has not finished")
}

fn line(status: StatusCode, text: &str) -> Answer {
    Answer { status, content_type: TEXT, body: Bytes::from(format!("{text}\n")), policy: None }
}

/// Whether a page of another origin, whose name an attacker points at 127.0.0.1 (DNS rebinding), cannot have sent this.
fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .and_then(|name| name.parse::<Ipv6Addr>().ok())
            .is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn pages(readiness: Readiness, now: Instant) -> Pages {
        Pages {
            readiness,
            stale_at: now + Duration::from_secs(60),
            dead_at: now + Duration::from_secs(120),
            metrics: Bytes::from_static(b"irsa_probe_healthy 1\n"),
            report: Some(Report {
                json: Bytes::from_static(b"{}"),
                html: Bytes::from_static(b"<!doctype html>"),
                html_policy: "default-src 'none'".into(),
            }),
        }
    }

    #[test]
    fn each_side_has_its_pages() {
        let now = Instant::now();
        let pages = pages(Readiness::Ready("ready: healthy".into()), now);
        for (side, method, path, host, status) in [
            (Side::Network, Method::GET, "/livez", None, 200),
            (Side::Network, Method::HEAD, "/readyz", Some("10.0.0.1"), 200),
            (Side::Network, Method::GET, "/healthz", Some("evil.example"), 200),
            (Side::Network, Method::GET, "/metrics", None, 200),
            (Side::Network, Method::GET, "/report", Some("localhost"), 404),
            (Side::Network, Method::GET, "/", Some("localhost"), 404),
            (Side::Network, Method::GET, "/readyz/", None, 404),
            (Side::Network, Method::POST, "/nothing", None, 404),
            (Side::Network, Method::POST, "/readyz", None, 405),
            (Side::Report, Method::DELETE, "/report", Some("127.0.0.1"), 405),
            (Side::Report, Method::GET, "/report", Some("localhost"), 200),
            (Side::Report, Method::GET, "/report", Some("LOCALHOST."), 200),
            (Side::Report, Method::GET, "/", Some("127.8.8.8"), 200),
            (Side::Report, Method::GET, "/", Some("[::1]"), 200),
            (Side::Report, Method::GET, "/", None, 403),
            (Side::Report, Method::GET, "/livez", Some("rebound.example"), 403),
            (Side::Report, Method::GET, "/report", Some("10.0.0.1"), 403),
            (Side::Report, Method::GET, "/report", Some("127.0.0.1.evil.example"), 403),
            (Side::Report, Method::GET, "/report", Some("localhost.evil.example"), 403),
        ] {
            let answer = answer(side, Request { method: &method, path, host }, &pages, now);
            assert_eq!(answer.status.as_u16(), status, "{side:?} {method} {path} {host:?}");
            if status != 200 {
                assert_eq!(answer.body.iter().filter(|byte| **byte == b'\n').count(), 1, "one line");
            }
        }
    }

    #[test]
    fn readiness_and_liveness_end_when_no_run_follows() {
        let start = Instant::now();
        let ready = pages(Readiness::Ready("ready: healthy".into()), start);
        let not_ready = pages(Readiness::NotReady("not ready: broken not-authorized".into()), start);
        for (pages, path, seconds, status, body) in [
            (&ready, "/readyz", 59, 200, "ready: healthy\n"),
            (&ready, "/readyz", 60, 503, "not ready: the last run is too old\n"),
            (&ready, "/livez", 119, 200, "alive\n"),
            (&ready, "/livez", 120, 503, "dead: the probe has stopped running its checks\n"),
            (&not_ready, "/readyz", 0, 503, "not ready: broken not-authorized\n"),
            (&not_ready, "/livez", 0, 200, "alive\n"),
        ] {
            let request = Request { method: &Method::GET, path, host: None };
            let answer = answer(Side::Network, request, pages, start + Duration::from_secs(seconds));
            assert_eq!((answer.status.as_u16(), &answer.body[..]), (status, body.as_bytes()), "{path} {seconds}");
        }
    }
}
