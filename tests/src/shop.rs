//! The running shop.

use std::future::Future;
use std::ops::Deref;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use uuid::Uuid;
use xtask::System;

use crate::Shopper;

static DISTURBANCE: RwLock<()> = RwLock::const_new(());

/// The shop through its gateway.
pub struct Shop {
    pub gateway: String,
    pub http: Client,
    pub system: System,
    admin: String,
}

/// The shop, in company.
pub struct Shared {
    shop: Shop,
    _guard: RwLockReadGuard<'static, ()>,
}

/// The shop, with nobody else in it.
pub struct Alone {
    shop: Shop,
    _guard: RwLockWriteGuard<'static, ()>,
}

impl Deref for Shared {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl Deref for Alone {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl Shop {
    /// For tests that disturb nobody.
    pub async fn shared() -> Shared {
        let guard = DISTURBANCE.read().await;
        Shared { shop: Self::open().await, _guard: guard }
    }

    /// For tests that stop, kill or restart something.
    pub async fn alone() -> Alone {
        let guard = DISTURBANCE.write().await;
        Alone { shop: Self::open().await, _guard: guard }
    }

    /// The same, after everybody was signed out.
    pub async fn reopened(alone: Alone) -> Alone {
        Alone { shop: Self::open().await, _guard: alone._guard }
    }

    async fn open() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the shop is where the test command says")]
        let variable =
            |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name}: run `cargo xtask test`"));
        let system = System::attach(&variable("SYSTEM_INSTANCE")).expect("the system exists");
        // When Nginx is told to reload, an idle connection may be closed under a request that is on its way.
        let http = Client::builder().timeout(Duration::from_secs(30)).pool_max_idle_per_host(0).build();
        let http = http.expect("a plain client");
        let mut shop = Self { gateway: variable("GATEWAY_URL"), http, system, admin: String::new() };
        shop.admin = shop.login("admin", "Admin123!").await;
        shop
    }

    /// A request without credentials.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.gateway))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// A request by the administrator.
    pub fn admin(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(&self.admin)
    }

