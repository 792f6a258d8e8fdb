//! Who is calling: access tokens signed by user-service (EdDSA), and the credential of our own services.
//!
//! A handler names who may call it by an argument: [`SignedIn`], [`Admin`], [`Internal`], or [`MaybeSignedIn`]
//! where guests are welcome. Whose record it is, it asks with [`Caller::must_own`]. What outlives its request, as a
//! stream does, asks [`Validity`].

mod claims;
mod keys;
mod revocations;
mod schemes;
mod validity;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::id::UserId;
use crate::problem::{Facts, Fault, Kind};
use crate::settings::{Env, Invalid, Settings};

pub use claims::{ACCESS_TOKEN_LIFETIME, Claims, Role, Signer};
pub use keys::{Keys, PublicKeys};
pub use revocations::{Revocations, revoke};
pub use schemes::{AccessToken, Admin, Internal, MaybeSignedIn, SERVICE_TOKEN, SignedIn};
pub use validity::Validity;

/// The secrets that services know one another by.
#[derive(Debug, Clone)]
pub struct AuthSettings {
    service_tokens: Vec<SecretString>,
}

impl Settings for AuthSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let tokens: Result<Vec<SecretString>, _> = env
            .var(
                "INTERNAL_TOKEN",
                "secret that our services show one another; several while it is changed, the first is sent",
            )
            .required();
        Ok(Self { service_tokens: tokens? })
    }
}

impl AuthSettings {
    /// The one that this service shows.
    pub fn service_token(&self) -> SecretString {
        self.service_tokens.first().cloned().unwrap_or_else(|| String::new().into())
    }

    /// All that are accepted.
    pub(crate) fn service_tokens(&self) -> &[SecretString] {
        &self.service_tokens
    }

    /// With this one token.
    pub fn with_token(token: &str) -> Self {
        Self { service_tokens: vec![token.to_owned().into()] }
    }
}

/// Verifies whoever calls.
#[derive(Debug, Clone)]
pub struct Auth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: AuthSettings,
    keys: Keys,
    revocations: Revocations,
}

impl Auth {
    pub fn new(settings: AuthSettings, keys: Keys, revocations: Revocations) -> Self {
        Self(Arc::new(Inner { settings, keys, revocations }))
    }

    /// Who holds this access token.
    pub async fn caller(&self, token: &str) -> Result<Caller, AuthError> {
        let claims = self.claims(token).await?;
        Ok(Caller { user_id: claims.user_id()?, role: claims.role, session: claims.sid })
    }

    /// What the token says, when it counts now.
    async fn claims(&self, token: &str) -> Result<Claims, AuthError> {
        let claims = self.0.keys.verify(token).await?;
        match self.is_revoked(&claims) {
            true => Err(AuthError::Revoked),
            false => Ok(claims),
        }
    }

    fn is_revoked(&self, claims: &Claims) -> bool {
        self.0.revocations.revoked(claims)
    }

    /// Whether this is the credential of one of our services; takes the same time for every wrong one.
    pub fn is_service_token(&self, token: &str) -> bool {
        self.0.settings.service_tokens.iter().fold(false, |known, secret| {
            let secret = secret.expose_secret().as_bytes();
            known | (!secret.is_empty() && constant_time_eq::constant_time_eq(secret, token.as_bytes()))
        })
    }
}

/// A signed-in user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub user_id: UserId,
    pub role: Role,
    /// The login that this token came from.
    pub session: String,
}

impl Caller {
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// The caller's own record, or an admin.
    pub fn must_own(&self, owner: UserId) -> Result<(), AuthError> {
        match self.is_admin() || self.user_id == owner {
            true => Ok(()),
            false => Err(AuthError::NotYours),
        }
    }

    /// Whom the caller acts for: itself, or, for an admin, whoever `asked` names.
    pub fn acting_for(&self, asked: Option<u64>) -> Result<UserId, AuthError> {
        let user = asked.map_or(self.user_id, UserId::new);
        self.must_own(user).map(|()| user)
    }
}

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("this needs an access token")]
    Missing,
    #[error("the access token is not valid")]
    BadToken,
    #[error("the access token has expired")]
    Expired,
    #[error("the access token was revoked")]
    Revoked,
    #[error("this is for our own services")]
    NotAService,
    #[error("this is for administrators")]
    NotAdmin,
    #[error("this belongs to somebody else")]
    NotYours,
    #[error("the public keys can't be had")]
    NoKeys(#[source] crate::BoxError),
}

impl Fault for AuthError {
    fn facts(&self) -> Facts {
        match self {
            Self::Missing => Kind::Unauthenticated.coded("token-missing"),
            Self::BadToken => Kind::Unauthenticated.coded("token-invalid"),
            Self::Expired => Kind::Unauthenticated.coded("token-expired"),
            Self::Revoked => Kind::Unauthenticated.coded("token-revoked"),
            Self::NotAService => Kind::Unauthenticated.coded("not-a-service"),
            Self::NotAdmin => Kind::Forbidden.coded("not-admin"),
            Self::NotYours => Kind::Forbidden.coded("not-yours"),
            Self::NoKeys(_) => Kind::Unavailable.coded("keys-unavailable"),
        }
    }
}
