//! Making the index: at the start, and anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use config::testing::{TestKafka, eventually, refusal};
use reqwest::Method;
use search_service::Finder;
use serde_json::{Value, json};

use crate::support::{Shop, created, finds, found, get, ready, stock, text, word};

#[tokio::test(flavor = "multi_thread")]
async fn until_the_catalogue_is_there_health_says_so_and_nothing_is_missed() {
    let shop = Shop::new().await;
    let name = word();
    let mut product = shop.catalogue.add("old");
    shop.catalogue.away(true);
    let app = shop.env.start::<Finder>().await;
    let health = app.request(Method::GET, "/health").send().await.unwrap();
    assert_eq!(health.status(), 503);
    assert_eq!(health.json::<Value>().await.unwrap()["dependencies"]["catalogue"], "loading");
    let (status, early) = refusal(app.request(Method::GET, "/api/search").send().await.unwrap()).await;
    assert_eq!((status, &early["code"]), (503, &json!("index-loading")));
    TestKafka::new(&shop.env).send(&shop.catalogue.update(&mut product, &json!({ "name": name }))).await;
    for _ in 0..7 {
        shop.catalogue.add("another");
    }
    shop.catalogue.away(false);
    ready(&app).await;
    finds(&app, &format!("keyword={name}"), &[&product]).await;
    assert_eq!(get(&app, "/api/search").await["total"], 8);
    eventually("no other test's order is carried out", || async {
        let state = get(&app, "/api/search/status").await["state"].clone();
        if state == "ready" { Ok(()) } else { Err(state.to_string()) }
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_index_is_made_on_every_instance_while_the_old_one_answers() {
    let shop = Shop::new().await;
    let name = word();
    let product = shop.catalogue.add(&name);
    for _ in 0..20 {
        shop.catalogue.add("filler");
    }
    let (one, two) = (Arc::new(shop.start().await), shop.start().await);
    // A change that no event told.
    let mut silent = shop.catalogue.add("x");
    let hidden = word();
    silent["name"] = json!(hidden);
    shop.catalogue.set(&silent);
    let (running, asking) = (Arc::new(AtomicBool::new(true)), one.clone());
    let (go_on, query) = (running.clone(), format!("keyword={name}"));
    let questions = tokio::spawn(async move {
        let mut asked = 0;
        while go_on.load(Ordering::Relaxed) {
            assert_eq!(found(&asking, &query).await.len(), 1);
            asked += 1;
        }
        asked
    });
    let answer = one.as_client(7, Method::POST, "/api/search/reindex").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let answer = one.as_admin(Method::POST, "/api/search/reindex").send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let order = answer.json::<Value>().await.unwrap()["reindex"].clone();
    for app in [one.as_ref(), &two] {
        eventually("the order is carried out", || async {
            let status = get(app, "/api/search/status").await;
            // Another test's order may have come after it.
            let done = status["reindex"].as_u64() >= order.as_u64() && status["state"] == "ready";
            if done { Ok(()) } else { Err(status.to_string()) }
        })
        .await;
        finds(app, &format!("keyword={hidden}"), &[&silent]).await;
    }
    // The new index follows the news as the old one did.
    let (kafka, late) = (TestKafka::new(&shop.env), shop.catalogue.add(&word()));
    kafka.send(&created(&late)).await;
    kafka.send(&stock(&product, 0, 9)).await;
    finds(&one, &format!("keyword={}", text(&late, "name")), &[&late]).await;
    finds(&one, &format!("keyword={name}&in_stock=false"), &[&product]).await;
    running.store(false, Ordering::Relaxed);
    assert!(questions.await.unwrap() > 0);
    two.stop().await;
    Arc::into_inner(one).unwrap().stop().await;
}
