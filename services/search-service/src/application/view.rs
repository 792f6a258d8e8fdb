//! A product as product-service tells it: one form, in its events and when it is asked for its catalogue.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use config::money::{Amount, Currency};
use config::problem::{Fields, InvalidFields};
use serde::Deserialize;

use crate::domain::{AttributeValue, Details, Product, Rating, Stock};

/// As it came: whether it makes sense shows when a [`Product`] is made of it.
#[derive(Debug, Deserialize)]
pub struct ProductView {
    product_id: String,
    name: String,
    description: String,
    price: Amount,
    currency: String,
    category: String,
    sku: String,
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Scalar>,
    #[serde(default)]
    weight_grams: u32,
    #[serde(default)]
    stock: u64,
    #[serde(default)]
    stock_version: u64,
    status: String,
    #[serde(default)]
    average_rating: f64,
    #[serde(default)]
    rating_count: u64,
    /// Not in events, whose rating is the first that is known of a product, and never newer than another.
    #[serde(default)]
    rating_version: u64,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Flag(bool),
    Integer(i64),
    Decimal(f64),
    Text(String),
}

impl TryFrom<ProductView> for Product {
    type Error = InvalidFields;

    fn try_from(view: ProductView) -> Result<Self, InvalidFields> {
        let mut fields = Fields::default();
        let id = fields.check("product_id", view.product_id.parse());
        let currency = fields.check("currency", view.currency.parse::<Currency>());
        let price = currency.and_then(|currency| fields.check("price", view.price.in_currency(currency)));
        let rating = (0.0..=5.0).contains(&view.average_rating).then_some(view.average_rating);
        let average = fields.check("average_rating", rating.ok_or("must be from 0 to 5"));
        let value = |scalar| match scalar {
            Scalar::Flag(flag) => AttributeValue::Flag(flag),
            Scalar::Integer(number) => AttributeValue::Integer(number),
            Scalar::Decimal(number) => AttributeValue::Decimal(number),
            Scalar::Text(text) => AttributeValue::Text(text),
        };
        fields.finish(|| {
            Some(Product {
                id: id?,
                details: Details {
                    name: view.name,
                    description: view.description,
                    price: price?,
                    category: view.category,
                    sku: view.sku,
                    images: view.images,
                    attributes: view.attributes.into_iter().map(|(name, it)| (name, value(it))).collect(),
                    weight_grams: view.weight_grams,
                    active: view.status == "active",
                    version: view.version,
                    created_at: view.created_at,
                    updated_at: view.updated_at,
                },
                stock: Stock { available: view.stock, version: view.stock_version },
                rating: Rating { average: average?, count: view.rating_count, version: view.rating_version },
            })
        })
    }
}
