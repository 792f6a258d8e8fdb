//! The public keys of access tokens, fetched from user-service when a token names one that isn't known yet, and then each
//! minute, so that a key that was taken away is soon believed no more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use tokio::sync::{Mutex, RwLock};
use tokio_util::sync::CancellationToken;

use super::claims::{AUDIENCE, ISSUER};
use super::{AuthError, Claims};
use crate::problem::chain;
use crate::registry::Registry;

/// A key that isn't known is asked for at most this often, whatever clients send.
const REFRESH: Duration = Duration::from_secs(5);

/// How long keys are believed before they are asked for again.
const RENEWAL: Duration = Duration::from_secs(60);

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

    /// Asks for the keys again and again until `shutdown`. While that fails the last ones hold.
    pub(crate) async fn follow(self, shutdown: CancellationToken) {
        let mut away = false;
        loop {
            tokio::select! {
                () = tokio::time::sleep(RENEWAL) => {}
                () = shutdown.cancelled() => return,
            }
            let Some(renewed) = shutdown.run_until_cancelled(self.renew()).await else { return };
            if let (false, Err(error)) = (away, &renewed) {
                let error = chain(error.as_ref());
                tracing::warn!(error, "the public keys can't be asked for again; the last ones hold");
            }
            away = renewed.is_err();
        }
    }

    /// No request waits for it.
    async fn renew(&self) -> Result<(), crate::BoxError> {
        if self.fetched.lock().await.is_none() {
            // Nobody has shown a token yet.
            return Ok(());
        }
        let asked = Instant::now();
        let keys = self.source.fetch().await?;
        let fetched = self.fetched.lock().await;
        // A request with a new key may have asked later, and knows more.
        if fetched.is_some_and(|at| at < asked) {
            *self.known.write().await = keys;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::PoisonError;

    use super::*;
    use crate::testing::TestTokens;

    /// What user-service publishes; nothing, when it is away.
    #[derive(Default)]
    struct Published(std::sync::Mutex<Option<JwkSet>>);

    impl Published {
        fn now(&self, keys: Option<JwkSet>) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = keys;
        }
    }

    #[async_trait]
    impl PublicKeys for Published {
        async fn fetch(&self) -> Result<JwkSet, crate::BoxError> {
            let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            keys.ok_or_else(|| "user-service is away".into())
        }
    }

    #[tokio::test]
    async fn a_key_that_was_taken_away_is_believed_no_more() {
        let (tokens, published) = (TestTokens::default(), Arc::new(Published::default()));
        let (keys, token) = (Keys::new(published.clone()), tokens.client(7));
        keys.renew().await.unwrap();
        assert!(keys.known.read().await.keys.is_empty(), "nobody needs them yet");
        published.now(Some(tokens.public_keys()));
        keys.verify(&token).await.unwrap();

        published.now(None);
        assert!(keys.renew().await.is_err());
        keys.verify(&token).await.expect("the last keys hold");

        published.now(Some(JwkSet { keys: Vec::new() }));
        keys.renew().await.unwrap();
        assert!(matches!(keys.verify(&token).await, Err(AuthError::BadToken)));
    }
}
