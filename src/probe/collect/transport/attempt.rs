//! One layer of a connection while it is tried. Whoever gave a call its time drops it when that is over, wherever it
//! stands; the log then still tells the layer.

use super::Shared;
use crate::probe::collect::elapsed::milliseconds;
use crate::probe::evidence::{
    AddressFault, Dial, DnsFault, HttpFault, Layer, ProxyFault, StepStatus, TcpFault, TlsFault,
};
use std::net::SocketAddr;
use tokio::time::Instant;

/// What is being tried.
pub(super) struct Attempt<'s> {
    shared: &'s Shared,
    layer: Layer,
    pub(super) began: Instant,
    /// The address that is being connected to, and what those before it answered.
    pub(super) address: Option<SocketAddr>,
    pub(super) faults: Vec<AddressFault>,
    ended: bool,
}

impl<'s> Attempt<'s> {
    pub(super) fn at(shared: &'s Shared, layer: Layer) -> Self {
        Self { shared, layer, began: Instant::now(), address: None, faults: Vec::new(), ended: false }
    }

    /// The layer gave a result, which is a step of the report: its detail, or its fault in words.
    pub(super) fn end(&mut self, outcome: Result<String, String>) {
        let (status, detail) = match outcome {
            Ok(detail) => (StepStatus::Ok, detail),
            Err(detail) => (StepStatus::Failed, detail),
        };
        self.shared.step(self.layer, self.began, status, detail);
        self.ended = true;
    }

    /// The layer gave a result, and the call itself is its step.
    pub(super) fn end_with_the_call(&mut self) {
        self.ended = true;
    }

    fn cut_off(&mut self, dial: &mut Dial) {
        let after_ms = milliseconds(self.began);
        match self.layer {
            Layer::Dns => dial.dns = Some(Err(DnsFault::TimedOut { after_ms })),
            Layer::Tcp => {
                let fault = TcpFault::TimedOut { after_ms };
                self.faults.extend(self.address.map(|address| AddressFault { address, fault }));
                dial.tcp = Some(Err(std::mem::take(&mut self.faults)));
            }
            Layer::ProxyTls => dial.proxy_tls = Some(Err(TlsFault::TimedOut { after_ms })),
            Layer::Proxy => dial.proxy = Some(Err(ProxyFault::TimedOut { after_ms })),
            Layer::Tls => dial.tls = Some(Err(TlsFault::TimedOut { after_ms })),
            Layer::Http => dial.http = Some(HttpFault::TimedOut { after_ms }),
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let shared = self.shared;
        shared.with_dial(|dial| self.cut_off(dial));
        // An exchange that is cut off shows as the call's own step.
        if self.layer < Layer::Http {
            let fault = shared.log().dial.as_ref().and_then(Dial::fault).unwrap_or_default();
            shared.step(self.layer, self.began, StepStatus::Failed, format!("{fault}, when the time was over"));
        }
    }
}
