//! Logging out, here or everywhere.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;

use super::{AccountError, AnnounceRevocations, Store, UserReader, session};
use crate::domain::{SecretToken, SessionId};

/// Ends logins.
pub struct SignOut {
    store: Arc<dyn Begin<dyn Store>>,
    users: Arc<dyn UserReader>,
    revocations: AnnounceRevocations,
    clock: Arc<dyn Clock>,
}

impl SignOut {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        users: Arc<dyn UserReader>,
        revocations: AnnounceRevocations,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, users, revocations, clock }
    }

    /// The login that the refresh token belongs to; nothing when it belongs to none.
    pub async fn by_token(&self, token: &SecretToken) -> Result<(), AccountError> {
        match self.users.refresh_token_owner(token.digest()).await? {
            Some((user, session)) => self.session(user, session).await,
            None => Ok(()),
        }
    }

    /// One login of the user.
    pub async fn session(&self, user: UserId, session: SessionId) -> Result<(), AccountError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if tx.user_for_update(user).await?.is_some() {
                tx.revoke_session(user, session, self.clock.now()).await?;
                tx.commit().await?;
            }
            Ok(())
        })
        .await
    }

    /// All logins of the user, and the access tokens that came from them.
    pub async fn everywhere(&self, user: UserId) -> Result<(), AccountError> {
        let user = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut user = tx.user_for_update(user).await?.ok_or(AccountError::NotFound(user))?;
            session::end_all(tx.as_mut(), &mut user, self.clock.now()).await?;
            tx.save_user(&user).await?;
            tx.commit().await?;
            Ok::<_, AccountError>(user)
        })
        .await?;
        self.revocations.announce(&user).await;
        Ok(())
    }
}
