//! Keys and credentials change while the shop works, and nobody notices.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use system_tests::{Shop, Shopper, json_of};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Requests that go on until they are told to stop; what none of them may ever see fails the test.
struct Steady {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<usize>,
}

impl Steady {
    fn start<F: Future<Output = ()> + Send>(rounds: Vec<impl FnMut() -> F + Send + 'static>) -> Self
    where
        F: 'static,
    {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for mut round in rounds {
            let stop = stop.clone();
            tasks.spawn(async move {
                let mut done = 0;
                while !stop.load(Ordering::Relaxed) {
                    round().await;
                    done += 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                done
            });
        }
        Self { stop, tasks }
    }

    /// How many rounds there were.
    async fn finish(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks.join_all().await.into_iter().sum()
    }
}

/// The instances of a service one after another, as an operator would.
fn restart_each(shop: &Shop, instances: &[String]) {
    tokio::task::block_in_place(|| {
        for instance in instances {
            shop.system.restart(instance).unwrap();
            shop.healthy();
        }
    });
}

async fn signs_in(shopper: Shopper) {
    let credentials = json!({ "username": shopper.name, "password": "correct horse" });
    let login = shopper.http.post(format!("{}/api/users/login", shopper.gateway)).json(&credentials);
    let answer = json_of(login).await;
    let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned();
    uses(Shopper { token, ..shopper }).await;
}

async fn uses(shopper: Shopper) {
    for path in ["/api/users/me", "/api/orders/"] {
        let answer = shopper.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text().await.unwrap());
    }
}

fn make_key(file: &Path) {
    let made = Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(file).status();
    assert!(made.unwrap().success());
}

async fn published(shop: &Shop) -> BTreeSet<String> {
    let keys = json_of(shop.get("/.well-known/jwks.json")).await;
    let keys = keys["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_that_signs_tokens_is_changed_and_nobody_is_signed_out() {
    let shop = Shop::alone().await;
    let instances = shop.system.scale("user-service", 2).unwrap();
    shop.healthy();
    let folder = shop.system.folder().join("jwt-keys");
    let old: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let before = published(&shop).await;

    let shopper = shop.shopper().await;
    let (coming, staying) = (shopper.clone(), shopper.clone());
    let new = Steady::start(vec![move || signs_in(coming.clone())]);
    let long = Steady::start(vec![move || uses(staying.clone())]);
    let next = folder.join("0-next.pem");
    make_key(&next);
    restart_each(&shop, &instances);
    let both = published(&shop).await;
    assert_eq!((before.len() + 1, before.is_subset(&both)), (both.len(), true), "{before:?} → {both:?}");
    std::fs::rename(next, folder.join("9-current.pem")).unwrap();
    restart_each(&shop, &instances);
    // Whoever signed in before is a guest for as long as the token lasts; then the old key goes.
    assert!(long.finish().await > 10);
    old.into_iter().for_each(|key| std::fs::remove_file(key).unwrap());
    restart_each(&shop, &instances);
    assert!(new.finish().await > 10);
    assert_eq!(published(&shop).await, &both - &before);
    shop.system.scale("user-service", 1).unwrap();
    shop.healthy();
}

/// Two of each that an order needs, so that one can be restarted while the other works.
const TWICE: [&str; 6] = [
    "order-service",
    "inventory-service",
    "tax-service",
    "promotion-service",
    "shipping-service",
    "product-service",
];
const ONCE: [&str; 7] = [
    "discovery-service",
    "user-service",
    "payment-service",
    "rating-service",
    "search-service",
    "favourite-service",
    "notification-service",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_credential_of_the_services_is_changed_and_every_order_is_taken() {
    let shop = Shop::alone().await;
    let second: Vec<String> =
        TWICE.iter().map(|name| shop.system.scale(name, 2).unwrap().pop().expect("two instances")).collect();
    shop.healthy();
    let old = shop.system.env_of("order-service").unwrap()["INTERNAL_TOKEN"].clone();
    let new = Uuid::new_v4().simple().to_string();
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 100_000).await);
    let code = shop.ten_per_cent_off(None).await;
    let orders = move || {
        let order = shopper.order_with(&code, &[(&product, 1)]);
        let shopper = shopper.clone();
        async move {
            let order = shopper.insist(order, &Uuid::new_v4().to_string()).await;
            assert_eq!(order.status, 201, "{order:?}");
            assert_eq!(order.body["total_amount"].as_f64(), Some(10.71), "with its promotion: {order:?}");
        }
    };
    let steady = Steady::start(vec![orders.clone(), orders]);
    let first: Vec<&str> = TWICE.into_iter().chain(ONCE).collect();
    let second: Vec<&str> = second.iter().map(String::as_str).collect();
    let restart = |wave: &[&str], tokens: &str| {
        tokio::task::block_in_place(|| shop.restart_all_with(wave, "INTERNAL_TOKEN", tokens).for_good());
    };
    // Accepted everywhere before anybody shows it, shown by everybody before the old one is refused.
    for tokens in [&format!("{old},{new}"), &format!("{new},{old}"), &new] {
        restart(&first, tokens);
        restart(&second, tokens);
    }
    let internal = format!("{}/services/register", shop.system.url("discovery-service").unwrap());
    let refused = shop.http.post(internal).header("X-Service-Token", &old).json(&json!({}));
    assert_eq!(refused.send().await.unwrap().status(), 401, "the old one is worth nothing");
    assert!(steady.finish().await > 20);
    for name in TWICE {
        shop.system.scale(name, 1).unwrap();
    }
    // Back to the old one, for the other tests.
    restart(&first, &old);
}
