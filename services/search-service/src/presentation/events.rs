//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::BoxError;
use config::id::ProductId;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::problem::InvalidFields;
use serde::Deserialize;
use tokio::sync::watch;

use crate::application::{Change, FollowCatalogue, LearnFromOrders, ProductView};
use crate::domain::{Figure, Rating, Stock};

/// News of products, for this instance's index.
pub struct CatalogueEvents {
    follow: FollowCatalogue,
    /// How often the following began: from then on no news is missed, until then some may have been.
    following: Option<watch::Sender<u64>>,
}

impl CatalogueEvents {
    pub fn new(follow: FollowCatalogue) -> Self {
        Self { follow, following: None }
    }

    /// That which tells when following begins. Of several topics one is enough: one client follows them all.
    #[must_use]
    pub fn telling(self, following: watch::Sender<u64>) -> Self {
        Self { following: Some(following), ..self }
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

#[async_trait]
impl MessageHandler for CatalogueEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        // A message that can't be read is put aside by those whom it is for; this index is the poorer by one change
        // of one product, until it is made anew.
        match change(message) {
            Ok(Some(change)) => self.follow.run(change),
            Ok(None) => {}
            Err(error) => {
                metrics::counter!("search_unreadable_messages_total").increment(1);
                tracing::error!(%error, message.id = %message.id, "a message can't be read");
            }
        }
        Ok(())
    }

    fn following(&self) {
        if let Some(following) = &self.following {
            following.send_modify(|begun| *begun += 1);
        }
    }
}

fn change(message: &Envelope) -> Result<Option<Change>, BoxError> {
    Ok(Some(match message.kind.as_str() {
        "product_created" | "product_updated" | "product_archived" => {
            let view: ProductView = message.data()?;
            Change::Product(Box::new(view.try_into()?))
        }
        "inventory_updated" => {
            let StockChange { product_id, available, version } = message.data()?;
            Change::Figure(product_id.parse()?, Figure::Stock(Stock { available, version }))
        }
        "rating_changed" => {
            let RatingChange { product_id, average, count, version } = message.data()?;
            if !(0.0..=5.0).contains(&average) {
                return Err(InvalidFields::one("average", "invalid", "must be from 0 to 5").into());
            }
            Change::Figure(product_id.parse()?, Figure::Rating(Rating { average, count, version }))
        }
        _ => return Ok(None),
    }))
}

/// Paid orders, for all instances.
pub struct OrderEvents(LearnFromOrders);

impl OrderEvents {
    pub fn new(learn: LearnFromOrders) -> Self {
        Self(learn)
    }
}

#[derive(Deserialize)]
struct OrderChange {
    order_id: u64,
    status: String,
    /// Whether its goods are the customer's from now on; of older versions, what is paid.
    sold: Option<bool>,
    items: Vec<OrderItem>,
}

#[derive(Deserialize)]
struct OrderItem {
    product_id: String,
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != "order_status_updated" {
            return Ok(());
        }
        let OrderChange { order_id, status, sold, items } = message.data()?;
        if !sold.unwrap_or(status == "paid") {
            return Ok(());
        }
        let id = |item: OrderItem| item.product_id.parse::<ProductId>();
        let products = items.into_iter().map(id).collect::<Result<_, _>>();
        let products = products.map_err(|error| InvalidFields::one("items", "invalid", error.to_string()))?;
        self.0.run(order_id, products).await?;
        Ok(())
    }
}
