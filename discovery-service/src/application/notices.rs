//! Wakes the long polls that wait at this replica.

use std::sync::Arc;

use tokio::sync::watch;

/// Knows the newest index that this replica heard of.
#[derive(Clone, Default)]
pub struct Notices(Arc<watch::Sender<Notice>>);

#[derive(Clone, Copy, Default)]
pub(super) struct Notice {
    index: u64,
    closing: bool,
}

impl Notices {
    /// There is a list with this index.
    pub fn announce(&self, index: u64) {
        self.0.send_if_modified(|notice| std::mem::replace(&mut notice.index, index) != index);
    }

    /// Polls must not hold up the shutdown.
    pub fn close(&self) {
        self.0.send_modify(|notice| notice.closing = true);
    }

    pub(super) fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

pub(super) struct Listener(watch::Receiver<Notice>);

impl Listener {
    /// Forgets what was heard so far; `false` when it is no use to wait any more.
    pub(super) fn listen_afresh(&mut self) -> bool {
        !self.0.borrow_and_update().closing
    }

    pub(super) async fn news(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending().await
        }
    }
}
