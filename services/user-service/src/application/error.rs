//! What can go wrong.

use std::time::Duration;

use config::BoxError;
use config::database::StoreError;
use config::id::UserId;
use config::problem::{Facts, Fault, Kind};

use super::PasswordsError;
use crate::domain::{AddressId, MAX_ADDRESSES};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("there is no user {0}")]
    NotFound(UserId),
    #[error("somebody has registered with this e-mail address already")]
    EmailTaken,
    #[error("this username is taken")]
    UsernameTaken,
    #[error("there is no such user, or the password is wrong")]
    BadCredentials,
    #[error("this account has been deactivated")]
    Inactive,
    #[error("too many failed logins; wait {} s", .0.as_secs().max(1))]
    TooManyFailures(Duration),
    #[error("the password was asked for too often; wait {} s", .0.as_secs().max(1))]
    TooManyChecks(Duration),
    #[error("an e-mail was sent to the account's address just now; wait {} s", .0.as_secs().max(1))]
    JustSent(Duration),
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("the current password is needed to change the e-mail address")]
    PasswordMissing,
    #[error("the refresh token is not valid")]
    BadRefreshToken,
    #[error("the refresh token was used before; the login has been ended")]
    RefreshTokenReused,
    #[error("the token is not valid, or was used, or has expired")]
    BadOneTimeToken,
    #[error("the shop would have no administrator")]
    LastAdmin,
    #[error("there is no address {0}")]
    NoAddress(AddressId),
    #[error("an address book has at most {MAX_ADDRESSES} addresses")]
    AddressBookFull,
    #[error("the access token can't be signed")]
    Signing(#[source] BoxError),
    #[error(transparent)]
    Passwords(#[from] PasswordsError),
    #[error(transparent)]
    Store(StoreError),
}

/// The unique keys become what they stand for, here and nowhere else.
impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        match error {
            error if error.violates("users_email") => Self::EmailTaken,
            error if error.violates("users_username") => Self::UsernameTaken,
            error => Self::Store(error),
        }
    }
}

impl Fault for AccountError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound(_) => Kind::NotFound.coded("user-not-found"),
            Self::EmailTaken => Kind::Conflict.coded("email-taken"),
            Self::UsernameTaken => Kind::Conflict.coded("username-taken"),
            Self::BadCredentials => Kind::Unauthenticated.coded("bad-credentials"),
            Self::Inactive => Kind::Forbidden.coded("account-inactive"),
            Self::TooManyFailures(wait) => {
                Kind::TooManyRequests.coded("too-many-failed-logins").again_after(*wait)
            }
            Self::TooManyChecks(wait) => {
                Kind::TooManyRequests.coded("too-many-password-checks").again_after(*wait)
            }
            Self::JustSent(wait) => Kind::TooManyRequests.coded("verification-just-sent").again_after(*wait),
            Self::WrongPassword => Kind::Invalid.coded("wrong-password").naming(
                "current_password",
                "wrong",
                "must be the current password",
            ),
            Self::PasswordMissing => Kind::Invalid.coded("password-missing").naming(
                "current_password",
                "required",
                "is required to change the e-mail address",
            ),
            Self::BadRefreshToken => Kind::Unauthenticated.coded("refresh-token-invalid"),
            Self::RefreshTokenReused => Kind::Unauthenticated.coded("refresh-token-reused"),
            Self::BadOneTimeToken => Kind::Invalid.coded("one-time-token-invalid").naming(
                "token",
                "invalid",
                "must be a token that still holds",
            ),
            Self::LastAdmin => Kind::Conflict.coded("last-admin"),
            Self::NoAddress(_) => Kind::NotFound.coded("address-not-found"),
            Self::AddressBookFull => Kind::Conflict.coded("address-book-full"),
            Self::Signing(_) => Facts::internal(),
            Self::Passwords(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}

impl Fault for PasswordsError {
    fn facts(&self) -> Facts {
        match self {
            Self::Busy => Kind::Unavailable.coded("busy"),
            Self::Broken(_) => Facts::internal(),
        }
    }
}
