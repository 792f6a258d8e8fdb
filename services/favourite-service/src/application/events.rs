//! What the service tells the others; docs/EVENTS.md.

use config::kafka::Event;
use config::money::Amount;
use schemars::JsonSchema;
use serde::Serialize;

/// A product costs less than a user who wishes it knows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WishPriceDropped {
    pub user_id: u64,
    pub product_id: String,
    pub product_name: String,
    pub old_price: Amount,
    pub new_price: Amount,
    pub currency: &'static str,
}

impl Event for WishPriceDropped {
    const TOPIC: &'static str = "favourite-events";
    const TYPE: &'static str = "wish_price_dropped";

    fn key(&self) -> String {
        self.user_id.to_string()
    }
}

/// A product that was sold out can be had again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WishBackInStock {
    pub user_id: u64,
    pub product_id: String,
    pub product_name: String,
    pub available: u64,
}

impl Event for WishBackInStock {
    const TOPIC: &'static str = "favourite-events";
    const TYPE: &'static str = "wish_back_in_stock";

    fn key(&self) -> String {
        self.user_id.to_string()
    }
}
