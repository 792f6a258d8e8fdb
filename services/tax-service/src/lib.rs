//! What the state wants of a sale.
//!
//! Rates are data: of a country or a state, for everything or for a product type, for a time. A basket's taxes are
//! computed exactly, rounded once, and add up to the last minor unit. Every order asks for them, so that each instance
//! keeps all rates in memory, keeps that up with the events of the others, and answers without the database.

pub mod application;
pub mod domain;
mod infrastructure;
pub mod presentation;
mod settings;

use std::sync::Arc;

use config::BoxError;
use config::kafka::{Consumer, EventSchema};
use config::service::{Context, Dependency, Job, Parts, Service};
use sqlx::migrate::Migrator;

use application::{CurrentBook, LoadDemo, ManageExemptions, ManageRates, QuoteTax};
use presentation::{CalculationsApi, ExemptionsApi, RatesApi, TaxEvents, demo_rates};
pub use settings::TaxSettings;

/// The service.
pub struct Tax;

impl Service for Tax {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8012;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Kafka];
    const TOPICS: &'static [&'static str] = &["tax-events"];
    type Settings = TaxSettings;
    type Api = (RatesApi, ExemptionsApi, CalculationsApi);

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![application::TaxRatesChanged, application::TaxExemptionsChanged]
    }

    async fn wire(ctx: &Context<TaxSettings>) -> Result<Parts<Self::Api>, BoxError> {
        let store = Arc::new(ctx.mysql().clone());
        let clock = ctx.clock.clone();
        if ctx.service.demo_data {
            let demo = demo_rates(clock.now().date_naive())?;
            let added = LoadDemo::new(store.clone(), clock.clone()).run(&demo).await?;
            tracing::info!(added, "the demonstration's tax rates are there");
        }
        let settings = &ctx.settings;
        let book = CurrentBook::open(store.clone(), clock.clone(), settings.patience()).await?;
        let book = Arc::new(book);
        let rates = RatesApi {
            manage: ManageRates::new(store.clone(), book.clone(), clock.clone()),
            rates: store.clone(),
            books: store.clone(),
            idempotency: ctx.idempotency(),
            clock: clock.clone(),
        };
        let exemptions = ExemptionsApi {
            manage: ManageExemptions::new(store.clone(), book.clone(), clock.clone()),
            exemptions: store,
            idempotency: ctx.idempotency(),
        };
        let calculations = CalculationsApi {
            quote: QuoteTax::new(book.clone(), clock, settings.rounding, settings.default_country()),
            currency: ctx.service.currency,
        };
        let kept = book.clone();
        let refresh = move || {
            let kept = kept.clone();
            async move { kept.refresh().await }
        };
        Ok(Parts::new((rates, exemptions, calculations))
            .consumer(Consumer::per_instance("tax-events", Arc::new(TaxEvents::new(book))))
            .job(Job::every("refresh-rates", settings.refresh, refresh)))
    }
}
