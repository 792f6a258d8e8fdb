//! How a long poll at one replica hears of a change made at another.

use std::time::Duration;

use futures_util::StreamExt;
use redis::RedisResult;
use tokio::time::sleep;

use super::redis::CHANGES;
use crate::application::Notices;

/// The sweep notices what is missed meanwhile.
const RECONNECT: Duration = Duration::from_millis(500);

/// Passes on what the replicas tell one another; never ends.
pub async fn follow_changes(client: redis::Client, notices: Notices) {
    loop {
        if let Err(error) = listen(&client, &notices).await {
            tracing::debug!(%error, "can't listen to Redis; trying again");
        }
        sleep(RECONNECT).await;
    }
}

async fn listen(client: &redis::Client, notices: &Notices) -> RedisResult<()> {
    let mut changes = client.get_async_pubsub().await?;
    changes.subscribe(CHANGES).await?;
    let mut messages = changes.on_message();
    while let Some(message) = messages.next().await {
        notices.announce(message.get_payload()?);
    }
    Ok(())
}
