//! Signals that ask the process to stop.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, or SIGTERM from a service manager. Once this exists, neither ends the process by itself, so make it
/// before the server is announced.
pub(super) struct Stopping {
    #[cfg(unix)]
    interrupt: Option<Signal>,
    #[cfg(unix)]
    terminate: Option<Signal>,
}

#[cfg(unix)]
impl Stopping {
    pub(super) fn listen() -> Self {
        // Without a handler, the signal just ends the process.
        let listen = |kind| signal(kind).ok();
        Self {
            interrupt: listen(SignalKind::interrupt()),
            terminate: listen(SignalKind::terminate()),
        }
    }

    /// Completes when the process is asked to stop: each time that it is.
    pub(super) async fn asked(&mut self) {
        tokio::select! {
            () = heard(&mut self.interrupt) => {}
            () = heard(&mut self.terminate) => {}
        }
    }
}

#[cfg(unix)]
async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
impl Stopping {
    pub(super) fn listen() -> Self {
        Self {}
    }

    /// Completes when the process is asked to stop: each time that it is.
    pub(super) async fn asked(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
