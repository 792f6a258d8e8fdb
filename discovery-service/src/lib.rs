//! The registry: which instances of each service are alive, and where.

pub mod application;
pub mod domain;
pub mod infrastructure;
mod membership;
pub mod presentation;

use std::sync::Arc;
use std::time::Duration;

use config::BoxError;
use config::database::RedisSettings;
use config::service::{Context, Dependency, Job, Parts, Service};

use crate::application::{Notices, Registry};
use crate::infrastructure::{RedisRosters, follow_changes};
use crate::presentation::DiscoveryApi;

const SWEEP: Duration = Duration::from_secs(1);

/// The discovery service.
pub struct Discovery;

impl Service for Discovery {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const PORT: u16 = 8000;
    const NEEDS: &'static [Dependency] = &[Dependency::Redis];
    const REGISTERED: bool = false;
    /// For a connection of its own: one that is subscribed can do nothing else.
    type Settings = RedisSettings;
    type Api = DiscoveryApi;

    async fn wire(ctx: &Context<RedisSettings>) -> Result<Parts<DiscoveryApi>, BoxError> {
        let notices = Notices::default();
        let registry = Registry::new(Arc::new(RedisRosters::new(ctx.redis())), notices.clone());
        let changes = follow_changes(ctx.settings.client()?, notices.clone());
        let closing = ctx.closing.clone();
        let parts = Parts::new(DiscoveryApi::new(registry.clone()))
            .job(Job::new("changes", async move |shutdown| {
                shutdown.run_until_cancelled(changes).await;
                Ok(())
            }))
            .job(Job::new("polls", async move |_| {
                closing.cancelled().await;
                notices.close();
                Ok(())
            }))
            .job(Job::every("sweep", SWEEP, {
                let registry = registry.clone();
                move || {
                    let registry = registry.clone();
                    async move { registry.sweep().await }
                }
            }));
        Ok(match membership::of(&ctx.service).await {
            Some(me) => {
                parts.job(Job::new("membership", |shutdown| membership::keep(registry, me, shutdown)))
            }
            None => parts,
        })
    }
}
