//! Nothing that was accepted is lost. Kafka's absence is tested with the whole shop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use config::testing::{Cable, TestApp, TestEnv, eventually};
use payment_service::Payments;
use reqwest::Method;
use sqlx::MySqlPool;
use tokio::time::MissedTickBehavior;

use super::{PATH, USER, transfer};

const PER_SECOND: u64 = 200;
const AWAY: Duration = Duration::from_secs(30);

/// Sends by the clock, however slow the answers are.
async fn send_for(app: &Arc<TestApp>, time: Duration, accepted: &Arc<AtomicU64>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1) / u32::try_from(PER_SECOND).unwrap());
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..time.as_secs() * PER_SECOND {
        tick.tick().await;
        let (app, accepted) = (app.clone(), accepted.clone());
        tasks.spawn(async move {
            let body = transfer(serde_json::json!({ "sender": format!("sender-{}", n % 50) }));
            let sent = app.as_client(USER, Method::POST, PATH).json(&body).send().await;
            match sent.map(|answer| answer.status().as_u16()) {
                Ok(201) => drop(accepted.fetch_add(1, Ordering::Relaxed)),
                Ok(503) | Err(_) => {}
                Ok(other) => panic!("{other}"),
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

/// Everything that was accepted, and perhaps what was stored although its client didn't hear of it, ended once.
async fn all_ended(env: &TestEnv, accepted: u64) {
    let db = MySqlPool::connect(env.get("DATABASE_URL")).await.unwrap();
    let count = |select: &'static str| {
        let db = db.clone();
        async move { sqlx::query_scalar::<_, i64>(select).fetch_one(&db).await.unwrap() }
    };
    for _ in 0..4 {
        let open = count("SELECT COUNT(*) FROM transactions WHERE status IN ('pending', 'processing')").await;
        if open == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    eventually("all have ended", || async {
        let open = count("SELECT COUNT(*) FROM transactions WHERE status IN ('pending', 'processing')").await;
        if open == 0 { Ok(()) } else { Err(format!("{open} haven't")) }
    })
    .await;
    let all = count("SELECT COUNT(*) FROM transactions").await.unsigned_abs();
    assert!(all >= accepted, "{all} of {accepted}");
    let counted = count("SELECT CAST(SUM(completed + failed) AS SIGNED) FROM transaction_minutes").await;
    assert_eq!(counted.unsigned_abs(), all, "each ended once");
    let failed = count("SELECT COUNT(*) FROM transactions WHERE status = 'failed'").await;
    assert_eq!(failed, 0, "trouble of ours fails nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_is_away() {
    let env = TestEnv::new().await.set("TRANSACTION_SUCCESS_RATE", "1");
    let direct = env.get("DATABASE_URL").to_owned();
    let cable = Cable::to(&direct).await;
    let env = env.set("DATABASE_URL", cable.url());
    let (app, accepted) = (Arc::new(env.start::<Payments>().await), Arc::new(AtomicU64::new(0)));
    let cut = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        cable.cut();
        tokio::time::sleep(AWAY).await;
        cable.mend();
    };
    tokio::join!(send_for(&app, AWAY + Duration::from_secs(6), &accepted), cut);
    let accepted = accepted.load(Ordering::Relaxed);
    assert!(accepted > 3 * PER_SECOND, "before and after it: {accepted}");
    all_ended(&env, accepted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_processor_is_away() {
    let env = TestEnv::new().await.set("TRANSACTION_SUCCESS_RATE", "1").set("TRANSACTION_ROLE", "processor");
    let first = env.start::<Payments>().await;
    let env = env.set("TRANSACTION_ROLE", "api");
    let (app, accepted) = (Arc::new(env.start::<Payments>().await), Arc::new(AtomicU64::new(0)));
    let env = env.set("TRANSACTION_ROLE", "processor");
    let replace = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        first.kill().await;
        tokio::time::sleep(AWAY).await;
        env.start::<Payments>().await
    };
    let ((), second) = tokio::join!(send_for(&app, AWAY + Duration::from_secs(6), &accepted), replace);
    let accepted = accepted.load(Ordering::Relaxed);
    assert!(accepted > 30 * PER_SECOND, "all the while: {accepted}");
    all_ended(&env, accepted).await;
    second.stop().await;
}
