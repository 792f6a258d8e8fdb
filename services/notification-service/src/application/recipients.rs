//! Where a delivery goes: the user's present address, the webhook's.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::UserId;

use super::{
    Carrier, Contact, Details, Due, FormerAddress, Mailer, Owner, Reader, Store, Undelivered, UserDirectory,
    WebhookPoster,
};

/// How long e-mails to an address that nobody has verified are counted.
pub const UNVERIFIED_DAY: TimeDelta = TimeDelta::days(1);

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
    /// To an address that nobody has verified.
    pub unverified_per_day: u32,
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
        if contact.is_trusted() {
            return self.mailer.send(&contact, due).await;
        }
        // Anybody may register with anybody's address: its reader gets neither a stranger's words nor a flood.
        self.ration(&contact, due).await?;
        self.mailer.send(&contact.without_name(), &due.without_free_text()).await
    }
}

impl FormerAddress {
    /// Its owner is told whatever has become of the account.
    fn contact(&self, user_id: UserId) -> Contact {
        let Self { email, name, is_trusted } = self.clone();
        Contact { user_id, email, name, is_admin: false, is_active: true, email_verified: is_trusted }
    }
}

impl Contact {
    fn without_name(self) -> Self {
        Self { name: String::new(), ..self }
    }
}

impl Due {
    fn without_free_text(&self) -> Self {
        let due = self.clone();
        Self { details: due.details.map(Details::without_free_text), ..due }
    }
}

impl EmailCarrier {
    /// An e-mail is counted with its first attempt: a mail server that is away uses up nothing.
    async fn ration(&self, to: &Contact, due: &Due) -> Result<(), Undelivered> {
        if due.attempts > 1 || !due.notification.kind.is_rationed() {
            return Ok(());
        }
        let now = self.clock.now();
        let count = || async {
            let mut tx = self.store.begin().await?;
            let count = tx.count_unverified(&to.email, now - UNVERIFIED_DAY, now).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(count)
        };
        let most = self.unverified_per_day;
        match retrying(count).await? {
            count if count <= most => Ok(()),
            _ => Err(Undelivered::Withheld(format!(
                "the address is not verified, and has had its {most} e-mails of the day"
            ))),
        }
    }

    async fn ask(&self, user: UserId) -> Result<Contact, Undelivered> {
        // As of before the question: an event that comes while it is answered is newer.
        let as_of = self.clock.now();
        let found = self.users.find(user).await.map_err(|error| {
            tracing::warn!(%error, user.id = %user, "user-service can't tell an address");
            Undelivered::NotYet("the address is not known yet".to_owned())
        })?;
        let contact = found.ok_or_else(|| Undelivered::Failed("there is no such user".to_owned()))?;
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            tx.keep_contact(&contact, as_of).await?;
            tx.commit().await
        })
        .await?;
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
        let is_closed = due.contact.as_ref().is_some_and(|contact| !contact.is_active);
        if is_closed && webhook.owner != Owner::Shop {
            return Err(Undelivered::Hopeless("the account is not active".to_owned()));
        }
        self.poster.post(&webhook, due).await
    }
}
