//! Becoming a user.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::jwt_auth::Role;
use config::kafka::Envelope;

use super::{AccountError, Passwords, Store, UserRegistered, one_time};
use crate::domain::{Email, NewUser, Password, Profile, Purpose, User, Username};

/// What somebody registers with.
#[derive(Debug, Clone)]
pub struct Registration {
    pub email: Email,
    pub username: Username,
    pub password: Password,
    pub profile: Profile,
}

/// Registers users.
#[derive(Clone)]
pub struct Register {
    store: Arc<dyn Begin<dyn Store>>,
    passwords: Arc<dyn Passwords>,
    clock: Arc<dyn Clock>,
}

impl Register {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        passwords: Arc<dyn Passwords>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, passwords, clock }
    }

    /// A shopper.
    pub async fn run(&self, registration: Registration) -> Result<User, AccountError> {
        self.with_role(registration, Role::Client, false).await
    }

    /// Anybody, by the shop itself.
    pub(super) async fn with_role(
        &self,
        registration: Registration,
        role: Role,
        email_verified: bool,
    ) -> Result<User, AccountError> {
        let Registration { email, username, password, profile } = registration;
        let password_hash = self.passwords.hash(&password).await?;
        let new = NewUser { email, username, password_hash, profile, role, email_verified };
        let user = retrying(|| self.add(&new)).await?;
        metrics::counter!("users_registered_total").increment(1);
        tracing::info!(user.id = %user.id, "a user has registered");
        Ok(user)
    }

    async fn add(&self, new: &NewUser) -> Result<User, AccountError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let id = tx.add_user(new, now).await?;
        let user = new.clone().registered(id, now);
        let token = one_time::issue(tx.as_mut(), id, Purpose::VerifyEmail, now).await?;
        tx.publish(Envelope::new(&UserRegistered::new(&user, token.reveal()))).await?;
        tx.commit().await?;
        Ok(user)
    }
}
