//! What buyers think of products.
//!
//! A user rates a product once. How a product's ratings add up is kept in one row that changes in the transaction
//! of each rating, so that a product page costs a read by key. Who has bought what comes from orders' events.

pub mod application;
pub mod domain;
mod infrastructure;
pub mod presentation;

use std::sync::Arc;
use std::time::Duration;

use config::BoxError;
use config::kafka::{Consumer, EventSchema};
use config::names::UnknownName;
use config::service::{Context, Dependency, Job, Parts, Service};
use config::settings::{Env, Invalid, Settings, Value};
use sqlx::migrate::Migrator;

use application::{
    AnnounceChanges, FollowOrder, FollowProduct, KnownProducts, LoadDemo, Moderate, Rate, Respond,
};
use domain::Moderation;
use infrastructure::ProductService;
use presentation::{ModerationApi, OrderEvents, ProductEvents, RatingApi, demo_ratings};

/// The service.
pub struct Ratings;

/// Its own settings.
pub struct RatingSettings {
    moderation: Moderation,
}

impl Value for Moderation {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map_err(|error: UnknownName| error.to_string())
    }
}

impl Settings for RatingSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let moderation = env
            .var("RATING_MODERATION", "what a moderator sees before it is shown: off or comments")
            .default("off");
        Ok(Self { moderation: moderation? })
    }
}

impl Service for Ratings {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8008;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Kafka];
    const TOPICS: &'static [&'static str] = &["rating-events", "order-events", "product-events"];
    type Settings = RatingSettings;
    type Api = (RatingApi, ModerationApi);

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![application::RatingChanged]
    }

    async fn wire(ctx: &Context<RatingSettings>) -> Result<Parts<Self::Api>, BoxError> {
        let store = Arc::new(ctx.mysql().clone());
        let clock = ctx.clock.clone();
        if ctx.service.demo_data {
            let added = LoadDemo::new(store.clone()).run(&demo_ratings()?).await?;
            tracing::info!(added, "the demonstration's ratings are there");
        }
        let catalogue = Arc::new(ProductService::new(ctx.registry.client("product-service")));
        let products = KnownProducts::new(store.clone(), store.clone(), catalogue);
        let moderation = ctx.settings.moderation;
        let ratings = RatingApi {
            rate: Rate::new(store.clone(), store.clone(), products.clone(), clock.clone(), moderation),
            respond: Respond::new(store.clone(), clock.clone()),
            products,
            ratings: store.clone(),
        };
        let moderators =
            ModerationApi { moderate: Moderate::new(store.clone(), clock), ratings: store.clone() };
        let announce = Arc::new(AnnounceChanges::new(store.clone()));
        let orders = OrderEvents::new(FollowOrder::new(store.clone()));
        let catalogue = ProductEvents::new(FollowProduct::new(store));
        Ok(Parts::new((ratings, moderators))
            .consumer(Consumer::new("order-events", Arc::new(orders)).in_batches(ctx.mysql()).unhurried())
            .consumer(
                Consumer::new("product-events", Arc::new(catalogue)).in_batches(ctx.mysql()).unhurried(),
            )
            .job(Job::every("announce-changes", Duration::from_millis(150), move || announce.clone().run())))
    }
}
