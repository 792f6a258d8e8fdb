//! Shoppers at work while the shop is disturbed, and the books afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use config::BoxError;
use config::kafka::{Archive, DeadLetters, KafkaSettings, Producer};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::shop::{eventually, is_decent, json_of};
use crate::{Shop, Shopper};

/// What a unit costs: 10, less ten per cent, and Germany wants 19 % of that.
const TOTAL: f64 = 10.71;
/// Between two orders of a shopper: without it a server that starts again would hardly get a processor.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two rounds of somebody who looks at everything.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// Longer than the gateway waits for one instance after another.
const GATEWAY_PATIENCE: Duration = Duration::from_secs(75);
/// So long stock is kept for an order of which inventory-service has not heard, and a little for the job that gives it
/// back: `RESERVATION_SECONDS` of a shop under test.
const UNHEARD_OF: Duration = Duration::from_secs(13);
/// Orders that are looked at together afterwards.
const AT_ONCE: usize = 8;
/// How the keys of messages begin that tests send to become dead letters.
pub const POISON: &str = "poison";

/// Shoppers who order one unit after another, taxed and with a promotion, and pay for two of three orders. One of them
/// looks at everything else meanwhile.
pub struct Load {
    stop: Arc<AtomicBool>,
    shoppers: JoinSet<Vec<Accepted>>,
    onlooker: JoinHandle<Vec<String>>,
    dead_letters: BTreeSet<String>,
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
    /// When the last of them had been placed.
    ended: Instant,
    /// What nobody should have seen who only looked.
    indecent: Vec<String>,
    /// Those that there were before.
    dead_letters: BTreeSet<String>,
    product: String,
    stock: u64,
}

impl Load {
    pub async fn start(shop: &Shop, shoppers: usize) -> Self {
        const STOCK: u32 = 100_000;
        let product = shop.product(10.0, STOCK).await;
        let code = shop.ten_per_cent_off(None).await;
        let dead_letters = dead_letters(shop).await;
        let onlooker = shop.shopper().await;
        let views = views(&onlooker, &product).await;
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for number in 0..shoppers {
            let shopper = if number == 0 { onlooker.clone() } else { shop.shopper().await };
            let (product, code, stop) = (product.clone(), code.clone(), stop.clone());
            tasks.spawn(async move { shop_until(&shopper, &product, &code, &stop).await });
        }
        let onlooker = tokio::spawn(look_until(onlooker, views, stop.clone()));
        Self { stop, shoppers: tasks, onlooker, dead_letters, product, stock: STOCK.into() }
    }

