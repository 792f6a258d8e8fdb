//! Customers who order and pay at a steady rate, whatever happens to the shop, and the books afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rand::Rng;
use serde_json::{Value, json};
use ureq::Agent;

use crate::parallel;

pub const PASSWORD: &str = "correct horse battery";

const CUSTOMERS: usize = 20;
const STOCK: u64 = 100_000;
/// As many requests are under way at most; more than a rate needs, because some wait for an instance to come back.
const WORKERS: usize = 64;
/// A client that has tried for so long gives up.
const PATIENCE: Duration = Duration::from_secs(60);
const BROKEN: &str = "no answer";
/// What follows by events may have to catch up first.
const CONSEQUENCES_WITHIN: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(200);
/// An access token is good for a quarter of an hour.
const RENEW_AFTER: Duration = Duration::from_secs(600);

/// People with accounts, and what they buy.
pub struct Customers {
    shop: &'static str,
    agent: Agent,
    all: Vec<Customer>,
    product: String,
}

#[derive(Debug)]
struct Customer {
    id: u64,
    name: String,
    session: Mutex<Session>,
}

#[derive(Debug)]
struct Session {
    token: String,
    since: Instant,
}

/// An order that the shop accepted, with its payment.
#[derive(Debug, Clone, Copy)]
struct Order {
    id: u64,
    customer: usize,
}

/// What happened on the way.
#[derive(Debug, Default)]
struct Tally {
    orders: Mutex<Vec<Order>>,
    /// What was sent again, by the reason.
    again: Mutex<BTreeMap<String, usize>>,
    failures: Mutex<Vec<String>>,
}

/// Orders at a steady rate, until it is ended.
pub struct Load {
    stop: Arc<AtomicBool>,
    tally: Arc<Tally>,
    workers: Vec<JoinHandle<()>>,
    begun: Instant,
    per_second: f64,
    /// Orders that were begun, or wait for their time.
    next: Arc<AtomicUsize>,
}

/// What a load came to.
#[derive(Debug)]
pub struct Books {
    orders: Vec<Order>,
    pub again: BTreeMap<String, usize>,
    pub failures: Vec<String>,
    pub per_second: f64,
}

impl Books {
    pub fn len(&self) -> usize {
        self.orders.len()
    }
}

