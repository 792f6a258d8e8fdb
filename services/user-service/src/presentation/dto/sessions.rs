//! Logins.

use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use crate::application::{Credentials, SignIn};
use crate::domain::Login;

/// The longest e-mail address.
const MAX_LOGIN: usize = 254;

/// Who somebody is.
#[derive(Object)]
pub struct LogInDto {
    /// A username or an e-mail address.
    username: Option<String>,
    /// Instead of `username`.
    email: Option<String>,
    password: Option<String>,
    /// OAuth2: `password`, if given.
    grant_type: Option<String>,
}

impl LogInDto {
    pub fn parse(self) -> Result<Credentials, InvalidFields> {
        let mut fields = Fields::default();
        let field = if self.username.is_none() && self.email.is_some() { "email" } else { "username" };
        let login = fields.required(field, self.username.or(self.email));
        let login = login.filter(|login| match login.chars().count() {
            1..=MAX_LOGIN => true,
            _ => {
                fields.reject(field, "length", format!("must be 1 to {MAX_LOGIN} characters"));
                false
            }
        });
        let password = fields.required("password", self.password);
        if self.grant_type.is_some_and(|kind| kind != "password") {
            fields.reject("grant_type", "unknown-value", "must be password");
        }
        fields.finish(|| Some(Credentials { login: Login::new(&login?), password: password?.into() }))
    }
}

/// A refresh token.
#[derive(Object)]
pub struct RefreshDto {
    pub refresh_token: String,
}

/// Which login is to end.
#[derive(Object)]
pub struct LogOutDto {
    /// That of the access token, when not given.
    pub refresh_token: Option<String>,
}

/// The tokens of a login.
#[derive(Object)]
pub struct SignInDto {
    access_token: String,
    /// `bearer`
    token_type: String,
    /// Seconds until the access token ends.
    expires_in: u64,
    /// Good for one use, within 30 days.
    refresh_token: String,
    user_id: u64,
    email: String,
    /// `client` or `admin`
    role: String,
}

impl From<SignIn> for SignInDto {
    fn from(sign_in: SignIn) -> Self {
        Self {
            access_token: sign_in.access_token,
            token_type: "bearer".to_owned(),
            expires_in: sign_in.expires_in,
            refresh_token: sign_in.refresh_token.reveal(),
            user_id: sign_in.user.id.get(),
            email: sign_in.user.email.as_str().to_owned(),
            role: sign_in.user.role.as_str().to_owned(),
        }
    }
}
