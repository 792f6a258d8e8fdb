//! What is taken off a price, for whom, and how often.
//!
//! A basket is priced from memory; a use of each promotion that it gets is reserved while its order is placed, held
//! once the order exists, consumed when it is paid and given back when it is cancelled. More uses than a promotion
//! allows can't be had: they are taken by conditional updates alone.

pub mod application;
pub mod domain;
mod infrastructure;
pub mod presentation;

use std::sync::Arc;
use std::time::Duration;

use config::BoxError;
use config::kafka::{Consumer, EventSchema};
use config::service::{Context, Dependency, Job, Parts, Service};
use config::settings::{Env, Invalid, Settings};
use sqlx::migrate::Migrator;

use application::{
    ExpireReservations, FollowOrder, LivePromotions, LoadDemo, ManagePromotions, Price, Reserve, Settle,
};
use infrastructure::OrderService;
use presentation::{OrderEvents, PromotionApi, SnapshotEvents, demo_promotions};

/// The service.
pub struct Promotions;

/// Its own settings.
pub struct PromotionSettings {
    /// How long uses are kept for an order that never came to be.
    reservation: Duration,
}

impl Settings for PromotionSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let reservation =
            env.var("RESERVATION_SECONDS", "how long a promotion is kept for an order that is being placed");
        Ok(Self { reservation: reservation.default("900")? })
    }
}

impl Service for Promotions {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8007;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Kafka];
    const TOPICS: &'static [&'static str] = &["promotion-events", "order-events"];
    type Settings = PromotionSettings;
    type Api = PromotionApi;

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![application::PromotionChanged]
    }

    async fn wire(ctx: &Context<PromotionSettings>) -> Result<Parts<PromotionApi>, BoxError> {
        let store = Arc::new(ctx.mysql().clone());
        let clock = ctx.clock.clone();
        if ctx.service.demo_data {
            let added = LoadDemo::new(store.clone(), clock.clone()).run(&demo_promotions()?).await?;
            tracing::info!(added, "the demonstration's promotions are there");
        }
        let live = Arc::new(LivePromotions::new(store.clone(), clock.clone()));
        let price = Price::new(live.clone(), store.clone(), clock.clone());
        let reserve = Reserve::new(
            store.clone(),
            store.clone(),
            price.clone(),
            clock.clone(),
            ctx.settings.reservation,
        );
        let settle = Settle::new(store.clone(), clock.clone());
        let expire = Arc::new(ExpireReservations::new(store.clone(), clock.clone()));
        let follow = FollowOrder::new(store.clone(), reserve.clone(), settle.clone());
        let api = PromotionApi {
            manage: ManagePromotions::new(store.clone(), live.clone(), clock.clone()),
            price,
            reserve,
            settle,
            promotions: store,
            orders: Arc::new(OrderService::new(&ctx.registry)),
            clock,
            currency: ctx.service.currency,
        };
        Ok(Parts::new(api)
            .consumer(Consumer::new("order-events", Arc::new(OrderEvents::new(follow))).at_once().unhurried())
            .consumer(Consumer::per_instance("promotion-events", Arc::new(SnapshotEvents::new(live))))
            .job(Job::every("expire-reservations", Duration::from_secs(2), move || expire.clone().run()))
            .forgetting(infrastructure::FORGOTTEN))
    }
}
