use tokio::sync::watch;

/// Completes once a server is to stop, or to end what it still does.
#[derive(Clone)]
pub(crate) struct Stop(pub(crate) watch::Receiver<bool>);

impl Stop {
    pub(super) async fn asked(&mut self) {
        // Also when the sender is gone, and with it the server.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