impl Customers {
    pub fn register(shop: &'static str) -> Result<Self> {
        // An idle connection may be closed under a request when Nginx reloads; a new one is always taken.
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(20)));
        let agent = config.http_status_as_error(false).max_idle_connections(0).build().new_agent();
        let mut customers = Self { shop, agent, all: Vec::new(), product: String::new() };
        let admin = customers.log_in("admin", "Admin123!")?;
        let sku = format!("BOX-{:x}", rand::rng().random::<u64>());
        let product = json!({"name": "Box", "description": "For a test", "price": 10, "category": "Tests",
            "stock": STOCK, "sku": sku});
        let product = customers.insist("/api/products/", &product, Some(&admin), &Tally::default())?;
        customers.product = product["id"].as_str().context("a product has an id")?.to_owned();
        customers.eventually(|shop| shop.stock().map(|(on_hand, _)| on_hand), &STOCK)?;
        for _ in 0..CUSTOMERS {
            let name = format!("box{:x}", rand::rng().random::<u64>());
            let new = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
            let user = customers.insist("/api/users/register", &new, None, &Tally::default())?;
            let id = user["id"].as_u64().with_context(|| format!("no account: {user}"))?;
            let session = Session { token: customers.log_in(&name, PASSWORD)?, since: Instant::now() };
            customers.all.push(Customer { id, name, session: Mutex::new(session) });
        }
        Ok(customers)
    }

    /// What a customer is let in with; renewed before it ends.
    fn token(&self, customer: usize) -> Result<String> {
        let customer = &self.all[customer];
        let mut session = lock(&customer.session);
        if session.since.elapsed() > RENEW_AFTER {
            let since = Instant::now();
            *session = Session { token: self.log_in(&customer.name, PASSWORD)?, since };
        }
        Ok(session.token.clone())
    }

    fn log_in(&self, username: &str, password: &str) -> Result<String> {
        let body = json!({"username": username, "password": password});
        let session = self.insist("/api/users/login", &body, None, &Tally::default())?;
        Ok(session["access_token"].as_str().with_context(|| format!("no token: {session}"))?.to_owned())
    }

    /// Sends until the answer is final, always with the same key; only a success will do.
    fn insist(&self, path: &str, body: &Value, token: Option<&str>, tally: &Tally) -> Result<Value> {
        let key = format!("{:032x}", rand::rng().random::<u128>());
        let begun = Instant::now();
        loop {
            let (again, pause) = match self.post(path, &key, body, token) {
                Ok((200 | 201, _, answer)) => return Ok(serde_json::from_str(&answer)?),
                Ok((503, Some(pause), answer)) => (format!("503 {}", code(&answer)), pause),
                Ok((429, pause, _)) => ("429".to_owned(), pause.unwrap_or(PAUSE)),
                Ok((409, pause, answer)) if answer.contains("idempotency-key-running") => {
                    ("409 running".to_owned(), pause.unwrap_or(PAUSE))
                }
                Ok((status, _, answer)) => bail!("POST {path}: {status} {answer}"),
                Err(error) => (format!("{BROKEN}: {error}"), PAUSE),
            };
            ensure!(begun.elapsed() < PATIENCE, "POST {path}: still {again} after {PATIENCE:?}");
            *lock(&tally.again).entry(again).or_default() += 1;
            std::thread::sleep(pause);
        }
    }

    /// Status, when to come back if it says so, and body.
    fn post(
        &self,
        path: &str,
        key: &str,
        body: &Value,
        token: Option<&str>,
    ) -> Result<(u16, Option<Duration>, String), ureq::Error> {
        let mut request = self.agent.post(format!("{}{path}", self.shop));
        request = request.header("Content-Type", "application/json").header("Idempotency-Key", key);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut answer = request.send(body.to_string())?;
        let pause = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let pause = pause.map(Duration::from_secs);
        Ok((answer.status().as_u16(), pause, answer.body_mut().read_to_string()?))
    }

    pub fn get(&self, path: &str, customer: Option<usize>) -> Result<Value> {
        let mut request = self.agent.get(format!("{}{path}", self.shop));
        if let Some(n) = customer {
            request = request.header("Authorization", format!("Bearer {}", self.token(n)?));
        }
        let mut answer = request.call()?;
        let text = answer.body_mut().read_to_string()?;
        ensure!(answer.status().is_success(), "GET {path}: {} {text}", answer.status());
        Ok(serde_json::from_str(&text)?)
    }

    fn buy(&self, customer: usize, tally: &Tally) -> Result<Order> {
        let token = &self.token(customer)?;
        let basket = json!({"items": [{"product_id": self.product, "quantity": 1}],
            "shipping_address": "123 Main St, City"});
        let order = self.insist("/api/orders/", &basket, Some(token), tally)?;
        let id = order["id"].as_u64().with_context(|| format!("an order has an id: {order}"))?;
        let payment = json!({"order_id": id, "amount": order["total_amount"], "payment_method": "credit_card",
            "payment_token": "tok_success"});
        let begun = Instant::now();
        loop {
            match self.insist("/api/payments/", &payment, Some(token), tally) {
                // It was given up because nobody could say whether the provider had heard of it: nothing was taken.
                Err(error) if error.to_string().contains("abandoned") && begun.elapsed() < PATIENCE => {
                    *lock(&tally.again).entry("402 abandoned".to_owned()).or_default() += 1;
                }
                Err(error) => return Err(error.context(format!("paying order {id}"))),
                Ok(_) => return Ok(Order { id, customer }),
            }
        }
    }

    /// On hand and reserved.
    fn stock(&self) -> Result<(u64, u64)> {
        let stock = self.get(&format!("/api/inventory/{}", self.product), None)?;
        Ok((stock["on_hand"].as_u64().unwrap_or_default(), stock["reserved"].as_u64().unwrap_or(u64::MAX)))
    }

    fn eventually<T: PartialEq + std::fmt::Debug>(
        &self,
        find: impl Fn(&Self) -> Result<T>,
        wanted: &T,
    ) -> Result<()> {
        let begun = Instant::now();
        loop {
            let found = find(self);
            if found.as_ref().is_ok_and(|found| found == wanted) {
                return Ok(());
            }
            ensure!(begun.elapsed() < CONSEQUENCES_WITHIN, "{found:?} in the place of {wanted:?}");
            std::thread::sleep(PAUSE);
        }
    }

    /// Every accepted order is paid once and has its shipment, there is none beside them, and the stock is right.
    pub fn check(&self, books: &Books) -> Result<()> {
        let parts = books.orders.chunks(books.orders.len().div_ceil(8).max(1)).collect();
        parallel::each(parts, |orders: &[Order]| {
            orders.iter().try_for_each(|order| {
                let path = format!("/api/orders/{}", order.id);
                let status = |shop: &Self| Ok(shop.get(&path, Some(order.customer))?["status"].clone());
                self.eventually(status, &json!("paid")).with_context(|| format!("order {}", order.id))?;
                let path = format!("/api/shipments/{}/track", order.id);
                let shipped =
                    |shop: &Self| Ok(shop.get(&path, Some(order.customer))?["tracking_number"].is_string());
                self.eventually(shipped, &true).with_context(|| format!("the shipment of order {}", order.id))
            })
        })?;
        for (n, customer) in self.all.iter().enumerate() {
            let accepted = books.orders.iter().filter(|order| order.customer == n).count();
            let listed = self.get("/api/orders/?limit=1", Some(n))?["total"].clone();
            ensure!(
                listed == json!(accepted),
                "customer {} has {listed} orders, and {accepted} were accepted",
                customer.id
            );
        }
        let sold = u64::try_from(books.orders.len())?;
        self.eventually(Self::stock, &(STOCK - sold, 0)).context("the stock")
    }
}

