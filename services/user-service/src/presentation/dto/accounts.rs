//! Accounts.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use config::jwt_auth::Role;
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use secrecy::SecretString;

use super::optional;
use crate::application::{ProfileChange, Registration, UserFilter};
use crate::domain::{Email, Password, Profile, SecretToken, User};

/// What somebody registers with.
#[derive(Object)]
pub struct RegistrationDto {
    /// At most 254 bytes.
    email: String,
    /// 3 to 50 letters, digits, dots, dashes and underscores.
    username: String,
    /// 8 characters to 72 bytes.
    password: String,
    /// At most 100 characters.
    full_name: Option<String>,
    /// 5 to 20 digits.
    phone: Option<String>,
    /// At most 500 characters.
    address: Option<String>,
}

impl RegistrationDto {
    pub fn parse(self) -> Result<Registration, InvalidFields> {
        let mut fields = Fields::default();
        let email = fields.check("email", self.email.parse());
        let username = fields.check("username", self.username.parse());
        let password = fields.check("password", Password::new(self.password));
        let full_name = fields.check("full_name", optional(self.full_name.as_deref()));
        let phone = fields.check("phone", optional(self.phone.as_deref()));
        let address = fields.check("address", optional(self.address.as_deref()));
        fields.finish(|| {
            let profile = Profile { full_name: full_name?, phone: phone?, address: address? };
            Some(Registration { email: email?, username: username?, password: password?, profile })
        })
    }
}

/// What is to change: what is left out stays, `null` removes.
#[derive(Object)]
pub struct ProfileDto {
    /// A new address has to be verified again. For a minute its owner can't change it once more (429); what registering
    /// sent doesn't count.
    email: Option<String>,
    username: Option<String>,
    full_name: MaybeUndefined<String>,
    phone: MaybeUndefined<String>,
    address: MaybeUndefined<String>,
    /// For another e-mail address of one's own; nothing else needs it.
    current_password: Option<String>,
}

impl ProfileDto {
    /// The change, and the current password where it is given.
    pub fn parse(self) -> Result<(ProfileChange, Option<SecretString>), InvalidFields> {
        let mut fields = Fields::default();
        let email = fields.check("email", self.email.map(|text| text.parse()).transpose());
        let username = fields.check("username", self.username.map(|text| text.parse()).transpose());
        let full_name = change(&mut fields, "full_name", &self.full_name);
        let phone = change(&mut fields, "phone", &self.phone);
        let address = change(&mut fields, "address", &self.address);
        fields.finish(|| {
            let change = ProfileChange {
                email: email?,
                username: username?,
                full_name: full_name?,
                phone: phone?,
                address: address?,
            };
            Some((change, self.current_password.map(SecretString::from)))
        })
    }
}

fn change<T>(fields: &mut Fields, name: &str, value: &MaybeUndefined<String>) -> Option<Option<Option<T>>>
where
    T: FromStr,
    T::Err: Display,
{
    match value {
        MaybeUndefined::Undefined => Some(None),
        MaybeUndefined::Null => Some(Some(None)),
        MaybeUndefined::Value(text) => fields.check(name, optional(Some(text))).map(Some),
    }
}

/// What somebody may do.
#[derive(Object)]
pub struct RoleDto {
    /// `client` or `admin`
    role: String,
}

impl RoleDto {
    pub fn parse(self) -> Result<Role, InvalidFields> {
        self.role.parse().map_err(|rule| InvalidFields::one("role", "unknown-value", rule))
    }
}

/// Whether somebody may log in.
#[derive(Object)]
pub struct ActiveDto {
    pub is_active: bool,
}

/// Proof of reading an e-mail address.
#[derive(Object)]
pub struct VerifyEmailDto {
    /// As it was sent.
    pub token: String,
}

/// Who forgot their password.
#[derive(Object)]
pub struct ForgotPasswordDto {
    email: String,
}

impl ForgotPasswordDto {
    pub fn parse(self) -> Result<Email, InvalidFields> {
        let mut fields = Fields::default();
        let email = fields.check("email", self.email.parse());
        fields.finish(|| email)
    }
}

/// A new password for whoever holds the token.
#[derive(Object)]
pub struct ResetPasswordDto {
    /// As it was sent.
    token: String,
    /// 8 characters to 72 bytes.
    new_password: String,
}

impl ResetPasswordDto {
    pub fn parse(self) -> Result<(SecretToken, Password), InvalidFields> {
        let mut fields = Fields::default();
        let token = fields.check("token", self.token.parse());
        let password = fields.check("new_password", Password::new(self.new_password));
        fields.finish(|| Some((token?, password?)))
    }
}

/// A new password for whoever knows the old one.
#[derive(Object)]
pub struct NewPasswordDto {
    current_password: String,
    /// 8 characters to 72 bytes.
    new_password: String,
}

impl NewPasswordDto {
    pub fn parse(self) -> Result<(SecretString, Password), InvalidFields> {
        let mut fields = Fields::default();
        let password = fields.check("new_password", Password::new(self.new_password));
        fields.finish(|| Some((self.current_password.into(), password?)))
    }
}

/// An account.
#[derive(Object)]
pub struct UserDto {
    id: u64,
    email: String,
    username: String,
    full_name: Option<String>,
    phone: Option<String>,
    address: Option<String>,
    /// `client` or `admin`
    role: String,
    is_active: bool,
    email_verified: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<User> for UserDto {
    fn from(user: User) -> Self {
        Self {
            id: user.id.get(),
            email: user.email.as_str().to_owned(),
            username: user.username.as_str().to_owned(),
            full_name: user.profile.full_name.map(|text| text.to_string()),
            phone: user.profile.phone.map(|phone| phone.as_str().to_owned()),
            address: user.profile.address.map(|text| text.to_string()),
            role: user.role.as_str().to_owned(),
            is_active: user.is_active,
            email_verified: user.email_verified,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// How to reach somebody.
#[derive(Object)]
pub struct ContactDto {
    id: u64,
    email: String,
    username: String,
    full_name: Option<String>,
    is_active: bool,
    /// `client` or `admin`
    role: String,
    /// Whether somebody has proved to read what is sent to `email`.
    email_verified: bool,
}

impl From<User> for ContactDto {
    fn from(user: User) -> Self {
        Self {
            id: user.id.get(),
            email: user.email.as_str().to_owned(),
            username: user.username.as_str().to_owned(),
            full_name: user.profile.full_name.map(|text| text.to_string()),
            is_active: user.is_active,
            role: user.role.as_str().to_owned(),
            email_verified: user.email_verified,
        }
    }
}

/// Which users an administrator looks for.
pub fn user_filter(
    fields: &mut Fields,
    q: Option<String>,
    role: Option<&str>,
    is_active: Option<bool>,
) -> Option<UserFilter> {
    let text = q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > 100 || text.chars().any(char::is_control)) {
        fields.reject("q", "invalid", "must be at most 100 characters, without control characters");
    }
    let role = fields.check("role", role.map(str::parse).transpose());
    Some(UserFilter { text, role: role?, is_active })
}
