//! What the use cases need from the world outside.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::UserId;
use config::page::{Paging, Slice};
use uuid::Uuid;

use super::{Details, Notice, Owner};
use crate::domain::{
    Channel, Choice, DeliveryId, DeliveryStatus, NotificationId, NotificationType, Preferences, WebhookId,
    WebhookUrl,
};

/// Whom notifications are for.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    pub user_id: UserId,
    pub email: String,
    pub name: String,
    pub is_admin: bool,
    pub is_active: bool,
    /// Whether somebody has proved to read what is sent to `email`.
    pub email_verified: bool,
}

impl Contact {
    /// Whether e-mails there may say what people wrote, and be many. Administrators may write to anybody anyway.
    pub fn is_trusted(&self) -> bool {
        self.email_verified || self.is_admin
    }

    /// Whether `newer` is reached elsewhere. Another spelling is the same mailbox; who is forgotten has none.
    pub fn moved_to(&self, newer: &Self) -> bool {
        let both = !self.email.is_empty() && !newer.email.is_empty();
        both && self.email.to_lowercase() != newer.email.to_lowercase()
    }
}

/// Without the person.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contact").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// The ways to a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    pub preferences: Preferences,
    /// Whether the contact is here.
    pub known: bool,
    /// The user's own.
    pub webhooks: Vec<WebhookId>,
}

/// The ways to several users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reaches {
    pub users: BTreeMap<UserId, Reach>,
    /// The shop's own webhooks, which hear of everybody.
    pub shop: Vec<WebhookId>,
}

/// A notification as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRecord {
    pub id: NotificationId,
    pub user_id: UserId,
    pub kind: NotificationType,
    pub title: String,
    pub message: String,
    pub read_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// A delivery to be made.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    pub channel: Channel,
    pub webhook: Option<WebhookId>,
    /// JSON of [`Details`]
    pub details: Option<String>,
    /// `None`: it is done already.
    pub due: Option<DateTime<Utc>>,
}

/// A notification before it has a number, with the ways it goes.
#[derive(Debug, Clone)]
pub struct NewNotification<'a> {
    pub user: UserId,
    pub notice: &'a Notice,
    /// Whether it stands in the user's list.
    pub listed: bool,
    pub deliveries: Vec<NewDelivery>,
    /// Of what led to it.
    pub traceparent: Option<String>,
}

/// A delivery that this process has taken to send.
#[derive(Debug, Clone)]
pub struct Due {
    pub id: DeliveryId,
    /// The same at each attempt.
    pub message_id: Uuid,
    /// The attempt's own; a result is recorded only while no other attempt has begun.
    pub lease: Uuid,
    /// With this one.
    pub attempts: u16,
    pub notification: NotificationRecord,
    pub details: Option<Details>,
    /// Of the user, when it is here.
    pub contact: Option<Contact>,
    pub webhook: Option<WebhookId>,
    /// Of what led to the notification.
    pub traceparent: Option<String>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// `counted`: whether the attempt brings the end nearer.
    Again {
        after: Duration,
        reason: String,
        counted: bool,
    },
    Dead {
        reason: String,
    },
    /// Given up because we don't want to send it.
    Withheld {
        reason: String,
    },
}

