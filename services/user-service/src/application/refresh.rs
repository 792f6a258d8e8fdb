//! Going on after the access token has ended.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::UserId;

use super::{AccountError, SignIn, Store, TokenIssuer, UserReader, session};
use crate::domain::{Refusal, SecretToken, TokenDigest};

/// Gives new tokens for a refresh token, which is then used up.
pub struct Refresh {
    store: Arc<dyn Begin<dyn Store>>,
    users: Arc<dyn UserReader>,
    issuer: TokenIssuer,
    clock: Arc<dyn Clock>,
}

impl Refresh {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        users: Arc<dyn UserReader>,
        issuer: TokenIssuer,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, users, issuer, clock }
    }

    pub async fn run(&self, token: &SecretToken) -> Result<SignIn, AccountError> {
        let digest = token.digest();
        let owner = self.users.refresh_token_owner(digest).await?;
        let (owner, _) = owner.ok_or(AccountError::BadRefreshToken)?;
        retrying(|| self.rotate(owner, digest)).await
    }

    async fn rotate(&self, owner: UserId, digest: TokenDigest) -> Result<SignIn, AccountError> {
        let mut tx = self.store.begin().await?;
        let user = tx.user_for_update(owner).await?.filter(|user| user.is_active);
        let user = user.ok_or(AccountError::BadRefreshToken)?;
        let grant = tx.refresh_grant(digest).await?.ok_or(AccountError::BadRefreshToken)?;
        let now = self.clock.now();
        match grant.check(now) {
            Ok(()) => {}
            Err(Refusal::Ended) => return Err(AccountError::BadRefreshToken),
            Err(Refusal::Reused) => {
                tx.revoke_session(owner, grant.session, now).await?;
                tx.commit().await?;
                metrics::counter!("refresh_token_reuse_total").increment(1);
                tracing::warn!(user.id = %owner, session.id = %grant.session, "a refresh token was used again; its login has been ended");
                return Err(AccountError::RefreshTokenReused);
            }
        }
        if !tx.use_refresh_token(digest, now).await? {
            return Err(StoreError::Contended("the refresh token was used meanwhile".into()).into());
        }
        let next = session::add_refresh_token(tx.as_mut(), grant.session, now).await?;
        tx.commit().await?;
        self.issuer.sign_in(user, grant.session, next, now)
    }
}
