//! Stock records, by hand.

use config::testing::{TestEnv, TestKafka, refusal, wrong_fields};
use inventory_service::Inventory;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{get, levels, product, start, stocked};

#[tokio::test]
async fn a_record_is_opened_counted_and_adjusted() {
    let app = start().await;
    let product = stocked(&app, 10).await;
    let url = format!("/api/inventory/{product}");
    let counted = app.as_admin(Method::PUT, &url).json(&json!({ "quantity": 25 })).send().await.unwrap();
    assert_eq!(counted.status(), 200);
    let adjusted = json!({ "delta": -5, "reason": " broken " });
    let adjusted = app.as_admin(Method::POST, &format!("{url}/adjust")).json(&adjusted).send().await.unwrap();
    assert_eq!(adjusted.status(), 200);
    assert_eq!(levels(&app, &product).await, (20, 0, 20));
    let movements = get(&app, &format!("{url}/movements")).await;
    let deltas: Vec<_> =
        movements["items"].as_array().unwrap().iter().map(|m| m["delta"].as_i64().unwrap()).collect();
    assert_eq!(deltas, [-5, 15, 10]);
    assert_eq!(movements["items"][0]["reason"], "broken");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_low_is_said_without_counting() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let listener = kafka.listen("inventory-events").await;
    let product = product();
    let new =
        json!({ "product_id": product, "quantity": 10, "warehouse": "hanoi", "low_stock_threshold": 2 });
    let opened = app.as_admin(Method::POST, "/api/inventory").json(&new).send().await.unwrap();
    assert_eq!(opened.status(), 201);
    assert_eq!(opened.json::<Value>().await.unwrap()["low_stock_threshold"], 2);

    let url = format!("/api/inventory/{product}");
    let put = async |body: Value| app.as_admin(Method::PUT, &url).json(&body).send().await.unwrap();
    let before = get(&app, &url).await;
    let set = put(json!({ "low_stock_threshold": 12 })).await;
    assert_eq!(set.status(), 200);
    let after: Value = set.json().await.unwrap();
    assert_eq!((&after["low_stock_threshold"], &after["warehouses"]), (&json!(12), &before["warehouses"]));
    assert!(after["version"].as_u64() > before["version"].as_u64(), "whoever read it before is behind");
    assert_eq!(get(&app, &url).await, after);
    assert_eq!(get(&app, &format!("{url}/movements")).await["total"], 1, "nothing moved");
    let low = listener.find(|event| event.kind == "inventory_low" && event.key == product).await;
    assert_eq!((&low.data["available"], &low.data["threshold"]), (&json!(10), &json!(12)));

    for (body, wrong) in [
        (json!({}), vec!["quantity", "low_stock_threshold"]),
        (json!({ "warehouse": "hanoi" }), vec!["quantity", "low_stock_threshold"]),
        (json!({ "low_stock_threshold": -1 }), vec!["low_stock_threshold"]),
    ] {
        let (status, problem) = refusal(put(body).await).await;
        assert_eq!((status, wrong_fields(&problem)), (422, wrong));
    }
    app.stop().await;
}

#[tokio::test]
async fn stock_is_kept_per_warehouse() {
    let app = start().await;
    let product = stocked(&app, 10).await;
    let url = format!("/api/inventory/{product}");
    let body = json!({ "quantity": 7, "warehouse": "hanoi" });
    app.as_admin(Method::PUT, &url).json(&body).send().await.unwrap().error_for_status().unwrap();
    let stock = get(&app, &url).await;
    assert_eq!(stock["on_hand"], 17);
    assert_eq!(stock["warehouses"].as_array().unwrap().len(), 2);
    app.stop().await;
}

#[tokio::test]
async fn a_cursor_goes_through_everything_once() {
    let app = start().await;
    let mut kept = Vec::new();
    for _ in 0..5 {
        kept.push(stocked(&app, 1).await);
    }
    kept.sort();
    let (mut met, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&app, &format!("/api/inventory?limit=2{cursor}")).await;
        assert_eq!(page["total"], 5);
        let ids =
            page["items"].as_array().unwrap().iter().map(|it| it["product_id"].as_str().unwrap().to_owned());
        met.extend(ids);
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(met, kept);
    let wrong = app.request(Method::GET, "/api/inventory?skip=-1&limit=0&cursor=x").send().await.unwrap();
    let (status, problem) = refusal(wrong).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["skip", "limit", "cursor"]));
    app.stop().await;
}