/// A delivery as administrators see it.
#[derive(Debug, Clone)]
pub struct DeliveryRecord {
    pub id: DeliveryId,
    pub message_id: Uuid,
    pub notification_id: NotificationId,
    pub user_id: UserId,
    pub kind: NotificationType,
    pub channel: Channel,
    pub status: DeliveryStatus,
    pub attempts: u16,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub has_details: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Which deliveries are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeliveryFilter {
    pub status: Option<DeliveryStatus>,
    pub channel: Option<Channel>,
    pub user: Option<UserId>,
    pub notification: Option<NotificationId>,
}

/// An address that notifications are posted to.
#[derive(Clone)]
pub struct Webhook {
    pub id: WebhookId,
    pub owner: Owner,
    pub url: String,
    /// Signs what is posted.
    pub secret: String,
    pub created_at: DateTime<Utc>,
}

#[async_trait]
pub trait Contacts: Send {
    /// Keeps what was true at `as_of`, unless something newer is kept.
    async fn keep_contact(&mut self, contact: &Contact, as_of: DateTime<Utc>) -> Result<(), StoreError>;
    /// What was kept before `as_of`, locked until the end.
    async fn contact_before(
        &mut self,
        user: UserId,
        as_of: DateTime<Utc>,
    ) -> Result<Option<Contact>, StoreError>;
    async fn active_admins(&mut self) -> Result<Vec<UserId>, StoreError>;
    /// E-mails that waited for the user's address are due.
    async fn wake_emails(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError>;
    /// Deletes all that is about the user; the contact stays, empty, so that nobody asks for it again.
    async fn forget_user(&mut self, user: UserId, as_of: DateTime<Utc>) -> Result<(), StoreError>;
    /// Counts an e-mail to an address that nobody has verified; the how many-th it is since `day_ago`, or a little
    /// later.
    async fn count_unverified(
        &mut self,
        email: &str,
        day_ago: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<u32, StoreError>;
}

#[async_trait]
pub trait Notifications: Send {
    async fn preferences(&mut self, user: UserId) -> Result<Preferences, StoreError>;
    async fn choose(&mut self, user: UserId, choices: &[Choice]) -> Result<(), StoreError>;
    /// What notifications have to know of their users, read in one go.
    async fn reach(&mut self, users: &BTreeSet<UserId>) -> Result<Reaches, StoreError>;
    /// Adds notifications and their deliveries; the numbers are in the same order.
    async fn add(
        &mut self,
        new: &[NewNotification<'_>],
        now: DateTime<Utc>,
    ) -> Result<Vec<NotificationId>, StoreError>;
    /// How many were unread until now.
    async fn mark_all_read(&mut self, user: UserId, now: DateTime<Utc>) -> Result<u64, StoreError>;
    async fn mark_read(&mut self, id: NotificationId, now: DateTime<Utc>) -> Result<(), StoreError>;
    /// Takes it off the user's list.
    async fn unlist(&mut self, id: NotificationId) -> Result<(), StoreError>;
}

#[async_trait]
pub trait DeliveryQueue: Send {
    /// Deliveries whose time has come, locked until the end; none of them to a webhook in `except`.
    async fn find_due(
        &mut self,
        channel: Channel,
        now: DateTime<Utc>,
        except: &[WebhookId],
        limit: u32,
    ) -> Result<Vec<(DeliveryId, Option<WebhookId>)>, StoreError>;
    /// Takes them, at least one; another worker may take them over after `until`.
    async fn take(&mut self, ids: &[DeliveryId], until: DateTime<Utc>) -> Result<Vec<Due>, StoreError>;
    /// What became of deliveries that were taken; of how many, because no other attempt has begun.
    async fn record(&mut self, ended: &[(Due, Outcome)], now: DateTime<Utc>) -> Result<u64, StoreError>;
    async fn delivery_for_update(&mut self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError>;
    /// Begins anew.
    async fn restart(&mut self, id: DeliveryId, now: DateTime<Utc>) -> Result<(), StoreError>;
}

#[async_trait]
pub trait Webhooks: Send {
    /// Violates `webhooks_slot` when the slot is taken.
    async fn add_webhook(
        &mut self,
        owner: Owner,
        slot: u8,
        url: &WebhookUrl,
        secret: &str,
        now: DateTime<Utc>,
    ) -> Result<WebhookId, StoreError>;
    async fn taken_slots(&mut self, owner: Owner) -> Result<Vec<u8>, StoreError>;
    /// `false` when the owner has no such webhook.
    async fn remove_webhook(&mut self, owner: Owner, id: WebhookId) -> Result<bool, StoreError>;
    /// All of the user's; how many there were.
    async fn remove_webhooks_of(&mut self, user: UserId) -> Result<u64, StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + Contacts + Notifications + DeliveryQueue + Webhooks {}
impl<T: UnitOfWork + Contacts + Notifications + DeliveryQueue + Webhooks> Store for T {}

/// What is read outside a unit of work.
#[async_trait]
pub trait Reader: Send + Sync {
    /// The newest first.
    async fn list(
        &self,
        user: UserId,
        unread_only: bool,
        paging: Paging,
    ) -> Result<Slice<NotificationRecord>, StoreError>;
    async fn unread(&self, user: UserId) -> Result<u64, StoreError>;
    /// Listed ones only.
    async fn notification(&self, id: NotificationId) -> Result<Option<NotificationRecord>, StoreError>;
    /// What came after this one, in order.
    async fn after(
        &self,
        user: UserId,
        id: NotificationId,
        limit: u32,
    ) -> Result<Vec<NotificationRecord>, StoreError>;
    async fn chosen(&self, user: UserId) -> Result<Preferences, StoreError>;
    async fn deliveries(
        &self,
        filter: DeliveryFilter,
        paging: Paging,
    ) -> Result<Slice<DeliveryRecord>, StoreError>;
    async fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError>;
    async fn webhooks(&self, owner: Owner) -> Result<Vec<Webhook>, StoreError>;
    async fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError>;
}

/// Why a delivery did not arrive. The words are kept and shown to administrators: no addresses, no contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Something of ours is away: not this delivery's fault.
    #[error("{0}")]
    NotYet(String),
    /// It may work the next time.
    #[error("{0}")]
    Failed(String),
    /// It never will.
    #[error("{0}")]
    Hopeless(String),
    /// We don't want it to.
    #[error("{0}")]
    Withheld(String),
}

/// A channel's way out of the house.
#[async_trait]
pub trait Carrier: Send + Sync {
    async fn carry(&self, due: &Due) -> Result<(), Undelivered>;
}

/// Sends e-mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, to: &Contact, due: &Due) -> Result<(), Undelivered>;
}

/// Posts to webhooks.
#[async_trait]
pub trait WebhookPoster: Send + Sync {
    async fn post(&self, webhook: &Webhook, due: &Due) -> Result<(), Undelivered>;
}

/// user-service's knowledge of people.
#[async_trait]
pub trait UserDirectory: Send + Sync {
    /// `Ok(None)`: there is no such user. `Err`: it can't be asked now.
    async fn find(&self, user: UserId) -> Result<Option<Contact>, config::BoxError>;
}
