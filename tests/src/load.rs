//! Shoppers at work while the shop is disturbed, and the books afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::shop::{eventually, is_decent, json_of};
use crate::{Shop, Shopper};

/// What a unit costs: 10, less ten per cent, and Germany wants 19 % of that.
const TOTAL: f64 = 10.71;
/// Between two orders of a shopper: without it a server that starts again would hardly get a processor.
const PAUSE: Duration = Duration::from_millis(100);
/// Orders that are looked at together afterwards.
const AT_ONCE: usize = 8;

/// Shoppers who order one unit after another, taxed and with a promotion, and pay for two of three orders.
pub struct Load {
    stop: Arc<AtomicBool>,
    shoppers: JoinSet<Vec<Accepted>>,
    product: String,
    stock: u64,
}

/// An order that the shop accepted.
#[derive(Debug)]
struct Accepted {
    order: u64,
    user: u64,
    paid: bool,
}

/// What came of a load.
#[derive(Debug)]
pub struct Ledger {
    orders: Vec<Accepted>,
    product: String,
    stock: u64,
}

impl Load {
    pub async fn start(shop: &Shop, shoppers: usize) -> Self {
        const STOCK: u32 = 100_000;
        let product = shop.product(10.0, STOCK).await;
        let code = shop.ten_per_cent_off(None).await;
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..shoppers {
            let (shopper, product, code) = (shop.shopper().await, product.clone(), code.clone());
            let stop = stop.clone();
            tasks.spawn(async move { shop_until(&shopper, &product, &code, &stop).await });
        }
        Self { stop, shoppers: tasks, product, stock: STOCK.into() }
    }

    /// Lets every shopper finish the order in hand.
    pub async fn finish(self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        let orders = self.shoppers.join_all().await.into_iter().flatten().collect();
        Ledger { orders, product: self.product, stock: self.stock }
    }
}

async fn shop_until(shopper: &Shopper, product: &str, code: &str, stop: &AtomicBool) -> Vec<Accepted> {
    let mut accepted = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let order =
            shopper.insist(shopper.order_with(code, &[(product, 1)]), &Uuid::new_v4().to_string()).await;
        assert_eq!(order.status, 201, "{order:?}");
        let order = order.body;
        let (id, total) =
            (order["id"].as_u64().expect("an id"), order["total_amount"].as_f64().expect("a total"));
        assert_eq!(total, TOTAL, "no wrong total, whatever is away: {order}");
        let paid = accepted.len() % 3 != 2;
        if paid {
            pay(shopper, id, total).await;
        }
        accepted.push(Accepted { order: id, user: shopper.id, paid });
        tokio::time::sleep(PAUSE).await;
    }
    accepted
}

/// Pays, and again when a payment was given up because nobody could say whether the provider had heard of it.
async fn pay(shopper: &Shopper, order: u64, total: f64) {
    loop {
        let payment = shopper.insist(shopper.pay(order, total), &Uuid::new_v4().to_string()).await;
        if payment.status == 402 && payment.body["decline_code"] == "abandoned" {
            continue;
        }
        assert_eq!(payment.status, 201, "{payment:?}");
        return;
    }
}

/// A final answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Whether it repeats the answer to an earlier request with the same key.
    pub replayed: bool,
    pub body: Value,
}

/// Sends until the answer is final; every answer on the way must be decent.
pub(crate) async fn insist(request: RequestBuilder) -> Result<Answer, String> {
    let started = Instant::now();
    loop {
        let again = request.try_clone().expect("the body can be sent again");
        let answer = again.send().await.map_err(|error| format!("the gateway itself failed: {error}"))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.map_err(|error| format!("the gateway broke off: {error}"))?;
        if !is_decent(status, headers.contains_key("retry-after")) {
            return Err(format!("{status}: {text}"));
        }
        let running = status == 409 && text.contains("idempotency-key-running");
        if status != 503 && status != 429 && !running {
            let body = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
            let replayed = headers.get("idempotent-replayed").is_some_and(|value| value == "true");
            return Ok(Answer { status: status.as_u16(), replayed, body });
        }
        if started.elapsed() > Duration::from_secs(120) {
            return Err(format!("still {status}: {text}"));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

impl Ledger {
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// Every accepted order reached its end, nothing was sold twice, and the books balance.
    pub async fn must_balance(&self, shop: &Shop) {
        let (paid, unpaid): (Vec<_>, Vec<_>) = self.orders.iter().partition(|order| order.paid);
        let paid_orders = stream::iter(paid.iter().map(|accepted| accepted.order));
        paid_orders.for_each_concurrent(AT_ONCE, |order| must_have_ended_well(shop, order)).await;
        for user in self.orders.iter().map(|order| order.user).collect::<std::collections::BTreeSet<_>>() {
            let mine = self.orders.iter().filter(|order| order.user == user).count();
            let listed =
                json_of(shop.admin(Method::GET, &format!("/api/orders/?user_id={user}&limit=1"))).await;
            assert_eq!(listed["total"], mine, "user {user} has exactly the orders that were accepted");
        }
        let (sold, kept) = (paid.len() as u64, unpaid.len() as u64);
        let left = self.stock - sold;
        shop.stock_becomes(&self.product, (left, kept, left - kept)).await;
    }
}

/// The order is paid, by one payment, and has its shipment.
async fn must_have_ended_well(shop: &Shop, order: u64) {
    eventually(&format!("order {order} is paid"), || async {
        let order = shop.order(order).await;
        if order["status"] == "paid" { Ok(()) } else { Err(order["status"].to_string()) }
    })
    .await;
    let payments = json_of(shop.admin(Method::GET, &format!("/api/payments/?order_id={order}"))).await;
    let all = payments["items"].as_array().expect("a list");
    let taken = all.iter().filter(|payment| payment["status"] == "succeeded").count();
    assert_eq!(taken, 1, "order {order} was charged once: {payments}");
    eventually(&format!("order {order} has its shipment"), || async {
        let path = format!("/api/shipments/{order}/track");
        let shipment = json_of(shop.admin(Method::GET, &path)).await;
        if shipment["tracking_number"].is_string() { Ok(()) } else { Err(shipment.to_string()) }
    })
    .await;
}
