//! Where STS was reached: tries the connections that other SDKs make in this environment. Nothing is sent but what
//! opens them; the token stays here.

use super::alternate_route::TIMEOUT;
use super::elapsed::milliseconds;
use super::transport::Transport;
use crate::probe::evidence::{Evidence, Step, StepStatus};
use crate::probe::sdks::network::{Connection, connections};
use crate::probe::subject::Subject;
use crate::text::secrets::Secrets;
use tokio::time::Instant;

/// There are two others in the worst environment: the global endpoint and that of another region.
const MAX_CONNECTIONS: usize = 3;

pub(super) async fn collect(subject: &Subject, evidence: &mut Evidence, secrets: &Secrets, deadline: Instant) {
    let Some(port) = evidence.endpoint.seen().map(|endpoint| endpoint.port) else { return };
    for Connection { host, is_direct } in connections(evidence).into_iter().take(MAX_CONNECTIONS) {
        let began = Instant::now();
        let until = deadline.min(began + TIMEOUT);
        if until <= began {
            return;
        }
        let transport = match is_direct {
            true => Transport::without_proxy(subject, secrets, until),
            false => Transport::new(subject, secrets, until),
        };
        transport.reach(&host, port, until).await;
        let Some(dial) = transport.take_log().dial else { continue };
        let fault = dial.fault();
        let status = if fault.is_none() { StepStatus::Ok } else { StepStatus::Failed };
        let past = if is_direct { " without the proxy" } else { "" };
        let detail = format!("{host}{past}: {}", fault.as_deref().unwrap_or("connected"));
        evidence.steps.push(Step { name: "other-connection", status, duration_ms: milliseconds(began), detail });
        evidence.other_connections.push(dial);
    }
}
