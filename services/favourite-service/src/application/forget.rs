//! Forgetting who has left the shop.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::id::UserId;

use super::{FavouriteError, Store};

/// Removes what a deleted user wished for. Doing it again does nothing more, so that it needs no inbox.
pub struct ForgetUser {
    store: Arc<dyn Begin<dyn Store>>,
}

impl ForgetUser {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    pub async fn run(&self, user: UserId) -> Result<(), FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            tx.forget_user(user).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}
