//! What clients send and get.

use chrono::{DateTime, Utc};
use config::id::UserId;
use config::page::{Page, Paging, Slice};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use crate::application::{DeliveryFilter, DeliveryRecord, Details, Notice, NotificationRecord, Webhook};
use crate::domain::{
    AddressRule, Channel, Choice, Message, NotificationId, NotificationType, Preferences, Title, WebhookUrl,
    Wording,
};

/// A notification.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Notification")]
pub struct NotificationDto {
    pub id: u64,
    pub user_id: u64,
    /// Such as `order_paid`; see the preferences for all of them.
    #[oai(rename = "type")]
    pub kind: String,
    pub title: String,
    pub message: String,
    pub is_read: bool,
    pub read_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl From<NotificationRecord> for NotificationDto {
    fn from(record: NotificationRecord) -> Self {
        Self {
            id: record.id.get(),
            user_id: record.user_id.get(),
            kind: record.kind.as_str().to_owned(),
            title: record.title,
            message: record.message,
            is_read: record.read_at.is_some(),
            read_at: record.read_at,
            created_at: record.created_at,
        }
    }
}

/// A part of a user's list, the newest first.
#[derive(Debug, Object)]
#[oai(rename = "NotificationList")]
pub struct NotificationListDto {
    pub items: Vec<NotificationDto>,
    pub count: u64,
    /// How many there are in all.
    pub total: u64,
    /// How many of all are unread.
    pub unread: u64,
    pub next_cursor: Option<String>,
}

impl NotificationListDto {
    pub fn new(slice: Slice<NotificationRecord>, unread: u64, paging: Paging) -> Self {
        let Page { items, count, total, next_cursor } =
            Page::new(slice, paging, |record| record.id.get(), NotificationDto::from);
        Self { items, count, total, unread, next_cursor }
    }
}

/// What an administrator tells a user.
#[derive(Debug, Object)]
#[oai(rename = "NewNotification")]
pub struct NewNotificationDto {
    pub user_id: u64,
    /// 1 to 4,000 characters.
    pub message: String,
    /// One of the types in the preferences, such as `custom`; not those that carry a one-time link.
    #[oai(rename = "type")]
    pub kind: String,
    /// One line of 1 to 200 characters.
    pub title: Option<String>,
    /// `in_app`, `email` or `webhook`; as the user prefers, when not given.
    pub channel: Option<String>,
}

impl NewNotificationDto {
    pub fn parse(&self) -> Result<(UserId, Notice, Option<Channel>), InvalidFields> {
        let mut fields = Fields::default();
        let user =
            fields.check("user_id", Some(self.user_id).filter(|id| *id > 0).ok_or("must be a user's id"));
        let message = fields.check("message", self.message.parse::<Message>());
        let kind = fields.check("type", self.kind.parse::<NotificationType>());
        if kind.is_some_and(NotificationType::is_secret) {
            fields.reject("type", "invalid", "must not be one that carries a one-time link");
        }
        let title =
            fields.check("title", self.title.as_deref().unwrap_or("A message for you").parse::<Title>());
        let channel = fields.check("channel", self.channel.as_deref().map(str::parse).transpose());
        fields.finish(|| {
            let wording = Wording { title: title?.to_string(), message: message?.to_string() };
            Some((UserId::new(user?), Notice::new(kind?, wording, Details::Message), channel?))
        })
    }
}

/// How many notifications were marked.
#[derive(Debug, Object)]
#[oai(rename = "Marked")]
pub struct MarkedDto {
    pub updated: u64,
}

/// What a user hears of one type, and how.
#[derive(Debug, Object)]
#[oai(rename = "Preference")]
pub struct PreferenceDto {
    #[oai(rename = "type")]
    pub kind: String,
    /// The list in the shop.
    pub in_app: bool,
    pub email: bool,
    pub webhook: bool,
    /// The channels that can't be turned off.
    pub mandatory: Vec<String>,
}

/// Every type.
#[derive(Debug, Object)]
#[oai(rename = "Preferences")]
pub struct PreferencesDto {
    pub items: Vec<PreferenceDto>,
}

impl From<Preferences> for PreferencesDto {
    fn from(preferences: Preferences) -> Self {
        let show = |kind: NotificationType| PreferenceDto {
            kind: kind.as_str().to_owned(),
            in_app: preferences.wants(kind, Channel::InApp),
            email: preferences.wants(kind, Channel::Email),
            webhook: preferences.wants(kind, Channel::Webhook),
            mandatory: Channel::ALL
                .into_iter()
                .filter(|channel| kind.is_mandatory(*channel))
                .map(|c| c.to_string())
                .collect(),
        };
        Self { items: NotificationType::ALL.into_iter().map(show).collect() }
    }
}

/// What is to change for one type; what isn't given stays.
#[derive(Debug, Object)]
#[oai(rename = "PreferenceChange")]
pub struct PreferenceChangeDto {
    #[oai(rename = "type")]
    pub kind: String,
    pub in_app: Option<bool>,
    pub email: Option<bool>,
    pub webhook: Option<bool>,
}

/// At most one change for each type.
#[derive(Debug, Object)]
#[oai(rename = "PreferenceChanges")]
pub struct PreferenceChangesDto {
    pub items: Vec<PreferenceChangeDto>,
}

impl PreferenceChangesDto {
    pub fn parse(&self) -> Result<Vec<Choice>, InvalidFields> {
        if self.items.len() > NotificationType::ALL.len() {
            return Err(InvalidFields::one("items", "too-many", "must not be more than there are types"));
        }
        let mut fields = Fields::default();
        let mut choices: Vec<Choice> = Vec::new();
        for (index, change) in self.items.iter().enumerate() {
            let Some(kind) =
                fields.check(format!("items[{index}].type"), change.kind.parse::<NotificationType>())
            else {
                continue;
            };
            if choices.iter().any(|choice| choice.kind == kind) {
                fields.reject(format!("items[{index}].type"), "duplicate", "must not be named twice");
            }
            for (channel, wanted) in [
                (Channel::InApp, change.in_app),
                (Channel::Email, change.email),
                (Channel::Webhook, change.webhook),
            ] {
                let choice = wanted.map(|enabled| Choice::new(kind, channel, enabled)).transpose();
                choices.extend(fields.check(format!("items[{index}].{channel}"), choice).flatten());
            }
        }
        fields.finish(|| Some(choices))
    }
}

/// The way of one notification over one channel.
#[derive(Debug, Object)]
#[oai(rename = "Delivery")]
pub struct DeliveryDto {
    pub id: u64,
    /// The same at each attempt: an e-mail's Message-ID and a post's `webhook-id` begin with it.
    pub message_id: String,
    pub notification_id: u64,
    pub user_id: u64,
    #[oai(rename = "type")]
    pub kind: String,
    pub channel: String,
    /// `pending`, `sent`, `failed` (to be tried again) or `dead` (given up; `last_error` says why).
    pub status: String,
    pub attempts: u16,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<DeliveryRecord> for DeliveryDto {
    fn from(record: DeliveryRecord) -> Self {
        Self {
            id: record.id.get(),
            message_id: record.message_id.to_string(),
            notification_id: record.notification_id.get(),
            user_id: record.user_id.get(),
            kind: record.kind.as_str().to_owned(),
            channel: record.channel.as_str().to_owned(),
            status: record.status.as_str().to_owned(),
            attempts: record.attempts,
            next_attempt_at: record.next_attempt_at,
            last_error: record.last_error,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

/// From the query's parameters.
pub fn delivery_filter(
    fields: &mut Fields,
    status: Option<&str>,
    channel: Option<&str>,
    user: Option<u64>,
    notification: Option<u64>,
) -> Option<DeliveryFilter> {
    let status = fields.check("status", status.map(str::parse).transpose());
    let channel = fields.check("channel", channel.map(str::parse).transpose());
    Some(DeliveryFilter {
        status: status?,
        channel: channel?,
        user: user.map(UserId::new),
        notification: notification.map(NotificationId::new),
    })
}

/// An address to post notifications to.
#[derive(Debug, Object)]
#[oai(rename = "NewWebhook")]
pub struct NewWebhookDto {
    /// `https`, at most 500 characters, on the public internet.
    pub url: String,
    /// Whether it gets everybody's notifications, whatever they prefer; for administrators. What is told to all
    /// administrators it gets once.
    #[oai(default)]
    pub shop: bool,
}

impl NewWebhookDto {
    pub fn parse(&self, rule: AddressRule) -> Result<WebhookUrl, InvalidFields> {
        let mut fields = Fields::default();
        let url = fields.check("url", WebhookUrl::parse(&self.url, rule));
        fields.finish(|| url)
    }
}

/// An address that notifications are posted to.
#[derive(Debug, Object)]
#[oai(rename = "Webhook")]
pub struct WebhookDto {
    pub id: u64,
    pub url: String,
    /// Signs the posts: `webhook-signature: t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`. Shown once,
    /// in the answer to its creation.
    pub secret: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl WebhookDto {
    pub fn with_secret(webhook: Webhook) -> Self {
        let secret = Some(webhook.secret.clone());
        Self { secret, ..Self::without_secret(webhook) }
    }

    pub fn without_secret(webhook: Webhook) -> Self {
        Self { id: webhook.id.get(), url: webhook.url, secret: None, created_at: webhook.created_at }
    }
}

/// All of an owner's webhooks.
#[derive(Debug, Object)]
#[oai(rename = "Webhooks")]
pub struct WebhooksDto {
    pub items: Vec<WebhookDto>,
}
