//! The generator against shops that are played: good ones, slow ones, and some that lose things.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// What has been asked of the shop.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(String, String, Value)>>>);

impl Heard {
    fn note(&self, request: &Request) {
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let key = request.headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        let what = format!("{} {}", request.method, request.url.path());
        self.0.lock().unwrap().push((what, key.unwrap_or_default(), body));
    }

    fn of(&self, what: &str) -> Vec<(String, Value)> {
        let all = self.0.lock().unwrap();
        let its = all.iter().filter(|(heard, ..)| heard.starts_with(what));
        its.map(|(_, key, body)| (key.clone(), body.clone())).collect()
    }
}

async fn shop(answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) -> (MockServer, Heard) {
    let (server, heard) = (MockServer::start().await, Heard::default());
    let listening = heard.clone();
    let respond = move |request: &Request| {
        listening.note(request);
        match request.url.path() {
            "/api/users/register" => told(201, &json!({ "id": 1 })),
            "/api/users/login" => told(200, &json!({ "access_token": "a token" })),
            _ => answer(request),
        }
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    (server, heard)
}

fn told(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// Runs the program, and reads what it wrote.
async fn generate(server: &MockServer, arguments: &[&str]) -> (Output, Value) {
    let folder = std::env::temp_dir().join(format!("generator-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("summary.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_generate"));
    command.args(arguments).args(["--base-url", &server.uri()]).arg("--output").arg(&file);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let summary = std::fs::read(&file).map(|text| serde_json::from_slice(&text).unwrap()).unwrap_or_default();
    std::fs::remove_dir_all(&folder).unwrap();
    (output, summary)
}

/// Accepts every transaction; `end` says what becomes of the n-th.
async fn bank(end: impl Fn(usize) -> &'static str + Send + Sync + 'static) -> (MockServer, Heard) {
    let known: Mutex<Vec<String>> = Mutex::default();
    shop(move |request| {
        let mut known = known.lock().unwrap();
        match request.method.as_str() {
            "POST" => {
                let key = request.headers["idempotency-key"].to_str().unwrap().to_owned();
                let n = known.iter().position(|one| *one == key).unwrap_or_else(|| {
                    known.push(key);
                    known.len() - 1
                });
                told(201, &json!({ "transaction_id": format!("t-{n}"), "status": "pending" }))
            }
            _ => {
                let n = request.url.path().rsplit('-').next().unwrap().parse().unwrap();
                told(200, &json!({ "status": end(n) }))
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_followed_to_their_end() {
    let (server, heard) = bank(|n| if n == 3 { "failed" } else { "completed" }).await;
    let (output, summary) = generate(&server, &["transactions", "--tps", "20", "--duration", "0.5"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!((&summary["arrivals"], &summary["accepted"]["transaction"]), (&json!(10), &json!(10)));
    assert_eq!(summary["outcomes"], json!({ "transaction completed": 9, "transaction failed": 1 }));
    assert_eq!((&summary["lost"], &summary["steps"]["submit"]["count"]), (&json!(0), &json!(10)));
    let keys: BTreeSet<String> =
        heard.of("POST /api/v1/transactions").into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_transaction_that_never_ends_is_lost_and_fails_the_run() {
    let (server, _) = bank(|n| if n == 2 { "processing" } else { "completed" }).await;
    let arguments = ["transactions", "--tps", "20", "--duration", "0.5", "--grace", "1"];
    let (output, summary) = generate(&server, &arguments).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(summary["lost"], 1);
    assert_eq!(summary["lost_ones"], json!(["transaction t-2: processing"]));
    assert_eq!(summary["outcomes"]["transaction completed"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_makes_the_same_transactions_again() {
    let (server, heard) = bank(|_| "completed").await;
    let mut runs = Vec::new();
    for seed in ["5", "5", "6"] {
        let before = heard.of("POST /api/v1/transactions").len();
        let arguments = ["transactions", "--tps", "40", "--duration", "0.5", "--seed", seed];
        assert_eq!(generate(&server, &arguments).await.0.status.code(), Some(0));
        let sent = heard.of("POST /api/v1/transactions").split_off(before);
        // At once they may arrive in any order.
        runs.push(sent.into_iter().map(|(_, body)| body.to_string()).collect::<BTreeSet<_>>());
    }
    assert_eq!(runs[0].len(), 20);
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_says_later_is_asked_again_with_the_same_key() {
    let refused: Mutex<BTreeSet<String>> = Mutex::default();
    let (server, heard) = shop(move |request| {
        if request.method.as_str() == "GET" {
            return told(200, &json!({ "status": "completed" }));
        }
        let key = request.headers["idempotency-key"].to_str().unwrap().to_owned();
        let is_first = refused.lock().unwrap().insert(key.clone());
        match is_first {
            true => told(503, &json!({ "code": "dependency-unavailable" })),
            false => told(201, &json!({ "transaction_id": key })),
        }
    })
    .await;
    let arguments = ["transactions", "--tps", "10", "--duration", "0.5"];
    let (output, summary) = generate(&server, &arguments).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(summary["accepted"]["transaction"], 5);
    assert_eq!(summary["retries"], json!({ "submit: 503 dependency-unavailable": 5 }));
    let mut tries: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (key, body) in heard.of("POST /api/v1/transactions") {
        tries.entry(key).or_default().push(body);
    }
    assert!(tries.values().all(|bodies| bodies.len() == 2 && bodies[0] == bodies[1]), "{tries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_was_never_accepted_and_is_counted_by_kind() {
    let (server, _) = shop(|_| told(422, &json!({ "code": "invalid-request" }))).await;
    let arguments = ["transactions", "--tps", "10", "--duration", "0.4"];
    let (output, summary) = generate(&server, &arguments).await;
    assert_eq!(output.status.code(), Some(0), "nothing accepted is nothing lost");
    assert_eq!(summary["errors"], json!({ "submit: 422 invalid-request": 4 }));
    assert_eq!((&summary["accepted"], &summary["lost"]), (&json!({}), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_isnt_there_is_no_lost_transaction() {
    let output = tokio::task::spawn_blocking(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_generate"));
        command
            .args(["transactions", "--base-url", "http://127.0.0.1:1", "--patience", "0.1"])
            .output()
            .unwrap()
    });
    let output = output.await.unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("error: "), "{output:?}");
}

/// A shop with one product, in which each order gets its shipment, unless it doesn't.
async fn boutique(has_shipment: bool) -> (MockServer, Heard) {
    let orders: Mutex<BTreeMap<String, u64>> = Mutex::default();
    shop(move |request| {
        let path = request.url.path().trim_end_matches('/');
        let product = json!({ "id": "p", "name": "Copper kettle" });
        match (request.method.as_str(), path) {
            ("POST", "/api/cart/checkout") => {
                let key = request.headers["idempotency-key"].to_str().unwrap().to_owned();
                let mut orders = orders.lock().unwrap();
                let next = orders.len() as u64 + 1;
                let id = *orders.entry(key).or_insert(next);
                told(201, &json!({ "id": id, "total_amount": 10, "items": [{ "product_id": "p" }] }))
            }
            ("POST", "/api/payments") => {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                match body["payment_token"].as_str() {
                    Some("tok_declined") => told(402, &json!({ "code": "payment-declined" })),
                    _ => told(201, &json!({ "id": 1 })),
                }
            }
            ("POST", path) if path.ends_with("/returns") => told(201, &json!({ "id": 5 })),
            ("GET", path) if path.ends_with("/returns/5") => told(200, &json!({ "status": "refunded" })),
            ("GET", path) if path.ends_with("/track") && !has_shipment => {
                told(404, &json!({ "code": "shipment-not-found" }))
            }
            ("GET", path) if path.ends_with("/track") => {
                told(200, &json!({ "shipment_id": 4, "tracking_number": "T1" }))
            }
            ("GET", path) if path.starts_with("/api/orders/") => told(200, &json!({ "status": "delivered" })),
            ("GET", path) if path.starts_with("/api/inventory/") => told(200, &json!({ "available": 9 })),
            ("GET", "/api/products") => told(200, &json!({ "items": [product] })),
            ("GET", path) if path.starts_with("/api/products/sku/") => told(404, &json!({})),
            _ => told(200, &product),
        }
    })
    .await
}

const VISITS: [&str; 9] =
    ["shoppers", "--tps", "40", "--duration", "1", "--seed", "11", "--max-in-flight", "40"];

#[tokio::test(flavor = "multi_thread")]
async fn shoppers_do_all_that_shoppers_do() {
    let (server, heard) = boutique(true).await;
    let (output, summary) = generate(&server, &VISITS).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        (&summary["arrivals"], &summary["overflow"], &summary["lost"]),
        (&json!(40), &json!(0), &json!(0))
    );
    assert_eq!(summary["errors"], json!({}), "a declined payment is none");
    for step in ["browse", "look", "search", "wish", "cart", "order", "pay", "rate", "return"] {
        assert!(summary["steps"][step]["count"].as_u64() > Some(0), "nobody does `{step}`: {summary:#}");
    }
    let good = |(_, body): &&(String, Value)| body["payment_token"] == "tok_success";
    let paid = heard.of("POST /api/payments").iter().filter(good).count();
    assert_eq!(
        (&summary["accepted"]["order"], &summary["outcomes"]["order shipped"]),
        (&json!(paid), &json!(paid))
    );
    assert_eq!(summary["accepted"]["return"], summary["outcomes"]["return refunded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_without_a_shipment_is_lost() {
    let (server, _) = boutique(false).await;
    let (output, summary) = generate(&server, &[&VISITS[..], &["--grace", "0.5"]].concat()).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(summary["lost"], summary["accepted"]["order"]);
    let first = summary["lost_ones"][0].as_str().unwrap();
    assert!(first.ends_with("delivered, its shipment 404 shipment-not-found"), "{first}");
}
