use tokio::sync::watch;

/// Completes when the server should stop, or drop what it still does.
#[derive(Clone)]
pub(crate) struct Stop(pub(crate) watch::Receiver<bool>);

impl Stop {
    pub(super) async fn asked(&mut self) {
        // It also completes when the sender is gone, and with it the server.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
