//! What was bought together.

use config::testing::{TestKafka, eventually};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Shop, get, order, text, word};

fn number() -> u64 {
    // Small enough for JSON, large enough to be no other test's.
    (Uuid::new_v4().as_u128() >> 80) as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn paid_orders_count_once_however_often_they_are_told() {
    let shop = Shop::new().await;
    let mut products: Vec<Value> = (0..4).map(|_| shop.catalogue.add(&word())).collect();
    let (app, second) = (shop.start().await, shop.start().await);
    let kafka = TestKafka::new(&shop.env);
    let (a, b, c, d) = (&products[0], &products[1], &products[2], &products[3]);
    let twice = order(number(), "paid", &[a, b, c]);
    let mut at_the_door = order(number(), "shipped", &[a, b, b]);
    at_the_door.data["sold"] = true.into();
    let events = [
        at_the_door,
        twice.clone(),
        order(number(), "cancelled", &[a, d]),
        order(number(), "paid", &[d]),
        twice.clone(),
        twice,
    ];
    for event in &events {
        kafka.send(event).await;
    }
    // Behind the last of them comes one that shows that all were handled: of both partitions one.
    let last: Vec<u64> = (0..12).map(|_| number()).collect();
    for number in &last {
        kafka.send(&order(*number, "paid", &[c, d])).await;
    }
    let path = |product: &Value| format!("/api/search/recommendations/{}", text(product, "product_id"));
    eventually("all orders are learnt from", || async {
        let first = get(&app, &path(d)).await["items"][0].clone();
        if first["orders"] == 12 { Ok(()) } else { Err(first.to_string()) }
    })
    .await;
    let told = |answer: &Value| -> Vec<(String, String, u64)> {
        let items = answer["items"].as_array().unwrap().iter();
        items.map(|it| (text(it, "id"), text(it, "reason"), it["orders"].as_u64().unwrap())).collect()
    };
    let of = |product: &Value, orders| (text(product, "product_id"), "bought_together".to_owned(), orders);
    let recommended = told(&get(&second, &path(a)).await);
    assert_eq!(recommended, [of(b, 2), of(c, 1), (text(d, "product_id"), "similar".to_owned(), 0)]);
    // What is no longer sold isn't recommended, nor are products that go with it told.
    let gone = path(&products[1]);
    kafka.send(&shop.catalogue.archive(&mut products[1])).await;
    eventually("the archived one is gone", || async {
        let ids: Vec<String> =
            told(&get(&app, &path(&products[0])).await).into_iter().map(|it| it.0).collect();
        if ids.contains(&text(&products[1], "product_id")) { Err(format!("{ids:?}")) } else { Ok(()) }
    })
    .await;
    assert_eq!(app.request(Method::GET, &gone).send().await.unwrap().status(), 404);
    app.stop().await;
    second.stop().await;
}
