//! A person with an account.

use chrono::{DateTime, TimeDelta, Utc};
use config::id::UserId;
use config::jwt_auth::Role;
use config::text::{Line, Prose};

use super::{Email, PasswordHash, Phone, Username};

pub type FullName = Line<100>;
pub type PostalAddress = Prose<500>;

/// What a person says about themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    pub full_name: Option<FullName>,
    pub phone: Option<Phone>,
    pub address: Option<PostalAddress>,
}

/// An account to be.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub email: Email,
    pub username: Username,
    pub password_hash: PasswordHash,
    pub profile: Profile,
    pub role: Role,
    pub email_verified: bool,
}

/// An account.
#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    pub username: Username,
    pub password_hash: PasswordHash,
    pub profile: Profile,
    pub role: Role,
    pub is_active: bool,
    pub email_verified: bool,
    /// Access tokens issued up to here don't count.
    pub tokens_void_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl NewUser {
    /// The account that it has become.
    pub fn registered(self, id: UserId, now: DateTime<Utc>) -> User {
        User {
            id,
            email: self.email,
            username: self.username,
            password_hash: self.password_hash,
            profile: self.profile,
            role: self.role,
            is_active: true,
            email_verified: self.email_verified,
            tokens_void_until: None,
            created_at: now,
            updated_at: now,
        }
    }
}

impl User {
    pub fn is_active_admin(&self) -> bool {
        self.is_active && self.role == Role::Admin
    }

    /// Moves the account to another address, which nobody has proved to read yet. False when it is the same
    /// address, perhaps in another spelling.
    pub fn change_email(&mut self, email: Email) -> bool {
        let moved = email.key() != self.email.key();
        self.email = email;
        self.email_verified &= !moved;
        moved
    }

    /// Voids every access token issued until now.
    pub fn void_tokens(&mut self, now: DateTime<Utc>) {
        self.tokens_void_until = self.tokens_void_until.max(Some(now));
    }

    /// What a new access token gives as its time. Tokens tell whole seconds, so one that is issued in the
    /// second of a revocation must bear the next one to count.
    pub fn token_time(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.tokens_void_until.map_or(now, |until| now.max(until + TimeDelta::seconds(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        let new = NewUser {
            email: "ann@example.com".parse().unwrap(),
            username: "ann".parse().unwrap(),
            password_hash: PasswordHash::new(String::new()),
            profile: Profile::default(),
            role: Role::Client,
            email_verified: true,
        };
        new.registered(UserId::new(1), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn only_another_address_has_to_be_proved_again() {
        let mut user = user();
        assert!(!user.change_email("Ann@Example.com".parse().unwrap()));
        assert!(user.email_verified);
        assert!(user.change_email("bob@example.com".parse().unwrap()));
        assert!(!user.email_verified);
    }

    proptest::proptest! {
        #[test]
        fn a_new_token_counts_and_an_older_one_does_not(voided in 0..10_000_000i64, later in 0..10_000_000i64) {
            let at = |micros| DateTime::UNIX_EPOCH + TimeDelta::microseconds(micros);
            let mut user = user();
            let before = user.token_time(at(voided));
            user.void_tokens(at(voided));
            let until = user.tokens_void_until.unwrap().timestamp();
            proptest::prop_assert!(before.timestamp() <= until);
            proptest::prop_assert!(user.token_time(at(voided + later)).timestamp() > until);
        }
    }

    #[test]
    fn an_earlier_revocation_does_not_undo_a_later_one() {
        let mut user = user();
        let later = DateTime::UNIX_EPOCH + TimeDelta::seconds(9);
        user.void_tokens(later);
        user.void_tokens(DateTime::UNIX_EPOCH);
        assert_eq!(user.tokens_void_until, Some(later));
    }
}
