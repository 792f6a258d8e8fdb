//! Telling people: a notification, its deliveries and its event in one transaction.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::UserId;
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::telemetry::{RequestContext, traceparent};

use super::{
    Bell, Contact, Details, FormerAddress, NewDelivery, NewNotification, Notice, NotificationCreated,
    NotificationError, NotificationRecord, Reach, Store,
};
use crate::domain::{Channel, NotificationType, Preferences, WebhookId, Wording};

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
    /// Whose webhooks end: whoever added them may not be who the account belongs to now.
    pub disconnected: Option<UserId>,
    pub notices: Vec<(Audience, Notice)>,
}

impl News {
    /// One notice for one user.
    pub fn one(user: u64, notice: Notice) -> Self {
        Self { notices: vec![(Audience::User(UserId::new(user)), notice)], ..Self::default() }
    }

    /// One notice for those who run the shop.
    pub fn for_admins(notice: Notice) -> Self {
        Self { notices: vec![(Audience::Admins, notice)], ..Self::default() }
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

    /// What messages that came in a row mean, in one transaction. `false`, and nothing was done: one of them was heard
    /// before.
    pub async fn hear(&self, heard: &[(&Envelope, News)]) -> Result<bool, NotificationError> {
        let meant: Vec<_> = heard.iter().filter(|(_, news)| *news != News::default()).collect();
        let messages: Vec<&Envelope> = meant.iter().map(|(message, _)| *message).collect();
        if messages.is_empty() {
            return Ok(true);
        }
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.claim_all(&messages).await? {
                return Ok(false);
            }
            let mut created = Vec::new();
            let mut waiting = Vec::new();
            for (message, news) in &meant {
                // What came before them was meant for those who were there then.
                if news.contact.is_some() || news.deleted.is_some() {
                    created.extend(self.create(tx.as_mut(), &waiting).await?);
                    waiting.clear();
                }
                waiting.extend(self.apply(tx.as_mut(), message, news).await?);
            }
            created.extend(self.create(tx.as_mut(), &waiting).await?);
            tx.commit().await?;
            self.told(&created);
            Ok(true)
        })
        .await
    }

    async fn apply<'a>(
        &self,
        tx: &mut dyn Store,
        message: &Envelope,
        news: &'a News,
    ) -> Result<Vec<Addressed<'a>>, StoreError> {
        let mut addressed = Vec::new();
        if let Some(contact) = &news.contact {
            let former = tx.contact_before(contact.user_id, message.time).await?;
            tx.keep_contact(contact, message.time).await?;
            tx.wake_emails(contact.user_id, self.clock.now()).await?;
            let former = former.filter(|former| former.moved_to(contact));
            addressed.extend(former.map(|former| Addressed {
                user: contact.user_id,
                notice: Cow::Owned(email_changed(former)),
                only: None,
                to_shop: true,
                context: message.context(),
            }));
        }
        if let Some(user) = news.deleted {
            tx.forget_user(user, message.time).await?;
        }
        if let Some(user) = news.disconnected {
            let removed = tx.remove_webhooks_of(user).await?;
            if removed > 0 {
                tracing::info!(user.id = %user, removed, message.kind, "a user's webhooks end");
            }
        }
        for (audience, notice) in &news.notices {
            addressed.extend(addressed_to(tx, *audience, notice, &message.context()).await?);
        }
        Ok(addressed)
    }

    /// In somebody else's unit of work; after its commit comes [`told`](Self::told).
    pub(super) async fn within(
        &self,
        tx: &mut dyn Store,
        audience: Audience,
        notice: &Notice,
    ) -> Result<Vec<NotificationRecord>, StoreError> {
        let addressed = addressed_to(tx, audience, notice, &of_request()).await?;
        self.create(tx, &addressed).await
    }

    /// These notifications are committed.
    pub(super) fn told(&self, created: &[NotificationRecord]) {
        self.bell.ring();
        created.iter().for_each(report);
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
        let notice = Cow::Borrowed(notice);
        let addressed = [Addressed { user, notice, only: channel, to_shop: true, context: of_request() }];
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let created = self.create(tx.as_mut(), &addressed).await?.pop();
            let record = created.ok_or_else(|| StoreError::corrupt("a notification without a number"))?;
            if let Some(claim) = claim {
                tx.answer(claim, answer(&record)).await?;
            }
            tx.commit().await?;
            self.told(std::slice::from_ref(&record));
            Ok(record)
        })
        .await
    }

    async fn create(
        &self,
        tx: &mut dyn Store,
        addressed: &[Addressed<'_>],
    ) -> Result<Vec<NotificationRecord>, StoreError> {
        if addressed.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let users: BTreeSet<UserId> = addressed.iter().map(|it| it.user).collect();
        let reaches = tx.reach(&users).await?;
        let nothing = Reach::default();
        let mut new = Vec::with_capacity(addressed.len());
        for it in addressed {
            let reach = reaches.users.get(&it.user).unwrap_or(&nothing);
            new.push(it.notification(reach, &reaches.shop, now)?);
        }
        let ids = tx.add(&new, now).await?;
        let mut created = Vec::with_capacity(ids.len());
        for ((it, new), id) in addressed.iter().zip(new).zip(ids) {
            let &Notice { kind, ref wording, .. } = it.notice.as_ref();
            if new.listed {
                let event = NotificationCreated {
                    notification_id: id.get(),
                    user_id: it.user.get(),
                    kind: kind.as_str(),
                    title: wording.title.clone(),
                    message: wording.message.clone(),
                };
                it.context.clone().scope(tx.publish(Envelope::new(&event))).await?;
            }
            created.push(NotificationRecord {
                id,
                user_id: it.user,
                kind,
                title: wording.title.clone(),
                message: wording.message.clone(),
                read_at: None,
                created_at: now,
            });
        }
        Ok(created)
    }
}

