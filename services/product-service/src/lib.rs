//! The catalogue: what the shop sells, at what price.
//!
//! Products live in MongoDB, each with the events of its changes that are still to be sent. Stock and ratings
//! belong to others; what they last said is shown with the product. Reads are answered from memory, which every
//! instance keeps up with the events.

pub mod application;
pub mod domain;
mod infrastructure;
pub mod presentation;

use std::sync::Arc;

use config::BoxError;
use config::database::{MongoSettings, connect_mongo, mongo_readiness};
use config::kafka::{Consumer, EventSchema};
use config::service::{Context, Dependency, Parts, Service};

use application::{ArchiveProduct, ChangeProduct, CreateProduct, FollowFigures, ImportProducts, LoadDemo};
use infrastructure::{InventoryService, MongoProducts};
use presentation::{CacheEvents, FigureEvents, ProductApi, ShownProducts, demo_products};

/// The service.
pub struct Catalogue;

impl Service for Catalogue {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8002;
    const NEEDS: &'static [Dependency] = &[Dependency::Kafka];
    const TOPICS: &'static [&'static str] = &["product-events", "inventory-events", "rating-events"];
    type Settings = MongoSettings;
    type Api = ProductApi;

    fn events() -> Vec<EventSchema> {
        config::event_schemas![
            application::ProductCreated,
            application::ProductUpdated,
            application::ProductArchived
        ]
    }

    async fn wire(ctx: &Context<MongoSettings>) -> Result<Parts<ProductApi>, BoxError> {
        let clock = ctx.clock.clone();
        let database = connect_mongo(&ctx.settings).await?;
        let store = Arc::new(MongoProducts::open(&database, Self::NAME, clock.clone()).await?);
        if ctx.service.demo_data {
            let added = LoadDemo::new(store.clone(), clock.clone()).run(demo_products()?).await?;
            tracing::info!(added, "the demonstration's products are there");
        }
        let shown = Arc::new(ShownProducts::new(store.clone()));
        let create = CreateProduct::new(
            store.clone(),
            shown.clone(),
            Arc::new(InventoryService::new(&ctx.registry)),
            clock.clone(),
        );
        let change = ChangeProduct::new(store.clone(), shown.clone(), clock.clone());
        let archive = ArchiveProduct::new(store.clone(), change.clone(), clock.clone());
        let import = ImportProducts::new(store.clone(), shown.clone(), change.clone(), clock);
        let figures = Arc::new(FigureEvents::new(FollowFigures::new(store.clone(), shown.clone())));
        let memory = Arc::new(CacheEvents::new(shown.clone()));
        let currency = ctx.service.currency;
        Ok(Parts::new(ProductApi { create, change, archive, import, shown, currency })
            .readiness(mongo_readiness(&database))
            .outbox(store)
            .consumer(Consumer::new("inventory-events", figures.clone()).at_once().unhurried())
            .consumer(Consumer::new("rating-events", figures).at_once().unhurried())
            .consumer(Consumer::per_instance("product-events", memory.clone()))
            .consumer(Consumer::per_instance("inventory-events", memory.clone()))
            .consumer(Consumer::per_instance("rating-events", memory)))
    }
}
