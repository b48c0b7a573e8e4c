//! [`crate::modes::signals`] on Windows, where nothing else asks a console program to end.

use std::io;
use tokio::signal::windows::{CtrlC, ctrl_c};

/// Ctrl-C.
pub(crate) struct Ending(CtrlC);

impl Ending {
    pub(crate) fn new() -> io::Result<Self> {
        ctrl_c().map(Self)
    }

    /// Waits for it; gives its name.
    pub(crate) async fn wait(&mut self) -> &'static str {
        // `None` cannot be: the handler is never removed.
        let _ = self.0.recv().await;
        "Ctrl-C"
    }
}
