//! How much of each product there is, where, and for whom it is kept.
//!
//! An order's stock is reserved while it is placed, held once the order exists, taken off when it is paid and
//! given back when it is cancelled, unless its parcel has left: then when that is back. Selling more than there is can't
//! happen: stock moves only by conditional updates and under its rows' lock, and the database refuses
//! `reserved > on_hand`.

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
    AnnounceChanges, ChangeStock, ExpireReservations, FollowOrder, FollowParcel, OpenStock, Reserve, Restock,
    Settle,
};
use presentation::{InventoryApi, OrderEvents, ProductEvents, ShippingEvents};

/// The service.
pub struct Inventory;

/// Its own settings.
pub struct InventorySettings {
    /// How long stock is kept for an order that never came to be.
    reservation: Duration,
    low_stock_threshold: u32,
}

impl Settings for InventorySettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let reservation = env
            .var("RESERVATION_SECONDS", "how long stock is kept for an order that is being placed")
            .default("900");
        let threshold =
            env.var("LOW_STOCK_THRESHOLD", "units at which a new product counts as low").default("5");
        Ok(Self { reservation: reservation?, low_stock_threshold: threshold? })
    }
}

impl Service for Inventory {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8005;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Kafka];
    const TOPICS: &'static [&'static str] =
        &["inventory-events", "order-events", "product-events", "shipping-events"];
    type Settings = InventorySettings;
    type Api = InventoryApi;

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![
            application::InventoryUpdated,
            application::InventoryLow,
            application::ReservationLost
        ]
    }

    async fn wire(ctx: &Context<InventorySettings>) -> Result<Parts<InventoryApi>, BoxError> {
        let store = Arc::new(ctx.mysql().clone());
        let clock = ctx.clock.clone();
        let open = OpenStock::new(store.clone(), clock.clone(), ctx.settings.low_stock_threshold);
        let change = ChangeStock::new(store.clone(), clock.clone());
        let reserve = Reserve::new(store.clone(), store.clone(), clock.clone(), ctx.settings.reservation);
        let settle = Settle::new(store.clone(), clock.clone());
        let expire = Arc::new(ExpireReservations::new(store.clone(), clock.clone()));
        let announce = Arc::new(AnnounceChanges::new(store.clone()));
        let orders = OrderEvents {
            follow: FollowOrder::new(store.clone(), reserve.clone(), settle.clone()),
            restock: Restock::new(store.clone(), clock.clone()),
        };
        let products = ProductEvents::new(open.clone());
        let parcels = ShippingEvents::new(FollowParcel::new(store.clone(), settle.clone()));
        Ok(Parts::new(InventoryApi { open, change, reserve, settle, stock: store })
            .consumer(Consumer::new("order-events", Arc::new(orders)).at_once().unhurried())
            .consumer(Consumer::new("product-events", Arc::new(products)).unhurried())
            .consumer(Consumer::new("shipping-events", Arc::new(parcels)).unhurried())
            .job(Job::every("expire-reservations", Duration::from_secs(2), move || expire.clone().run()))
            .forgetting(infrastructure::FORGOTTEN)
            .job(Job::every("announce-changes", Duration::from_millis(400), move || announce.clone().run())))
    }
}
