//! The collection of products.
//!
//! A document carries the events of its changes until they are sent: the write that changes the product adds
//! them, so that there is no change without its event and no event without its change.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use config::clock::Clock;
use config::database::StoreError;
use config::id::ProductId;
use config::kafka::Envelope;
use futures_util::TryStreamExt as _;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc, serialize_to_document};
use mongodb::error::ErrorKind;
use mongodb::options::IndexOptions;
use mongodb::{Collection, Database, IndexModel};
use tokio::sync::Notify;

use super::document::{ProductDocument, object_id, revision, signed};
use super::outbox::{OutboxEntry, appended};
use crate::application::ProductStore;
use crate::domain::{Figure, Product, Sku};

const DUPLICATE_KEY: i32 = 11000;

/// The catalogue's collection, and the outbox inside it.
pub struct MongoProducts {
    database: Database,
    pub(super) products: Collection<ProductDocument>,
    pub(super) leases: Collection<Document>,
    pub(super) clock: Arc<dyn Clock>,
    /// Told of every event that this process adds.
    pub(super) added: Notify,
    /// Names this service in its events.
    source: &'static str,
}

impl MongoProducts {
    /// Makes the indexes that don't exist.
    pub async fn open(
        database: &Database,
        source: &'static str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let products = database.collection::<ProductDocument>("products");
        let index = |name: &str, keys: Document, options: IndexOptions| {
            let mut options = options;
            options.name = Some(name.to_owned());
            IndexModel::builder().keys(keys).options(options).build()
        };
        let unique = IndexOptions::builder().unique(true).build();
        let sparse = IndexOptions::builder().sparse(true).build();
        let plain = IndexOptions::default;
        let indexes = [
            index("products_sku", doc! { "sku": 1 }, unique),
            index("products_outbox", doc! { "outbox_since": 1 }, sparse),
            index("products_newest", doc! { "status": 1, "created_at": 1, "_id": 1 }, plain()),
            index("products_price", doc! { "status": 1, "price_minor": 1, "_id": 1 }, plain()),
            index("products_name", doc! { "status": 1, "name_key": 1, "_id": 1 }, plain()),
            index(
                "products_category",
                doc! { "category_key": 1, "status": 1, "created_at": 1, "_id": 1 },
                plain(),
            ),
        ];
        products.create_indexes(indexes).await?;
        let leases = database.collection("leases");
        Ok(Self { database: database.clone(), products, leases, clock, added: Notify::new(), source })
    }

    fn entry(&self, event: &Envelope) -> Result<OutboxEntry, StoreError> {
        let payload = event.clone().in_current_context().to_json(self.source).map_err(StoreError::corrupt)?;
        Ok(OutboxEntry::new(event, payload))
    }

    pub(super) async fn find_where(&self, filter: Document) -> Result<Vec<Product>, StoreError> {
        let documents: Vec<ProductDocument> = self.products.find(filter).await?.try_collect().await?;
        documents.into_iter().map(Product::try_from).collect()
    }
}

#[async_trait]
impl ProductStore for MongoProducts {
    fn next_id(&self) -> ProductId {
        ObjectId::new().to_hex().parse().expect("an ObjectId is 24 hexadecimal digits")
    }

    async fn find(&self, id: &ProductId) -> Result<Option<Product>, StoreError> {
        let found = self.products.find_one(doc! { "_id": object_id(id)? }).await?;
        found.map(Product::try_from).transpose()
    }

    async fn find_by_skus(&self, skus: &[Sku]) -> Result<Vec<Product>, StoreError> {
        let skus: Vec<&str> = skus.iter().map(Sku::as_str).collect();
        self.find_where(doc! { "sku": { "$in": skus } }).await
    }

    async fn add(&self, new: &[(Product, Envelope)]) -> Result<Vec<usize>, StoreError> {
        let mut documents = Vec::with_capacity(new.len());
        for (product, event) in new {
            let mut document =
                serialize_to_document(&ProductDocument::try_from(product)?).map_err(StoreError::corrupt)?;
            document.extend(self.entry(event)?.first(self.clock.now())?);
            documents.push(document);
        }
        let raw = self.products.clone_with_type::<Document>();
        let outcome = raw.insert_many(documents).ordered(false).await;
        self.added.notify_one();
        match outcome {
            Ok(_) => Ok(Vec::new()),
            Err(error) => match taken(&error) {
                Some(positions) => Ok(positions.into_iter().collect()),
                None => Err(error.into()),
            },
        }
    }

    async fn save(&self, product: &Product, was: u64, event: Envelope) -> Result<bool, StoreError> {
        let known = doc! { "_id": object_id(&product.id)?, "version": signed(was)? };
        let change = appended(revision(product)?, &self.entry(&event)?, self.clock.now())?;
        let outcome = self.products.update_one(known, change).await?;
        self.added.notify_one();
        Ok(outcome.matched_count == 1)
    }

    async fn follow(&self, figures: &[(ProductId, Figure)]) -> Result<(), StoreError> {
        let updates: Vec<Document> =
            figures.iter().map(|(id, figure)| update(id, *figure)).collect::<Result<_, _>>()?;
        // The driver's bulk writes want MongoDB 8; the command below them is as old as MongoDB.
        let command = doc! { "update": self.products.name(), "updates": updates, "ordered": false };
        let outcome = self.database.run_command(command).await?;
        match outcome.get_array("writeErrors") {
            Ok(errors) if !errors.is_empty() => {
                Err(StoreError::Broken(format!("figures were not kept: {errors:?}").into()))
            }
            _ => Ok(()),
        }
    }
}

/// The statement that keeps a figure if it is newer than the kept one.
fn update(id: &ProductId, figure: Figure) -> Result<Document, StoreError> {
    let version = signed(figure.version())?;
    let (member, set) = match figure {
        Figure::Stock(stock) => {
            ("stock_version", doc! { "stock": signed(stock.available)?, "stock_version": version })
        }
        Figure::Rating(rating) => {
            let set = doc! {
                "average_rating": rating.average,
                "rating_count": signed(rating.count)?,
                "rating_version": version,
            };
            ("rating_version", set)
        }
    };
    Ok(doc! { "q": { "_id": object_id(id)?, member: { "$lt": version } }, "u": { "$set": set } })
}

/// The positions whose key is taken, when that is all that is wrong.
fn taken(error: &mongodb::error::Error) -> Option<HashSet<usize>> {
    let ErrorKind::InsertMany(failure) = error.kind.as_ref() else { return None };
    let failures = failure.write_errors.as_ref()?;
    let duplicates =
        failure.write_concern_error.is_none() && failures.iter().all(|failure| failure.code == DUPLICATE_KEY);
    duplicates.then(|| failures.iter().map(|failure| failure.index).collect())
}
