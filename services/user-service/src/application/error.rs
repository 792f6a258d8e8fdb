//! What can go wrong.

use std::time::Duration;

use config::BoxError;
use config::database::StoreError;
use config::id::UserId;
use config::problem::{Fault, FieldError, InvalidFields, Kind};

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
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoAddress(_) => Kind::NotFound,
            Self::EmailTaken | Self::UsernameTaken | Self::LastAdmin | Self::AddressBookFull => {
                Kind::Conflict
            }
            Self::BadCredentials | Self::BadRefreshToken | Self::RefreshTokenReused => Kind::Unauthenticated,
            Self::Inactive => Kind::Forbidden,
            Self::TooManyFailures(_) | Self::TooManyChecks(_) | Self::JustSent(_) => Kind::TooManyRequests,
            Self::WrongPassword | Self::PasswordMissing | Self::BadOneTimeToken => Kind::Invalid,
            Self::Signing(_) | Self::Passwords(PasswordsError::Broken(_)) => Kind::Internal,
            Self::Passwords(PasswordsError::Busy) => Kind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "user-not-found",
            Self::EmailTaken => "email-taken",
            Self::UsernameTaken => "username-taken",
            Self::BadCredentials => "bad-credentials",
            Self::Inactive => "account-inactive",
            Self::TooManyFailures(_) => "too-many-failed-logins",
            Self::TooManyChecks(_) => "too-many-password-checks",
            Self::JustSent(_) => "verification-just-sent",
            Self::WrongPassword => "wrong-password",
            Self::PasswordMissing => "password-missing",
            Self::BadRefreshToken => "refresh-token-invalid",
            Self::RefreshTokenReused => "refresh-token-reused",
            Self::BadOneTimeToken => "one-time-token-invalid",
            Self::LastAdmin => "last-admin",
            Self::NoAddress(_) => "address-not-found",
            Self::AddressBookFull => "address-book-full",
            Self::Signing(_) => "internal",
            Self::Passwords(PasswordsError::Broken(_)) => "internal",
            Self::Passwords(PasswordsError::Busy) => "busy",
            Self::Store(error) => error.code(),
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        let field = match self {
            Self::WrongPassword => {
                InvalidFields::one("current_password", "wrong", "must be the current password")
            }
            Self::PasswordMissing => {
                InvalidFields::one("current_password", "required", "is required to change the e-mail address")
            }
            Self::BadOneTimeToken => {
                InvalidFields::one("token", "invalid", "must be a token that still holds")
            }
            _ => return Vec::new(),
        };
        field.errors()
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyFailures(wait) | Self::TooManyChecks(wait) | Self::JustSent(wait) => Some(*wait),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
