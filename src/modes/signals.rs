//! The signals that end a mode. They are awaited from the start: PID 1, which a container's process is, ignores signals
//! without a handler, and the pod then takes its whole grace period to end.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM (the kubelet) and SIGINT (a person).
pub(crate) struct Ending {
    terminate: Signal,
    interrupt: Signal,
}

impl Ending {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them; gives its name.
    pub(crate) async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