    /// An access token.
    pub async fn login(&self, username: &str, password: &str) -> String {
        let answer =
            json_of(self.post("/api/users/login", &json!({ "username": username, "password": password })))
                .await;
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    /// Somebody new, signed in.
    pub async fn shopper(&self) -> Shopper {
        let name = format!("s{}", Uuid::new_v4().simple());
        let email = format!("{name}@example.com");
        let new = json!({ "email": email, "username": name, "password": "correct horse", "full_name": "Test Shopper" });
        let user = json_of(self.post("/api/users/register", &new)).await;
        let id = user["id"].as_u64().unwrap_or_else(|| panic!("not registered: {user}"));
        let token = self.login(&name, "correct horse").await;
        Shopper { id, name, email, token, gateway: self.gateway.clone(), http: self.http.clone() }
    }

    /// A new product, ready to be ordered.
    pub async fn product(&self, price: f64, stock: u32) -> String {
        self.product_in("USD", price, stock).await
    }

    /// The same, with its price in this currency.
    pub async fn product_in(&self, currency: &str, price: f64, stock: u32) -> String {
        let sku = format!("T-{}", Uuid::new_v4().simple());
        let new = json!({ "name": format!("Test {sku}"), "description": "For a test", "price": price, "currency": currency,
            "category": "Tests", "stock": stock, "sku": sku });
        let product = json_of(self.admin(Method::POST, "/api/products/").json(&new)).await;
        let id = product["id"].as_str().unwrap_or_else(|| panic!("no product: {product}")).to_owned();
        eventually("the product is in stock", || async {
            let stock_of = self.stock(&id).await;
            if stock_of.is_some_and(|(on_hand, ..)| on_hand == u64::from(stock)) {
                Ok(())
            } else {
                Err(format!("{stock_of:?}"))
            }
        })
        .await;
        id
    }

    /// The code of a new promotion: ten per cent off everything, as often as `limit` says.
    pub async fn ten_per_cent_off(&self, limit: Option<u32>) -> String {
        let code = format!("TEN{}", &Uuid::new_v4().simple().to_string()[..12]).to_uppercase();
        let new = json!({ "code": code, "name": "Ten per cent", "description": "For a test", "kind": "percentage",
            "discount_percentage": 10, "start_date": "2025-01-01", "end_date": "2099-12-31", "usage_limit": limit });
        let promotion = json_of(self.admin(Method::POST, "/api/promotions/").json(&new)).await;
        assert_eq!(promotion["code"], code, "no promotion: {promotion}");
        code
    }

    /// On hand, reserved, available.
    pub async fn stock(&self, product: &str) -> Option<(u64, u64, u64)> {
        let answer = self.get(&format!("/api/inventory/{product}")).send().await.ok()?;
        let stock: Value = answer.error_for_status().ok()?.json().await.ok()?;
        Some((stock["on_hand"].as_u64()?, stock["reserved"].as_u64()?, stock["available"].as_u64()?))
    }

    /// Waits until the stock is so.
    pub async fn stock_becomes(&self, product: &str, wanted: (u64, u64, u64)) {
        eventually(&format!("stock {wanted:?} of {product}"), || async {
            let now = self.stock(product).await;
            if now == Some(wanted) { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
    }

    /// An order as the administrator sees it.
    pub async fn order(&self, id: u64) -> Value {
        json_of(self.admin(Method::GET, &format!("/api/orders/{id}"))).await
    }

    /// Runs one of the project's commands on this system.
    pub fn xtask(&self, arguments: &[&str]) -> Output {
        let program = built("xtask");
        let output =
            Command::new(&program).args(arguments).args(["--instance", self.system.instance()]).output();
        output.unwrap_or_else(|error| panic!("{}: {error}", program.display()))
    }

    /// Restarts a process with another setting, for as long as the result lives.
    #[must_use]
    pub fn restart_with(&self, name: &str, setting: &str, value: &str) -> Resettled<'_> {
        self.restart_all_with(&[name], setting, value)
    }

    /// The same for several, all at once.
    #[must_use]
    pub fn restart_all_with(&self, names: &[&str], setting: &str, value: &str) -> Resettled<'_> {
        let spec = |name: &&str| self.system.process(name).expect("the process exists").spec;
        let before: Vec<_> = names.iter().map(spec).collect();
        let mut specs = before.clone();
        for spec in &mut specs {
            spec.env.insert(setting.to_owned(), value.to_owned());
        }
        self.relaunch(specs);
        Resettled { shop: self, before }
    }

    fn relaunch(&self, specs: Vec<xtask::Spec>) {
        std::thread::scope(|scope| {
            for spec in specs {
                scope.spawn(|| {
                    self.system.stop(&spec.name).expect("the process stops");
                    self.system.launch(spec).expect("the process starts");
                });
            }
        });
        self.healthy();
    }

    pub fn healthy(&self) {
        self.system.wait_healthy(Duration::from_secs(90)).expect("the shop is healthy");
    }
}

/// A process with other settings than it had; it gets its own back in the end.
pub struct Resettled<'a> {
    shop: &'a Shop,
    before: Vec<xtask::Spec>,
}

impl Resettled<'_> {
    /// Leaves it at that.
    pub fn for_good(mut self) {
        self.before.clear();
    }
}

impl Drop for Resettled<'_> {
    fn drop(&mut self) {
        if !self.before.is_empty() {
            self.shop.relaunch(std::mem::take(&mut self.before));
        }
    }
}

/// A program of this workspace, where cargo put it.
pub fn built(name: &str) -> std::path::PathBuf {
    let mut folder = std::env::current_exe().expect("a test has a path");
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    folder.join(name)
}

/// The JSON of an answer, whatever its status.
pub async fn json_of(request: RequestBuilder) -> Value {
    let answer = request.send().await.expect("the gateway answers");
    let status = answer.status();
    let text = answer.text().await.expect("the answer is text");
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}"))
}

/// Whether a client may see this while the shop is in trouble: success, its own mistake, or "later".
pub fn is_decent(status: StatusCode, retry_after: bool) -> bool {
    status.is_success()
        || status.is_client_error()
        || (status == StatusCode::SERVICE_UNAVAILABLE && retry_after)
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
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
