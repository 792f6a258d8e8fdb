//! Logging in.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    AccountError, Attempt, LoginThrottle, Passwords, SignIn, Store, TokenIssuer, UserReader, session,
};
use crate::domain::{Login, REFRESH_TOKEN_LIFETIME, SessionId, User};

/// Who somebody says they are, and how they prove it.
#[derive(Debug)]
pub struct Credentials {
    pub login: Login,
    pub password: SecretString,
}

/// Logs users in.
pub struct LogIn {
    store: Arc<dyn Begin<dyn Store>>,
    users: Arc<dyn UserReader>,
    passwords: Arc<dyn Passwords>,
    throttle: Arc<dyn LoginThrottle>,
    issuer: TokenIssuer,
    clock: Arc<dyn Clock>,
}

impl LogIn {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        users: Arc<dyn UserReader>,
        passwords: Arc<dyn Passwords>,
        throttle: Arc<dyn LoginThrottle>,
        issuer: TokenIssuer,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, users, passwords, throttle, issuer, clock }
    }

    /// `address` is the client's.
    pub async fn run(&self, credentials: &Credentials, address: String) -> Result<SignIn, AccountError> {
        let found = self.users.user_by_login(&credentials.login).await?;
        let attempt = Attempt { account: account(found.as_ref(), &credentials.login), address };
        self.throttled(&attempt).await?;
        let hash = found.as_ref().map(|user| &user.password_hash);
        let matches = self.passwords.matches(&credentials.password, hash).await?;
        // Of guesses that were queued while others failed, the right one must look like the wrong ones.
        self.throttled(&attempt).await?;
        let Some(user) = found.filter(|_| matches) else {
            self.throttle.failed(&attempt).await;
            metrics::counter!("user_logins_total", "outcome" => "refused").increment(1);
            return Err(AccountError::BadCredentials);
        };
        if !user.is_active {
            return Err(AccountError::Inactive);
        }
        let sign_in = retrying(|| self.open_session(&user)).await?;
        self.throttle.clear(&attempt.account).await;
        metrics::counter!("user_logins_total", "outcome" => "accepted").increment(1);
        Ok(sign_in)
    }

    async fn throttled(&self, attempt: &Attempt) -> Result<(), AccountError> {
        let Some(wait) = self.throttle.wait(attempt).await else { return Ok(()) };
        metrics::counter!("user_logins_total", "outcome" => "throttled").increment(1);
        Err(AccountError::TooManyFailures(wait))
    }

    async fn open_session(&self, proved: &User) -> Result<SignIn, AccountError> {
        let mut tx = self.store.begin().await?;
        let user = tx.user_for_update(proved.id).await?;
        // Checking the password took a while; it may have been changed.
        let user = user.filter(|user| user.password_hash == proved.password_hash);
        let user = user.ok_or(AccountError::BadCredentials)?;
        if !user.is_active {
            return Err(AccountError::Inactive);
        }
        let now = self.clock.now();
        let id = SessionId::new(Uuid::now_v7());
        tx.add_session(id, user.id, now + REFRESH_TOKEN_LIFETIME, now).await?;
        let refresh_token = session::add_refresh_token(tx.as_mut(), id, now).await?;
        tx.commit().await?;
        self.issuer.sign_in(user, id, refresh_token, now)
    }
}

/// One name for an account by whatever it is called, and for whoever doesn't exist.
fn account(user: Option<&User>, login: &Login) -> String {
    match user {
        Some(user) => user.id.to_string(),
        None => hex::encode(Sha256::digest(login.key())),
    }
}
