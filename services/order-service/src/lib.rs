//! Orders from the cart to the doorstep: prices, stock, states, and what was sold.
//!
//! An order is priced from the catalogue, its stock is set aside at inventory-service, and then it is kept with its
//! event in one transaction; no transaction is open while anybody else is asked. From then on events move it: a
//! payment, a shipment, or time.

pub mod application;
pub mod domain;
mod infrastructure;
pub mod presentation;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use config::BoxError;
use config::kafka::{Consumer, EventSchema};
use config::service::{Context, Dependency, Job, Parts, Service};
use config::settings::{Env, Invalid, Settings};
use sqlx::migrate::Migrator;

use application::{
    Carts, ChangeOrder, Checkout, ExpireOrders, FollowPayment, FollowShipment, FollowStock, PlaceOrder,
    Pricing, RefundByHand, RepriceOrder, Returns,
};
use domain::Comeback;
use infrastructure::{
    CatalogueCache, InventoryService, PromotionService, RedisCarts, ShippingService, TaxService,
};
use presentation::{
    CartApi, OrderApi, PaymentEvents, ProductEvents, RefundApi, ReturnApi, SalesApi, ShippingEvents,
    StockEvents,
};

/// The service.
pub struct Orders;

/// Its own settings.
pub struct OrderSettings {
    /// How long an order waits for its payment.
    expiry: Duration,
    /// How long it waits for another when the promise of its own is void.
    lapse: Duration,
    prices_include_tax: bool,
    return_days: u16,
    /// How many unpaid orders a user may have.
    most_open: u64,
}

impl Settings for OrderSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let expiry =
            env.var("ORDER_EXPIRY_SECONDS", "how long an order waits for its payment").default("900");
        let lapse = env
            .var(
                "PAYMENT_LAPSE_SECONDS",
                "how long an order waits for another payment when its own was voided",
            )
            .default("86400");
        let prices_include_tax =
            env.var("PRICES_INCLUDE_TAX", "whether the catalogue's prices contain the tax").default("false");
        let return_days =
            env.var("RETURN_DAYS", "how many days after its delivery an order can be returned").default("30");
        let most_open = env
            .var("MAX_OPEN_ORDERS", "how many unpaid orders a user may have at once; 0: as many as they like")
            .default("20");
        Ok(Self {
            expiry: expiry?,
            lapse: lapse?,
            prices_include_tax: prices_include_tax?,
            return_days: return_days?,
            most_open: most_open?,
        })
    }
}

impl Service for Orders {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8003;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Redis, Dependency::Kafka];
    const TOPICS: &'static [&'static str] =
        &["order-events", "payment-events", "shipping-events", "inventory-events", "product-events"];
    type Settings = OrderSettings;
    type Api = (OrderApi, ReturnApi, RefundApi, CartApi, SalesApi);

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![
            application::ReturnReceived,
            application::ReturnRequested,
            application::ReturnApproved,
            application::ReturnRejected,
            application::ReturnCancelled,
            application::ReturnRefundDue,
            application::ReturnRefunded,
            application::OrderCreated,
            application::OrderStatusUpdated,
            application::OrderCancelled,
            application::OrderRepriced,
            application::OrderPaymentRefused,
            application::OrderPaymentLapsed,
            application::OrderReaddressed,
            application::OrderRefundedByHand
        ]
    }

    async fn wire(ctx: &Context<OrderSettings>) -> Result<Parts<Self::Api>, BoxError> {
        let store = Arc::new(ctx.mysql().clone());
        let clock = ctx.clock.clone();
        let catalogue = Arc::new(CatalogueCache::new(&ctx.registry));
        let promotions = Arc::new(PromotionService::new(&ctx.registry));
        let taxes = Arc::new(TaxService::new(&ctx.registry, ctx.settings.prices_include_tax));
        let shipping = Arc::new(ShippingService::new(&ctx.registry));
        let pricing = Pricing::new(catalogue.clone(), promotions, taxes, shipping);
        let stock = Arc::new(InventoryService::new(&ctx.registry));
        let place = PlaceOrder::new(
            store.clone(),
            pricing.clone(),
            stock,
            clock.clone(),
            ctx.settings.expiry,
            ctx.settings.most_open,
        );
        let carts = Arc::new(RedisCarts::new(ctx.redis()));

        let orders = OrderApi {
            place: place.clone(),
            change: ChangeOrder::new(store.clone(), clock.clone()),
            reprice: RepriceOrder::new(store.clone(), store.clone(), pricing.clone(), clock.clone()),
            pricing,
            orders: store.clone(),
            idempotency: ctx.idempotency(),
            clock: clock.clone(),
        };
        let within = Comeback(TimeDelta::days(ctx.settings.return_days.into()));
        let returns = ReturnApi {
            returns: Returns::new(store.clone(), clock.clone(), within),
            orders: store.clone(),
            reader: store.clone(),
            idempotency: ctx.idempotency(),
        };
        let refunds = RefundApi {
            refund: RefundByHand::new(store.clone(), clock.clone()),
            idempotency: ctx.idempotency(),
        };
        let cart = CartApi {
            carts: Carts::new(carts.clone(), catalogue.clone()),
            checkout: Checkout::new(carts, place),
            idempotency: ctx.idempotency(),
        };
        let sales = SalesApi { sales: store.clone(), clock: clock.clone(), currency: ctx.service.currency };

        let payments =
            PaymentEvents::new(FollowPayment::new(store.clone(), clock.clone(), ctx.settings.lapse));
        let shipments = ShippingEvents::new(FollowShipment::new(store.clone(), clock.clone()));
        let stock = StockEvents::new(FollowStock::new(store.clone(), clock.clone()));
        let expire = Arc::new(ExpireOrders::new(store, clock));
        Ok(Parts::new((orders, returns, refunds, cart, sales))
            .consumer(Consumer::new("payment-events", Arc::new(payments)).in_batches(ctx.mysql()))
            .consumer(Consumer::new("shipping-events", Arc::new(shipments)).in_batches(ctx.mysql()))
            .consumer(Consumer::new("inventory-events", Arc::new(stock)).in_batches(ctx.mysql()))
            .consumer(Consumer::per_instance("product-events", Arc::new(ProductEvents::new(catalogue))))
            .job(Job::every("expire-orders", Duration::from_secs(1), move || expire.clone().run())))
    }
}
