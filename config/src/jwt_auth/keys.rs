//! The public keys of access tokens, fetched from user-service when a token names one that isn't known yet.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use tokio::sync::{Mutex, RwLock};

use super::claims::{AUDIENCE, ISSUER};
use super::{AuthError, Claims};
use crate::registry::Registry;

/// A key that isn't known is asked for at most this often, whatever clients send.
const REFRESH: Duration = Duration::from_secs(5);

/// Where public keys come from.
#[async_trait]
pub trait PublicKeys: Send + Sync {
    async fn fetch(&self) -> Result<JwkSet, crate::BoxError>;
}

/// user-service, wherever it is.
#[async_trait]
impl PublicKeys for Registry {
    async fn fetch(&self) -> Result<JwkSet, crate::BoxError> {
        Ok(self.client("user-service").get("/.well-known/jwks.json").send().await?)
    }
}

/// Keys that are known from the start: user-service's own, and tests'.
#[async_trait]
impl PublicKeys for JwkSet {
    async fn fetch(&self) -> Result<JwkSet, crate::BoxError> {
        Ok(self.clone())
    }
}

/// Verifies access tokens.
#[derive(Clone)]
pub struct Keys {
    source: Arc<dyn PublicKeys>,
    known: Arc<RwLock<JwkSet>>,
    fetched: Arc<Mutex<Option<Instant>>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Keys {
    pub fn new(source: Arc<dyn PublicKeys>) -> Self {
        Self { source, known: Arc::new(RwLock::new(JwkSet { keys: Vec::new() })), fetched: Arc::default() }
    }

    /// The claims, when the token is ours and holds now.
    pub async fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::BadToken)?;
        let kid = header.kid.filter(|_| header.alg == Algorithm::EdDSA).ok_or(AuthError::BadToken)?;
        let key = match self.find(&kid).await {
            Some(key) => key,
            None => {
                self.refresh(&kid).await?;
                self.find(&kid).await.ok_or(AuthError::BadToken)?
            }
        };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 5;
        let verified =
            jsonwebtoken::decode(token, &key, &validation).map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::ExpiredSignature => AuthError::Expired,
                _ => AuthError::BadToken,
            })?;
        Ok(verified.claims)
    }

    async fn find(&self, kid: &str) -> Option<DecodingKey> {
        self.known.read().await.find(kid).and_then(|jwk| DecodingKey::from_jwk(jwk).ok())
    }

    /// One fetch at a time; whoever waited for it finds its result.
    async fn refresh(&self, kid: &str) -> Result<(), AuthError> {
        let mut fetched = self.fetched.lock().await;
        let known = self.known.read().await.find(kid).is_some();
        if known || fetched.is_some_and(|at| at.elapsed() < REFRESH) {
            return Ok(());
        }
        let keys = self.source.fetch().await.map_err(AuthError::NoKeys)?;
        *self.known.write().await = keys;
        *fetched = Some(Instant::now());
        Ok(())
    }
}
