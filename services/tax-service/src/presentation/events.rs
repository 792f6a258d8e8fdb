//! What the service hears of its other instances; docs/EVENTS.md.

use std::sync::Arc;

use async_trait::async_trait;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use serde::Deserialize;

use crate::application::CurrentBook;

/// Keeps the book in memory up.
pub struct TaxEvents(Arc<CurrentBook>);

impl TaxEvents {
    pub fn new(book: Arc<CurrentBook>) -> Self {
        Self(book)
    }
}

#[derive(Deserialize)]
struct Changed {
    version: u64,
}

#[async_trait]
impl MessageHandler for TaxEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        match message.kind.as_str() {
            "tax_rates_changed" | "tax_exemptions_changed" => {
                let changed: Changed = message.data()?;
                Ok(self.0.changed(changed.version).await?)
            }
            _ => Ok(()),
        }
    }
}
