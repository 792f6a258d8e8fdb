//! Whether this instance should get requests, and how its dependencies are.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{self, BoxFuture};
use poem::http::StatusCode;
use poem::web::Json;
use poem::{IntoResponse, Response};
use serde::Serialize;

use crate::database::Db;
use crate::kafka::Producer;

/// A dependency that takes longer to answer is as good as away.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Health {
    pub service: &'static str,
    pub version: &'static str,
    pub mysql: Option<Db>,
    pub redis: Option<redis::aio::ConnectionManager>,
    pub kafka: Option<Producer>,
    pub own: Vec<Readiness>,
}

/// Something of a service's own that must be there before it can answer: a server that only it needs, or what it
/// keeps in memory.
pub struct Readiness {
    name: &'static str,
    otherwise: &'static str,
    is_ready: Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>,
}

impl Readiness {
    /// Something that is being loaded until it is there.
    pub fn new(name: &'static str, is_ready: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let is_ready = Box::new(move || future::ready(is_ready()).boxed());
        Self { name, otherwise: "loading", is_ready }
    }

    /// A server that is asked whether it is up.
    pub fn server<F>(name: &'static str, is_up: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        Self { name, otherwise: "down", is_ready: Box::new(move || is_up().boxed()) }
    }

    async fn state(&self) -> (&'static str, &'static str) {
        let is_ready = within(Some((self.is_ready)())).await == Some(true);
        (self.name, if is_ready { "up" } else { self.otherwise })
    }
}

/// How an instance is.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// `healthy`; `degraded`: works, but something waits; `unhealthy`: can't take requests.
    status: &'static str,
    service: &'static str,
    version: &'static str,
    dependencies: BTreeMap<&'static str, &'static str>,
}

impl Health {
    pub async fn check(&self) -> Report {
        let (mysql, redis, kafka, own) = tokio::join!(
            within(self.mysql.as_ref().map(|db| async { db.ping().await.is_ok() })),
            within(self.redis.clone().map(|mut redis| async move {
                redis::cmd("PING").query_async::<String>(&mut redis).await.is_ok()
            })),
            within(self.kafka.clone().map(|producer| async move { producer.reachable().await })),
            future::join_all(self.own.iter().map(Readiness::state)),
        );
        // Without its own records a service can do nothing; without the others it does what it can.
        let unhealthy = mysql == Some(false) || own.iter().any(|(_, state)| *state != "up");
        let degraded = [redis, kafka].contains(&Some(false));
        let named = [("mysql", mysql), ("redis", redis), ("kafka", kafka)];
        let state = |up| if up { "up" } else { "down" };
        Report {
            status: if unhealthy {
                "unhealthy"
            } else if degraded {
                "degraded"
            } else {
                "healthy"
            },
            service: self.service,
            version: self.version,
            dependencies: named
                .into_iter()
                .filter_map(|(name, up)| Some((name, state(up?))))
                .chain(own)
                .collect(),
        }
    }
}

async fn within(check: Option<impl Future<Output = bool>>) -> Option<bool> {
    Some(tokio::time::timeout(PATIENCE, check?).await.unwrap_or(false))
}

impl IntoResponse for Report {
    fn into_response(self) -> Response {
        let status = match self.status {
            "unhealthy" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        };
        let mut response = Json(self).with_status(status).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(poem::http::header::RETRY_AFTER, 2.into());
        }
        response
    }
}
