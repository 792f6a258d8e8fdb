//! Changing what an account says about its owner.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::kafka::Envelope;

use super::{AccountError, EmailVerificationRequested, Store, UserUpdated, one_time};
use crate::domain::{Email, FullName, Phone, PostalAddress, Purpose, User, Username};

/// What is to change; what is `None` stays, what is `Some(None)` goes.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    pub email: Option<Email>,
    pub username: Option<Username>,
    pub full_name: Option<Option<FullName>>,
    pub phone: Option<Option<Phone>>,
    pub address: Option<Option<PostalAddress>>,
}

/// Changes profiles.
pub struct ChangeProfile {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ChangeProfile {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub async fn run(&self, id: UserId, change: &ProfileChange) -> Result<User, AccountError> {
        retrying(|| self.apply(id, change)).await
    }

    async fn apply(&self, id: UserId, change: &ProfileChange) -> Result<User, AccountError> {
        let mut tx = self.store.begin().await?;
        let mut user = tx.user_for_update(id).await?.ok_or(AccountError::NotFound(id))?;
        let now = self.clock.now();
        let ProfileChange { email, username, full_name, phone, address } = change.clone();
        let moved = email.is_some_and(|email| user.change_email(email));
        user.username = username.unwrap_or(user.username);
        user.profile.full_name = full_name.unwrap_or(user.profile.full_name);
        user.profile.phone = phone.unwrap_or(user.profile.phone);
        user.profile.address = address.unwrap_or(user.profile.address);
        user.updated_at = now;
        tx.save_user(&user).await?;
        tx.publish(Envelope::new(&UserUpdated::new(&user))).await?;
        if moved {
            // What was sent to the old address must not open the account any more.
            tx.void_one_time_tokens(id, Purpose::ResetPassword, now).await?;
            let token = one_time::issue(tx.as_mut(), id, Purpose::VerifyEmail, now).await?;
            tx.publish(Envelope::new(&EmailVerificationRequested::new(&user, token.reveal()))).await?;
        }
        tx.commit().await?;
        Ok(user)
    }
}
