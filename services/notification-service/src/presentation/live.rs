//! Notifications as they happen: server-sent events, fed by this instance's own consumer of `notification-events`.

use std::collections::HashSet;
use std::future::ready;

use async_trait::async_trait;
use config::id::UserId;
use config::jwt_auth::Validity;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_util::sync::CancellationToken;

use crate::application::NotificationRecord;
use crate::domain::NotificationId;

/// How far a client may lag behind; then its stream ends, and it comes again with `Last-Event-ID`.
const BACKLOG: usize = 1_024;

/// What this instance's clients listen to.
#[derive(Clone)]
pub struct Live {
    sender: broadcast::Sender<NotificationRecord>,
    closing: CancellationToken,
}

#[derive(Deserialize)]
struct Created {
    notification_id: u64,
    user_id: u64,
    #[serde(rename = "type")]
    kind: String,
    title: String,
    message: String,
}

impl Live {
    pub fn new(closing: CancellationToken) -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG), closing }
    }

    /// A user's notifications from this moment on.
    pub fn listen(&self, user: UserId) -> impl Stream<Item = NotificationRecord> + Send + 'static {
        BroadcastStream::new(self.sender.subscribe())
            .take_while(|received| ready(received.is_ok()))
            .filter_map(move |received| {
                ready(received.ok().filter(|notification| notification.user_id == user))
            })
    }

    /// What was missed after `last`, then what comes; until the service ends or the token does.
    pub fn resume(
        &self,
        token: Validity,
        last: Option<NotificationId>,
        missed: Vec<NotificationRecord>,
        coming: impl Stream<Item = NotificationRecord> + Send + 'static,
    ) -> BoxStream<'static, NotificationRecord> {
        let given: HashSet<_> = missed.iter().map(|notification| notification.id).collect();
        // Events come a moment after their commit: also those of what the client has, or was just given.
        let is_new = move |id| last.is_none_or(|last| id > last) && !given.contains(&id);
        let coming = coming.filter(move |notification| ready(is_new(notification.id)));
        let (closing, counted) = (self.closing.clone(), token.clone());
        let end = async move {
            tokio::select! {
                () = closing.cancelled() => {}
                () = counted.ended() => {}
            }
        };
        // Whose token was revoked hears nothing more, however soon that is.
        let all = stream::iter(missed).chain(coming).take_while(move |_| ready(token.holds()));
        all.take_until(Box::pin(end)).boxed()
    }
}

#[async_trait]
impl MessageHandler for Live {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != "notification_created" {
            return Ok(());
        }
        let created: Created = message.data()?;
        let Ok(kind) = created.kind.parse() else {
            // A newer instance's; its clients come back for it.
            return Ok(());
        };
        // Nobody listens: that is no failure.
        let _ = self.sender.send(NotificationRecord {
            id: NotificationId::new(created.notification_id),
            user_id: UserId::new(created.user_id),
            kind,
            title: created.title,
            message: created.message,
            read_at: None,
            created_at: message.time,
        });
        Ok(())
    }
}
