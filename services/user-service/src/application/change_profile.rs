//! Changing what an account says about its owner.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::kafka::Envelope;
use secrecy::SecretString;

use super::{
    AccountError, CheckPassword, EmailVerificationRequested, Store, UserReader, UserUpdated, one_time,
};
use crate::domain::{
    Email, FullName, PasswordHash, Phone, PostalAddress, Purpose, User, Username, pause_left,
};

/// What is to change; what is `None` stays, what is `Some(None)` goes.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    pub email: Option<Email>,
    pub username: Option<Username>,
    pub full_name: Option<Option<FullName>>,
    pub phone: Option<Option<Phone>>,
    pub address: Option<Option<PostalAddress>>,
}

/// Who changes a profile.
#[derive(Debug)]
pub enum ChangedBy {
    /// `address` is the client's.
    Owner { password: Option<SecretString>, address: String },
    /// An administrator, somebody else's.
    Administrator,
}

/// Changes profiles.
pub struct ChangeProfile {
    store: Arc<dyn Begin<dyn Store>>,
    users: Arc<dyn UserReader>,
    check: CheckPassword,
    clock: Arc<dyn Clock>,
}

impl ChangeProfile {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        users: Arc<dyn UserReader>,
        check: CheckPassword,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, users, check, clock }
    }

    /// Whoever reads the e-mails resets the password. So an access token, which may be stolen, isn't enough to move
    /// the account to another address.
    pub async fn run(&self, id: UserId, change: &ProfileChange, by: ChangedBy) -> Result<User, AccountError> {
        let proof = match by {
            ChangedBy::Owner { password, address } => self.proof(id, change, password, address).await?,
            ChangedBy::Administrator => Proof::NotNeeded,
        };
        retrying(|| self.apply(id, change, &proof)).await
    }

    /// The password is checked before the user is locked, for that takes a while, and only if it is needed.
    async fn proof(
        &self,
        id: UserId,
        change: &ProfileChange,
        password: Option<SecretString>,
        address: String,
    ) -> Result<Proof, AccountError> {
        let (Some(email), Some(password)) = (&change.email, password) else { return Ok(Proof::Missing) };
        let user = self.users.user(id).await?.ok_or(AccountError::NotFound(id))?;
        if email.key() == user.email.key() {
            return Ok(Proof::Missing);
        }
        let last = self.users.last_one_time_token(id, Purpose::VerifyEmail).await?;
        pause_is_over(&user, last, self.clock.now())?;
        self.check.run(&user, &password, address).await?;
        Ok(Proof::Of(user.password_hash))
    }

    async fn apply(&self, id: UserId, change: &ProfileChange, proof: &Proof) -> Result<User, AccountError> {
        let mut tx = self.store.begin().await?;
        let mut user = tx.user_for_update(id).await?.ok_or(AccountError::NotFound(id))?;
        let now = self.clock.now();
        let ProfileChange { email, username, full_name, phone, address } = change.clone();
        let moved = email.is_some_and(|email| user.change_email(email));
        if moved {
            may_move(tx.as_mut(), &user, proof, now).await?;
        }
        user.username = username.unwrap_or(user.username);
        user.profile.full_name = full_name.unwrap_or(user.profile.full_name);
        user.profile.phone = phone.unwrap_or(user.profile.phone);
        user.profile.address = address.unwrap_or(user.profile.address);
        user.updated_at = now;
        tx.save_user(&user).await?;
        tx.publish(Envelope::new(&UserUpdated::new(&user))).await?;
        if moved {
            // What was sent to the old address neither opens the account nor proves to read the new one.
            for purpose in [Purpose::ResetPassword, Purpose::VerifyEmail] {
                tx.void_one_time_tokens(id, purpose, now).await?;
            }
            let token = one_time::issue(tx.as_mut(), id, Purpose::VerifyEmail, now).await?;
            tx.publish(Envelope::new(&EmailVerificationRequested::new(&user, token.reveal()))).await?;
        }
        tx.commit().await?;
        Ok(user)
    }
}

/// Whether the locked user may be moved to another address. Of those who want to at once, one does.
async fn may_move(
    tx: &mut dyn Store,
    user: &User,
    proof: &Proof,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    proof.holds_for(user)?;
    if matches!(proof, Proof::NotNeeded) {
        return Ok(());
    }
    let last = tx.last_one_time_token(user.id, Purpose::VerifyEmail).await?;
    pause_is_over(user, last, now)
}

/// Each move sends e-mails, wherever its owner likes. What registering sent doesn't count: a newcomer who mistyped the
/// address corrects it at once.
fn pause_is_over(user: &User, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), AccountError> {
    match pause_left(last.filter(|last| *last > user.created_at), now) {
        Some(left) => Err(AccountError::JustSent(left)),
        None => Ok(()),
    }
}

/// That the account is the caller's to move to another address.
enum Proof {
    NotNeeded,
    /// The caller knew the password that was kept like this.
    Of(PasswordHash),
    Missing,
}

impl Proof {
    fn holds_for(&self, user: &User) -> Result<(), AccountError> {
        match self {
            Self::NotNeeded => Ok(()),
            Self::Of(hash) if *hash == user.password_hash => Ok(()),
            // It was changed while it was being checked.
            Self::Of(_) => Err(AccountError::WrongPassword),
            Self::Missing => Err(AccountError::PasswordMissing),
        }
    }
}
