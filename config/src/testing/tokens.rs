//! Access tokens for tests, good and bad.

use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::JwkSet;

use crate::clock::{Clock as _, SystemClock};
use crate::id::UserId;
use crate::jwt_auth::{Claims, Role, Signer};

/// The services' credential in tests.
pub const SERVICE_TOKEN_VALUE: &str = "test-token";

/// An Ed25519 key that protects nothing but tests.
pub const SIGNING_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
";

/// Signs access tokens that the application under test accepts.
#[derive(Clone)]
pub struct TestTokens(Signer);

impl Default for TestTokens {
    fn default() -> Self {
        Self(Signer::from_pem(SIGNING_KEY.as_bytes()).expect("the key above is well-formed"))
    }
}

impl TestTokens {
    /// A shopper's.
    pub fn client(&self, user: u64) -> String {
        self.sign(&self.claims(user, Role::Client))
    }

    /// An administrator's.
    pub fn admin(&self, user: u64) -> String {
        self.sign(&self.claims(user, Role::Admin))
    }

    /// Claims to be bent before they are signed.
    pub fn claims(&self, user: u64, role: Role) -> Claims {
        let now: DateTime<Utc> = SystemClock.now();
        Claims::new(UserId::new(user), role, "test-session", now)
    }

    pub fn sign(&self, claims: &Claims) -> String {
        self.0.sign(claims).expect("claims are plain JSON")
    }

    pub fn public_keys(&self) -> JwkSet {
        JwkSet { keys: vec![self.0.public_key().clone()] }
    }
}