    /// Lets every shopper finish the order in hand.
    pub async fn finish(self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        let orders = self.shoppers.join_all().await.into_iter().flatten().collect();
        let ended = Instant::now();
        let indecent = self.onlooker.await.expect("the onlooker does not crash");
        let (dead_letters, product, stock) = (self.dead_letters, self.product, self.stock);
        Ledger { orders, ended, indecent, dead_letters, product, stock }
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

/// What a shopper looks at; all of it can be seen to begin with.
async fn views(shopper: &Shopper, product: &str) -> Vec<String> {
    let item = shopper.request(Method::PUT, &format!("/api/cart/items/{product}"));
    let cart = insist(item.json(&json!({ "quantity": 1 }))).await.expect("a cart within two minutes");
    assert_eq!(cart.status, 200, "{cart:?}");
    let views = [
        "/api/orders/".to_owned(),
        format!("/api/products/{product}"),
        "/api/products/".to_owned(),
        "/api/search/?keyword=test".to_owned(),
        "/api/cart".to_owned(),
        "/api/favourites/".to_owned(),
        "/api/notifications/".to_owned(),
        "/api/shipments/".to_owned(),
    ];
    for path in &views {
        eventually(&format!("{path} can be seen"), || async {
            let answer =
                shopper.request(Method::GET, path).send().await.map_err(|error| error.to_string())?;
            let status = answer.status();
            if status == 200 { Ok(()) } else { Err(status.to_string()) }
        })
        .await;
    }
    views.into()
}

/// Looks at everything at once, again and again, and repeats nothing: what nobody should have seen.
async fn look_until(shopper: Shopper, views: Vec<String>, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut indecent = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let looks: Vec<_> = views.iter().map(|path| look(&shopper, path)).collect();
        indecent.extend(join_all(looks).await.into_iter().filter_map(Result::err));
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    indecent
}

async fn look(shopper: &Shopper, path: &str) -> Result<(), String> {
    let request = shopper.request(Method::GET, path).timeout(GATEWAY_PATIENCE);
    let answer =
        request.send().await.map_err(|error| format!("{path}: the gateway itself failed: {error:?}"))?;
    let (status, retry_after) = (answer.status(), answer.headers().contains_key("retry-after"));
    let text = answer.text().await.map_err(|error| format!("{path}: the gateway broke off: {error:?}"))?;
    if is_decent(status, retry_after) { Ok(()) } else { Err(format!("{path}: {status}: {text}")) }
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

    /// Every accepted order reached its end, nothing was sold twice, the books balance, no message was given up, and
    /// who only looked saw nothing but answers and "later".
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
        // Until then the stock of orders that inventory-service never heard of would be set aside, too.
        tokio::time::sleep(UNHEARD_OF.saturating_sub(self.ended.elapsed())).await;
        shop.stock_becomes(&self.product, (left, kept, left - kept)).await;
        let unpaid_orders = stream::iter(unpaid.iter().map(|accepted| accepted.order));
        unpaid_orders.for_each_concurrent(AT_ONCE, |order| cancel(shop, order)).await;
        shop.stock_becomes(&self.product, (left, 0, left)).await;
        the_ledger_must_agree(shop).await;
        let dead_letters = dead_letters(shop).await;
        let new: Vec<_> = dead_letters.difference(&self.dead_letters).collect();
        assert!(new.is_empty(), "messages were given up: {new:#?}");
        let (all, first) = (self.indecent.len(), self.indecent.first());
        assert!(first.is_none(), "{all} answers are none that a client should see, such as {first:?}");
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

async fn cancel(shop: &Shop, order: u64) {
    let request = shop.admin(Method::POST, &format!("/api/orders/{order}/cancel"));
    let answer = insist(request).await.expect("an answer within two minutes");
    assert_eq!(answer.status, 200, "order {order} is cancelled: {answer:?}");
}

/// Every payment of the shop says what its entries say.
async fn the_ledger_must_agree(shop: &Shop) {
    let mut after = json!(0);
    while !after.is_null() {
        let path = format!("/api/payments/ledger/check?limit=1000&after={after}");
        let check = json_of(shop.admin(Method::GET, &path)).await;
        assert_eq!((&check["balanced"], &check["findings"]), (&json!(true), &json!([])), "{check}");
        after = check["next_after"].clone();
    }
}

/// Every message that was given up, and why, but for those that tests sent for it.
async fn dead_letters(shop: &Shop) -> BTreeSet<String> {
    let brokers = shop.system.url("kafka").expect("there is a Kafka");
    let settings = KafkaSettings::at(brokers.trim_start_matches("kafka://"), "");
    let producer = Producer::new(&settings, "test").expect("the client's settings are good");
    let letters = DeadLetters::new(&settings, producer);
    eventually("the dead letters can be read", || async {
        let (settings, letters) = (settings.clone(), letters.clone());
        let read = tokio::task::spawn_blocking(move || {
            all_of(&settings, &letters).map_err(|error| error.to_string())
        });
        read.await.expect("reading does not crash")
    })
    .await
}

fn all_of(settings: &KafkaSettings, letters: &DeadLetters) -> Result<BTreeSet<String>, BoxError> {
    let topics = Archive::open(settings)?.topics()?;
    let mut all = BTreeSet::new();
    for topic in topics.keys().filter_map(|topic| topic.strip_suffix(".dlq")) {
        let found = letters.list(topic)?.into_iter().filter(|letter| !letter.key.starts_with(POISON));
        all.extend(found.map(|it| format!("{}/{} of {}: {}", it.topic, it.offset, it.group, it.reason)));
    }
    Ok(all)
}
