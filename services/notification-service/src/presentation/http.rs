//! The HTTP API.

use std::sync::Arc;
use std::time::Duration;

use config::id::UserId;
use config::idempotency::{Answer, Idempotency};
use config::jwt_auth::{Admin, AuthError, Caller, SignedIn, Validity};
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields};
use config::response::{Created, NoContent};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use poem::web::sse::Event;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{EventStream, Json};
use poem_openapi::types::ToJSON;

use super::dto::{
    DeliveryDto, MarkedDto, NewNotificationDto, NewWebhookDto, NotificationDto, NotificationListDto,
    PreferenceChangesDto, PreferencesDto, WebhookDto, WebhooksDto, delivery_filter,
};
use super::live::Live;
use crate::application::{
    ChoosePreferences, ManageWebhooks, NotificationError, NotificationRecord, Owner, ReadMarks, Reader,
    Resend, Tell,
};
use crate::domain::{AddressRule, DeliveryId, NotificationId, WebhookId};

/// A comment this often keeps proxies from closing an idle stream.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What a client that was away for longer gets from the list.
const MOST_MISSED: u32 = 200;

/// The notification service's HTTP API.
pub struct NotificationApi {
    pub tell: Tell,
    pub marks: ReadMarks,
    pub choose: ChoosePreferences,
    pub resend: Resend,
    pub webhooks: ManageWebhooks,
    pub reader: Arc<dyn Reader>,
    pub live: Live,
    pub idempotency: Idempotency,
    pub address_rule: AddressRule,
}

#[OpenApi(prefix_path = "/api/notifications")]
impl NotificationApi {
    /// Notify a user
    ///
    /// For administrators.
    #[oai(path = "/", method = "post")]
    async fn post(
        &self,
        caller: Admin,
        body: Body<NewNotificationDto>,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
    ) -> Result<Created<NotificationDto>, ApiError> {
        let (user, notice, channel) = body.parse()?;
        let scope = format!("{}:post-notification", caller.user_id);
        let show = |record: &NotificationRecord| Answer::json(201, &NotificationDto::from(record.clone()));
        let done = self
            .idempotency
            .run(scope, key.0, &body.0, |claim| async move {
                let record = self.tell.post(user, &notice, channel, claim.as_ref(), show).await?;
                Ok::<_, NotificationError>(NotificationDto::from(record))
            })
            .await?;
        Ok(done.into())
    }

    /// List the caller's notifications, the newest first
    ///
    /// Administrators may name another user.
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        caller: SignedIn,
        user_id: Query<Option<u64>>,
        unread: Query<Option<bool>>,
        skip: Query<Option<i64>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<NotificationListDto>, ApiError> {
        let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
        let user = caller.acting_for(user_id.0)?;
        self.page(user, unread.0.unwrap_or_default(), paging).await
    }

