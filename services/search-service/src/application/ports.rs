//! The process's boundary, as the use cases see it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use config::database::StoreError;
use config::id::ProductId;

use super::SearchError;
use crate::domain::{After, Facets, Figure, Product, Query};

/// News of a product.
#[derive(Debug, Clone)]
pub enum Change {
    /// A view of the whole; what is known better stays.
    Product(Box<Product>),
    Figure(ProductId, Figure),
}

/// This instance's index. It answers from memory.
pub trait Index: Send + Sync {
    /// Names what is searched: equal names, equal answers, in every instance. `None` before the first build.
    fn edition(&self) -> Option<u128>;

    /// Products that can be found.
    fn size(&self) -> u64;

    fn search(&self, query: &Query) -> Result<Found, SearchError>;

    /// A product for sale.
    fn product(&self, id: &ProductId) -> Result<Option<Arc<Product>>, SearchError>;

    /// Products for sale that are like this one, the best first.
    fn similar(&self, product: &Product, limit: usize) -> Result<Vec<Arc<Product>>, SearchError>;

    /// What a text that begins so may become; `popular` are texts that others searched for.
    fn complete(
        &self,
        prefix: &str,
        popular: &[String],
        limit: usize,
    ) -> Result<Vec<Completion>, SearchError>;

    /// Takes news into account; searches see it soon.
    fn apply(&self, change: Change);
}

/// The making of an index beside the one that answers. News that comes meanwhile goes into both.
#[async_trait]
pub trait Building: Send + Sync {
    /// Begins; an index that was begun before and not finished is given up, or gone on with if it is the first.
    fn begin(&self) -> Result<(), SearchError>;

    fn add(&self, products: Vec<Product>);

    /// Puts it in the old one's place.
    async fn finish(&self) -> Result<u64, SearchError>;
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    pub edition: u128,
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub total: u64,
    pub facets: Facets,
    /// What leads to the hits after these.
    pub next: Option<After>,
    /// The words as they were understood, where they had to be corrected.
    pub did_you_mean: Option<String>,
    /// Whether every word stands in the catalogue as it was written.
    pub verbatim: bool,
}

#[derive(Debug, Clone)]
pub struct Hit {
    pub product: Arc<Product>,
    /// In thousandths.
    pub score: i64,
    /// HTML.
    pub name: Option<String>,
    /// HTML, the best part.
    pub description: Option<String>,
}

/// How a text may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub text: String,
    pub kind: CompletionKind,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompletionKind {
    /// Others search for it.
    Popular,
    Category,
    Brand,
    Product(ProductId),
}

/// The catalogue of product-service.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Products after this one, archived ones too, in the order of their ids.
    async fn after(&self, id: Option<&ProductId>) -> Result<Part, SearchError>;
}

/// Some of the catalogue.
#[derive(Debug)]
pub struct Part {
    pub products: Vec<Product>,
    /// In the whole catalogue.
    pub total: u64,
    /// Whether there are more.
    pub more: bool,
}

/// Answers that were given, for all instances. They are kept under the edition they come from, so that none is
/// given any more when something has changed. Without its server it knows nothing, and nobody waits.
#[async_trait]
pub trait AnswerCache: Send + Sync {
    async fn get(&self, edition: u128, query: &Query) -> Option<Bytes>;

    /// Keeps it, some time later.
    fn put(&self, edition: u128, query: &Query, answer: Bytes);
}

/// What people search for.
#[async_trait]
pub trait Trends: Send + Sync {
    /// Counts a search, some time later.
    fn searched(&self, text: &str);

    /// The most searched for, lately counting more.
    async fn top(&self) -> Result<Arc<Vec<Trend>>, StoreError>;
}

#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    pub text: String,
    pub score: f64,
}

/// Products that were paid for in one order.
#[async_trait]
pub trait BoughtTogether: Send + Sync {
    /// Learns from an order, once however often it is told.
    async fn learn(&self, order: u64, products: &[ProductId]) -> Result<(), StoreError>;

    /// What was bought with the product and how often, the most often first.
    async fn with(&self, product: &ProductId, limit: usize) -> Result<Vec<(ProductId, u64)>, StoreError>;
}

/// Orders to build the index anew, for all instances.
#[async_trait]
pub trait ReindexOrders: Send + Sync {
    /// Gives one with this number, which no other has.
    async fn give(&self, number: u64) -> Result<(), StoreError>;

    /// The number of the last; 0 when there is none.
    async fn last(&self) -> Result<u64, StoreError>;
}
