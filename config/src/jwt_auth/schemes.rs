//! Who may call a handler, as the type of an argument.

use std::ops::Deref;

use poem::http::HeaderName;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::SecurityScheme;
use poem_openapi::auth::{ApiKey, Bearer};
use secrecy::{ExposeSecret, SecretString};

use super::{Auth, AuthError, Caller};
use crate::problem::ApiError;

/// The header that carries our services' credential. The gateway removes it from what clients send.
pub const SERVICE_TOKEN: HeaderName = HeaderName::from_static("x-service-token");

/// Anybody who is signed in.
#[derive(SecurityScheme)]
#[oai(
    ty = "bearer",
    key_name = "Authorization",
    bearer_format = "JWT",
    rename = "access_token",
    checker = "signed_in"
)]
pub struct SignedIn(pub Caller);

/// A signed-in administrator.
#[derive(SecurityScheme)]
#[oai(
    ty = "bearer",
    key_name = "Authorization",
    bearer_format = "JWT",
    rename = "admin_token",
    checker = "admin"
)]
pub struct Admin(pub Caller);

/// One of our own services.
#[derive(SecurityScheme)]
#[oai(
    ty = "api_key",
    key_in = "header",
    key_name = "X-Service-Token",
    rename = "service_token",
    checker = "internal"
)]
pub struct Internal(());

/// Whoever calls: guests are welcome, a bad token is not.
#[derive(Debug)]
pub struct MaybeSignedIn(pub Option<Caller>);

/// The caller's own access token, for a request that is carried out in the caller's name at another service.
#[derive(Debug, Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl<'a> FromRequest<'a> for AccessToken {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let header = request.headers().get("authorization").and_then(|header| header.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or(AuthError::Missing).map_err(ApiError::from)?;
        Ok(Self(token.to_owned().into()))
    }
}

impl Deref for SignedIn {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl Deref for Admin {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<'a> FromRequest<'a> for MaybeSignedIn {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let Some(header) = request.headers().get("authorization") else {
            return Ok(Self(None));
        };
        let token = header.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or(AuthError::BadToken).map_err(ApiError::from)?;
        Ok(Self(Some(caller(request, token).await?)))
    }
}

async fn signed_in(request: &Request, bearer: Bearer) -> Result<Caller> {
    caller(request, &bearer.token).await
}

async fn admin(request: &Request, bearer: Bearer) -> Result<Caller> {
    let caller = caller(request, &bearer.token).await?;
    match caller.is_admin() {
        true => Ok(caller),
        false => Err(ApiError::from(AuthError::NotAdmin).into()),
    }
}

async fn internal(request: &Request, key: ApiKey) -> Result<()> {
    match auth(request)?.is_service_token(&key.key) {
        true => Ok(()),
        false => Err(ApiError::from(AuthError::NotAService).into()),
    }
}

async fn caller(request: &Request, token: &str) -> Result<Caller> {
    Ok(auth(request)?.caller(token).await.map_err(ApiError::from)?)
}

pub(super) fn auth(request: &Request) -> Result<&Auth> {
    let missing = || AuthError::NoKeys("the service was started without its verifier".into());
    Ok(request.data::<Auth>().ok_or_else(missing).map_err(ApiError::from)?)
}
