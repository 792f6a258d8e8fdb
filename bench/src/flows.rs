//! The main flows, through the gateway.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;
use crate::client::{Call, Client};
use crate::load::{Measurement, measure};
use crate::shop::{login, login_call, register_call, success};

const SHOPPERS: usize = 16;
const PRODUCTS: usize = 48;
const STOCK: u32 = 1_000_000;
const PASSWORD: &str = "correct horse";

/// A shop with shoppers and products to measure with.
pub struct Flows {
    pub gateway: String,
    pub shoppers: Vec<Arc<Shopper>>,
    pub products: Arc<Vec<String>>,
}

pub struct Shopper {
    name: String,
    pub token: String,
}

/// Orders that were placed and not yet paid.
type Unpaid = Arc<Mutex<VecDeque<(u64, Value, Arc<Shopper>)>>>;

impl Flows {
    pub async fn prepare(gateway: &str) -> Result<Self, Error> {
        let mut client = Client::new(gateway);
        let admin = login(&mut client, "admin", "Admin123!").await?;
        let mut products = Vec::new();
        for index in 0..PRODUCTS {
            let sku = format!("B-{}", Uuid::new_v4().simple());
            let product = json!({ "name": format!("Bench product {index}"), "description": "Something to measure with.",
                "price": 19.99, "category": "Bench", "stock": STOCK, "sku": sku, "weight_grams": 100 });
            let made = client.json(&Call::post("/api/products/", &product).by(&admin)).await?;
            products.push(made["id"].as_str().ok_or("a product has an id")?.to_owned());
        }
        let mut shoppers = Vec::new();
        for _ in 0..SHOPPERS {
            let name = format!("b{}", Uuid::new_v4().simple());
            client.json(&register_call(&name, PASSWORD)).await?;
            let token = login(&mut client, &name, PASSWORD).await?;
            shoppers.push(Arc::new(Shopper { name, token }));
        }
        let flows = Self { gateway: gateway.to_owned(), shoppers, products: Arc::new(products) };
        flows.wait_for_stock(&mut client).await?;
        Ok(flows)
    }

    async fn wait_for_stock(&self, client: &mut Client) -> Result<(), Error> {
        for product in self.products.iter() {
            let path = format!("/api/inventory/{product}");
            for attempt in 0.. {
                let (status, _) = client.send(&Call::get(path.as_str())).await?;
                match status.is_success() {
                    true => break,
                    false if attempt > 200 => return Err("the stock of a new product does not come".into()),
                    false => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        }
        Ok(())
    }

    /// Bytes of a product's answer.
    pub async fn product_size(&self) -> Result<usize, Error> {
        let path = format!("/api/products/{}", self.products[0]);
        Ok(Client::new(&self.gateway).send(&Call::get(path)).await?.1.len())
    }

    /// Each flow at each number of connections.
    pub async fn measure(&self, time: Duration) -> Result<Vec<(&'static str, Vec<Measurement>)>, Error> {
        let mut all = Vec::new();
        let products = self.products.clone();
        let by_id = move |n: usize| Call::get(format!("/api/products/{}", products[n % products.len()]));
        all.push(("product by id", self.repeat(time, by_id).await?));
        all.push(("product list", self.repeat(time, |_| Call::get("/api/products/?limit=10")).await?));
        let shoppers = self.shoppers.clone();
        let log_in = move |n: usize| {
            let shopper = &shoppers[n % shoppers.len()];
            login_call(&shopper.name, PASSWORD)
        };
        all.push(("login", self.repeat(time, log_in).await?));
        let quote = self.basket("/api/orders/quote");
        all.push(("quote", self.repeat(time, quote).await?));
        let unpaid = Unpaid::default();
        all.push(("order placement", self.place(time, &unpaid).await?));
        all.push(("payment", self.pay(time, &unpaid).await?));
        Ok(all)
    }

    /// A call with one of each product, by one of the shoppers, without a key: every one counts.
    pub fn basket(&self, path: &'static str) -> impl Fn(usize) -> Call + Send + Clone + 'static {
        let (products, shoppers) = (self.products.clone(), self.shoppers.clone());
        move |n| {
            let items = json!([{ "product_id": products[n % products.len()], "quantity": 1 }]);
            let body = json!({ "items": items, "shipping_address": "123 Main St, City" });
            Call::post(path, &body).by(&shoppers[n % shoppers.len()].token)
        }
    }

    /// The same call again and again, another one on each connection.
    pub async fn repeat(
        &self,
        time: Duration,
        call: impl Fn(usize) -> Call,
    ) -> Result<Vec<Measurement>, Error> {
        let worker = |n| (Client::new(&self.gateway), call(n));
        measure(time, worker, |(mut client, call): (Client, Call)| async move {
            let outcome = success(client.send(&call).await).map(|_| Some(()));
            ((client, call), outcome)
        })
        .await
    }

    async fn place(&self, time: Duration, unpaid: &Unpaid) -> Result<Vec<Measurement>, Error> {
        let basket = self.basket("/api/orders/");
        let worker =
            |n: usize| (Client::new(&self.gateway), basket.clone(), n, self.shoppers.clone(), unpaid.clone());
        measure(time, worker, |(mut client, basket, n, shoppers, unpaid)| async move {
            let outcome = success(client.send(&basket(n)).await).and_then(|body| {
                let order: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
                let id = order["id"].as_u64().ok_or("an order has an id")?;
                let shopper = shoppers[n % shoppers.len()].clone();
                let mut queue = unpaid.lock().unwrap_or_else(PoisonError::into_inner);
                queue.push_back((id, order["total_amount"].clone(), shopper));
                Ok(Some(()))
            });
            ((client, basket, n + 1, shoppers, unpaid), outcome)
        })
        .await
    }

    async fn pay(&self, time: Duration, unpaid: &Unpaid) -> Result<Vec<Measurement>, Error> {
        let worker = |_| (Client::new(&self.gateway), unpaid.clone());
        measure(time, worker, |(mut client, unpaid): (Client, Unpaid)| async move {
            let next = unpaid.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let outcome = match next {
                None => Ok(None),
                Some((order, total, shopper)) => {
                    success(client.send(&payment(order, &total, &shopper)).await).map(|_| Some(()))
                }
            };
            ((client, unpaid), outcome)
        })
        .await
    }
}

pub fn payment(order: u64, total: &Value, shopper: &Shopper) -> Call {
    let body = json!({ "order_id": order, "amount": total, "payment_method": "credit_card" });
    Call::post("/api/payments/", &body).by(&shopper.token)
}
