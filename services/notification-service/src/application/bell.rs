//! Tells this process's workers that there is something to send. What other instances commit they find by asking.

use std::time::Duration;

use tokio::sync::watch;

/// Rings for every worker that listens, also for one that is busy right now.
#[derive(Debug, Clone)]
pub struct Bell(watch::Sender<()>);

impl Default for Bell {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl Bell {
    pub fn ring(&self) {
        self.0.send_replace(());
    }

    pub fn listen(&self) -> Ear {
        Ear(self.0.subscribe())
    }
}

/// One worker's ear.
#[derive(Debug)]
pub struct Ear(watch::Receiver<()>);

impl Ear {
    /// Until it rings, or rang since the last time; at most this long.
    pub async fn heard(&mut self, at_most: Duration) {
        let _ = tokio::time::timeout(at_most, self.0.changed()).await;
    }
}
