//! Changing a password, knowing the old one or not.

use std::sync::Arc;
use std::time::Duration;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::kafka::Envelope;
use secrecy::SecretString;

use super::{
    AccountError, AnnounceRevocations, CheckPassword, LoginThrottle, PasswordChanged, PasswordResetRequested,
    Passwords, Store, UserReader, one_time, session,
};
use crate::domain::{
    Email, Login, Password, PasswordHash, Purpose, SecretToken, TokenDigest, User, pause_left,
};

/// Every answer takes as long, whether the account exists or not.
const FORGOT_TAKES: Duration = Duration::from_millis(300);

/// Changes a password that its owner knows.
pub struct ChangePassword {
    store: Arc<dyn Begin<dyn Store>>,
    users: Arc<dyn UserReader>,
    passwords: Arc<dyn Passwords>,
    check: CheckPassword,
    revocations: AnnounceRevocations,
    clock: Arc<dyn Clock>,
}

impl ChangePassword {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        users: Arc<dyn UserReader>,
        passwords: Arc<dyn Passwords>,
        check: CheckPassword,
        revocations: AnnounceRevocations,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, users, passwords, check, revocations, clock }
    }

    /// `address` is the client's.
    pub async fn run(
        &self,
        id: UserId,
        current: &SecretString,
        new: &Password,
        address: String,
    ) -> Result<(), AccountError> {
        let user = self.users.user(id).await?.ok_or(AccountError::NotFound(id))?;
        self.check.run(&user, current, address).await?;
        let hash = self.passwords.hash(new).await?;
        let changed = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let locked = tx.user_for_update(id).await?.ok_or(AccountError::NotFound(id))?;
            if locked.password_hash != user.password_hash {
                return Err(AccountError::WrongPassword);
            }
            set(tx, locked, &hash, self.clock.as_ref()).await
        })
        .await?;
        self.revocations.announce(&changed).await;
        Ok(())
    }
}

/// Sends a token to whoever forgot their password.
pub struct ForgotPassword {
    store: Arc<dyn Begin<dyn Store>>,
    users: Arc<dyn UserReader>,
    clock: Arc<dyn Clock>,
}

impl ForgotPassword {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, users: Arc<dyn UserReader>, clock: Arc<dyn Clock>) -> Self {
        Self { store, users, clock }
    }

    /// Doesn't tell whether anybody has this address.
    pub async fn run(&self, email: &Email) -> Result<(), AccountError> {
        let (done, ()) = tokio::join!(self.send(email), tokio::time::sleep(FORGOT_TAKES));
        done
    }

    async fn send(&self, email: &Email) -> Result<(), AccountError> {
        let Some(user) = self.users.user_by_login(&Login::Email(email.key())).await? else {
            return Ok(());
        };
        retrying(|| self.issue(user.id)).await
    }

    async fn issue(&self, id: UserId) -> Result<(), AccountError> {
        let mut tx = self.store.begin().await?;
        let Some(user) = tx.user_for_update(id).await?.filter(|user| user.is_active) else {
            return Ok(());
        };
        let now = self.clock.now();
        let last = tx.last_one_time_token(id, Purpose::ResetPassword).await?;
        if pause_left(last, now).is_some() {
            return Ok(());
        }
        let token = one_time::issue(tx.as_mut(), id, Purpose::ResetPassword, now).await?;
        tx.publish(Envelope::new(&PasswordResetRequested::new(&user, token.reveal()))).await?;
        tx.commit().await?;
        tracing::info!(user.id = %id, "a password reset was asked for");
        Ok(())
    }
}

/// Sets a password for whoever holds the token.
pub struct ResetPassword {
    store: Arc<dyn Begin<dyn Store>>,
    users: Arc<dyn UserReader>,
    passwords: Arc<dyn Passwords>,
    throttle: Arc<dyn LoginThrottle>,
    revocations: AnnounceRevocations,
    clock: Arc<dyn Clock>,
}

impl ResetPassword {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        users: Arc<dyn UserReader>,
        passwords: Arc<dyn Passwords>,
        throttle: Arc<dyn LoginThrottle>,
        revocations: AnnounceRevocations,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, users, passwords, throttle, revocations, clock }
    }

    pub async fn run(&self, token: &SecretToken, new: &Password) -> Result<(), AccountError> {
        let digest = token.digest();
        let owner = self.users.one_time_token_owner(digest, Purpose::ResetPassword, self.clock.now()).await?;
        let owner = owner.ok_or(AccountError::BadOneTimeToken)?;
        let hash = self.passwords.hash(new).await?;
        let user = retrying(|| self.apply(owner, digest, &hash)).await?;
        self.throttle.clear(&owner.to_string()).await;
        self.revocations.announce(&user).await;
        Ok(())
    }

    async fn apply(
        &self,
        owner: UserId,
        digest: TokenDigest,
        hash: &PasswordHash,
    ) -> Result<User, AccountError> {
        let mut tx = self.store.begin().await?;
        let user = tx.user_for_update(owner).await?.ok_or(AccountError::BadOneTimeToken)?;
        if !tx.use_one_time_token(digest, Purpose::ResetPassword, self.clock.now()).await? {
            return Err(AccountError::BadOneTimeToken);
        }
        set(tx, user, hash, self.clock.as_ref()).await
    }
}

/// Sets the password of a locked user, ends every login and commits.
async fn set(
    mut tx: Box<dyn Store>,
    mut user: User,
    hash: &PasswordHash,
    clock: &dyn Clock,
) -> Result<User, AccountError> {
    let now = clock.now();
    user.password_hash = hash.clone();
    user.updated_at = now;
    session::end_all(tx.as_mut(), &mut user, now).await?;
    tx.void_one_time_tokens(user.id, Purpose::ResetPassword, now).await?;
    tx.save_user(&user).await?;
    tx.publish(Envelope::new(&PasswordChanged::new(&user))).await?;
    tx.commit().await?;
    tracing::info!(user.id = %user.id, "a password was changed");
    Ok(user)
}