#[tokio::test]
async fn availability_is_told_to_everyone() {
    let app = start().await;
    let product = stocked(&app, 10).await;
    for (quantity, in_stock) in [(10, true), (11, false)] {
        let path = format!("/api/inventory/{product}/check-stock?quantity={quantity}");
        let check: Value = app.request(Method::GET, &path).send().await.unwrap().json().await.unwrap();
        assert_eq!((&check["in_stock"], &check["available"]), (&json!(in_stock), &json!(10)));
    }
    app.stop().await;
}

#[tokio::test]
async fn the_catalogue_may_ask_for_a_record_again() {
    let app = start().await;
    let product = product();
    for quantity in [6, 7] {
        let body = json!({ "product_id": product, "quantity": quantity });
        let answer = app.as_service(Method::POST, "/internal/stock").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }
    assert_eq!(levels(&app, &product).await, (6, 0, 6));
    app.stop().await;
}

#[tokio::test]
async fn texts_are_kept_without_the_space_around_them() {
    let app = start().await;
    let body = json!({ "product_id": product(), "quantity": 1, "sku": " LT-001 " });
    let opened = app.as_admin(Method::POST, "/api/inventory").json(&body).send().await.unwrap();
    assert_eq!(opened.json::<Value>().await.unwrap()["sku"], "LT-001");
    app.stop().await;
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let app = start().await;
    let body = json!({ "product_id": "x", "quantity": -1, "warehouse": "a b", "sku": "" });
    let answer = app.as_admin(Method::POST, "/api/inventory").json(&body).send().await.unwrap();
    let (status, problem) = refusal(answer).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["product_id", "quantity", "warehouse", "sku"]));
    let wrong_types = json!({ "product_id": 7, "warehouse": [] });
    let answer = app.as_admin(Method::POST, "/api/inventory").json(&wrong_types).send().await.unwrap();
    let (status, problem) = refusal(answer).await;
    assert_eq!((status, wrong_fields(&problem).len()), (422, 3), "{problem}");
    app.stop().await;
}

#[tokio::test]
async fn refusals_have_the_right_status() {
    let app = start().await;
    let known = stocked(&app, 1).await;
    let unknown = product();
    let new = json!({ "product_id": known, "quantity": 1 });
    let cases = [
        (app.request(Method::POST, "/api/inventory").json(&new), 401, "token-missing"),
        (app.as_client(7, Method::POST, "/api/inventory").json(&new), 403, "not-admin"),
        (app.as_admin(Method::POST, "/api/inventory").json(&new), 409, "stock-exists"),
        (
            app.as_admin(Method::POST, "/api/inventory").header("content-type", "application/json").body("{"),
            400,
            "malformed-json",
        ),
        (app.as_admin(Method::POST, "/api/inventory").body("x"), 415, "unsupported-media-type"),
        (
            app.as_admin(Method::PUT, &format!("/api/inventory/{known}"))
                .header("if-match", "\"99\"")
                .json(&json!({ "quantity": 1 })),
            412,
            "stale-version",
        ),
        (app.as_client(7, Method::GET, &format!("/api/inventory/{known}/movements")), 403, "not-admin"),
        (app.request(Method::GET, &format!("/api/inventory/{unknown}")), 404, "stock-not-found"),
        (app.request(Method::GET, "/api/inventory/nonsense"), 404, "stock-not-found"),
        (app.request(Method::GET, "/api/inventory?limit=1000"), 422, "invalid-fields"),
        (app.request(Method::DELETE, "/api/inventory"), 405, "method-not-allowed"),
        (app.request(Method::GET, "/api/nothing"), 404, "not-found"),
        (app.as_admin(Method::POST, "/internal/reservations").json(&json!({})), 401, "token-missing"),
    ];
    for (request, status, code) in cases {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers().contains_key("allow"), status == 405);
        assert_eq!(answer.headers().contains_key("www-authenticate"), status == 401);
        let (actual, problem) = refusal(answer).await;
        assert_eq!((actual, problem["code"].as_str().unwrap()), (status, code), "{problem}");
    }
    app.stop().await;
}

#[tokio::test]
async fn versions_guard_reads_and_writes() {
    let app = start().await;
    let product = stocked(&app, 1).await;
    let url = format!("/api/inventory/{product}");
    let read = app.request(Method::GET, &url).send().await.unwrap();
    let tag = read.headers()["etag"].clone();
    let again =
        app.request(Method::GET, &format!("{url}/")).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let write = app.as_admin(Method::PUT, &url).header("if-match", &tag).json(&json!({ "quantity": 5 }));
    assert_eq!(write.try_clone().unwrap().send().await.unwrap().status(), 200);
    assert_eq!(write.send().await.unwrap().status(), 412);
    app.stop().await;
}
