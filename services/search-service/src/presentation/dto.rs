//! What travels over HTTP.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use config::id::ProductId;
use config::money::{Amount, Currency, Money};
use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::Value;

use crate::application::{Completion, CompletionKind, Progress, Reason, Recommendation, Trend};
use crate::domain::{AttributeFacet, AttributeValue, Count, Facets, Product, RATINGS};

/// What was found.
#[derive(Debug, Object)]
pub struct SearchAnswer {
    /// As it was understood: without superfluous blanks.
    pub keyword: String,
    pub results: Vec<ResultDto>,
    /// How many are here.
    pub count: u64,
    /// How many there are in all.
    pub total: u64,
    pub facets: FacetsDto,
    /// The order of the results.
    pub sort: String,
    pub skip: u32,
    pub limit: u32,
    /// What to pass as `cursor` for the next results; null at the end.
    pub next_cursor: Option<String>,
    /// The keyword with its mistakes corrected; null when it has none.
    pub did_you_mean: Option<String>,
    /// Whether somebody had asked the same before, and nothing has changed since.
    pub from_cache: bool,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
}

/// A product that was found.
#[derive(Debug, Object)]
pub struct ResultDto {
    #[oai(flatten)]
    pub product: ProductDto,
    /// How well it answers the keyword; 0 in other orders than by relevance.
    pub score: f64,
    /// HTML with what was found in `em`; everything else is escaped.
    pub highlights: Highlights,
}

/// Where the words were found. What has none of them is absent.
#[derive(Debug, Object)]
pub struct Highlights {
    #[oai(skip_serializing_if_is_none)]
    pub name: Option<String>,
    /// The part with the most of the words.
    #[oai(skip_serializing_if_is_none)]
    pub description: Option<String>,
}

