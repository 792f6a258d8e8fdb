//! Where a delivery goes: the user's present address, the webhook's.

use std::sync::Arc;

use async_trait::async_trait;
use config::clock::Clock;
use config::database::{Begin, StoreError};
use config::id::UserId;

use super::{
    Carrier, Contact, Details, Due, FormerAddress, Mailer, Reader, Store, Undelivered, UserDirectory,
    WebhookPoster,
};

impl From<StoreError> for Undelivered {
    fn from(_: StoreError) -> Self {
        Self::NotYet("our database was away".to_owned())
    }
}

/// Carries e-mails.
pub struct EmailCarrier {
    pub mailer: Arc<dyn Mailer>,
    pub users: Arc<dyn UserDirectory>,
    pub store: Arc<dyn Begin<dyn Store>>,
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Carrier for EmailCarrier {
    async fn carry(&self, due: &Due) -> Result<(), Undelivered> {
        if let Some(Details::Link(link)) = &due.details
            && link.expires_at.is_some_and(|end| end <= self.clock.now())
        {
            return Err(Undelivered::Hopeless("its link has expired".to_owned()));
        }
        let contact = match (&due.details, &due.contact) {
            (Some(Details::FormerAddress(former)), _) => former.contact(due.notification.user_id),
            (_, Some(contact)) => contact.clone(),
            (_, None) => self.ask(due.notification.user_id).await?,
        };
        if !contact.is_active {
            return Err(Undelivered::Hopeless("the account is not active".to_owned()));
        }
        self.mailer.send(&contact, due).await
    }
}

impl FormerAddress {
    /// Its owner is told whatever has become of the account.
    fn contact(&self, user_id: UserId) -> Contact {
        let Self { email, name } = self.clone();
        Contact { user_id, email, name, is_admin: false, is_active: true }
    }
}

impl EmailCarrier {
    async fn ask(&self, user: UserId) -> Result<Contact, Undelivered> {
        // As of before the question: an event that comes while it is answered is newer.
        let as_of = self.clock.now();
        let found = self.users.find(user).await.map_err(|error| {
            tracing::warn!(%error, user.id = %user, "user-service can't tell an address");
            Undelivered::NotYet("the address is not known yet".to_owned())
        })?;
        let contact = found.ok_or_else(|| Undelivered::Failed("there is no such user".to_owned()))?;
        let mut tx = self.store.begin().await?;
        tx.keep_contact(&contact, as_of).await?;
        tx.commit().await?;
        Ok(contact)
    }
}

/// Carries posts to webhooks.
pub struct WebhookCarrier {
    pub poster: Arc<dyn WebhookPoster>,
    pub reader: Arc<dyn Reader>,
}

#[async_trait]
impl Carrier for WebhookCarrier {
    async fn carry(&self, due: &Due) -> Result<(), Undelivered> {
        let webhook = match due.webhook {
            Some(id) => self.reader.webhook(id).await?,
            None => None,
        };
        let webhook = webhook.ok_or_else(|| Undelivered::Hopeless("the webhook was deleted".to_owned()))?;
        self.poster.post(&webhook, due).await
    }
}
