//! Leaving the shop.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::kafka::Envelope;

use super::administer::must_leave_an_admin;
use super::{AccountError, AnnounceRevocations, Store, UserDeleted, session};

/// Deletes accounts. Orders and payments keep the id, which then names nobody.
pub struct DeleteAccount {
    store: Arc<dyn Begin<dyn Store>>,
    revocations: AnnounceRevocations,
    clock: Arc<dyn Clock>,
}

impl DeleteAccount {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        revocations: AnnounceRevocations,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, revocations, clock }
    }

    pub async fn run(&self, id: UserId) -> Result<(), AccountError> {
        let user = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let admins = tx.active_admins_for_update().await?;
            let mut user = tx.user_for_update(id).await?.ok_or(AccountError::NotFound(id))?;
            let now = self.clock.now();
            user.is_active = false;
            must_leave_an_admin(&admins, &user)?;
            session::end_all(tx.as_mut(), &mut user, now).await?;
            tx.erase_user(&user, now).await?;
            tx.publish(Envelope::new(&UserDeleted::new(&user))).await?;
            tx.commit().await?;
            Ok::<_, AccountError>(user)
        })
        .await?;
        tracing::info!(user.id = %id, "a user has left");
        self.revocations.announce(&user).await;
        Ok(())
    }
}
