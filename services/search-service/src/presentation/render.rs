//! An answer as it is kept: all of it but how it came about this time.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use config::money::{Amount, Currency};
use serde::{Serialize, Serializer};

use super::cursor;
use super::dto::FacetsDto;
use crate::application::{Answer, Found, Hit};
use crate::domain::{AttributeValue, Query};

/// About as many bytes as a result has, and an answer beside its results.
const RESULT: usize = 1_000;
const REST: usize = 4_000;

/// The members of [`SearchAnswer`](super::dto::SearchAnswer) that don't change.
#[derive(Serialize)]
struct Kept<'a> {
    keyword: &'a str,
    results: Vec<Shown<'a>>,
    count: usize,
    total: u64,
    facets: FacetsDto,
    sort: String,
    skip: u32,
    limit: u32,
    next_cursor: Option<String>,
    did_you_mean: Option<&'a str>,
}

/// [`ResultDto`](super::dto::ResultDto), borrowed: copies of all texts would cost as much as finding them.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    _id: &'a str,
    name: &'a str,
    description: &'a str,
    price: Amount,
    currency: &'a str,
    category: &'a str,
    sku: &'a str,
    images: &'a [String],
    #[serde(serialize_with = "attributes")]
    attributes: &'a BTreeMap<String, AttributeValue>,
    weight_grams: u32,
    stock: u64,
    in_stock: bool,
    average_rating: f64,
    rating_count: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    score: f64,
    highlights: Marked<'a>,
}

#[derive(Serialize)]
struct Marked<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Scalar<'a> {
    Text(&'a str),
    Integer(i64),
    Decimal(f64),
    Flag(bool),
}

fn attributes<S: Serializer>(
    attributes: &BTreeMap<String, AttributeValue>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let scalar = |value| match value {
        &AttributeValue::Integer(number) => Scalar::Integer(number),
        &AttributeValue::Decimal(number) => Scalar::Decimal(number),
        &AttributeValue::Flag(flag) => Scalar::Flag(flag),
        AttributeValue::Text(text) => Scalar::Text(text),
    };
    serializer.collect_map(attributes.iter().map(|(name, value)| (name, scalar(value))))
}

impl<'a> From<&'a Hit> for Shown<'a> {
    fn from(hit: &'a Hit) -> Self {
        let (product, details) = (&hit.product, &hit.product.details);
        Self {
            id: product.id.as_str(),
            _id: product.id.as_str(),
            name: &details.name,
            description: &details.description,
            price: details.price.into(),
            currency: details.price.currency().code(),
            category: &details.category,
            sku: &details.sku,
            images: &details.images,
            attributes: &details.attributes,
            weight_grams: details.weight_grams,
            stock: product.stock.available,
            in_stock: product.in_stock(),
            average_rating: product.rating.average,
            rating_count: product.rating.count,
            created_at: details.created_at,
            updated_at: details.updated_at,
            score: hit.score as f64 / 1000.0,
            highlights: Marked { name: hit.name.as_deref(), description: hit.description.as_deref() },
        }
    }
}

/// The JSON of the answer, its last brace missing.
pub fn keep(query: &Query, found: &Found, currency: Currency) -> Bytes {
    let kept = Kept {
        keyword: query.keyword.as_str(),
        results: found.hits.iter().map(Shown::from).collect(),
        count: found.hits.len(),
        total: found.total,
        facets: FacetsDto::new(&found.facets, currency),
        sort: query.sort.to_string(),
        skip: query.skip,
        limit: query.limit,
        next_cursor: found.next.as_ref().and_then(|after| cursor::write(after, query.sort)),
        did_you_mean: found.did_you_mean.as_deref(),
    };
    let mut json = Vec::with_capacity(REST + RESULT * found.hits.len());
    serde_json::to_writer(&mut json, &kept).expect("the answer's members are plain JSON");
    json.pop();
    // The cache counts what is written, not the room that was left for it.
    json.shrink_to_fit();
    json.into()
}

/// The whole answer.
pub fn complete(answer: &Answer, took: Duration) -> Bytes {
    let took = took.as_micros() as f64 / 1000.0;
    let end = format!(",\"from_cache\":{},\"took_ms\":{took}}}", answer.from_cache);
    let mut json = Vec::with_capacity(answer.body.len() + end.len());
    json.extend_from_slice(&answer.body);
    json.extend_from_slice(end.as_bytes());
    json.into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use config::money::Money;
    use poem_openapi::types::{ParseFromJSON as _, ToJSON as _};
    use serde_json::Value;

    use super::super::dto::SearchAnswer;
    use super::*;
    use crate::domain::{Details, Facets, Filters, Keyword, Product, Rating, Sort, Stock};

    fn hit() -> Hit {
        let attributes = [
            ("colour", AttributeValue::Text("Black".to_owned())),
            ("ports", AttributeValue::Integer(3)),
            ("screen", AttributeValue::Decimal(14.5)),
            ("touch", AttributeValue::Flag(true)),
        ];
        let details = Details {
            name: "Laptop \"Q\"".to_owned(),
            description: "Good".to_owned(),
            price: Money::from_minor(149_999, Currency::USD),
            category: "Laptops".to_owned(),
            sku: "LT-1".to_owned(),
            images: vec!["https://example.com/1.jpg".to_owned()],
            attributes: attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            weight_grams: 1_300,
            active: true,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        let (stock, rating) =
            (Stock { available: 7, version: 1 }, Rating { average: 4.5, count: 2, version: 1 });
        let product = Product { id: format!("{:024x}", 7).parse().unwrap(), details, stock, rating };
        Hit {
            product: Arc::new(product),
            score: 1_234,
            name: Some("<em>Laptop</em>".to_owned()),
            description: None,
        }
    }

    /// Every member, and none beside them.
    #[test]
    fn what_is_written_is_what_is_documented() {
        let query = Query {
            keyword: Keyword::default(),
            filters: Filters::default(),
            sort: Sort::NEWEST,
            after: None,
            skip: 0,
            limit: 10,
        };
        let found = Found {
            edition: 1,
            hits: vec![hit()],
            total: 1,
            facets: Facets::default(),
            next: None,
            did_you_mean: Some("laptop".to_owned()),
            verbatim: true,
        };
        let answer = Answer { body: keep(&query, &found, Currency::USD), from_cache: false };
        let written = complete(&answer, Duration::from_micros(1_500));
        let mut written: Value = serde_json::from_slice(&written).unwrap();
        let mut documented = SearchAnswer::parse_from_json(Some(written.clone())).unwrap().to_json().unwrap();
        assert_eq!(written["results"][0]["created_at"], "1970-01-01T00:00:00Z");
        // One moment is written in two ways.
        for answer in [&mut written, &mut documented] {
            for time in ["created_at", "updated_at"] {
                answer["results"][0][time].take();
            }
        }
        assert_eq!(written, documented);
    }
}
