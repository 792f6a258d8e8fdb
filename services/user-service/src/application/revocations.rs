//! Telling every service which access tokens no longer count.

use std::sync::Arc;

use chrono::TimeDelta;
use config::clock::Clock;
use config::jwt_auth::ACCESS_TOKEN_LIFETIME;
use config::problem::chain;

use super::{AccountError, RevocationList, UserReader};
use crate::domain::User;

/// Announces what the users' table says. The list is derived from it: said at once after the commit, and again
/// every few seconds while a token could still live, so that neither a crash nor an empty Redis loses one.
#[derive(Clone)]
pub struct AnnounceRevocations {
    users: Arc<dyn UserReader>,
    list: Arc<dyn RevocationList>,
    clock: Arc<dyn Clock>,
}

impl AnnounceRevocations {
    pub fn new(users: Arc<dyn UserReader>, list: Arc<dyn RevocationList>, clock: Arc<dyn Clock>) -> Self {
        Self { users, list, clock }
    }

    /// Right after the commit; a failure is made up for by [`run`](Self::run).
    pub(super) async fn announce(&self, user: &User) {
        let Some(until) = user.tokens_void_until else { return };
        if let Err(error) = self.list.void(user.id, until).await {
            tracing::warn!(error = %chain(&error), user.id = %user.id, "a revocation waits until Redis is there");
        }
    }

    /// All that still matter.
    pub async fn run(self) -> Result<(), AccountError> {
        let lifetime = TimeDelta::from_std(ACCESS_TOKEN_LIFETIME).unwrap_or(TimeDelta::minutes(15));
        let since = self.clock.now() - lifetime - TimeDelta::minutes(1);
        for (user, until) in self.users.voided(since).await? {
            self.list.void(user, until).await?;
        }
        Ok(())
    }
}
