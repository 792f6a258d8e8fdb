//! What the service tells the others; docs/EVENTS.md.

use config::kafka::Event;
use schemars::JsonSchema;
use serde::Serialize;

/// A notification stands in its user's list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NotificationCreated {
    pub notification_id: u64,
    pub user_id: u64,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: String,
    pub message: String,
}

impl Event for NotificationCreated {
    const TOPIC: &'static str = "notification-events";
    const TYPE: &'static str = "notification_created";

    fn key(&self) -> String {
        self.user_id.to_string()
    }
}
