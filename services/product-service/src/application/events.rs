//! What the service tells the others; docs/EVENTS.md.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use config::kafka::{Envelope, Event};
use config::money::Amount;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{AttributeValue, Product, Status, StockLevel};

/// The product after the event.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Snapshot {
    product_id: String,
    name: String,
    description: String,
    price: Amount,
    currency: &'static str,
    category: String,
    sku: String,
    images: Vec<String>,
    attributes: BTreeMap<String, Scalar>,
    weight_grams: u32,
    stock: u64,
    /// inventory-service's version of `stock`, so that a consumer of both can tell which is newer.
    stock_version: u64,
    status: &'static str,
    average_rating: f64,
    rating_count: u64,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// An attribute's value.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Integer(i64),
    Decimal(f64),
    Flag(bool),
}

/// A product is new in the catalogue.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProductCreated {
    #[serde(flatten)]
    product: Snapshot,
    /// inventory-service opens its record with this; without it, an operator does.
    initial_stock: Option<u32>,
}

/// A product's details have changed, or it is for sale again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProductUpdated {
    #[serde(flatten)]
    product: Snapshot,
    previous_price: Amount,
}

/// A product isn't sold any more.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProductArchived {
    #[serde(flatten)]
    product: Snapshot,
}

/// The event of a new product.
pub(super) fn created(product: &Product, initial_stock: Option<StockLevel>) -> Envelope {
    let initial_stock = initial_stock.map(StockLevel::units);
    Envelope::new(&ProductCreated { product: product.into(), initial_stock })
}

/// The event of what became of `before`.
pub(super) fn changed(before: &Product, after: &Product) -> Envelope {
    match (before.status, after.status) {
        (Status::Active, Status::Archived) => Envelope::new(&ProductArchived { product: after.into() }),
        _ => {
            let previous_price = before.details.price.money().into();
            Envelope::new(&ProductUpdated { product: after.into(), previous_price })
        }
    }
}

impl From<&Product> for Snapshot {
    fn from(product: &Product) -> Self {
        let details = &product.details;
        let price = details.price.money();
        let attribute = |value: &AttributeValue| match value {
            AttributeValue::Text(text) => Scalar::Text(text.clone()),
            AttributeValue::Integer(number) => Scalar::Integer(*number),
            AttributeValue::Decimal(number) => Scalar::Decimal(*number),
            AttributeValue::Flag(flag) => Scalar::Flag(*flag),
        };
        Self {
            product_id: product.id.to_string(),
            name: details.name.to_string(),
            description: details.description.to_string(),
            price: price.into(),
            currency: price.currency().code(),
            category: details.category.to_string(),
            sku: details.sku.to_string(),
            images: details.images.iter().map(|image| image.as_str().to_owned()).collect(),
            attributes: details
                .attributes
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), attribute(value)))
                .collect(),
            weight_grams: details.weight.grams(),
            stock: product.stock.available,
            stock_version: product.stock.version,
            status: product.status.as_str(),
            average_rating: product.rating.average,
            rating_count: product.rating.count,
            version: product.version,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

/// All of them are of one aggregate and one topic.
macro_rules! events {
    ($($name:ident = $kind:literal),+ $(,)?) => {$(
        impl Event for $name {
            const TOPIC: &'static str = "product-events";
            const TYPE: &'static str = $kind;

            fn key(&self) -> String {
                self.product.product_id.clone()
            }
        }
    )+};
}
events! {
    ProductCreated = "product_created",
    ProductUpdated = "product_updated",
    ProductArchived = "product_archived",
}
