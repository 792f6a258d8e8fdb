//! Every transaction that was accepted has one end, whatever is away meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Alone, Shop, Shopper, eventually, json_of};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

const PATH: &str = "/api/v1/transactions";
/// As the gateway's limit allows, with all else that calls.
const PER_SECOND: u32 = 150;
const AWAY: Duration = Duration::from_secs(30);
/// Clients that wait for an answer at most: while nothing can be stored, all of them ask again and again.
const WAITING: usize = 256;

/// Makes transactions by the clock until `enough`, each sent until it is answered, and gives the accepted ones.
async fn offered(shopper: &Arc<Shopper>, enough: &AtomicBool) -> Vec<Value> {
    let mut tick = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut tasks, waiting) = (JoinSet::new(), Arc::new(Semaphore::new(WAITING)));
    for n in 0.. {
        tick.tick().await;
        if enough.load(Ordering::Relaxed) {
            break;
        }
        let shopper = shopper.clone();
        let place = waiting.clone().acquire_owned().await.unwrap();
        tasks.spawn(async move {
            let _place = place;
            let body = json!({ "sender": format!("sender-{}", n % 50), "receiver": "r", "amount": 1, "currency": "USD" });
            let request = shopper.request(Method::POST, PATH).json(&body);
            shopper.insist(request, &Uuid::new_v4().to_string()).await
        });
    }
    let answers = tasks.join_all().await;
    answers.into_iter().filter(|answer| answer.status == 201).map(|answer| answer.body).collect()
}

async fn while_away(disturb: impl AsyncFnOnce(&Alone)) {
    let shop = Shop::alone().await;
    let shopper = Arc::new(shop.shopper().await);
    let enough = AtomicBool::new(false);
    let ((), accepted) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            disturb(&shop).await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            enough.store(true, Ordering::Relaxed);
        },
        offered(&shopper, &enough),
    );
    shop.healthy();
    assert!(accepted.len() > 500, "{}", accepted.len());
    for status in ["pending", "processing"] {
        // What had only begun is taken over after half a minute.
        for _ in 0..30 {
            let open = shopper.get(&format!("{PATH}?status={status}&limit=1")).await;
            if open["total"] == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        eventually("all have ended", || async {
            let open = shopper.get(&format!("{PATH}?status={status}&limit=1")).await;
            if open["total"] == 0 { Ok(()) } else { Err(open["total"].to_string()) }
        })
        .await;
    }
    // Each of them is there, has ended, and was counted once: nobody else has a currency's worth of them now.
    let mut ids: Vec<&str> = accepted.iter().map(|it| it["transaction_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), accepted.len());
    let mut found = 0;
    let mut cursor = String::new();
    loop {
        let page = shopper.get(&format!("{PATH}?limit=100{cursor}")).await;
        for item in page["items"].as_array().unwrap() {
            assert!(item["status"] == "completed" || item["status"] == "failed", "{item}");
            found += usize::from(ids.binary_search(&item["transaction_id"].as_str().unwrap()).is_ok());
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, ids.len(), "none is lost");
    let health = json_of(shop.request(Method::GET, "/health")).await;
    assert_eq!(health["status"], "healthy");
}

async fn stopped(name: &str) {
    while_away(async |shop: &Alone| {
        shop.system.stop(name).unwrap();
        tokio::time::sleep(AWAY).await;
        shop.system.start(name).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_is_away() {
    stopped("kafka").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_is_away() {
    stopped("mysql").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_processor_is_killed_again_and_again() {
    while_away(async |shop: &Alone| {
        for _ in 0..4 {
            shop.system.kill("payment-service").unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            shop.system.start("payment-service").unwrap();
            shop.healthy();
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_work_is_exported_and_replayed() {
    let shop = Shop::alone().await;
    let shopper = shop.shopper().await;
    let folder = tempfile::tempdir().unwrap();
    let transactions = |verb: &str| {
        let output = shop.xtask(&["transactions", verb, "--dir", folder.path().to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let failing = shop.restart_with("payment-service", "TRANSACTION_SUCCESS_RATE", "0");
    for _ in 0..20 {
        let body = json!({ "sender": "alice", "receiver": "bob", "amount": 1, "currency": "USD" });
        let made = json_of(shopper.request(Method::POST, PATH).json(&body)).await;
        assert_eq!(made["status"], "pending");
    }
    let total = |status: &'static str| {
        let shopper = &shopper;
        async move { shopper.get(&format!("{PATH}?status={status}")).await["total"].as_u64().unwrap() }
    };
    eventually("all have failed", || async {
        match total("failed").await {
            20 => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
    drop(failing);
    assert!(!transactions("export").starts_with("0 new"));
    let healed = shop.restart_with("payment-service", "TRANSACTION_SUCCESS_RATE", "1");
    assert!(!transactions("replay").starts_with("0 are"));
    eventually("some of them have completed after all", || async {
        let (pending, completed) = (total("pending").await, total("completed").await);
        if pending == 0 && completed > 0 { Ok(()) } else { Err(format!("{pending} {completed}")) }
    })
    .await;
    assert!(transactions("replay").starts_with("0 are"));
    drop(healed);
}
