//! What administrators decide about users.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::jwt_auth::Role;
use config::kafka::Envelope;

use super::{AccountError, AnnounceRevocations, Store, UserDeactivated, UserUpdated, session};
use crate::domain::User;

/// Changes what users may do. Tokens say the old, so they are voided with it.
pub struct Administer {
    store: Arc<dyn Begin<dyn Store>>,
    revocations: AnnounceRevocations,
    clock: Arc<dyn Clock>,
}

impl Administer {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        revocations: AnnounceRevocations,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, revocations, clock }
    }

    pub async fn set_role(&self, id: UserId, role: Role) -> Result<User, AccountError> {
        self.change(id, |user| std::mem::replace(&mut user.role, role) != role).await
    }

    pub async fn set_active(&self, id: UserId, is_active: bool) -> Result<User, AccountError> {
        self.change(id, |user| std::mem::replace(&mut user.is_active, is_active) != is_active).await
    }

    /// `apply` says whether it changed anything.
    async fn change(&self, id: UserId, apply: impl Fn(&mut User) -> bool) -> Result<User, AccountError> {
        let user = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let admins = tx.active_admins_for_update().await?;
            let mut user = tx.user_for_update(id).await?.ok_or(AccountError::NotFound(id))?;
            let now = self.clock.now();
            let was_active = user.is_active;
            if !apply(&mut user) {
                return Ok(user);
            }
            must_leave_an_admin(&admins, &user)?;
            user.updated_at = now;
            session::end_all(tx.as_mut(), &mut user, now).await?;
            tx.save_user(&user).await?;
            let event = match was_active && !user.is_active {
                true => Envelope::new(&UserDeactivated::new(&user)),
                false => Envelope::new(&UserUpdated::new(&user)),
            };
            tx.publish(event).await?;
            tx.commit().await?;
            tracing::info!(user.id = %id, role = user.role.as_str(), is_active = user.is_active, "an administrator changed a user");
            Ok::<_, AccountError>(user)
        })
        .await?;
        self.revocations.announce(&user).await;
        Ok(user)
    }
}

/// `admins` are those there were before, all locked.
pub(super) fn must_leave_an_admin(admins: &[UserId], changed: &User) -> Result<(), AccountError> {
    let last = admins == [changed.id] && !changed.is_active_admin();
    if last { Err(AccountError::LastAdmin) } else { Ok(()) }
}
