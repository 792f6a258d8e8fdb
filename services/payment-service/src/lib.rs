//! The money for orders: taken, set aside, given back, and never twice.
//!
//! The provider is asked outside any transaction. Before that an operation is committed, so that a crash, a timeout
//! or a cancelled order leaves something that the recovery job finishes; after that the provider's answer, the
//! events and the client's answer are committed together.

pub mod application;
pub mod domain;
mod failed_payments;
mod infrastructure;
pub mod presentation;
mod transactions;

use std::sync::Arc;
use std::time::Duration;

use config::BoxError;
use config::kafka::{Consumer, EventSchema};
use config::service::{Context, Dependency, Job, Parts, Service};
use config::settings::{Env, Invalid, Settings};
use sqlx::migrate::Migrator;

use application::{
    Act, CancelOrder, HandleWebhook, Operations, Patience, Pay, Recover, RefundReturn, RefusePayment,
};
use infrastructure::{OrderService, Simulator, SimulatorSettings};
use presentation::{OrderEvents, PaymentApi, TransactionApi};
use transactions::TransactionSettings;

pub use failed_payments::{FailedPayments, Replayed};

/// The service.
pub struct Payments;

/// Its own settings.
pub struct PaymentSettings {
    patience: Patience,
    simulator: SimulatorSettings,
    transactions: TransactionSettings,
}

impl Settings for PaymentSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let provider: Result<Duration, _> =
            env.var("PROVIDER_TIMEOUT_SECONDS", "how long the payment provider is waited for").default("5");
        let customer: Result<Duration, _> = env
            .var("CONFIRMATION_SECONDS", "how long a customer may take to confirm a payment")
            .default("600");
        let slow: Result<Duration, _> = env
            .var("SIMULATOR_SLOW_SECONDS", "how long the simulated provider takes for tok_slow")
            .default("3");
        let secrets = env
            .var("SIMULATOR_WEBHOOK_SECRETS", "what the simulated provider signs its notices with")
            .default("");
        let url: Result<Option<String>, _> =
            env.var("PUBLIC_URL", "the shop's address, for links").optional();
        let transactions = TransactionSettings::read(env);
        Ok(Self {
            patience: Patience { provider: provider?, customer: customer? },
            simulator: SimulatorSettings {
                slow: slow?,
                webhook_secrets: secrets?,
                public_url: url?.unwrap_or_default().trim_end_matches('/').to_owned(),
            },
            transactions: transactions?,
        })
    }
}

impl Service for Payments {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8004;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Kafka];
    const TOPICS: &'static [&'static str] =
        &["payment-events", "order-events", "payment-transactions", "transaction-events"];
    type Settings = PaymentSettings;
    type Api = (PaymentApi, TransactionApi);

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![
            application::ReturnRefundShort,
            application::PaymentProcessed,
            application::PaymentFailed,
            application::PaymentRefunded,
            application::transactions::TransactionCreated,
            application::transactions::TransactionCompleted,
            application::transactions::TransactionFailed
        ]
    }

    async fn wire(ctx: &Context<PaymentSettings>) -> Result<Parts<Self::Api>, BoxError> {
        let store = Arc::new(ctx.mysql().clone());
        let settings = &ctx.settings;
        let provider =
            Arc::new(Simulator::new(ctx.mysql().clone(), ctx.clock.clone(), settings.simulator.clone()));
        let operations =
            Operations::new(store.clone(), provider.clone(), ctx.clock.clone(), settings.patience);
        let orders = Arc::new(OrderService::new(ctx.registry.client(OrderService::NAME)));
        let followed = OrderEvents {
            cancel: CancelOrder::new(operations.clone()),
            refuse: RefusePayment::new(operations.clone()),
            refund: RefundReturn::new(operations.clone()),
        };
        let recover = Recover::new(operations.clone());
        let api = PaymentApi {
            pay: Pay::new(operations.clone(), orders, store.clone()),
            act: Act::new(operations.clone(), store.clone()),
            webhook: HandleWebhook::new(operations, store.clone()),
            payments: store,
            challenges: provider,
            idempotency: ctx.idempotency(),
            currency: ctx.service.currency,
        };
        let transactions = transactions::wire(ctx, &settings.transactions);
        let parts = Parts::new((api, transactions.api))
            .consumer(Consumer::new("order-events", Arc::new(followed)))
            .job(Job::new("finish-operations", move |shutdown| recover.run(shutdown)));
        let parts = if transactions.unlisted { parts.unlisted() } else { parts };
        let parts = transactions.consumers.into_iter().fold(parts, Parts::consumer);
        Ok(transactions.jobs.into_iter().fold(parts, Parts::job))
    }
}