/// Goes to the address that was replaced: whoever has taken the account reads the new one.
fn email_changed(former: Contact) -> Notice {
    let is_trusted = former.is_trusted();
    let address = FormerAddress { email: former.email, name: former.name, is_trusted };
    Notice::new(NotificationType::EmailChanged, Wording::email_changed(), Details::FormerAddress(address))
}

/// The trace and the request that this process is answering.
fn of_request() -> RequestContext {
    RequestContext { traceparent: traceparent(), ..RequestContext::current() }
}

/// The notice, for each of its audience.
async fn addressed_to<'a>(
    tx: &mut dyn Store,
    audience: Audience,
    notice: &'a Notice,
    context: &RequestContext,
) -> Result<Vec<Addressed<'a>>, StoreError> {
    let users = match audience {
        Audience::User(user) => vec![user],
        Audience::Admins => tx.active_admins().await?,
    };
    let addressed = users.into_iter().enumerate().map(|(index, user)| Addressed {
        user,
        notice: Cow::Borrowed(notice),
        only: None,
        to_shop: index == 0,
        context: context.clone(),
    });
    Ok(addressed.collect())
}

/// A notice on its way to a user.
struct Addressed<'a> {
    user: UserId,
    notice: Cow<'a, Notice>,
    /// Over this channel alone.
    only: Option<Channel>,
    /// Whether the shop's own webhooks hear of it with this one: once, however many are told the same.
    to_shop: bool,
    /// Of what led to it.
    context: RequestContext,
}

impl Addressed<'_> {
    fn notification(
        &self,
        reach: &Reach,
        shop: &[WebhookId],
        now: DateTime<Utc>,
    ) -> Result<NewNotification<'_>, StoreError> {
        let goes = |channel| wanted(&reach.preferences, &self.notice, self.only, channel);
        let mut deliveries = Vec::new();
        if goes(Channel::InApp) {
            deliveries.push(NewDelivery { channel: Channel::InApp, webhook: None, details: None, due: None });
        }
        if goes(Channel::Email) {
            let due = if reach.known { now } else { now + UNTIL_ASKING };
            let details = self.notice.details.to_json().map_err(|error| StoreError::Broken(error.into()))?;
            deliveries.push(NewDelivery {
                channel: Channel::Email,
                webhook: None,
                details: Some(details),
                due: Some(due),
            });
        }
        let webhook =
            |id| NewDelivery { channel: Channel::Webhook, webhook: Some(id), details: None, due: Some(now) };
        if goes(Channel::Webhook) {
            deliveries.extend(reach.webhooks.iter().copied().map(webhook));
        }
        // Whatever the user prefers: they are not the user's.
        if self.to_shop && wanted(&Preferences::default(), &self.notice, self.only, Channel::Webhook) {
            deliveries.extend(shop.iter().copied().map(webhook));
        }
        Ok(NewNotification {
            user: self.user,
            notice: &self.notice,
            listed: goes(Channel::InApp),
            deliveries,
            traceparent: self.context.traceparent.clone(),
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
