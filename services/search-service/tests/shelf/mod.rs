//! An index without servers.

use std::collections::BTreeMap;

use chrono::DateTime;
use config::money::{Currency, Money};
use search_service::application::Building as _;
use search_service::domain::{
    AttributeValue, Details, Filters, Product, Query, Rating, Sort, Stock, Synonyms,
};
use search_service::infrastructure::Library;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Demo {
    sku: String,
    name: String,
    description: String,
    price: f64,
    category: String,
    stock: u64,
    attributes: BTreeMap<String, Value>,
}

/// The demonstration catalogue.
pub fn demo() -> Vec<Product> {
    let demo: Vec<Demo> =
        serde_json::from_str(include_str!("../../../product-service/demo/products.json")).unwrap();
    demo.into_iter().zip(1u32..).map(|(demo, number)| product(demo, number)).collect()
}

fn product(demo: Demo, number: u32) -> Product {
    let value = |value: Value| match value {
        Value::Bool(flag) => AttributeValue::Flag(flag),
        Value::Number(number) if number.is_i64() => AttributeValue::Integer(number.as_i64().unwrap()),
        Value::Number(number) => AttributeValue::Decimal(number.as_f64().unwrap()),
        other => AttributeValue::Text(other.as_str().unwrap().to_owned()),
    };
    Product {
        id: format!("{number:024x}").parse().unwrap(),
        details: Details {
            name: demo.name,
            description: demo.description,
            price: Money::from_minor((demo.price * 100.0).round() as i64, Currency::USD),
            category: demo.category,
            sku: demo.sku,
            images: vec![],
            attributes: demo.attributes.into_iter().map(|(name, it)| (name, value(it))).collect(),
            weight_grams: 100,
            active: true,
            version: 1,
            created_at: DateTime::from_timestamp(i64::from(number), 0).unwrap(),
            updated_at: DateTime::UNIX_EPOCH,
        },
        stock: Stock { available: demo.stock, version: 0 },
        rating: Rating::default(),
    }
}

/// An index of these products, with the shop's own synonyms.
pub async fn library(products: Vec<Product>) -> Library {
    let synonyms: Synonyms = include_str!("../../synonyms.txt").parse().unwrap();
    let library = Library::new(Currency::USD, synonyms);
    library.begin().unwrap();
    library.add(products);
    library.finish().await.unwrap();
    library
}

/// The first page of what has this keyword.
pub fn query(keyword: &str) -> Query {
    Query {
        keyword: keyword.parse().unwrap(),
        filters: Filters::default(),
        sort: Sort::default(),
        after: None,
        skip: 0,
        limit: 10,
    }
}
