//! The stock. Reservations are internal, and their races and expiry have tests of their own.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, eventually};
use uuid::Uuid;

use super::{answered, each, has, is_time, refused, whole, wrong_fields};

#[tokio::test]
async fn a_record_is_opened_once_and_read_by_warehouse() {
    let shop = Shop::shared().await;
    let product = Uuid::new_v4().simple().to_string()[..24].to_owned();
    let new = json!({ "product_id": product, "quantity": 7, "sku": "T-1", "warehouse": "north" });
    let open = || shop.admin(Method::POST, "/api/inventory/").json(&new);
    let stock = answered(open(), 201).await;
    let expected = json!({ "product_id": product, "on_hand": 7, "reserved": 0, "available": 7, "quantity": 7, "sku": "T-1",
        "warehouses": [{ "warehouse": "north", "on_hand": 7, "reserved": 0, "available": 7 }] });
    has(&stock, &expected);
    refused(open(), 409, "stock-exists").await;
    let path = format!("/api/inventory/{product}");
    has(&answered(shop.get(&path), 200).await, &expected);

    let south = json!({ "quantity": 5, "warehouse": "south" });
    let counted = answered(shop.admin(Method::PUT, &path).json(&south), 200).await;
    has(&counted, &json!({ "on_hand": 12, "available": 12 }));
    let mut houses: Vec<_> =
        counted["warehouses"].as_array().unwrap().iter().map(|it| it["warehouse"].as_str()).collect();
    houses.sort();
    assert_eq!(houses, [Some("north"), Some("south")]);
    let missing = format!("/api/inventory/{}", "f".repeat(24));
    assert_eq!(answered(shop.get(&missing), 404).await["status"], 404);
    let wrong =
        shop.admin(Method::POST, "/api/inventory/").json(&json!({ "product_id": "x", "quantity": -1 }));
    assert_eq!(wrong_fields(wrong).await, ["product_id", "quantity"]);
}

#[tokio::test]
async fn an_adjustment_changes_the_stock_and_is_a_movement() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 20).await);
    let path = format!("/api/inventory/{product}");
    let adjust = |body: Value| shop.admin(Method::POST, &format!("{path}/adjust")).json(&body);
    let less = answered(adjust(json!({ "delta": -3, "reason": "broken in the rain" })), 200).await;
    has(&less, &json!({ "on_hand": 17, "available": 17 }));
    shopper.ordered(&[(&product, 2)]).await;
    shop.stock_becomes(&product, (17, 2, 15)).await;
    let reserved = refused(adjust(json!({ "delta": -16, "reason": "x" })), 409, "below-reserved").await;
    assert_eq!(reserved["reserved"], 2, "{reserved}");
    assert_eq!(wrong_fields(adjust(json!({ "delta": 0, "reason": "" }))).await, ["delta", "reason"]);

    let movements = answered(shop.admin(Method::GET, &format!("{path}/movements")), 200).await;
    let ours = movements["items"].as_array().unwrap().iter().find(|it| it["reason"] == "broken in the rain");
    has(ours.unwrap(), &json!({ "delta": -3, "kind": "adjustment", "warehouse": "main" }));
    is_time(&ours.unwrap()["created_at"]);
    let last = answered(shop.admin(Method::GET, &format!("{path}/movements?limit=1")), 200).await;
    assert_eq!((&last["count"], last["next_cursor"].is_string()), (&json!(1), true), "{last}");
    let client = shopper.request(Method::GET, &format!("{path}/movements"));
    refused(client, 403, "not-admin").await;
}

#[tokio::test]
async fn everybody_may_ask_whether_there_is_enough() {
    let shop = Shop::shared().await;
    let product = shop.product(10.0, 10).await;
    let path = format!("/api/inventory/{product}/check-stock");
    for (query, requested, enough) in [("", 1, true), ("?quantity=10", 10, true), ("?quantity=11", 11, false)]
    {
        let answer = answered(shop.get(&format!("{path}{query}")), 200).await;
        let expected =
            json!({ "product_id": product, "available": 10, "requested": requested, "in_stock": enough });
        assert_eq!(answer, expected);
    }
    assert_eq!(wrong_fields(shop.get(&format!("{path}?quantity=0"))).await, ["quantity"]);
}

#[tokio::test]
async fn low_stock_has_a_threshold_and_administrators_hear_of_it() {
    let shop = Shop::shared().await;
    let product = shop.product(10.0, 10).await;
    let path = format!("/api/inventory/{product}");
    let counted = json!({ "quantity": 4, "low_stock_threshold": 6 });
    let stock = answered(shop.admin(Method::PUT, &path).json(&counted), 200).await;
    has(&stock, &json!({ "on_hand": 4, "low_stock_threshold": 6 }));
    let set = shop.admin(Method::PUT, &path).json(&json!({ "low_stock_threshold": 8 }));
    has(&answered(set, 200).await, &json!({ "on_hand": 4, "low_stock_threshold": 8 }));
    let neither = shop.admin(Method::PUT, &path).json(&json!({}));
    assert_eq!(wrong_fields(neither).await, ["low_stock_threshold", "quantity"]);
    eventually("an administrator is told", || async {
        let list = answered(shop.admin(Method::GET, "/api/notifications/?limit=100"), 200).await;
        let told = list["items"].as_array().unwrap().iter();
        let mut low = told.filter(|it| it["type"] == "low_stock");
        if low.any(|it| it.to_string().contains(&product)) { Ok(()) } else { Err(list["total"].to_string()) }
    })
    .await;
}

#[tokio::test]
async fn the_list_shows_what_each_record_shows() {
    let shop = Shop::shared().await;
    shop.product(10.0, 10).await;
    let list = answered(shop.get("/api/inventory/?limit=2"), 200).await;
    assert_eq!(list["count"], 2);
    for item in list["items"].as_array().unwrap() {
        assert!(
            item["on_hand"].is_u64() && item["reserved"].is_u64() && item["available"].is_u64(),
            "{item}"
        );
    }
    let second = answered(shop.get("/api/inventory/?limit=1&skip=1"), 200).await;
    assert_eq!(each(&second, "product_id"), [&list["items"][1]["product_id"]]);
    let first = answered(shop.get("/api/inventory/?limit=1"), 200).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = answered(shop.get(&format!("/api/inventory/?limit=1&cursor={cursor}")), 200).await;
    assert!(next["items"][0]["product_id"].as_str() > first["items"][0]["product_id"].as_str(), "{next}");
    let (headers, _) =
        whole(shop.get(&format!("/api/inventory/{}", list["items"][0]["product_id"].as_str().unwrap())), 200)
            .await;
    assert!(headers.contains_key("etag"));
}
