//! MongoDB, one node or a replica set: nothing here needs the latter.

use std::time::Duration;

use mongodb::bson::doc;
use mongodb::options::{ClientOptions, WriteConcern};
use mongodb::{Client, Database};
use secrecy::{ExposeSecret, SecretString};

use super::until_up;
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
    let what = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let database = Client::with_options(options)?.database(&settings.database);
    until_up(&format!("MongoDB at {what}"), || database.run_command(doc! { "ping": 1 }).into_future()).await;
    Ok(database)
}

/// Whether the server answers, for `/health`.
pub fn mongo_readiness(database: &Database) -> Readiness {
    let database = database.clone();
    Readiness::server("mongodb", move || {
        let database = database.clone();
        async move { database.run_command(doc! { "ping": 1 }).await.is_ok() }
    })
}
