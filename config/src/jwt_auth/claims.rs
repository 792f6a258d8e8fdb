//! What an access token says, and how user-service signs it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::AuthError;
use crate::id::UserId;

/// How long an access token is good for.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(15 * 60);
pub(super) const ISSUER: &str = "user-service";
pub(super) const AUDIENCE: &str = "shop";

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Client,
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "client" => Ok(Self::Client),
            "admin" => Ok(Self::Admin),
            _ => Err("must be client or admin"),
        }
    }
}

/// The claims of an access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// The user's id.
    pub sub: String,
    pub role: Role,
    /// The login: all tokens of a refresh family share it.
    pub sid: String,
    pub jti: String,
    /// Unix seconds.
    pub iat: i64,
    pub exp: i64,
}

impl Claims {
    /// For a login that holds at `now`.
    pub fn new(user: UserId, role: Role, session: &str, now: DateTime<Utc>) -> Self {
        let iat = now.timestamp();
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.to_string(),
            role,
            sid: session.to_owned(),
            jti: Uuid::now_v7().to_string(),
            iat,
            exp: iat + i64::try_from(ACCESS_TOKEN_LIFETIME.as_secs()).unwrap_or(900),
        }
    }

    /// The user.
    pub fn user_id(&self) -> Result<UserId, AuthError> {
        self.sub.parse().map(UserId::new).map_err(|_| AuthError::BadToken)
    }
}

/// Signs access tokens; only user-service has one.
#[derive(Clone)]
pub struct Signer {
    key: EncodingKey,
    jwk: Jwk,
    kid: String,
}

impl Signer {
    /// From an Ed25519 private key, PKCS#8 in PEM.
    pub fn from_pem(pem: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        let key = EncodingKey::from_ed_pem(pem)?;
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        Ok(Self { key, jwk, kid })
    }

    /// The token.
    pub fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key)
    }

    /// The public half.
    pub fn public_key(&self) -> &Jwk {
        &self.jwk
    }
}
