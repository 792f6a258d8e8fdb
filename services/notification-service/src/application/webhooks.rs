//! Adding and removing webhooks.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, StoreError};
use config::id::UserId;

use super::{NotificationError, Store, Webhook};
use crate::domain::{WebhookId, WebhookUrl};

/// How many an owner may have.
const MOST: u8 = 5;

/// Whose notifications a webhook gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    User(UserId),
    /// Everybody's.
    Shop,
}

/// Manages webhooks.
#[derive(Clone)]
pub struct ManageWebhooks {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ManageWebhooks {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// With a secret of its own.
    pub async fn add(&self, owner: Owner, url: &WebhookUrl) -> Result<Webhook, NotificationError> {
        let secret = format!("whsec_{}", hex::encode(rand::random::<[u8; 24]>()));
        let now = self.clock.now();
        // Whoever loses the race for a slot tries the next one; there are no more tries than slots.
        for _ in 0..=MOST {
            let mut tx = self.store.begin().await?;
            let taken = tx.taken_slots(owner).await?;
            let free = (0..MOST).find(|slot| !taken.contains(slot));
            let slot = free.ok_or(NotificationError::TooManyWebhooks(MOST))?;
            match tx.add_webhook(owner, slot, url, &secret, now).await {
                Ok(id) => {
                    tx.commit().await?;
                    tracing::info!(webhook.id = %id, ?owner, "webhook added");
                    return Ok(Webhook { id, url: url.as_str().to_owned(), secret, created_at: now });
                }
                Err(error) if error.violates("webhooks_slot") => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Contended("the owner's slots".into()).into())
    }

    pub async fn remove(&self, owner: Owner, id: WebhookId) -> Result<(), NotificationError> {
        let mut tx = self.store.begin().await?;
        if !tx.remove_webhook(owner, id).await? {
            return Err(NotificationError::NoWebhook(id));
        }
        Ok(tx.commit().await?)
    }
}