    /// Hear of notifications as they come
    ///
    /// Server-sent events; `data` is a notification, `id` its id. With `Last-Event-ID`, what came since. The stream
    /// ends with the access token, or when the client is too slow: come again with `Last-Event-ID`.
    #[oai(path = "/stream", method = "get")]
    async fn stream(
        &self,
        caller: SignedIn,
        token: Validity,
        #[oai(name = "Last-Event-ID")] last: Header<Option<String>>,
    ) -> Result<EventStream<BoxStream<'static, NotificationDto>>, ApiError> {
        // Before the question what was missed, so that nothing falls between.
        let coming = self.live.listen(caller.user_id);
        let last = last.0.and_then(|id| id.trim().parse().ok()).map(NotificationId::new);
        let missed = match last {
            Some(last) => self.reader.after(caller.user_id, last, MOST_MISSED).await?,
            None => Vec::new(),
        };
        let notifications = self.live.resume(token, last, missed, coming).map(NotificationDto::from).boxed();
        let stream = EventStream::new(notifications).keep_alive(HEARTBEAT);
        Ok(stream.to_event(|dto| {
            Event::message(dto.to_json_string()).id(dto.id.to_string()).event_type("notification")
        }))
    }

    /// What the caller hears of, and how
    #[oai(path = "/preferences", method = "get")]
    async fn preferences(&self, caller: SignedIn) -> Result<Json<PreferencesDto>, ApiError> {
        Ok(Json(self.reader.chosen(caller.user_id).await?.into()))
    }

    /// Choose what to hear of, and how
    ///
    /// What isn't named stays as it is. What keeps the account safe can't be turned off.
    #[oai(path = "/preferences", method = "put")]
    async fn choose(
        &self,
        caller: SignedIn,
        body: Body<PreferenceChangesDto>,
    ) -> Result<Json<PreferencesDto>, ApiError> {
        let choices = body.parse()?;
        Ok(Json(self.choose.run(caller.user_id, &choices).await?.into()))
    }

    /// Mark all of the caller's notifications as read
    #[oai(path = "/read-all", method = "put")]
    async fn read_all(&self, caller: SignedIn) -> Result<Json<MarkedDto>, ApiError> {
        Ok(Json(MarkedDto { updated: self.marks.read_all(caller.user_id).await? }))
    }

    /// The log of deliveries, the newest first
    ///
    /// For administrators.
    #[oai(path = "/deliveries", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn deliveries(
        &self,
        _caller: Admin,
        status: Query<Option<String>>,
        channel: Query<Option<String>>,
        user_id: Query<Option<u64>>,
        notification_id: Query<Option<u64>>,
        skip: Query<Option<i64>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<DeliveryDto>>, ApiError> {
        let mut fields = Fields::default();
        let (status, channel) = (status.as_deref(), channel.as_deref());
        let filter = delivery_filter(&mut fields, status, channel, user_id.0, notification_id.0);
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let (filter, paging) = fields.finish(|| filter.zip(paging))?;
        let slice = self.reader.deliveries(filter, paging).await?;
        Ok(Json(Page::new(slice, paging, |record| record.id.get(), DeliveryDto::from)))
    }

    /// One delivery
    ///
    /// For administrators.
    #[oai(path = "/deliveries/:id", method = "get")]
    async fn delivery(&self, _caller: Admin, id: Path<u64>) -> Result<Json<DeliveryDto>, ApiError> {
        let id = DeliveryId::new(id.0);
        let record = self.reader.delivery(id).await?.ok_or(NotificationError::NoDelivery(id))?;
        Ok(Json(record.into()))
    }

    /// Send a dead delivery again
    ///
    /// For administrators.
    #[oai(path = "/deliveries/:id/resend", method = "post")]
    async fn resend(&self, _caller: Admin, id: Path<u64>) -> Result<Json<DeliveryDto>, ApiError> {
        Ok(Json(self.resend.run(DeliveryId::new(id.0)).await?.into()))
    }

    /// The caller's webhooks
    ///
    /// With `shop=true`, and for administrators: those that get everybody's notifications.
    #[oai(path = "/webhooks", method = "get")]
    async fn list_webhooks(
        &self,
        caller: SignedIn,
        shop: Query<Option<bool>>,
    ) -> Result<Json<WebhooksDto>, ApiError> {
        let webhooks = self.reader.webhooks(owner(&caller, shop.0.unwrap_or_default())?).await?;
        Ok(Json(WebhooksDto { items: webhooks.into_iter().map(WebhookDto::without_secret).collect() }))
    }

    /// Have notifications posted to an address
    ///
    /// At most five. Each post is signed; a failed one is tried again, with the same `webhook-id`. The user is told of
    /// each new one by e-mail, all administrators of one with `shop`. A new password, or the account's deactivation,
    /// deletes the user's webhooks.
    #[oai(path = "/webhooks", method = "post")]
    async fn add_webhook(
        &self,
        caller: SignedIn,
        body: Body<NewWebhookDto>,
    ) -> Result<Created<WebhookDto>, ApiError> {
        let owner = owner(&caller, body.shop)?;
        let url = body.parse(self.address_rule)?;
        Ok(Created::new(WebhookDto::with_secret(self.webhooks.add(owner, &url).await?)))
    }

    /// Delete a webhook
    #[oai(path = "/webhooks/:id", method = "delete")]
    async fn remove_webhook(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        shop: Query<Option<bool>>,
    ) -> Result<NoContent, ApiError> {
        let owner = owner(&caller, shop.0.unwrap_or_default())?;
        self.webhooks.remove(owner, WebhookId::new(id.0)).await?;
        Ok(NoContent::NoContent)
    }

    /// List a user's notifications, the newest first
    #[oai(path = "/:user_id", method = "get")]
    async fn list_of(
        &self,
        caller: SignedIn,
        user_id: Path<u64>,
        unread: Query<Option<bool>>,
        skip: Query<Option<i64>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<NotificationListDto>, ApiError> {
        let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
        let user = caller.acting_for(Some(user_id.0))?;
        self.page(user, unread.0.unwrap_or_default(), paging).await
    }

    /// Mark a notification as read
    #[oai(path = "/:id/read", method = "put")]
    async fn read(&self, caller: SignedIn, id: Path<u64>) -> Result<Json<NotificationDto>, ApiError> {
        let notification = self.own(&caller, id.0).await?;
        Ok(Json(self.marks.read(notification).await?.into()))
    }

    /// Take a notification off the list
    #[oai(path = "/:id", method = "delete")]
    async fn dismiss(&self, caller: SignedIn, id: Path<u64>) -> Result<NoContent, ApiError> {
        let notification = self.own(&caller, id.0).await?;
        self.marks.dismiss(&notification).await?;
        Ok(NoContent::NoContent)
    }
}

impl NotificationApi {
    async fn page(
        &self,
        user: UserId,
        unread_only: bool,
        paging: Paging,
    ) -> Result<Json<NotificationListDto>, ApiError> {
        let slice = self.reader.list(user, unread_only, paging).await?;
        let unread = self.reader.unread(user).await?;
        Ok(Json(NotificationListDto::new(slice, unread, paging)))
    }

    async fn own(&self, caller: &Caller, id: u64) -> Result<NotificationRecord, ApiError> {
        let id = NotificationId::new(id);
        let notification = self.reader.notification(id).await?.ok_or(NotificationError::NotFound(id))?;
        caller.must_own(notification.user_id)?;
        Ok(notification)
    }
}

fn owner(caller: &Caller, shop: bool) -> Result<Owner, AuthError> {
    match (shop, caller.is_admin()) {
        (false, _) => Ok(Owner::User(caller.user_id)),
        (true, true) => Ok(Owner::Shop),
        (true, false) => Err(AuthError::NotAdmin),
    }
}
