//! What a login and a refresh have in common: they give tokens.

use chrono::{DateTime, Utc};
use config::jwt_auth::{ACCESS_TOKEN_LIFETIME, Claims, Signer};

use super::{AccountError, Store, one_time};
use crate::domain::{REFRESH_TOKEN_LIFETIME, SecretToken, SessionId, User};

/// What a signed-in user gets.
#[derive(Debug)]
pub struct SignIn {
    pub access_token: String,
    pub refresh_token: SecretToken,
    /// Seconds until the access token ends.
    pub expires_in: u64,
    pub user: User,
}

/// Issues access tokens.
#[derive(Clone)]
pub struct TokenIssuer(Signer);

impl TokenIssuer {
    pub fn new(signer: Signer) -> Self {
        Self(signer)
    }

    /// The tokens of a login whose refresh token has been committed.
    pub fn sign_in(
        &self,
        user: User,
        session: SessionId,
        refresh_token: SecretToken,
        now: DateTime<Utc>,
    ) -> Result<SignIn, AccountError> {
        let claims = Claims::new(user.id, user.role, &session.to_string(), user.token_time(now));
        let access_token = self.0.sign(&claims).map_err(|error| AccountError::Signing(error.into()))?;
        Ok(SignIn { access_token, refresh_token, expires_in: ACCESS_TOKEN_LIFETIME.as_secs(), user })
    }
}

/// Adds the next refresh token to a login.
pub(super) async fn add_refresh_token(
    tx: &mut dyn Store,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<SecretToken, AccountError> {
    let token = one_time::random();
    tx.add_refresh_token(token.digest(), session, now + REFRESH_TOKEN_LIFETIME).await?;
    Ok(token)
}

/// Ends every login of a locked user, and voids the access tokens; the caller saves the user.
pub(super) async fn end_all(
    tx: &mut dyn Store,
    user: &mut User,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    tx.revoke_sessions(user.id, now).await?;
    user.void_tokens(now);
    Ok(())
}
