//! What the service says and hears.

use config::testing::{TestApp, TestEnv, TestKafka, eventually};
use product_service::Catalogue;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{created, get, id, laptop, patch, path, rating_change, sku, stock_change, told};

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_told_in_order() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Catalogue>().await, TestKafka::new(&env));
    let listener = kafka.listen("product-events").await;
    let product = created(&app, &laptop(&sku())).await;
    let key = id(&product);
    patch(&app, &path(&product), &json!({ "price": 1299 })).await;
    // No change, no event.
    patch(&app, &path(&product), &json!({ "price": 1299 })).await;
    app.as_admin(Method::DELETE, &path(&product)).send().await.unwrap();
    patch(&app, &path(&product), &json!({ "status": "active" })).await;
    let new = listener.find(|event| event.key == key).await;
    let time = |member: &str| product[member].as_str().unwrap().replace("+00:00", "Z");
    let expected = json!({
        "product_id": key, "name": "Laptop Pro 14", "description": "Light and quick.", "price": 1499.99,
        "currency": "USD", "category": "Laptops", "sku": product["sku"],
        "images": ["https://shop.example/laptop.jpg"],
        "attributes": { "brand": "Novo", "ram_gb": 16, "screen_inches": 14.2, "touch": false },
        "weight_grams": 1400, "stock": 50, "stock_version": 0, "status": "active", "average_rating": 0.0,
        "rating_count": 0, "version": 1, "created_at": time("created_at"),
        "updated_at": time("updated_at"), "initial_stock": 50,
    });
    assert_eq!((new.kind.as_str(), &new.data), ("product_created", &expected));
    assert!(!new.request_id.is_empty());
    let mut seen = Vec::new();
    for _ in 0..3 {
        let event = listener.find(|event| event.key == key).await;
        seen.push((event.kind, event.data["version"].clone(), event.data["previous_price"].clone()));
    }
    let expected = [
        ("product_updated".to_owned(), json!(2), json!(1499.99)),
        ("product_archived".to_owned(), json!(3), Value::Null),
        ("product_updated".to_owned(), json!(4), json!(1299)),
    ];
    assert_eq!(seen, expected);
    app.stop().await;
}

async fn shown(app: &TestApp, path: &str, member: &str, value: Value) {
    eventually("the figure is shown", || async {
        let product = get(app, path).await;
        if product[member] == value { Ok(()) } else { Err(product[member].to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_and_rating_follow_their_owners_however_often_they_tell() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Catalogue>().await, TestKafka::new(&env));
    let product = created(&app, &laptop(&sku())).await;
    let (path, key) = (path(&product), id(&product));
    let (old, new) = (stock_change(&key, 40, 1), stock_change(&key, 0, 7));
    for event in [&old, &new, &old, &new, &old] {
        kafka.send(event).await;
    }
    kafka.send(&rating_change(&key, 4.5, 2, 3)).await;
    shown(&app, &path, "stock", json!(0)).await;
    shown(&app, &path, "rating_count", json!(2)).await;
    // Behind the last of them comes one that shows that all were handled.
    kafka.send(&stock_change(&key, 3, 8)).await;
    shown(&app, &path, "stock", json!(3)).await;
    let answer = app.request(Method::GET, &path).send().await.unwrap();
    // The catalogue's version is the same; what is shown is not.
    assert_eq!(answer.headers()["etag"], "\"1.8.3\"");
    let product: Value = answer.json().await.unwrap();
    assert_eq!((&product["version"], &product["average_rating"]), (&json!(1), &json!(4.5)));
    let known = app.request(Method::GET, &path).header("if-none-match", "\"1.8.3\"").send().await.unwrap();
    assert_eq!(known.status(), 304);
    // A change by an operator doesn't undo it.
    patch(&app, &path, &json!({ "name": "New" })).await;
    assert_eq!(get(&app, &path).await["stock"], 3);
    // A list comes from the database, which another instance may be about to bring up to date.
    eventually("the list shows both", || async {
        let item = get(&app, "/api/products").await["items"][0].clone();
        let both = (item["stock"].clone(), item["name"].clone());
        if both == (json!(3), json!("New")) { Ok(()) } else { Err(format!("{both:?}")) }
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisonous_message_goes_to_the_dead_letters_and_blocks_nobody() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Catalogue>().await, TestKafka::new(&env));
    let product = created(&app, &laptop(&sku())).await;
    let poison = stock_change(&id(&product), -5, 1);
    kafka.send(&poison).await;
    kafka.send(&stock_change(&id(&product), 9, 2)).await;
    shown(&app, &path(&product), "stock", json!(9)).await;
    let letter = kafka.dead_letter("inventory-events", poison.id).await;
    assert!(letter.reason.contains("can't be read"), "{}", letter.reason);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_says_whether_there_is_stock_to_begin_with() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Catalogue>().await, TestKafka::new(&env));
    let listener = kafka.listen("product-events").await;
    let body = json!({ "name": "Pen", "description": "", "price": 1, "category": "Office", "sku": sku() });
    let product = created(&app, &body).await;
    let event = told(&listener, "product_created", &id(&product)).await;
    assert_eq!(event.data["initial_stock"], Value::Null);
    app.stop().await;
}
