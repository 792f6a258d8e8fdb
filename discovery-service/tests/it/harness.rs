use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use config::testing::free_port;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

pub const TOKEN: &str = "test-token";

/// A process that doesn't outlive its test.
pub struct Process(Child);

impl Process {
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub fn terminate(&mut self) -> Duration {
        let started = Instant::now();
        let pid = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
        assert!(self.0.wait().expect("it ends").success());
        started.elapsed()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A Redis with data that outlives its process.
pub struct Redis {
    pub port: u16,
    data: TempDir,
    process: Option<Process>,
}

impl Redis {
    pub fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut redis = Self { port: free_port(), data, process: None };
        redis.restart();
        redis
    }

    pub fn kill(&mut self) {
        self.process = None;
    }

    pub fn restart(&mut self) {
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ]);
        command.arg("--dir").arg(self.data.path()).stdout(Stdio::null());
        self.process = Some(Process(command.spawn().expect("redis-server is installed")));
    }

    pub fn query<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let client = redis::Client::open(self.url()).expect("a URL");
        let mut connection = client.get_connection().expect("Redis answers");
        let mut query = redis::cmd(command[0]);
        query.arg(&command[1..]);
        query.query(&mut connection).expect("an answer")
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

/// A replica of discovery.
pub struct Discovery {
    pub port: u16,
    pub process: Process,
    http: reqwest::Client,
}

impl Discovery {
    pub async fn start(redis: &Redis) -> Self {
        let port = free_port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_discovery-service"));
        command.env_clear().envs([
            ("ENVIRONMENT", "development"),
            ("HOST", "127.0.0.1"),
            ("PORT", &port.to_string()),
            ("REDIS_URL", &redis.url()),
            ("DISCOVERY_URL", &format!("http://127.0.0.1:{port}")),
            ("INTERNAL_TOKEN", TOKEN),
            ("DRAIN_SECONDS", "0"),
            ("RUST_LOG", "info"),
        ]);
        let process = Process(command.stdout(Stdio::null()).spawn().expect("the binary is built"));
        let discovery = Self { port, process, http: reqwest::Client::new() };
        discovery.until("it answers", |list| list["recovering"].is_boolean()).await;
        discovery
    }

    pub fn url(&self) -> url::Url {
        format!("http://127.0.0.1:{}", self.port).parse().expect("a URL")
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("http://127.0.0.1:{}{path}", self.port))
    }

    pub fn as_service(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path).header("x-service-token", TOKEN)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    /// Registers an instance with the shortest lease, and returns its path.
    pub async fn register(&self, name: &str, port: u16) -> String {
        self.register_for(name, port, 5).await
    }

    /// The same with a lease of so many seconds.
    pub async fn register_for(&self, name: &str, port: u16, seconds: u64) -> String {
        let body = json!({"name": name, "host": "127.0.0.1", "port": port, "version": "1.2.3", "ttl_seconds": seconds});
        let (status, body) = answer(self.as_service(Method::POST, "/services/register").json(&body)).await;
        assert_eq!(status, 201, "{body}");
        format!("/services/{name}/{}", body["instance_id"].as_str().expect("an id"))
    }

    pub async fn ports(&self, name: &str) -> Vec<u64> {
        let (_, list) = self.get("/services").await;
        ports(&list, name)
    }

    /// Asks for the list until it is as it should be.
    pub async fn until(&self, what: &str, good: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let request = self.request(Method::GET, "/services").send().await;
            let list: Value = match request {
                Ok(response) => response.json().await.unwrap_or_default(),
                Err(_) => Value::Null,
            };
            if good(&list) {
                return list;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "{what}: still {list}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

pub fn ports(list: &Value, name: &str) -> Vec<u64> {
    let of_name = |it: &&Value| it["name"] == name;
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter(of_name).filter_map(|it| it["port"].as_u64()).collect()
}
