//! Shipments made, read and moved by hand.

use chrono::{DateTime, TimeDelta, Utc};
use config::testing::{TestEnv, refusal, wrong_fields};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shipping_service::Shipping;

use crate::support::{
    SHOPPER, STRANGER, get, new_shipment, put_status, ship, shipped, start, start_with_orders, walk,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ships_an_order_by_hand() {
    let (app, _orders) = start_with_orders("paid").await;
    let shipment = shipped(&app, 5).await;
    assert_eq!(
        (&shipment["order_id"], &shipment["user_id"], &shipment["status"]),
        (&json!(5), &json!(SHOPPER), &json!("pending"))
    );
    assert_eq!(
        (&shipment["carrier"], &shipment["shipping_method"]),
        (&json!("Shop Express"), &json!("express"))
    );
    assert_eq!(shipment["items"], new_shipment(5)["items"]);
    let time = |name: &str| shipment[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let days = time("estimated_delivery") - time("created_at");
    assert!((TimeDelta::days(2)..=TimeDelta::days(4)).contains(&days), "{days}");
    assert_eq!(get(&app, &format!("/api/shipments/{}", shipment["id"])).await, shipment);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_may_be_named_instead_of_a_method() {
    let (app, _orders) = start_with_orders("paid").await;
    let body = json!({ "order_id": 6, "destination_address": "123 Main St", "carrier": "FedEx",
        "items": [{ "product_id": "507f1f77bcf86cd799439011", "product_name": " Cafe\u{301} ", "quantity": 1 }] });
    let shipment: Value = ship(&app, &body).await.json().await.unwrap();
    assert_eq!(shipment["items"][0]["product_name"], "Caf\u{e9}");
    assert_eq!((&shipment["carrier"], &shipment["shipping_method"]), (&json!("FedEx"), &json!("standard")));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named() {
    let (app, _orders) = start_with_orders("paid").await;
    let body = json!({
        "order_id": 1, "destination_address": "x".repeat(501),
        "items": [{ "product_id": "1", "quantity": 0 }, { "product_id": "507f1f77bcf86cd799439011", "quantity": 10_001, "product_name": "" }],
    });
    let (status, problem) = refusal(ship(&app, &body).await).await;
    assert_eq!(
        (status, wrong_fields(&problem)),
        (
            422,
            vec![
                "shipping_method",
                "destination_address",
                "items[0].product_id",
                "items[0].quantity",
                "items[1].quantity",
                "items[1].product_name",
            ]
        )
    );
    let mut unknown = new_shipment(1);
    unknown["shipping_method"] = json!("teleport");
    let (status, problem) = refusal(ship(&app, &unknown).await).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["shipping_method"]));
    let (status, problem) = refusal(ship(&app, &new_shipment(404)).await).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["order_id"]));
    let (status, problem) = refusal(ship(&app, &json!({ "order_id": "1" })).await).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["order_id", "destination_address"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_has_one_shipment_and_none_when_it_is_over() {
    let (app, _orders) = start_with_orders("paid").await;
    shipped(&app, 5).await;
    let (status, problem) = refusal(ship(&app, &new_shipment(5)).await).await;
    assert_eq!((status, &problem["code"]), (409, &json!("shipment-exists")));
    let (app, _orders) = start_with_orders("cancelled").await;
    let (status, problem) = refusal(ship(&app, &new_shipment(5)).await).await;
    assert_eq!((status, &problem["code"]), (409, &json!("order-is-over")));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_order_service_nothing_is_made_and_the_key_is_given_back() {
    let env = TestEnv::new().await.peer("order-service", "http://127.0.0.1:1");
    let app = env.start::<Shipping>().await;
    for _ in 0..2 {
        let request = app.as_admin(Method::POST, "/api/shipments").header("Idempotency-Key", "k1");
        let answer = request.json(&new_shipment(5)).send().await.unwrap();
        assert_eq!(refusal(answer).await.0, 503);
    }
    assert_eq!(get(&app, "/api/shipments").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipment_is_its_owners_and_the_operators() {
    let (app, _orders) = start_with_orders("paid").await;
    let shipment = shipped(&app, 5).await;
    let path = format!("/api/shipments/{}", shipment["id"]);
    for path in [path.as_str(), "/api/shipments/5/track"] {
        let own = app.as_client(SHOPPER, Method::GET, path).send().await.unwrap();
        assert_eq!(own.status(), 200);
        let other = app.as_client(STRANGER, Method::GET, path).send().await.unwrap();
        assert_eq!(refusal(other).await.0, 403);
        let guest = app.request(Method::GET, path).send().await.unwrap();
        assert!(guest.headers().contains_key("www-authenticate"));
        assert_eq!(refusal(guest).await.0, 401);
    }
    let list = |user: u64, query: &'static str| {
        let request = app.as_client(user, Method::GET, &format!("/api/shipments{query}"));
        async move { request.send().await.unwrap() }
    };
    let own: Value = list(SHOPPER, "").await.json().await.unwrap();
    assert_eq!((&own["total"], &own["items"][0]["id"]), (&json!(1), &shipment["id"]));
    let others: Value = list(STRANGER, "").await.json().await.unwrap();
    assert_eq!((&others["total"], &others["items"]), (&json!(0), &json!([])));
    assert_eq!(refusal(list(STRANGER, "?user_id=7").await).await.0, 403);
    for (method, path) in
        [(Method::POST, "/api/shipments".to_owned()), (Method::PUT, format!("{path}/status"))]
    {
        let client = app
            .as_client(SHOPPER, method.clone(), &path)
            .json(&json!({ "status": "picked" }))
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(client).await.0, 403, "{method}");
        let guest =
            app.request(method.clone(), &path).json(&json!({ "status": "picked" })).send().await.unwrap();
        assert_eq!(refusal(guest).await.0, 401, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_404_and_a_wrong_method_405() {
    let app = start().await;
    let paths = [
        "/api/shipments/0",
        "/api/shipments/18446744073709551615",
        "/api/shipments/x",
        "/api/shipments/99/track",
        "/api/shipments/x/track",
    ];
    for path in paths {
        assert_eq!(refusal(app.as_admin(Method::GET, path).send().await.unwrap()).await.0, 404, "{path}");
    }
    assert_eq!(refusal(put_status(&app, &json!(99), "picked").await).await.0, 404);
    for (method, path, allowed) in [
        (Method::DELETE, "/api/shipments/1", "GET"),
        (Method::POST, "/api/shipments/1/track", "GET"),
        (Method::GET, "/api/shipments/1/status", "PUT"),
    ] {
        let answer = app.as_admin(method, path).send().await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &allowed.parse().unwrap()),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_illegal_move_names_the_legal_ones() {
    let (app, _orders) = start_with_orders("paid").await;
    let shipment = shipped(&app, 5).await;
    let (status, problem) = refusal(put_status(&app, &shipment["id"], "delivered").await).await;
    assert_eq!(
        (status, &problem["code"], &problem["legal"]),
        (409, &json!("illegal-transition"), &json!(["picked", "cancelled"]))
    );
    walk(
        &app,
        &shipment["id"],
        &[
            "picked",
            "packed",
            "in_transit",
            "in_transit",
            "out_for_delivery",
            "failed",
            "out_for_delivery",
            "delivered",
        ],
    )
    .await;
    let delivered = get(&app, &format!("/api/shipments/{}", shipment["id"])).await;
    assert!(delivered["shipped_at"].is_string() && delivered["delivered_at"].is_string());
    assert_eq!(delivered["version"], 9);
    let (status, problem) = refusal(put_status(&app, &shipment["id"], "cancelled").await).await;
    assert_eq!((status, &problem["legal"]), (409, &json!(["returned"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_checked_against_the_version_it_means() {
    let (app, _orders) = start_with_orders("paid").await;
    let path = format!("/api/shipments/{}", shipped(&app, 5).await["id"]);
    let put = |version: &'static str| {
        let request = app.as_admin(Method::PUT, &format!("{path}/status")).header("If-Match", version);
        async move { request.json(&json!({ "status": "picked" })).send().await.unwrap() }
    };
    assert_eq!(refusal(put("\"2\"").await).await.0, 412);
    assert_eq!(put("\"1\"").await.headers()["etag"], "\"2\"");
    let unchanged = app.as_admin(Method::GET, &path).header("If-None-Match", "\"2\"").send().await.unwrap();
    assert_eq!(unchanged.status(), 304);
    let body = json!({ "status": "lost", "location": "", "note": "x".repeat(501) });
    let wrong = app.as_admin(Method::PUT, &format!("{path}/status")).json(&body).send().await.unwrap();
    let (status, problem) = refusal(wrong).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["status", "location", "note"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_and_go_on_by_cursor() {
    let (app, _orders) = start_with_orders("paid").await;
    for order in 1..=5 {
        shipped(&app, order).await;
    }
    let orders = |page: &Value| -> Vec<u64> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|shipment| shipment["order_id"].as_u64().unwrap())
            .collect()
    };
    let first = get(&app, "/api/shipments?limit=2").await;
    assert_eq!((orders(&first), &first["count"], &first["total"]), (vec![5, 4], &json!(2), &json!(5)));
    let second =
        get(&app, &format!("/api/shipments?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!((orders(&second), &second["total"]), (vec![3, 2], &json!(5)));
    assert_eq!(orders(&get(&app, "/api/shipments?skip=4").await), [1]);
    walk(&app, &first["items"][1]["id"], &["picked"]).await;
    assert_eq!(orders(&get(&app, "/api/shipments?status=picked").await), [4]);
    assert_eq!(orders(&get(&app, "/api/shipments?order_id=2&user_id=7").await), [2]);
    assert_eq!(orders(&get(&app, "/api/shipments?user_id=8").await), [0; 0]);
    for query in ["status=lost", "limit=0", "limit=101", "skip=-1", "cursor=x", "user_id=x"] {
        let answer = app.as_admin(Method::GET, &format!("/api/shipments?{query}")).send().await.unwrap();
        assert_eq!(refusal(answer).await.0, 422, "{query}");
    }
    let all_wrong = "/api/shipments?skip=-1&limit=0&cursor=x&status=lost";
    let (status, problem) = refusal(app.as_admin(Method::GET, all_wrong).send().await.unwrap()).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["skip", "limit", "cursor", "status"]));
}
