//! A product as MongoDB keeps it.

use std::collections::BTreeMap;

use chrono::Utc;
use config::database::{StoreError, stored};
use config::id::ProductId;
use config::money::{Currency, Money};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc, serialize_to_document};
use serde::{Deserialize, Serialize};

use crate::application::folded;
use crate::domain::{
    AttributeValue, Attributes, Category, Description, Details, Name, Price, Product, Rating, Stock, Variant,
    VariantName, Weight,
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ProductDocument {
    _id: ObjectId,
    sku: String,
    name: String,
    /// What `name` is sorted by.
    name_key: String,
    description: String,
    price_minor: i64,
    currency: String,
    category: String,
    /// What `category` is looked up by.
    category_key: String,
    images: Vec<String>,
    attributes: BTreeMap<String, Scalar>,
    variants: Vec<VariantDocument>,
    weight_grams: i64,
    status: String,
    stock: i64,
    stock_version: i64,
    average_rating: f64,
    rating_count: i64,
    rating_version: i64,
    version: i64,
    created_at: DateTime,
    updated_at: DateTime,
}

#[derive(Debug, Serialize, Deserialize)]
struct VariantDocument {
    sku: String,
    name: String,
    price_minor: Option<i64>,
    attributes: BTreeMap<String, Scalar>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Flag(bool),
    Integer(i64),
    Decimal(f64),
    Text(String),
}

/// Members that a change of the product leaves alone.
const NOT_REVISED: [&str; 7] =
    ["_id", "stock", "stock_version", "average_rating", "rating_count", "rating_version", "created_at"];

/// The members that a change of the product sets.
pub(super) fn revision(product: &Product) -> Result<Document, StoreError> {
    let mut set = serialize_to_document(&ProductDocument::try_from(product)?).map_err(StoreError::corrupt)?;
    for member in NOT_REVISED {
        set.remove(member);
    }
    Ok(set)
}

pub(super) fn object_id(id: &ProductId) -> Result<ObjectId, StoreError> {
    ObjectId::parse_str(id.as_str()).map_err(StoreError::corrupt)
}

/// Versions, counts and stock stay far below 2⁶³.
pub(super) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(StoreError::corrupt)
}

fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(StoreError::corrupt)
}

impl TryFrom<&Product> for ProductDocument {
    type Error = StoreError;

    fn try_from(product: &Product) -> Result<Self, StoreError> {
        let details = &product.details;
        let price = details.price.money();
        let variant = |variant: &Variant| VariantDocument {
            sku: variant.sku.to_string(),
            name: variant.name.to_string(),
            price_minor: variant.price.map(|price| price.money().minor()),
            attributes: scalars(&variant.attributes),
        };
        Ok(Self {
            _id: object_id(&product.id)?,
            sku: details.sku.to_string(),
            name: details.name.to_string(),
            name_key: folded(details.name.as_str()),
            description: details.description.to_string(),
            price_minor: price.minor(),
            currency: price.currency().code().to_owned(),
            category: details.category.to_string(),
            category_key: folded(details.category.as_str()),
            images: details.images.iter().map(|image| image.as_str().to_owned()).collect(),
            attributes: scalars(&details.attributes),
            variants: details.variants.iter().map(variant).collect(),
            weight_grams: details.weight.grams().into(),
            status: product.status.as_str().to_owned(),
            stock: signed(product.stock.available)?,
            stock_version: signed(product.stock.version)?,
            average_rating: product.rating.average,
            rating_count: signed(product.rating.count)?,
            rating_version: signed(product.rating.version)?,
            version: signed(product.version)?,
            created_at: DateTime::from_millis(product.created_at.timestamp_millis()),
            updated_at: DateTime::from_millis(product.updated_at.timestamp_millis()),
        })
    }
}

impl TryFrom<ProductDocument> for Product {
    type Error = StoreError;

