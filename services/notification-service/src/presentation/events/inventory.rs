//! `inventory-events`

use config::kafka::Envelope;
use serde::Deserialize;

use super::BadEvent;
use crate::application::{Details, News, Notice};
use crate::domain::{NotificationType, Wording};

#[derive(Deserialize)]
struct Low {
    product_id: String,
    available: u32,
    threshold: u32,
}

pub fn news(message: &Envelope) -> Result<News, BadEvent> {
    if message.kind != "inventory_low" {
        return Ok(News::default());
    }
    let low: Low = message.data()?;
    let wording = Wording::low_stock(&low.product_id, low.available, low.threshold);
    Ok(News::for_admins(Notice::new(NotificationType::LowStock, wording, Details::Message)))
}
