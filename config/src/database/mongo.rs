//! MongoDB, one node or a replica set: nothing here needs the latter.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use mongodb::bson::doc;
use mongodb::event::EventHandler;
use mongodb::event::cmap::CmapEvent;
use mongodb::options::{ClientOptions, WriteConcern};
use mongodb::{Client, Database};
use secrecy::{ExposeSecret, SecretString};

use super::{PoolUse, pool, until_up};
use crate::service::Readiness;
use crate::settings::{Env, Invalid, Settings};

/// Where MongoDB is.
#[derive(Debug)]
pub struct MongoSettings {
    url: SecretString,
    database: String,
}

impl Settings for MongoSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let url = env.var("MONGODB_URL", "as mongodb://user:password@host:port/").required();
        let database = env.var("MONGODB_DATABASE", "this service's database").required();
        Ok(Self { url: url?, database: database? })
    }
}

/// Waits until the server is there.
pub async fn connect(settings: &MongoSettings) -> Result<Database, crate::BoxError> {
    let mut options = ClientOptions::parse(settings.url.expose_secret())
        .await
        .map_err(|_| "MONGODB_URL must be of the form mongodb://user:password@host:port/")?;
    options.server_selection_timeout = Some(Duration::from_secs(3));
    options.write_concern = Some(WriteConcern::majority());
    options.cmap_event_handler = Some(watched(options.max_pool_size.unwrap_or(DEFAULT_POOL_SIZE)));
    let what = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let database = Client::with_options(options)?.database(&settings.database);
    until_up(&format!("MongoDB at {what}"), || database.run_command(doc! { "ping": 1 }).into_future()).await;
    Ok(database)
}

/// The driver's own.
const DEFAULT_POOL_SIZE: u32 = 10;

/// Shows how the pool is used, from what the driver tells of it.
fn watched(max: u32) -> EventHandler<CmapEvent> {
    pool::register("mongodb");
    let shown = Mutex::new(PoolUse { system: "mongodb", used: 0, idle: 0, max });
    EventHandler::callback(move |event| {
        let mut pool = shown.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            CmapEvent::ConnectionCreated(_) => pool.idle += 1,
            CmapEvent::ConnectionClosed(_) => pool.idle = pool.idle.saturating_sub(1),
            CmapEvent::ConnectionCheckedOut(_) => {
                (pool.used, pool.idle) = (pool.used + 1, pool.idle.saturating_sub(1));
            }
            CmapEvent::ConnectionCheckedIn(_) => {
                (pool.used, pool.idle) = (pool.used.saturating_sub(1), pool.idle + 1);
            }
            CmapEvent::ConnectionCheckoutFailed(_) => pool::timed_out(pool.system),
            _ => {}
        }
        pool.show();
    })
}

/// Whether the server answers, for `/health`.
pub fn mongo_readiness(database: &Database) -> Readiness {
    let database = database.clone();
    Readiness::server("mongodb", move || {
        let database = database.clone();
        async move { database.run_command(doc! { "ping": 1 }).await.is_ok() }
    })
}
