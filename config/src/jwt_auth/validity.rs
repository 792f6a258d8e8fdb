//! How long an access token goes on to count.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::auth::{Bearer, BearerAuthorization as _};

use super::schemes::auth;
use super::{Auth, Claims};
use crate::clock::{Clock as _, SystemClock};
use crate::problem::ApiError;

/// Between two looks at the revocations, which are in memory.
const LOOK: Duration = Duration::from_secs(2);

/// The caller's access token, for what outlives its request: a stream ends with it.
#[derive(Debug, Clone)]
pub struct Validity {
    auth: Auth,
    claims: Arc<Claims>,
}

impl Validity {
    /// Whether the token counts now: it has not expired, and nobody has revoked it.
    pub fn holds(&self) -> bool {
        !self.left().is_zero() && !self.auth.is_revoked(&self.claims)
    }

    /// Resolves when the token has expired, or seconds after it was revoked.
    pub async fn ended(&self) {
        while self.holds() {
            tokio::time::sleep(self.left().min(LOOK)).await;
        }
    }

    fn left(&self) -> Duration {
        let expiry = DateTime::from_timestamp(self.claims.exp, 0).unwrap_or_default();
        (expiry - SystemClock.now()).to_std().unwrap_or_default()
    }
}

impl<'a> FromRequest<'a> for Validity {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let auth = auth(request)?;
        let token = Bearer::from_request(request)?.token;
        let claims = auth.claims(&token).await.map_err(ApiError::from)?;
        Ok(Self { auth: auth.clone(), claims: Arc::new(claims) })
    }
}
