//! Reads.

use async_trait::async_trait;
use config::database::StoreError;
use config::id::ProductId;
use config::page::Slice;
use futures_util::TryStreamExt as _;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, deserialize_from_document, doc};
use serde::Deserialize;

use super::MongoProducts;
use super::document::{ProductDocument, object_id};
use crate::application::{
    After, Catalogue, CategoryCount, ListQuery, ProductStore as _, SortKey, SortValue, folded,
};
use crate::domain::{Product, Sku, Status};

#[async_trait]
impl Catalogue for MongoProducts {
    async fn product(&self, id: &ProductId) -> Result<Option<Product>, StoreError> {
        self.find(id).await
    }

    async fn products(&self, ids: &[ProductId]) -> Result<Vec<Product>, StoreError> {
        let ids = ids.iter().map(object_id).collect::<Result<Vec<ObjectId>, _>>()?;
        self.find_where(doc! { "_id": { "$in": ids } }).await
    }

    async fn by_sku(&self, sku: &Sku) -> Result<Option<Product>, StoreError> {
        let found = self.products.find_one(doc! { "sku": sku.as_str() }).await?;
        found.map(Product::try_from).transpose()
    }

    async fn list(&self, query: &ListQuery) -> Result<Slice<Product>, StoreError> {
        let filter = filter(query);
        let total = self.products.count_documents(filter.clone()).await?;
        let (member, direction) = (member(query.sort.key), if query.sort.descending { -1 } else { 1 });
        let page = match &query.after {
            Some(after) => doc! { "$and": [filter, beyond(member, after, query.sort.descending)?] },
            None => filter,
        };
        let documents: Vec<ProductDocument> = self
            .products
            .find(page)
            .sort(doc! { member: direction, "_id": direction })
            .skip(query.skip.into())
            .limit(query.limit.into())
            .await?
            .try_collect()
            .await?;
        let items = documents.into_iter().map(Product::try_from).collect::<Result<_, _>>()?;
        Ok(Slice { items, total })
    }

    async fn export(&self, after: Option<&ProductId>, limit: u32) -> Result<Slice<Product>, StoreError> {
        // Every part asks, and the collection's own figure costs nothing.
        let total = self.products.estimated_document_count().await?;
        let rest = match after {
            Some(id) => doc! { "_id": { "$gt": object_id(id)? } },
            None => doc! {},
        };
        let found = self.products.find(rest).sort(doc! { "_id": 1 }).limit(limit.into()).await?;
        let documents: Vec<ProductDocument> = found.try_collect().await?;
        let items = documents.into_iter().map(Product::try_from).collect::<Result<_, _>>()?;
        Ok(Slice { items, total })
    }

    async fn categories(&self) -> Result<Vec<CategoryCount>, StoreError> {
        #[derive(Deserialize)]
        struct Group {
            name: String,
            products: i64,
        }
        let steps = [
            doc! { "$match": { "status": Status::Active.as_str() } },
            doc! { "$group": {
                "_id": "$category_key",
                "name": { "$min": "$category" },
                "products": { "$sum": Bson::Int64(1) },
            } },
            doc! { "$sort": { "_id": 1 } },
        ];
        let groups: Vec<Document> = self.products.aggregate(steps).await?.try_collect().await?;
        groups
            .into_iter()
            .map(|group| {
                let Group { name, products } =
                    deserialize_from_document(group).map_err(StoreError::corrupt)?;
                Ok(CategoryCount { name, products: products.unsigned_abs() })
            })
            .collect()
    }
}

fn filter(query: &ListQuery) -> Document {
    let mut filter = doc! { "status": query.status.as_str() };
    if let Some(category) = &query.category {
        filter.insert("category_key", folded(category));
    }
    let bounds = [("$gte", query.min_price), ("$lte", query.max_price)];
    let price: Document = bounds
        .into_iter()
        .filter_map(|(bound, minor)| Some((bound.to_owned(), Bson::Int64(minor?))))
        .collect();
    if !price.is_empty() {
        filter.insert("price_minor", price);
        filter.insert("currency", query.currency.code());
    }
    match query.in_stock {
        Some(true) => filter.insert("stock", doc! { "$gt": 0 }),
        Some(false) => filter.insert("stock", 0),
        None => None,
    };
    filter
}

fn member(key: SortKey) -> &'static str {
    match key {
        SortKey::CreatedAt => "created_at",
        SortKey::Name => "name_key",
        SortKey::Price => "price_minor",
    }
}

/// Later in the order than `after`.
fn beyond(member: &str, after: &After, descending: bool) -> Result<Document, StoreError> {
    let value = match &after.value {
        SortValue::Text(text) => Bson::String(text.clone()),
        SortValue::Number(millis) if member == "created_at" => Bson::DateTime(DateTime::from_millis(*millis)),
        SortValue::Number(number) => Bson::Int64(*number),
    };
    let later = if descending { "$lt" } else { "$gt" };
    let id = object_id(&after.id)?;
    Ok(doc! { "$or": [
        { member: { later: value.clone() } },
        { member: value, "_id": { later: id } },
    ] })
}
