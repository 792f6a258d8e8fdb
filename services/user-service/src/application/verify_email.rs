//! Proving that somebody reads their e-mail.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::kafka::Envelope;

use super::{AccountError, EmailVerificationRequested, Store, UserReader, UserUpdated, one_time};
use crate::domain::{Purpose, SecretToken, TokenDigest, User, pause_left};

/// Verifies e-mail addresses.
pub struct VerifyEmail {
    store: Arc<dyn Begin<dyn Store>>,
    users: Arc<dyn UserReader>,
    clock: Arc<dyn Clock>,
}

impl VerifyEmail {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, users: Arc<dyn UserReader>, clock: Arc<dyn Clock>) -> Self {
        Self { store, users, clock }
    }

    pub async fn run(&self, token: &SecretToken) -> Result<User, AccountError> {
        let digest = token.digest();
        let owner = self.users.one_time_token_owner(digest, Purpose::VerifyEmail, self.clock.now()).await?;
        let owner = owner.ok_or(AccountError::BadOneTimeToken)?;
        retrying(|| self.verify(owner, digest)).await
    }

    async fn verify(&self, owner: UserId, digest: TokenDigest) -> Result<User, AccountError> {
        let mut tx = self.store.begin().await?;
        let mut user = tx.user_for_update(owner).await?.ok_or(AccountError::BadOneTimeToken)?;
        let now = self.clock.now();
        if !tx.use_one_time_token(digest, Purpose::VerifyEmail, now).await? {
            return Err(AccountError::BadOneTimeToken);
        }
        user.email_verified = true;
        user.updated_at = now;
        tx.save_user(&user).await?;
        tx.publish(Envelope::new(&UserUpdated::new(&user))).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Sends another token, unless one was sent just now or the address is verified.
    pub async fn send_again(&self, id: UserId) -> Result<(), AccountError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let user = tx.user_for_update(id).await?.ok_or(AccountError::NotFound(id))?;
            let now = self.clock.now();
            let last = tx.last_one_time_token(id, Purpose::VerifyEmail).await?;
            if user.email_verified || pause_left(last, now).is_some() {
                return Ok(());
            }
            let token = one_time::issue(tx.as_mut(), id, Purpose::VerifyEmail, now).await?;
            tx.publish(Envelope::new(&EmailVerificationRequested::new(&user, token.reveal()))).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}
