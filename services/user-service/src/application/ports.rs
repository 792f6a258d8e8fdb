//! What the use cases need from the world outside.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::BoxError;
use config::database::{StoreError, UnitOfWork};
use config::id::UserId;
use config::jwt_auth::Role;
use config::page::{Paging, Slice};
use secrecy::SecretString;

use crate::domain::{
    Address, AddressEntry, AddressId, Login, NewUser, Password, PasswordHash, Purpose, RefreshGrant,
    SessionId, TokenDigest, User,
};

/// Accounts, as a unit of work changes them. Whoever changes anything of a user locks the user first.
#[async_trait]
pub trait UserRepository: Send {
    /// Violates `users_email` or `users_username` when somebody has them.
    async fn add_user(&mut self, user: &NewUser, now: DateTime<Utc>) -> Result<UserId, StoreError>;
    /// The user, locked until the end.
    async fn user_for_update(&mut self, id: UserId) -> Result<Option<User>, StoreError>;
    /// Violates as [`add_user`](Self::add_user) does.
    async fn save_user(&mut self, user: &User) -> Result<(), StoreError>;
    /// Leaves nothing of the account but its id.
    async fn erase_user(&mut self, user: &User, now: DateTime<Utc>) -> Result<(), StoreError>;
    /// All administrators who can log in, locked until the end. To be called before any user is locked.
    async fn active_admins_for_update(&mut self) -> Result<Vec<UserId>, StoreError>;
}

/// Logins and their refresh tokens.
#[async_trait]
pub trait SessionRepository: Send {
    async fn add_session(
        &mut self,
        id: SessionId,
        user: UserId,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Adds a token to its family, which lives as long as its last token.
    async fn add_refresh_token(
        &mut self,
        digest: TokenDigest,
        session: SessionId,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    async fn refresh_grant(&mut self, digest: TokenDigest) -> Result<Option<RefreshGrant>, StoreError>;
    /// Marks an unused token as used; `false` when it was.
    async fn use_refresh_token(
        &mut self,
        digest: TokenDigest,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Ends one login of the user.
    async fn revoke_session(
        &mut self,
        user: UserId,
        id: SessionId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Ends all logins of the user.
    async fn revoke_sessions(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError>;
}

/// Tokens that are sent by e-mail.
#[async_trait]
pub trait OneTimeTokenRepository: Send {
    async fn add_one_time_token(
        &mut self,
        digest: TokenDigest,
        user: UserId,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Marks a living, unused token as used; `false` when there is none.
    async fn use_one_time_token(
        &mut self,
        digest: TokenDigest,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Voids the user's unused tokens.
    async fn void_one_time_tokens(
        &mut self,
        user: UserId,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// When the user last got one.
    async fn last_one_time_token(
        &mut self,
        user: UserId,
        purpose: Purpose,
    ) -> Result<Option<DateTime<Utc>>, StoreError>;
}

/// Address books.
#[async_trait]
pub trait AddressRepository: Send {
    async fn address_book(&mut self, user: UserId) -> Result<Vec<Address>, StoreError>;
    async fn add_address(
        &mut self,
        user: UserId,
        entry: &AddressEntry,
        now: DateTime<Utc>,
    ) -> Result<AddressId, StoreError>;
    async fn save_address(&mut self, id: AddressId, entry: &AddressEntry) -> Result<(), StoreError>;
    async fn remove_address(&mut self, id: AddressId) -> Result<(), StoreError>;
    /// Makes this one of the user's addresses the default, and no other.
    async fn set_default_address(&mut self, user: UserId, id: AddressId) -> Result<(), StoreError>;
}

/// A unit of work of this service.
pub trait Store:
    UnitOfWork + UserRepository + SessionRepository + OneTimeTokenRepository + AddressRepository
{
}
impl<T> Store for T where
    T: UnitOfWork + UserRepository + SessionRepository + OneTimeTokenRepository + AddressRepository
{
}

/// Which users an administrator looks for.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// A part of the e-mail address, the username or the full name.
    pub text: Option<String>,
    pub role: Option<Role>,
    pub is_active: Option<bool>,
}

/// Accounts, as they are read outside a unit of work.
#[async_trait]
pub trait UserReader: Send + Sync {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;
    async fn user_by_login(&self, login: &Login) -> Result<Option<User>, StoreError>;
    /// By id, ascending.
    async fn users(&self, filter: &UserFilter, paging: Paging) -> Result<Slice<User>, StoreError>;
    async fn addresses(&self, user: UserId) -> Result<Vec<Address>, StoreError>;
    /// Whose refresh token this is.
    async fn refresh_token_owner(
        &self,
        digest: TokenDigest,
    ) -> Result<Option<(UserId, SessionId)>, StoreError>;
    /// Whose living, unused one-time token this is.
    async fn one_time_token_owner(
        &self,
        digest: TokenDigest,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<Option<UserId>, StoreError>;
    /// When the user last got a one-time token.
    async fn last_one_time_token(
        &self,
        user: UserId,
        purpose: Purpose,
    ) -> Result<Option<DateTime<Utc>>, StoreError>;
    /// Users whose access tokens were voided after `since`, with the time up to which they are void.
    async fn voided(&self, since: DateTime<Utc>) -> Result<Vec<(UserId, DateTime<Utc>)>, StoreError>;
}

/// Why a password can't be hashed now.
#[derive(Debug, thiserror::Error)]
pub enum PasswordsError {
    #[error("too many passwords are being checked")]
    Busy,
    #[error("the password hash failed")]
    Broken(#[source] BoxError),
}

/// A deliberately slow hash.
#[async_trait]
pub trait Passwords: Send + Sync {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordsError>;
    /// Whether the password is the one that was hashed. Without a hash it never is, and takes as long to say so.
    async fn matches(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, PasswordsError>;
}

/// Somebody tries to log in.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Names the account without telling who it is.
    pub account: String,
    /// The client's address.
    pub address: String,
}

/// Counts failed logins, per account and per address, and password checks of those who are signed in. It never
/// fails: it may count less.
#[async_trait]
pub trait LoginThrottle: Send + Sync {
    /// How long to wait, when there were too many.
    async fn wait(&self, attempt: &Attempt) -> Option<Duration>;
    async fn failed(&self, attempt: &Attempt);
    /// Counts a password check that is about to begin; how long to wait instead, when there were too many.
    async fn check_begins(&self, account: &str) -> Option<Duration>;
    /// Forgets the failures of the account.
    async fn clear(&self, account: &str);
}

/// Tells every service which access tokens no longer count.
#[async_trait]
pub trait RevocationList: Send + Sync {
    /// Saying it again changes nothing.
    async fn void(&self, user: UserId, until: DateTime<Utc>) -> Result<(), StoreError>;
}
