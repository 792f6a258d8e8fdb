//! Who shops, and what there is to buy.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::Run;
use super::super::connections::Answer;
use super::super::session::Session;
use crate::Error;
use crate::client::Call;

const PRODUCTS: usize = 20;
/// Accounts that are made at once.
const AT_ONCE: usize = 8;
const STOCK: u32 = 1_000_000;

/// A shopper, who makes one visit at a time: the cart is one.
pub struct Account {
    pub session: Arc<Session>,
}

/// Those who aren't in the shop.
pub struct Accounts(Mutex<VecDeque<Account>>);

impl Accounts {
    /// As many as there may be visitors at once.
    pub async fn register(run: &Run) -> Result<Self, Error> {
        let registering = (0..run.plan.most).map(|n| async move {
            Ok::<_, Error>(Account { session: Session::register(run, n).await?.into() })
        });
        let accounts = futures_util::stream::iter(registering).buffered(AT_ONCE).try_collect().await?;
        Ok(Self(Mutex::new(accounts)))
    }

    /// There is one for each place in the shop. Whoever waited longest comes next: nobody may try cards without end.
    pub fn take(&self) -> Account {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        free.expect("no more visitors than accounts are let in")
    }

    pub fn put_back(&self, account: Account) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(account);
    }
}

/// The shop's own people: they fill the shelves and play the warehouse.
pub struct Admin(Session);

impl Admin {
    pub async fn sign_in(run: &Run) -> Result<Self, Error> {
        let (name, password) = run.plan.admin.clone();
        let admin = Self(Session::new(name, password));
        admin.0.token(run).await.map_err(|error| format!("the administrator can't sign in: {error}"))?;
        Ok(admin)
    }

    /// Does it, and says what went wrong otherwise.
    pub async fn does(&self, run: &Run, step: &'static str, call: Call) -> Result<Value, String> {
        let call = call.by(&self.0.token(run).await?);
        let answer = run.connections.send(step, &call).await.and_then(Answer::success);
        answer.map_err(|error| format!("{step}: {error}"))
    }

    /// Looks, once: whoever follows looks again anyway.
    pub async fn sees(&self, run: &Run, call: Call) -> Result<Value, String> {
        let call = call.by(&self.0.token(run).await?);
        run.connections.once(&call).await.and_then(Answer::success)
    }
}

/// The generator's products, which are made once in a shop and found again.
pub async fn products(run: &Run, admin: &Admin) -> Result<Vec<String>, Error> {
    let mut products = Vec::new();
    for n in 1..=PRODUCTS {
        let sku = format!("GENERATOR-{n:02}");
        let found = run.connections.send("products", &Call::get(format!("/api/products/sku/{sku}"))).await?;
        let product = if found.status.is_success() {
            found.body
        } else {
            let new = json!({ "name": format!("Sample {n:02}"), "description": "Sold by the generator.",
                "price": 5.0 + 3.5 * n as f64, "category": "Generated", "stock": STOCK, "sku": sku,
                "weight_grams": 150 * n });
            admin.does(run, "products", Call::post("/api/products/", &new)).await?
        };
        products.push(product["id"].as_str().ok_or("a product has an id")?.to_owned());
    }
    for product in &products {
        until_in_stock(run, product).await?;
    }
    Ok(products)
}

async fn until_in_stock(run: &Run, product: &str) -> Result<(), Error> {
    let call = Call::get(format!("/api/inventory/{product}"));
    let begun = Instant::now();
    while begun.elapsed() < run.plan.patience {
        let stock = run.connections.send("products", &call).await?;
        if stock.body["available"].as_u64() > Some(0) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("product {product} doesn't come into stock").into())
}

/// What shoppers know the products by.
pub async fn words(run: &Run) -> Result<Vec<String>, Error> {
    let list = run.connections.send("products", &Call::get("/api/products/?limit=100")).await?;
    let list = list.success()?;
    let names = list["items"].as_array().into_iter().flatten().filter_map(|product| product["name"].as_str());
    let mut words: Vec<String> = names
        .flat_map(str::split_whitespace)
        .filter(|word| word.chars().count() > 3 && word.chars().all(char::is_alphabetic))
        .map(str::to_lowercase)
        .collect();
    words.sort();
    words.dedup();
    if words.is_empty() {
        words.push("sample".to_owned());
    }
    Ok(words)
}
