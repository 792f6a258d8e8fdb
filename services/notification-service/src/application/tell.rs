//! Telling people: a notification, its deliveries and its event in one transaction.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use config::clock::Clock;
use config::database::{Begin, StoreError, once_committed, retrying};
use config::id::UserId;
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;

use super::{
    Bell, Contact, Details, NewDelivery, Notice, NotificationCreated, NotificationError, NotificationRecord,
    Store,
};
use crate::domain::{Channel, Preferences};

/// How long an e-mail waits for its address to come by event before user-service is asked for it.
const UNTIL_ASKING: TimeDelta = TimeDelta::seconds(3);

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    User(UserId),
    /// Every administrator.
    Admins,
}

/// What a message from elsewhere means here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct News {
    pub contact: Option<Contact>,
    pub deleted: Option<UserId>,
    pub notices: Vec<(Audience, Notice)>,
}

impl News {
    /// One notice for one user.
    pub fn one(user: u64, notice: Notice) -> Self {
        Self { notices: vec![(Audience::User(UserId::new(user)), notice)], ..Self::default() }
    }
}

/// Creates notifications.
#[derive(Clone)]
pub struct Tell {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
    bell: Bell,
}

impl Tell {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>, bell: Bell) -> Self {
        Self { store, clock, bell }
    }

    /// Once for each message, however often it comes.
    pub async fn hear(&self, message: &Envelope, news: &News) -> Result<(), NotificationError> {
        if *news == News::default() {
            return Ok(());
        }
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if tx.claim(message).await? {
                let created = self.apply(tx.as_mut(), news, message.time).await?;
                tx.commit().await?;
                let bell = self.bell.clone();
                once_committed(move || {
                    bell.ring();
                    created.iter().for_each(report);
                });
            }
            Ok(())
        })
        .await
    }

    async fn apply(
        &self,
        tx: &mut dyn Store,
        news: &News,
        as_of: DateTime<Utc>,
    ) -> Result<Vec<NotificationRecord>, StoreError> {
        if let Some(contact) = &news.contact {
            tx.keep_contact(contact, as_of).await?;
            tx.wake_emails(contact.user_id, self.clock.now()).await?;
        }
        if let Some(user) = news.deleted {
            tx.forget_user(user, as_of).await?;
        }
        let mut created = Vec::new();
        for (audience, notice) in &news.notices {
            let users = match audience {
                Audience::User(user) => vec![*user],
                Audience::Admins => tx.active_admins().await?,
            };
            for user in users {
                created.push(self.create(tx, user, notice, None).await?);
            }
        }
        Ok(created)
    }

    /// By an administrator; over `channel` alone where one is named, else as the user prefers.
    pub async fn post(
        &self,
        user: UserId,
        notice: &Notice,
        channel: Option<Channel>,
        claim: Option<&Claim>,
        answer: impl Fn(&NotificationRecord) -> Answer + Sync,
    ) -> Result<NotificationRecord, NotificationError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let record = self.create(tx.as_mut(), user, notice, channel).await?;
            if let Some(claim) = claim {
                tx.answer(claim, answer(&record)).await?;
            }
            tx.commit().await?;
            self.bell.ring();
            report(&record);
            Ok(record)
        })
        .await
    }

    async fn create(
        &self,
        tx: &mut dyn Store,
        user: UserId,
        notice: &Notice,
        only: Option<Channel>,
    ) -> Result<NotificationRecord, StoreError> {
        let now = self.clock.now();
        let reach = tx.reach(user).await?;
        let goes = |channel| wanted(&reach.preferences, notice, only, channel);
        let id = tx.add(user, notice, goes(Channel::InApp), now).await?;
        let mut deliveries = Vec::new();
        if goes(Channel::InApp) {
            deliveries.push(NewDelivery { channel: Channel::InApp, webhook: None, details: None, due: None });
            let event = NotificationCreated {
                notification_id: id.get(),
                user_id: user.get(),
                kind: notice.kind.as_str(),
                title: notice.wording.title.clone(),
                message: notice.wording.message.clone(),
            };
            tx.publish(Envelope::new(&event)).await?;
        }
        if goes(Channel::Email) {
            let due = if reach.known { now } else { now + UNTIL_ASKING };
            let details = Some(notice.details.to_json().map_err(|error| StoreError::Broken(error.into()))?);
            deliveries.push(NewDelivery { channel: Channel::Email, webhook: None, details, due: Some(due) });
        }
        if goes(Channel::Webhook) {
            let webhook = |id| NewDelivery {
                channel: Channel::Webhook,
                webhook: Some(id),
                details: None,
                due: Some(now),
            };
            deliveries.extend(reach.webhooks.iter().copied().map(webhook));
        }
        if !deliveries.is_empty() {
            tx.add_deliveries(id, user, &deliveries, now).await?;
        }
        Ok(NotificationRecord {
            id,
            user_id: user,
            kind: notice.kind,
            title: notice.wording.title.clone(),
            message: notice.wording.message.clone(),
            read_at: None,
            created_at: now,
        })
    }
}

fn report(created: &NotificationRecord) {
    metrics::counter!("notifications_created_total", "type" => created.kind.as_str()).increment(1);
    tracing::info!(
        notification.id = %created.id, notification.kind = %created.kind, user.id = %created.user_id,
        "notification created"
    );
}

/// An administrator's choice of channel overrules the user's, but never sends a secret where it doesn't belong.
fn wanted(preferences: &Preferences, notice: &Notice, only: Option<Channel>, channel: Channel) -> bool {
    match only {
        Some(only) => only == channel && notice.kind.goes_by(channel),
        None => preferences.wants(notice.kind, channel),
    }
}

impl Details {
    fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
