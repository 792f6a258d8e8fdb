//! What the service tells the others; docs/EVENTS.md.

use config::kafka::Event;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// Stock has changed; changes that follow one another closely are told as one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InventoryUpdated {
    pub product_id: String,
    pub on_hand: u32,
    pub reserved: u32,
    pub available: u32,
    pub in_stock: bool,
    pub version: u64,
}

impl Event for InventoryUpdated {
    const TOPIC: &'static str = "inventory-events";
    const TYPE: &'static str = "inventory_updated";

    fn key(&self) -> String {
        self.product_id.clone()
    }
}

/// What is available has sunk to the threshold.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InventoryLow {
    pub product_id: String,
    pub available: u32,
    pub threshold: u32,
}

impl Event for InventoryLow {
    const TOPIC: &'static str = "inventory-events";
    const TYPE: &'static str = "inventory_low";

    fn key(&self) -> String {
        self.product_id.clone()
    }
}

/// An order came so late that its stock had been given back and sold: it can't be fulfilled.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReservationLost {
    pub reservation_id: Uuid,
    pub order_id: u64,
    pub product_id: String,
}

impl Event for ReservationLost {
    const TOPIC: &'static str = "inventory-events";
    const TYPE: &'static str = "reservation_lost";

    fn key(&self) -> String {
        self.product_id.clone()
    }
}
