//! How parcels get to customers: methods and what they cost, shipments and where they are.
//!
//! A paid order gets its shipment from its event, one an order however often the event comes; an order that is
//! cancelled or refunded before its parcel left keeps it from leaving. What is back, or was kept back by hand, can be
//! sent again while the order goes on. A tracking number shows whoever knows it where the parcel is, and nothing about
//! for whom.

pub mod application;
pub mod domain;
mod infrastructure;
pub mod presentation;

use std::sync::Arc;

use config::BoxError;
use config::kafka::{Consumer, EventSchema};
use config::service::{Context, Dependency, Parts, Service};
use sqlx::migrate::Migrator;

use application::{CreateShipment, FollowOrder, ManageMethods, Quote, UpdateStatus};
use infrastructure::OrderService;
use presentation::{MethodsApi, OrderEvents, ShipmentsApi};

/// The service.
pub struct Shipping;

impl Service for Shipping {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8006;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Kafka];
    const TOPICS: &'static [&'static str] = &["shipping-events", "order-events"];
    type Settings = ();
    type Api = (ShipmentsApi, MethodsApi);

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![
            application::ShipmentCreated,
            application::ShipmentUpdated,
            application::ShipmentBeyondRecall,
            application::ShipmentCameBack,
        ]
    }

    async fn wire(ctx: &Context<()>) -> Result<Parts<Self::Api>, BoxError> {
        let store = Arc::new(ctx.mysql().clone());
        let clock = ctx.clock.clone();
        let orders = Arc::new(OrderService::new(ctx.registry.client("order-service")));
        let shipments = ShipmentsApi {
            create: CreateShipment::new(store.clone(), orders, clock.clone()),
            update: UpdateStatus::new(store.clone(), clock.clone()),
            shipments: store.clone(),
            idempotency: ctx.idempotency(),
        };
        let methods = MethodsApi {
            manage: ManageMethods::new(store.clone()),
            quote: Quote::new(store.clone()),
            methods: store.clone(),
            currency: ctx.service.currency,
        };
        let orders = OrderEvents::new(FollowOrder::new(store.clone(), clock.clone()));
        Ok(Parts::new((shipments, methods))
            .consumer(Consumer::new("order-events", Arc::new(orders)).in_batches(ctx.mysql()))
            .forgetting(infrastructure::FORGOTTEN))
    }
}
