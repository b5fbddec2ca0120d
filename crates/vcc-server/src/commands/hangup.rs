//! SIGHUP: what asks a server to open its files anew.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Asks to open files anew. From when this is made the signal does not end the process.
pub(super) struct Hangup {
    #[cfg(unix)]
    signal: Option<Signal>,
}

#[cfg(unix)]
impl Hangup {
    pub(super) fn listen() -> Self {
        Self { signal: signal(SignalKind::hangup()).ok() }
    }

    /// Completes when the signal comes: each time that it does.
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