    fn try_from(document: ProductDocument) -> Result<Self, StoreError> {
        let currency: Currency = stored(&document.currency)?;
        let price = |minor| Price::new(Money::from_minor(minor, currency)).map_err(StoreError::corrupt);
        let variant = |variant: VariantDocument| {
            Ok::<_, StoreError>(Variant {
                sku: stored(&variant.sku)?,
                name: VariantName::stored(variant.name),
                price: variant.price_minor.map(price).transpose()?,
                attributes: attributes(variant.attributes)?,
            })
        };
        Ok(Self {
            id: stored(&document._id.to_hex())?,
            details: Details {
                // As they stand: their keys were made of them, and rules may have become stricter since.
                name: Name::stored(document.name),
                description: Description::stored(document.description),
                price: price(document.price_minor)?,
                category: Category::stored(document.category),
                sku: stored(&document.sku)?,
                images: document.images.iter().map(|image| stored(image)).collect::<Result<_, _>>()?,
                attributes: attributes(document.attributes)?,
                variants: document.variants.into_iter().map(variant).collect::<Result<_, _>>()?,
                weight: Weight::from_grams(document.weight_grams).map_err(StoreError::corrupt)?,
            },
            status: stored(&document.status)?,
            stock: Stock { available: unsigned(document.stock)?, version: unsigned(document.stock_version)? },
            rating: Rating {
                average: document.average_rating,
                count: unsigned(document.rating_count)?,
                version: unsigned(document.rating_version)?,
            },
            version: unsigned(document.version)?,
            created_at: time(document.created_at)?,
            updated_at: time(document.updated_at)?,
        })
    }
}

fn time(time: DateTime) -> Result<chrono::DateTime<Utc>, StoreError> {
    chrono::DateTime::from_timestamp_millis(time.timestamp_millis())
        .ok_or_else(|| StoreError::corrupt("a time out of range"))
}

fn scalars(attributes: &Attributes) -> BTreeMap<String, Scalar> {
    let scalar = |value: &AttributeValue| match value {
        AttributeValue::Text(text) => Scalar::Text(text.clone()),
        AttributeValue::Integer(number) => Scalar::Integer(*number),
        AttributeValue::Decimal(number) => Scalar::Decimal(*number),
        AttributeValue::Flag(flag) => Scalar::Flag(*flag),
    };
    attributes.iter().map(|(name, value)| (name.as_str().to_owned(), scalar(value))).collect()
}

fn attributes(scalars: BTreeMap<String, Scalar>) -> Result<Attributes, StoreError> {
    let value = |scalar| match scalar {
        Scalar::Text(text) => AttributeValue::Text(text),
        Scalar::Integer(number) => AttributeValue::Integer(number),
        Scalar::Decimal(number) => AttributeValue::Decimal(number),
        Scalar::Flag(flag) => AttributeValue::Flag(flag),
    };
    scalars.into_iter().map(|(name, scalar)| Ok((stored(&name)?, value(scalar)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_it_was_stored() {
        // Decomposed, with a blank at its end and longer than is taken now.
        let name = format!("Cafe\u{301} {} ", "x".repeat(300));
        let document = ProductDocument {
            _id: ObjectId::new(),
            sku: "A-1".to_owned(),
            name: name.clone(),
            name_key: folded(&name),
            description: name.clone(),
            price_minor: 100,
            currency: "USD".to_owned(),
            category: name.clone(),
            category_key: folded(&name),
            images: Vec::new(),
            attributes: BTreeMap::new(),
            variants: Vec::new(),
            weight_grams: 0,
            status: "active".to_owned(),
            stock: 0,
            stock_version: 0,
            average_rating: 0.0,
            rating_count: 0,
            rating_version: 0,
            version: 1,
            created_at: DateTime::from_millis(0),
            updated_at: DateTime::from_millis(0),
        };
        let (name_key, category_key) = (document.name_key.clone(), document.category_key.clone());
        let product = Product::try_from(document).unwrap();
        let again = ProductDocument::try_from(&product).unwrap();
        assert_eq!((again.name, again.name_key, again.category_key), (name, name_key, category_key));
    }
}
