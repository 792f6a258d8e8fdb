use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use config::testing::free_port;
use poem::listener::TcpListener as PoemListener;
use poem::web::{Data, Json, Query};
use poem::{EndpointExt, Route, Server, get, handler};
use reqwest::{Method, RequestBuilder};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A registry that says what the test wants.
pub struct Discovery {
    pub port: u16,
    list: Arc<watch::Sender<Value>>,
    task: JoinHandle<()>,
}

impl Discovery {
    pub fn start() -> Self {
        let list = Arc::new(watch::channel(json!({"index": 1, "items": []})).0);
        let mut discovery = Self { port: free_port(), list, task: tokio::spawn(async {}) };
        discovery.resume();
        discovery
    }

    pub fn resume(&mut self) {
        let app = Route::new().at("/services", get(services)).data(Arc::clone(&self.list));
        let server = Server::new(PoemListener::bind(("127.0.0.1", self.port)));
        self.task = tokio::spawn(async move {
            let _ = server.run(app).await;
        });
    }

    pub fn pause(&mut self) {
        self.task.abort();
    }

    pub fn announce(&self, instances: &[(&str, u16)]) {
        let items: Vec<_> = instances.iter().map(|(name, port)| instance(name, "127.0.0.1", *port)).collect();
        self.say(&items);
    }

    pub fn announce_host(&self, name: &str, host: &str, others: &[(&str, u16)]) {
        let others = others.iter().map(|(name, port)| instance(name, "127.0.0.1", *port));
        let items: Vec<_> = std::iter::once(instance(name, host, 81)).chain(others).collect();
        self.say(&items);
    }

    fn say(&self, items: &[Value]) {
        self.list.send_modify(|list| {
            let index = list["index"].as_u64().unwrap_or_default() + 1;
            *list = json!({"index": index, "items": items});
        });
    }
}

fn instance(name: &str, host: &str, port: u16) -> Value {
    json!({"name": name, "instance_id": format!("{name}-{port}"), "host": host, "port": port, "version": "1",
           "status": "up"})
}

#[derive(Deserialize)]
struct Seen {
    index: Option<u64>,
}

#[handler]
async fn services(Query(seen): Query<Seen>, list: Data<&Arc<watch::Sender<Value>>>) -> Json<Value> {
    let mut news = list.subscribe();
    let other = news.wait_for(|list| list["index"].as_u64() != seen.index);
    let _ = tokio::time::timeout(Duration::from_secs(20), other).await;
    let list = list.borrow().clone();
    Json(list)
}

pub struct Gateway {
    pub port: u16,
    pub agent: Child,
    pub http: reqwest::Client,
}

impl Gateway {
    pub async fn start(discovery: &Discovery, folder: &Path) -> Self {
        Self::with(discovery, folder, free_port(), &[]).await
    }

    /// Returns when it is ready: no connection that comes then is served without the first list.
    pub async fn with(discovery: &Discovery, folder: &Path, port: u16, settings: &[(&str, &str)]) -> Self {
        let gateway = Self::launch(discovery, folder, port, settings);
        gateway.until("/health", 200).await;
        gateway
    }

    pub fn launch(discovery: &Discovery, folder: &Path, port: u16, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gateway-agent"));
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").envs(
            [
                ("DISCOVERY_URL", format!("http://127.0.0.1:{}", discovery.port).as_str()),
                ("INTERNAL_TOKEN", "test-token"),
                ("GATEWAY_HOST", "127.0.0.1"),
                ("GATEWAY_PORT", &port.to_string()),
                ("GATEWAY_DIR", &folder.display().to_string()),
                ("NGINX_WORKERS", "1"),
                ("LOG_FORMAT", "text"),
                ("RATE_LIMIT_PER_SECOND", "1000000"),
                ("RATE_LIMIT_BURST", "1000000"),
            ],
        );
        command.envs(settings.iter().copied()).stdout(Stdio::null());
        let agent = command.spawn().expect("the agent is built");
        Self { port, agent, http: reqwest::Client::builder().no_proxy().build().expect("a client") }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://127.0.0.1:{}{path}", self.port))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub async fn status(&self, path: &str) -> u16 {
        self.get(path).send().await.map_or(0, |it| it.status().as_u16())
    }

    /// Asks until the path has this status; how long that took.
    pub async fn until(&self, path: &str, status: u16) -> Duration {
        let started = Instant::now();
        while self.status(path).await != status {
            assert!(started.elapsed() < Duration::from_secs(10), "{path} never gets {status}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        started.elapsed()
    }

    /// Asks until the shop's health is this.
    pub async fn until_health(&self, status: &str) -> Value {
        let started = Instant::now();
        loop {
            let health: Value =
                self.get("/health").send().await.expect("an answer").json().await.expect("JSON");
            if health["status"] == status {
                return health;
            }
            assert!(started.elapsed() < Duration::from_secs(10), "never {status}: {health}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.agent.id().try_into().expect("a pid")).expect("a pid");
        kill_process(pid, signal).expect("it runs");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Ok(None) = self.agent.try_wait() {
            self.signal(Signal::TERM);
            let _ = self.agent.wait();
        }
    }
}

/// Only its owner has a way into it, which is how it is in root's home.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}
