//! The process's boundary, as the use cases see it.

use async_trait::async_trait;
use config::database::StoreError;
use config::id::ProductId;
use config::kafka::Envelope;
use config::money::Currency;
use config::page::Slice;

use super::{After, Sort};
use crate::domain::{Figure, Product, Sku, Status, StockLevel};

/// Products, as use cases change them. One write makes both the change and its event durable.
#[async_trait]
pub trait ProductStore: Send + Sync {
    /// An id that no product has.
    fn next_id(&self) -> ProductId;

    async fn find(&self, id: &ProductId) -> Result<Option<Product>, StoreError>;

    /// Those of the products that exist.
    async fn find_by_skus(&self, skus: &[Sku]) -> Result<Vec<Product>, StoreError>;

    /// Adds new products with their events; the answer are the positions of those whose SKU or id is taken.
    async fn add(&self, new: &[(Product, Envelope)]) -> Result<Vec<usize>, StoreError>;

    /// Saves a change with its event if the version is still `was`; `false` when it isn't. Violates
    /// `products_sku` when another product has the SKU.
    async fn save(&self, product: &Product, was: u64, event: Envelope) -> Result<bool, StoreError>;

    /// Keeps each figure unless a newer one is kept.
    async fn follow(&self, figures: &[(ProductId, Figure)]) -> Result<(), StoreError>;
}

/// The stock of new products.
#[async_trait]
pub trait StockRecords: Send + Sync {
    /// Asks for the product's record now, so that it can be ordered at once. `product_created` sees to it when
    /// this fails.
    async fn open(&self, product: &Product, on_hand: StockLevel);
}

/// Products, as they are read.
#[async_trait]
pub trait Catalogue: Send + Sync {
    async fn product(&self, id: &ProductId) -> Result<Option<Product>, StoreError>;

    /// Those of the products that exist, in any order.
    async fn products(&self, ids: &[ProductId]) -> Result<Vec<Product>, StoreError>;

    async fn by_sku(&self, sku: &Sku) -> Result<Option<Product>, StoreError>;

    async fn list(&self, query: &ListQuery) -> Result<Slice<Product>, StoreError>;

    /// All products after this one, archived ones too, in the order of their ids.
    async fn export(&self, after: Option<&ProductId>, limit: u32) -> Result<Slice<Product>, StoreError>;

    /// The categories of what is for sale, by name.
    async fn categories(&self) -> Result<Vec<CategoryCount>, StoreError>;
}

/// What is kept in memory for readers hears of every change that this process makes or learns of.
#[async_trait]
pub trait ProductCache: Send + Sync {
    async fn changed(&self, product: &Product);

    async fn follow(&self, id: &ProductId, figure: Figure);
}

/// A category, and how many products for sale it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryCount {
    pub name: String,
    pub products: u64,
}

/// Which products are asked for. Equal queries have equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListQuery {
    /// Any case.
    pub category: Option<String>,
    /// In minor units of `currency`; products in other currencies have no place between the two.
    pub min_price: Option<i64>,
    pub max_price: Option<i64>,
    pub currency: Currency,
    pub in_stock: Option<bool>,
    pub status: Status,
    pub sort: Sort,
    pub after: Option<After>,
    pub skip: u32,
    pub limit: u32,
}
