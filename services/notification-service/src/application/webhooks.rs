//! Adding and removing webhooks.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::UserId;

use super::{Audience, Details, Notice, NotificationError, Store, Tell, Webhook};
use crate::domain::{NotificationType, WebhookId, WebhookUrl, Wording};

/// How many an owner may have.
const MOST: u8 = 5;

/// Whose notifications a webhook gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    User(UserId),
    /// Everybody's.
    Shop,
}

impl Owner {
    /// Who is told of another webhook: it may have been added by whoever has taken an account.
    fn warned(self) -> (Audience, Notice) {
        let (audience, shop) = match self {
            Self::User(user) => (Audience::User(user), false),
            Self::Shop => (Audience::Admins, true),
        };
        let wording = Wording::webhook_added(shop);
        (audience, Notice::new(NotificationType::WebhookAdded, wording, Details::Message))
    }
}

/// Manages webhooks.
#[derive(Clone)]
pub struct ManageWebhooks {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
    tell: Tell,
}

impl ManageWebhooks {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>, tell: Tell) -> Self {
        Self { store, clock, tell }
    }

    /// With a secret of its own.
    pub async fn add(&self, owner: Owner, url: &WebhookUrl) -> Result<Webhook, NotificationError> {
        let secret = format!("whsec_{}", hex::encode(rand::random::<[u8; 24]>()));
        // Whoever loses the race for a slot tries the next one; there are no more tries than slots.
        for _ in 0..=MOST {
            match retrying(|| self.take_slot(owner, url, &secret)).await {
                Err(NotificationError::Store(error)) if error.violates("webhooks_slot") => {}
                added => return added,
            }
        }
        Err(StoreError::Contended("the owner's slots".into()).into())
    }

    async fn take_slot(
        &self,
        owner: Owner,
        url: &WebhookUrl,
        secret: &str,
    ) -> Result<Webhook, NotificationError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let taken = tx.taken_slots(owner).await?;
        let free = (0..MOST).find(|slot| !taken.contains(slot));
        let slot = free.ok_or(NotificationError::TooManyWebhooks(MOST))?;
        let id = tx.add_webhook(owner, slot, url, secret, now).await?;
        let (audience, notice) = owner.warned();
        let told = self.tell.within(tx.as_mut(), audience, &notice).await?;
        tx.commit().await?;
        self.tell.told(&told);
        tracing::info!(webhook.id = %id, ?owner, "webhook added");
        let (url, secret) = (url.as_str().to_owned(), secret.to_owned());
        Ok(Webhook { id, owner, url, secret, created_at: now })
    }

    pub async fn remove(&self, owner: Owner, id: WebhookId) -> Result<(), NotificationError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.remove_webhook(owner, id).await? {
                return Err(NotificationError::NoWebhook(id));
            }
            Ok(tx.commit().await?)
        })
        .await
    }
}