/// A product.
#[derive(Debug, Object)]
pub struct ProductDto {
    /// 24 hexadecimal digits.
    pub id: String,
    /// The same as `id`.
    #[oai(rename = "_id")]
    pub object_id: String,
    pub name: String,
    pub description: String,
    pub price: Amount,
    pub currency: String,
    pub category: String,
    pub sku: String,
    pub images: Vec<String>,
    pub attributes: BTreeMap<String, Value>,
    pub weight_grams: u32,
    pub stock: u64,
    pub in_stock: bool,
    /// 1 to 5; 0 while nobody has rated it.
    pub average_rating: f64,
    pub rating_count: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How everything that was found spreads. A facet is counted without its own filter.
#[derive(Debug, Object, Serialize)]
pub struct FacetsDto {
    pub category: Vec<CountDto>,
    /// In the shop's currency.
    pub price: Vec<BandDto>,
    pub rating: Vec<StarsDto>,
    pub stock: StockDto,
    /// The attributes that most of the products have.
    pub attributes: BTreeMap<String, Vec<CountDto>>,
}

#[derive(Debug, Object, Serialize)]
pub struct CountDto {
    pub value: String,
    pub count: u64,
}

/// Prices from `from` up to, but without, `to`.
#[derive(Debug, Object, Serialize)]
pub struct BandDto {
    pub from: Amount,
    /// Null: no bound.
    pub to: Option<Amount>,
    pub count: u64,
}

/// That many stars and more.
#[derive(Debug, Object, Serialize)]
pub struct StarsDto {
    pub min: u8,
    pub count: u64,
}

#[derive(Debug, Object, Serialize)]
pub struct StockDto {
    pub in_stock: u64,
    pub out_of_stock: u64,
}

/// How what is typed may go on.
#[derive(Debug, Object)]
pub struct SuggestionDto {
    pub text: String,
    pub kind: SuggestionKind,
    /// Of a product.
    pub product_id: Option<String>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum SuggestionKind {
    /// Others search for it.
    Popular,
    Category,
    Brand,
    Product,
}

/// What people search for.
#[derive(Debug, Object)]
pub struct TrendDto {
    pub term: String,
    /// Searches of the last day, of which the newest count most.
    pub score: f64,
}

/// A product that goes with another.
#[derive(Debug, Object)]
pub struct RecommendationDto {
    #[oai(flatten)]
    pub product: ProductDto,
    /// `bought_together` or `similar`
    pub reason: String,
    /// Orders that had both.
    pub orders: u64,
}

/// How this instance's index is.
#[derive(Debug, Object)]
pub struct StatusDto {
    /// `loading`: nothing can be found yet; `reindexing`: the old index answers; `ready`.
    pub state: String,
    /// Products that can be found.
    pub products: u64,
    /// Products read by the build that runs or ran last, and how many there were to read.
    pub read: u64,
    pub total: u64,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// The order to reindex that was carried out last; 0 for none.
    pub reindex: u64,
}

/// An order to reindex.
#[derive(Debug, Object)]
pub struct ReindexDto {
    /// What `status` shows as `reindex` when it is done.
    pub reindex: u64,
    pub state: String,
}

impl From<&Product> for ProductDto {
    fn from(product: &Product) -> Self {
        let details = &product.details;
        let value = |value: &AttributeValue| match value {
            AttributeValue::Text(text) => text.as_str().into(),
            AttributeValue::Integer(number) => (*number).into(),
            AttributeValue::Decimal(number) => (*number).into(),
            AttributeValue::Flag(flag) => (*flag).into(),
        };
        Self {
            id: product.id.to_string(),
            object_id: product.id.to_string(),
            name: details.name.clone(),
            description: details.description.clone(),
            price: details.price.into(),
            currency: details.price.currency().code().to_owned(),
            category: details.category.clone(),
            sku: details.sku.clone(),
            images: details.images.clone(),
            attributes: details.attributes.iter().map(|(name, it)| (name.clone(), value(it))).collect(),
            weight_grams: details.weight_grams,
            stock: product.stock.available,
            in_stock: product.in_stock(),
            average_rating: product.rating.average,
            rating_count: product.rating.count,
            created_at: details.created_at,
            updated_at: details.updated_at,
        }
    }
}

impl FacetsDto {
    pub fn new(facets: &Facets, currency: Currency) -> Self {
        let amount = |minor| Amount::from(Money::from_minor(minor, currency));
        let band = |band: &crate::domain::PriceBand| BandDto {
            from: amount(band.from),
            to: band.to.map(amount),
            count: band.count,
        };
        let stars = RATINGS.iter().zip(&facets.ratings);
        let attribute =
            |facet: &AttributeFacet| (facet.name.clone(), facet.values.iter().map(count).collect());
        Self {
            category: facets.categories.iter().map(count).collect(),
            price: facets.prices.iter().map(band).collect(),
            rating: stars.map(|(min, count)| StarsDto { min: *min, count: *count }).collect(),
            stock: StockDto { in_stock: facets.in_stock, out_of_stock: facets.out_of_stock },
            attributes: facets.attributes.iter().map(attribute).collect(),
        }
    }
}

fn count(count: &Count) -> CountDto {
    CountDto { value: count.value.clone(), count: count.count }
}

impl From<Completion> for SuggestionDto {
    fn from(completion: Completion) -> Self {
        let product_id = match &completion.kind {
            CompletionKind::Product(id) => Some(ProductId::to_string(id)),
            _ => None,
        };
        let kind = match completion.kind {
            CompletionKind::Popular => SuggestionKind::Popular,
            CompletionKind::Category => SuggestionKind::Category,
            CompletionKind::Brand => SuggestionKind::Brand,
            CompletionKind::Product(_) => SuggestionKind::Product,
        };
        Self { text: completion.text, kind, product_id }
    }
}

impl From<&Trend> for TrendDto {
    fn from(trend: &Trend) -> Self {
        Self { term: trend.text.clone(), score: (trend.score * 1000.0).round() / 1000.0 }
    }
}

impl From<Recommendation> for RecommendationDto {
    fn from(recommendation: Recommendation) -> Self {
        let (reason, orders) = match recommendation.reason {
            Reason::BoughtTogether(orders) => ("bought_together", orders),
            Reason::Similar => ("similar", 0),
        };
        Self { product: recommendation.product.as_ref().into(), reason: reason.to_owned(), orders }
    }
}

impl StatusDto {
    pub fn new(progress: &Progress, products: u64) -> Self {
        Self {
            state: progress.phase.to_string(),
            products,
            read: progress.read,
            total: progress.total,
            started_at: progress.started_at,
            finished_at: progress.finished_at,
            reindex: progress.order,
        }
    }
}
