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
mod settings;
mod transactions;

use std::sync::Arc;

use config::BoxError;
use config::kafka::{Consumer, EventSchema};
use config::service::{Context, Dependency, Job, Parts, Service};
use sqlx::migrate::Migrator;

use application::{
    Act, Disputes, EndOrder, HandleWebhook, Operations, Pay, Provider, Providers, Recover, RefundReturn,
    RefusePayment,
};
use infrastructure::{Cash, OrderService, Simulator, Stripe};
use presentation::{DisputeApi, LedgerApi, OrderEvents, PaymentApi, TransactionApi};

pub use failed_payments::{FailedPayments, Replayed};
pub use settings::PaymentSettings;

/// The service.
pub struct Payments;

impl Service for Payments {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8004;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Kafka];
    const TOPICS: &'static [&'static str] =
        &["payment-events", "order-events", "payment-transactions", "transaction-events"];
    type Settings = PaymentSettings;
    type Api = (PaymentApi, DisputeApi, LedgerApi, TransactionApi);

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![
            application::DisputeOpened,
            application::DisputeUpdated,
            application::ReturnRefundShort,
            application::PaymentAuthorized,
            application::PaymentVoided,
            application::PaymentProcessed,
            application::PaymentFailed,
            application::PaymentRefunded,
            application::RefundFailed,
            application::RefundByHandDue,
            application::transactions::TransactionCreated,
            application::transactions::TransactionCompleted,
            application::transactions::TransactionFailed
        ]
    }

    async fn wire(ctx: &Context<PaymentSettings>) -> Result<Parts<Self::Api>, BoxError> {
        let store = Arc::new(ctx.mysql().clone());
        let settings = &ctx.settings;
        let simulator =
            Arc::new(Simulator::new(ctx.mysql().clone(), ctx.clock.clone(), settings.simulator.clone()));
        let mut providers: Vec<Arc<dyn Provider>> = vec![simulator.clone(), Arc::new(Cash)];
        if let Some(stripe) = settings.stripe.clone() {
            providers.push(Arc::new(Stripe::new(ctx.mysql().clone(), stripe)?));
        }
        let providers = Providers::new(providers, settings.provider);
        let operations = Operations::new(store.clone(), providers, ctx.clock.clone(), settings.patience);
        let orders = Arc::new(OrderService::new(ctx.registry.client(OrderService::NAME)));
        let followed = OrderEvents {
            end: EndOrder::new(operations.clone()),
            refuse: RefusePayment::new(operations.clone()),
            refund: RefundReturn::new(operations.clone()),
        };
        let recover = Recover::new(operations.clone());
        let disputes = Disputes::new(operations.clone(), store.clone());
        let ledger_api = LedgerApi { ledger: store.clone(), payments: store.clone() };
        let dispute_api = DisputeApi { act: disputes.clone(), disputes: store.clone() };
        let api = PaymentApi {
            pay: Pay::new(operations.clone(), orders, store.clone()),
            act: Act::new(operations.clone(), store.clone()),
            webhook: HandleWebhook::new(operations, disputes, store.clone()),
            payments: store,
            challenges: simulator,
            idempotency: ctx.idempotency(),
            currency: ctx.service.currency,
            methods: settings.methods.clone(),
        };
        let transactions = transactions::wire(ctx, &settings.transactions);
        let parts = Parts::new((api, dispute_api, ledger_api, transactions.api))
            .consumer(Consumer::new("order-events", Arc::new(followed)))
            .job(Job::new("finish-operations", move |shutdown| recover.run(shutdown)))
            .forgetting(infrastructure::FORGOTTEN);
        let parts = if transactions.unlisted { parts.unlisted() } else { parts };
        let parts = transactions.consumers.into_iter().fold(parts, Parts::consumer);
        Ok(transactions.jobs.into_iter().fold(parts, Parts::job))
    }
}
