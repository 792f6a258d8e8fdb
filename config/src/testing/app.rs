//! The application under test.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use sqlx::{Connection as _, Executor as _, MySqlConnection};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use super::{SERVICE_TOKEN_VALUE, TestTokens};
use crate::BoxError;
use crate::database::{Db, MySqlSettings};
use crate::registry::Registry;
use crate::service::{AllSettings, Service, Start};
use crate::settings::{Env, Settings as _};

/// Settings and peers of an application under test.
pub struct TestEnv {
    settings: BTreeMap<String, String>,
    peers: Vec<(&'static str, Url)>,
}

impl TestEnv {
    /// The test servers, with a MySQL schema, a MongoDB database and Kafka topics that nobody else uses.
    pub async fn new() -> Self {
        let name = format!("t_{}", Uuid::now_v7().simple());
        let mut settings: BTreeMap<String, String> = [
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
            ("ENVIRONMENT", "development"),
            ("DISCOVERY_URL", "http://discovery.invalid"),
            ("INTERNAL_TOKEN", SERVICE_TOKEN_VALUE),
            ("DRAIN_SECONDS", "0"),
            ("MONGODB_DATABASE", &name),
            ("KAFKA_PREFIX", &format!("{name}-")),
            ("KAFKA_PARTITIONS", "2"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let server = |variable: &str| {
            #[expect(clippy::disallowed_methods, reason = "the test servers are where the test command says")]
            std::env::var(variable).unwrap_or_else(|_| {
                panic!(
                    "{variable} is not set: run `cargo xtask test`, or `eval \"$(cargo xtask servers env)\"`"
                )
            })
        };
        settings.insert("REDIS_URL".to_owned(), server("TEST_REDIS_URL"));
        settings.insert("MONGODB_URL".to_owned(), server("TEST_MONGODB_URL"));
        settings.insert("KAFKA_BROKERS".to_owned(), server("TEST_KAFKA_BROKERS"));
        let mysql = server("TEST_MYSQL_URL");
        let mut connection = MySqlConnection::connect(&mysql).await.expect("TEST_MYSQL_URL answers");
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"));
        connection.execute(create).await.expect("the test user may create schemas");
        settings.insert("DATABASE_URL".to_owned(), format!("{}/{name}", mysql.trim_end_matches('/')));
        Self { settings, peers: Vec::new() }
    }

    /// Sets one setting.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.insert(name.to_owned(), value.into());
        self
    }

    /// Plays another service.
    #[must_use]
    pub fn peer(mut self, service: &'static str, url: &str) -> Self {
        self.peers.push((service, url.parse().expect("a peer's address is a URL")));
        self
    }

    /// One setting's value, such as `DATABASE_URL`.
    pub fn get(&self, name: &str) -> &str {
        self.settings.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The schema, as an application on these settings uses it.
    pub async fn db(&self) -> Db {
        let mut env: Env = self.settings.clone().into_iter().collect();
        let settings = MySqlSettings::read(&mut env).expect("DATABASE_URL is set");
        Db::connect("test", &settings).await.expect("TEST_MYSQL_URL is a URL")
    }

    /// Starts the service on these settings. Several on the same make several instances.
    pub async fn start<S: Service>(&self) -> TestApp {
        let mut env: Env = self.settings.clone().into_iter().collect();
        let settings = AllSettings::<S>::read(&mut env).unwrap_or_else(|_| panic!("{:?}", env.problems()));
        let tokens = TestTokens::default();
        let registry = Registry::fixed(self.peers.iter().cloned());
        let start = Start { settings, registry, keys: Arc::new(tokens.public_keys()) };
        let stop = CancellationToken::new();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let (handle, stopped) = (runtime.handle().clone(), stop.clone());
        let started = tokio::task::spawn_blocking(move || {
            handle.block_on(async {
                let running = start.begin(&Mutex::default()).await.expect("the service starts");
                (running.address, tokio::spawn(running.serve(stopped)))
            })
        });
        let (address, task) = started.await.expect("the service starts");
        let process = Process(Some(runtime));
        TestApp { address, tokens, stop, task, http: reqwest::Client::new(), process }
    }
}

/// A running service.
pub struct TestApp {
    pub address: SocketAddr,
    pub tokens: TestTokens,
    stop: CancellationToken,
    task: JoinHandle<Result<(), BoxError>>,
    http: reqwest::Client,
    process: Process,
}

/// All that the service spawns, requests in the middle of their work too, so that it can die as a process does.
struct Process(Option<tokio::runtime::Runtime>);

impl Drop for Process {
    fn drop(&mut self) {
        // Any other way would wait, which an async test must not.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl TestApp {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request without credentials.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// A request by a shopper.
    pub fn as_client(&self, user: u64, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path).bearer_auth(self.tokens.client(user))
    }

    /// A request by an administrator.
    pub fn as_admin(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path).bearer_auth(self.tokens.admin(1))
    }

    /// A request by another service.
    pub fn as_service(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path).header(crate::jwt_auth::SERVICE_TOKEN, SERVICE_TOKEN_VALUE)
    }

    /// Stops it as SIGTERM would.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the service does not crash").expect("the service ends well");
    }

    /// Stops it as SIGKILL would: at once, in the middle of whatever it does.
    pub async fn kill(self) {
        drop(self.process);
        let _ = self.task.await;
    }
}

/// Asks until it is so, for at most a minute; then fails with the last answer.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, String>>,
{
    let started = Instant::now();
    loop {
        match ask().await {
            Ok(value) => return value,
            Err(last) if started.elapsed() > Duration::from_secs(60) => panic!("{what}: still {last}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
