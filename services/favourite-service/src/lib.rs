//! What shoppers wish for, and when to tell them.
//!
//! What a product costs and whether it can be had is kept here as the catalogue and the stock keeper tell it. When
//! that is news to those who wish the product, a round goes through them, some at a time, and tells each of them
//! once.

pub mod application;
pub mod domain;
mod infrastructure;
pub mod presentation;

use std::sync::Arc;
use std::time::Duration;

use config::BoxError;
use config::kafka::{Consumer, EventSchema};
use config::service::{Context, Dependency, Job, Parts, Service};
use sqlx::migrate::Migrator;

use application::{FollowProduct, ForgetUser, ManageLists, ManageWishes, MoveToCart, TellWishers};
use infrastructure::{CartService, ProductService};
use presentation::{FavouriteApi, InventoryEvents, ListApi, ProductEvents, UserEvents};

/// The service.
pub struct Favourites;

impl Service for Favourites {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const PORT: u16 = 8010;
    const NEEDS: &'static [Dependency] = &[Dependency::MySql, Dependency::Kafka];
    const SPELLINGS: &'static [(&'static str, &'static str)] = &[("/api/favorites", "/api/favourites")];
    const TOPICS: &'static [&'static str] =
        &["favourite-events", "product-events", "inventory-events", "user-events"];
    type Settings = ();
    type Api = (FavouriteApi, ListApi);

    fn migrations() -> Migrator {
        sqlx::migrate!()
    }

    fn events() -> Vec<EventSchema> {
        config::event_schemas![application::WishPriceDropped, application::WishBackInStock]
    }

    async fn wire(ctx: &Context<()>) -> Result<Parts<Self::Api>, BoxError> {
        let store = Arc::new(ctx.mysql().clone());
        let clock = ctx.clock.clone();
        let catalogue = Arc::new(ProductService::new(ctx.registry.client("product-service")));
        let carts = Arc::new(CartService::new(ctx.registry.client("order-service")));
        let wishes = ManageWishes::new(store.clone(), store.clone(), catalogue, clock.clone());
        let cart = MoveToCart::new(carts, store.clone(), wishes.clone());
        let favourites = FavouriteApi { wishes, cart: cart.clone(), reader: store.clone() };
        let lists = ListApi { lists: ManageLists::new(store.clone(), clock), cart, reader: store.clone() };
        let follow = FollowProduct::new(store.clone());
        let forget = ForgetUser::new(store.clone());
        let tell = Arc::new(TellWishers::new(store));
        Ok(Parts::new((favourites, lists))
            .consumer(
                Consumer::new("product-events", Arc::new(ProductEvents::new(follow.clone())))
                    .in_batches(ctx.mysql())
                    .unhurried(),
            )
            .consumer(
                Consumer::new("inventory-events", Arc::new(InventoryEvents::new(follow)))
                    .at_once()
                    .unhurried(),
            )
            .consumer(Consumer::new("user-events", Arc::new(UserEvents::new(forget))).unhurried())
            .job(Job::every("tell-wishers", Duration::from_millis(500), move || tell.clone().run())))
    }
}
