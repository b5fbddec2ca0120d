//! SIGHUP asks a server to reopen its files.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for SIGHUP. Once this exists, the signal does not end the process.
pub(super) struct Hangup {
    #[cfg(unix)]
    signal: Option<Signal>,
}

#[cfg(unix)]
impl Hangup {
    pub(super) fn listen() -> Self {
        Self { signal: signal(SignalKind::hangup()).ok() }
    }

    /// Completes each time the signal comes.
    pub(super) async fn asked(&mut self) {
        match &mut self.signal {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
impl Hangup {
    pub(super) fn listen() -> Self {
        Self {}
    }

    /// Never completes: there is no such signal.
    pub(super) async fn asked(&mut self) {
        std::future::pending().await
    }
}
