//! Finding products: the index, suggestions, trends, what goes together.
//!
//! Every instance makes its own index in memory from product-service's catalogue and keeps it up with the events of
//! products, stock and ratings. What instances share is in Redis: answers, trends, what was bought together; when
//! Redis is away, searches go on without.

pub mod application;
pub mod domain;
pub mod infrastructure;
pub mod presentation;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use config::BoxError;
use config::kafka::Consumer;
use config::service::{Context, Dependency, Job, Parts, Readiness, Service};
use tokio::sync::watch;

use application::{
    BuildIndex, Building as _, FollowCatalogue, Index, LearnFromOrders, Recommend, Search, Suggest, Trends,
};
use infrastructure::{Library, ProductService, RedisAnswers, RedisBoughtTogether, RedisOrders, RedisTrends};
use presentation::{CatalogueEvents, OrderEvents, SearchApi};
pub use settings::SearchSettings;

/// How often gathered trends are sent, and orders to reindex are looked for.
const ROUND: Duration = Duration::from_secs(1);

/// The service.
pub struct Finder;

impl Service for Finder {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8009;
    const NEEDS: &'static [Dependency] = &[Dependency::Redis, Dependency::Kafka];
    const TOPICS: &'static [&'static str] =
        &["product-events", "inventory-events", "rating-events", "order-events"];
    type Settings = SearchSettings;
    type Api = SearchApi;

    async fn wire(ctx: &Context<SearchSettings>) -> Result<Parts<SearchApi>, BoxError> {
        let (clock, currency) = (ctx.clock.clone(), ctx.service.currency);
        let library = Library::new(currency, ctx.settings.synonyms().await?);
        // News that comes before the catalogue is read must have a place.
        library.begin()?;
        let index: Arc<dyn Index> = Arc::new(library.clone());
        let trends = Arc::new(RedisTrends::new(ctx.redis(), clock.clone()));
        let bought = Arc::new(RedisBoughtTogether::new(ctx.redis()));
        let build = Arc::new(BuildIndex::new(
            Arc::new(ProductService::new(&ctx.registry)),
            Arc::new(library.clone()),
            Arc::new(RedisOrders::new(ctx.redis())),
            clock,
        ));
        let (following, followed) = watch::channel(0);
        let follow = FollowCatalogue::new(index.clone());
        let figures = Arc::new(CatalogueEvents::new(follow.clone()));
        let catalogue = Arc::new(CatalogueEvents::new(follow).telling(following));
        let orders = Arc::new(OrderEvents::new(LearnFromOrders::new(bought.clone())));
        let shared_trends: Arc<dyn Trends> = trends.clone();
        let api = SearchApi {
            search: Search::new(index.clone(), Arc::new(RedisAnswers::new(ctx.redis())), trends.clone()),
            suggest: Suggest::new(index.clone(), trends.clone()),
            recommend: Recommend::new(index.clone(), bought),
            build: build.clone(),
            trends: shared_trends,
            index: index.clone(),
            currency,
        };
        Ok(Parts::new(api)
            .consumer(Consumer::new("order-events", orders).unhurried())
            .consumer(Consumer::per_instance("product-events", catalogue).unhurried())
            .consumer(Consumer::per_instance("inventory-events", figures.clone()).unhurried())
            .consumer(Consumer::per_instance("rating-events", figures).unhurried())
            .readiness(Readiness::new("catalogue", move || index.edition().is_some()))
            .job(building(build, followed))
            .job(Job::new("publish", move |shutdown| async move {
                tokio::select! {
                    () = library.keep_published() => {}
                    () = shutdown.cancelled() => {}
                }
                Ok(())
            }))
            .job(Job::every("trends", ROUND, move || {
                let trends = trends.clone();
                async move { trends.send().await }
            })))
    }
}

/// Makes the index when no news can be missed any more, and again when some may have been, or when it is ordered.
fn building(build: Arc<BuildIndex>, followed: watch::Receiver<u64>) -> Job {
    Job::new("build", move |shutdown| async move {
        tokio::select! {
            () = build.keep(followed, ROUND) => {}
            () = shutdown.cancelled() => {}
        }
        Ok(())
    })
}