impl Load {
    pub fn begin(customers: &Arc<Customers>, per_second: f64) -> Self {
        let (stop, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Tally::default()));
        let (next, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
        let worker = || {
            let (stop, tally) = (Arc::clone(&stop), Arc::clone(&tally));
            let (next, customers) = (Arc::clone(&next), Arc::clone(customers));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    // The n-th order has its time, whatever became of those before.
                    std::thread::sleep(due(turn, per_second).saturating_sub(begun.elapsed()));
                    match customers.buy(turn % customers.all.len(), &tally) {
                        Ok(order) => lock(&tally.orders).push(order),
                        Err(error) => lock(&tally.failures).push(format!("{error:#}")),
                    }
                }
            })
        };
        let workers = (0..WORKERS).map(|_| worker()).collect();
        Self { stop, tally, workers, begun, per_second, next }
    }

    /// How long the newest order has been due; nothing while customers wait for their time.
    pub fn late(&self) -> Duration {
        let newest = self.next.load(Ordering::Relaxed).saturating_sub(1);
        self.begun.elapsed().saturating_sub(due(newest, self.per_second))
    }

    /// How many orders there were, and how many things went wrong on the way.
    pub fn so_far(&self) -> String {
        let (orders, failures) = (lock(&self.tally.orders).len(), lock(&self.tally.failures).len());
        let again: usize = lock(&self.tally.again).values().sum();
        let late = self.late().as_secs_f64();
        format!("{orders} orders so far, {late:.1} s late, {again} requests sent again, {failures} failed")
    }

    /// Requests that got no answer at all.
    pub fn broken(&self) -> usize {
        let again = lock(&self.tally.again);
        again.iter().filter(|(reason, _)| reason.starts_with(BROKEN)).map(|(_, count)| count).sum()
    }

    /// Lets every customer finish the order in hand.
    pub fn end(self) -> Result<Books> {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.join().map_err(|_| anyhow::anyhow!("a customer panicked"))?;
        }
        let orders = std::mem::take(&mut *lock(&self.tally.orders));
        let per_second = orders.len() as f64 / self.begun.elapsed().as_secs_f64();
        let again = std::mem::take(&mut *lock(&self.tally.again));
        let failures = std::mem::take(&mut *lock(&self.tally.failures));
        Ok(Books { orders, again, failures, per_second })
    }
}

/// When an order is to be begun, from the first one on.
fn due(turn: usize, per_second: f64) -> Duration {
    Duration::from_secs_f64(turn as f64 / per_second)
}

fn code(problem: &str) -> String {
    let problem: Value = serde_json::from_str(problem).unwrap_or_default();
    problem["code"].as_str().unwrap_or("without a code").to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
