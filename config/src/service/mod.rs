//! Running a service: everything from its settings to its exit code.
//!
//! ```ignore
//! // src/lib.rs
//! pub struct Tax;
//!
//! impl Service for Tax {
//!     const NAME: &'static str = env!("CARGO_PKG_NAME");
//!     const PORT: u16 = 8012;
//!     const NEEDS: &'static [Dependency] = &[Dependency::MySql];
//!     type Settings = TaxSettings;
//!     type Api = TaxApi;
//!
//!     fn migrations() -> Migrator {
//!         sqlx::migrate!()
//!     }
//!     async fn wire(ctx: &Context<TaxSettings>) -> Result<Parts<TaxApi>, BoxError> {
//!         let store = Arc::new(ctx.mysql().clone());
//!         Ok(Parts::new(TaxApi::new(store, ctx.settings.rounding)))
//!     }
//! }
//!
//! // src/main.rs
//! fn main() -> std::process::ExitCode {
//!     config::service::run::<tax_service::Tax>()
//! }
//! ```

mod app;
mod context;
mod health;
mod lifecycle;
mod linger;
mod openapi;
pub mod probe;
mod settings;
mod tasks;

use std::future::Future;
use std::sync::Arc;

use poem_openapi::OpenApi;
use sqlx::migrate::Migrator;

pub use context::{Context, Dependency};
pub use health::Readiness;
pub use lifecycle::run;
#[cfg(any(test, feature = "testing"))]
pub(crate) use lifecycle::{AllSettings, Start};
pub use settings::{Environment, ServiceSettings};
pub use tasks::Job;

use crate::BoxError;
use crate::database::Retention;
use crate::jwt_auth::PublicKeys;
use crate::kafka::{Consumer, EventSchema, Outbox};
use crate::settings::Settings;

/// What a service is.
pub trait Service: Sized + Send + Sync + 'static {
    /// `env!("CARGO_PKG_NAME")`: its name in the registry, its consumer group, the source of its events.
    const NAME: &'static str;
    /// The workspace's, which all its crates share.
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    /// Where it listens unless `PORT` says otherwise.
    const PORT: u16;
    /// What it can't work without; it is connected before [`wire`](Self::wire) is called.
    const NEEDS: &'static [Dependency];
    /// Whether it registers itself. All do but the registry, which lists itself without asking anybody.
    const REGISTERED: bool = true;
    /// Other spellings of the beginning of a path, each with the one that the API is written in.
    const SPELLINGS: &'static [(&'static str, &'static str)] = &[];
    /// Topics that it publishes to or consumes; they are made if they don't exist.
    const TOPICS: &'static [&'static str] = &[];
    /// Its own settings.
    type Settings: Settings;
    /// Its HTTP API.
    type Api: OpenApi + 'static;

    /// Its tables.
    fn migrations() -> Migrator {
        crate::database::migrator()
    }

    /// What it publishes.
    fn events() -> Vec<EventSchema> {
        Vec::new()
    }

    /// Puts it together, by hand.
    fn wire(ctx: &Context<Self::Settings>)
    -> impl Future<Output = Result<Parts<Self::Api>, BoxError>> + Send;
}

/// What a service is made of.
pub struct Parts<A> {
    pub(crate) api: A,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) forgotten: &'static [Retention],
    pub(crate) outbox: Option<Arc<dyn Outbox>>,
    pub(crate) public_keys: Option<Arc<dyn PublicKeys>>,
    pub(crate) readiness: Vec<Readiness>,
    pub(crate) unlisted: bool,
}

impl<A> Parts<A> {
    pub fn new(api: A) -> Self {
        Self {
            api,
            consumers: Vec::new(),
            jobs: Vec::new(),
            forgotten: &[],
            outbox: None,
            public_keys: None,
            readiness: Vec::new(),
            unlisted: false,
        }
    }

    /// Handles a topic's messages.
    #[must_use]
    pub fn consumer(mut self, consumer: Consumer) -> Self {
        self.consumers.push(consumer);
        self
    }

    /// Works in the background.
    #[must_use]
    pub fn job(mut self, job: Job) -> Self {
        self.jobs.push(job);
        self
    }

    /// Deletes these rows of its MySQL schema when they are old.
    #[must_use]
    pub fn forgetting(mut self, forgotten: &'static [Retention]) -> Self {
        self.forgotten = forgotten;
        self
    }

    /// Sends events from elsewhere than MySQL's outbox table.
    #[must_use]
    pub fn outbox(mut self, outbox: Arc<dyn Outbox>) -> Self {
        self.outbox = Some(outbox);
        self
    }

    /// Takes no requests before this is ready.
    #[must_use]
    pub fn readiness(mut self, readiness: Readiness) -> Self {
        self.readiness.push(readiness);
        self
    }

    /// Keeps this instance out of the registry: it works, and nobody is to call it.
    #[must_use]
    pub fn unlisted(mut self) -> Self {
        self.unlisted = true;
        self
    }

    /// Verifies access tokens with these keys instead of asking user-service.
    #[must_use]
    pub fn public_keys(mut self, keys: Arc<dyn PublicKeys>) -> Self {
        self.public_keys = Some(keys);
        self
    }
}
