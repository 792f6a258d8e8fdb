//! What the service hears; docs/EVENTS.md.

use std::sync::Arc;

use async_trait::async_trait;
use config::id::ProductId;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::problem::InvalidFields;
use serde::Deserialize;

use super::ShownProducts;
use crate::application::{FollowFigures, ProductCache as _};
use crate::domain::{Figure, Rating, Stock};

/// Keeps stock and rating, for all instances.
pub struct FigureEvents(FollowFigures);

impl FigureEvents {
    pub fn new(follow: FollowFigures) -> Self {
        Self(follow)
    }
}

#[async_trait]
impl MessageHandler for FigureEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        Ok(self.0.run(figure(message)?).await?)
    }

    async fn handle_all(&self, messages: &[Envelope]) -> Result<(), HandlerError> {
        let figures: Vec<_> = messages.iter().map(figure).collect::<Result<_, _>>()?;
        Ok(self.0.run(figures.into_iter().flatten()).await?)
    }
}

/// Keeps this instance's memory up with the others' changes.
pub struct CacheEvents(Arc<ShownProducts>);

impl CacheEvents {
    pub fn new(shown: Arc<ShownProducts>) -> Self {
        Self(shown)
    }
}

#[derive(Deserialize)]
struct ProductChange {
    product_id: String,
    version: u64,
}

#[async_trait]
impl MessageHandler for CacheEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        // What can't be read is put aside by those whom it is for; no memory depends on it.
        if message.kind.starts_with("product_") {
            let Ok(ProductChange { product_id, version }) = message.data() else { return Ok(()) };
            let Ok(id) = product_id.parse() else { return Ok(()) };
            self.0.changed_elsewhere(&id, version).await?;
        } else if let Ok(Some((id, figure))) = figure(message) {
            self.0.follow(&id, figure).await;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct StockChange {
    product_id: String,
    available: u64,
    version: u64,
}

#[derive(Deserialize)]
struct RatingChange {
    product_id: String,
    average: f64,
    count: u64,
    version: u64,
}

/// The figure that a message tells, if it tells one.
fn figure(message: &Envelope) -> Result<Option<(ProductId, Figure)>, HandlerError> {
    let (id, figure) = match message.kind.as_str() {
        "inventory_updated" => {
            let StockChange { product_id, available, version } = message.data()?;
            (product_id, Figure::Stock(Stock { available, version }))
        }
        "rating_changed" => {
            let RatingChange { product_id, average, count, version } = message.data()?;
            if !(0.0..=5.0).contains(&average) {
                return Err(InvalidFields::one("average", "invalid", "must be from 0 to 5").into());
            }
            (product_id, Figure::Rating(Rating { average, count, version }))
        }
        _ => return Ok(None),
    };
    let id = id.parse().map_err(|error| InvalidFields::one("product_id", "invalid", format!("{error}")))?;
    Ok(Some((id, figure)))
}
