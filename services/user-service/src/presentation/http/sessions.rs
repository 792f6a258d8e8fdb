//! Logging in, going on, logging out.

use config::jwt_auth::{AuthError, MaybeSignedIn, SignedIn};
use config::problem::{ApiError, Body, OptionalBody};
use config::response::NoContent;
use poem_openapi::payload::Json;
use poem_openapi::{ApiRequest, ApiResponse, OpenApi};

use super::client::ClientAddress;
use super::form::FormBody;
use crate::application::{AccountError, LogIn, Refresh, SignOut};
use crate::domain::SessionId;
use crate::presentation::dto::{LogInDto, LogOutDto, RefreshDto, SignInDto};

/// Logins.
pub struct SessionsApi {
    pub(crate) log_in: LogIn,
    pub(crate) refresh: Refresh,
    pub(crate) sign_out: SignOut,
    pub(crate) public_keys: serde_json::Value,
}

/// JSON, or OAuth2's password form.
#[derive(ApiRequest)]
enum LogInRequest {
    Json(Body<LogInDto>),
    Form(FormBody<LogInDto>),
}

/// Tokens are never cached.
#[derive(ApiResponse)]
enum SignInResponse {
    #[oai(status = 200)]
    Ok(Json<SignInDto>, #[oai(header = "Cache-Control")] String),
}

impl From<crate::application::SignIn> for SignInResponse {
    fn from(sign_in: crate::application::SignIn) -> Self {
        Self::Ok(Json(sign_in.into()), "no-store".to_owned())
    }
}

#[OpenApi]
impl SessionsApi {
    /// Log in
    #[oai(path = "/api/users/login", method = "post")]
    async fn log_in(&self, client: ClientAddress, body: LogInRequest) -> Result<SignInResponse, ApiError> {
        let (LogInRequest::Json(Body(dto)) | LogInRequest::Form(FormBody(dto))) = body;
        Ok(self.log_in.run(&dto.parse()?, client.0).await?.into())
    }

    /// New tokens for a refresh token, which is used up by it
    ///
    /// A refresh token that is used a second time ends the login that it came from.
    #[oai(path = "/api/users/refresh_token", method = "post")]
    async fn refresh(&self, body: Body<RefreshDto>) -> Result<SignInResponse, ApiError> {
        let token = body.refresh_token.parse().map_err(|_| AccountError::BadRefreshToken)?;
        Ok(self.refresh.run(&token).await?.into())
    }

    /// End the login of the given refresh token, or else that of the access token
    #[oai(path = "/api/users/logout", method = "post")]
    async fn log_out(
        &self,
        caller: poem::Result<MaybeSignedIn>,
        body: OptionalBody<LogOutDto>,
    ) -> poem::Result<NoContent> {
        let token = body.0.and_then(|body| body.refresh_token);
        match token {
            Some(token) => {
                if let Ok(token) = token.parse() {
                    self.sign_out.by_token(&token).await.map_err(ApiError::from)?;
                }
            }
            // Whoever shows a refresh token needn't have an access token that still holds.
            None => {
                let caller = caller?.0.ok_or(AuthError::Missing).map_err(ApiError::from)?;
                if let Ok(session) = caller.session.parse() {
                    let session = SessionId::new(session);
                    self.sign_out.session(caller.user_id, session).await.map_err(ApiError::from)?;
                }
            }
        }
        Ok(NoContent::NoContent)
    }

    /// End all logins of the caller, here and elsewhere
    #[oai(path = "/api/users/logout-all", method = "post")]
    async fn log_out_everywhere(&self, caller: SignedIn) -> Result<NoContent, ApiError> {
        self.sign_out.everywhere(caller.user_id).await?;
        Ok(NoContent::NoContent)
    }

    /// The public keys of the access tokens (RFC 7517)
    #[oai(path = "/.well-known/jwks.json", method = "get")]
    async fn public_keys(&self) -> Json<serde_json::Value> {
        Json(self.public_keys.clone())
    }
}
