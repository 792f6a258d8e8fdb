//! What the service tells the others; docs/EVENTS.md.

use config::kafka::Event;
use schemars::JsonSchema;
use serde::Serialize;

/// A promotion is new, has other terms, or is no more.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PromotionChanged {
    pub promotion_id: u64,
    pub is_active: bool,
    pub archived: bool,
    pub version: u64,
}

impl Event for PromotionChanged {
    const TOPIC: &'static str = "promotion-events";
    const TYPE: &'static str = "promotion_changed";

    fn key(&self) -> String {
        self.promotion_id.to_string()
    }
}
