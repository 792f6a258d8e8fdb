//! Methods and quotes.

use config::testing::{TestApp, refusal, wrong_fields};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{STRANGER, get, start};

async fn quote(app: &TestApp, body: &Value) -> Response {
    app.request(Method::POST, "/api/shipments/quote").json(body).send().await.unwrap()
}

/// Code and price of each method offered.
async fn offers(app: &TestApp, weight: u64, subtotal: f64, currency: &str) -> Vec<(String, f64)> {
    let body = json!({ "destination": "123 Main St, City", "weight_grams": weight, "subtotal": subtotal, "currency": currency });
    let answer = quote(app, &body).await;
    assert_eq!(answer.status(), 200);
    let quote: Value = answer.json().await.unwrap();
    assert_eq!(quote["currency"], currency);
    let offer =
        |offer: &Value| (offer["code"].as_str().unwrap().to_owned(), offer["price"].as_f64().unwrap());
    quote["methods"].as_array().unwrap().iter().map(offer).collect()
}

fn owned(offers: &[(&str, f64)]) -> Vec<(String, f64)> {
    offers.iter().map(|(code, price)| ((*code).to_owned(), *price)).collect()
}

fn courier() -> Value {
    json!({
        "code": "courier", "name": "Bicycle courier", "carrier": "Velo",
        "estimated_days_min": 0, "estimated_days_max": 1, "countries": ["us"], "position": 5,
        "prices": [{
            "currency": "USD", "free_from": 100, "per_extra_kg": 0.5,
            "bands": [{ "up_to_grams": 500, "price": 4.99 }, { "up_to_grams": 5000, "price": 9.99 }],
        }],
    })
}

async fn add(app: &TestApp, body: &Value) -> Response {
    app.as_admin(Method::POST, "/api/shipments/methods").json(body).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_has_its_methods_from_the_start() {
    let app = start().await;
    let methods: Value =
        app.request(Method::GET, "/api/shipments/methods/").send().await.unwrap().json().await.unwrap();
    let codes: Vec<_> =
        methods["items"].as_array().unwrap().iter().map(|m| m["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["standard", "express", "overnight", "pickup"]);
    let standard = &methods["items"][0];
    assert_eq!((&standard["carrier"], &standard["free"]), (&json!("Shop Post"), &json!(true)));
    assert_eq!((&standard["estimated_days_min"], &standard["estimated_days_max"]), (&json!(3), &json!(5)));
    let collected: Vec<_> = methods["items"].as_array().unwrap().iter().map(|m| &m["collected"]).collect();
    assert_eq!(collected, [&json!(false), &json!(false), &json!(false), &json!(true)]);
    assert_eq!(
        (&methods["count"], &methods["total"], &methods["next_cursor"]),
        (&json!(4), &json!(4), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_by_weight_and_currency() {
    let app = start().await;
    let light = offers(&app, 1000, 3000.0, "USD").await;
    assert_eq!(light, owned(&[("standard", 0.0), ("express", 14.99), ("overnight", 29.99), ("pickup", 0.0)]));
    let heavy = offers(&app, 3001, 3000.0, "USD").await;
    assert_eq!(heavy, owned(&[("standard", 0.0), ("express", 22.49), ("overnight", 44.99), ("pickup", 0.0)]));
    let elsewhere = offers(&app, 1000, 29_990_000.0, "VND").await;
    assert_eq!(elsewhere, owned(&[("standard", 0.0), ("pickup", 0.0)]));
    let body = json!({ "destination": { "country": "US" }, "weight_grams": 0, "subtotal": 0 });
    let quote: Value = quote(&app, &body).await.json().await.unwrap();
    assert_eq!(quote["currency"], "USD");
    let express = &quote["methods"][1];
    assert_eq!((&express["name"], &express["carrier"]), (&json!("Express delivery"), &json!("Shop Express")));
    assert_eq!(
        (&express["estimated_days_min"], &express["estimated_days_max"], &express["free"]),
        (&json!(1), &json!(2), &json!(false))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_quote_is_named() {
    let app = start().await;
    let body = json!({ "destination": " ", "weight_grams": -1, "subtotal": 1.005, "currency": "USD" });
    let (status, problem) = refusal(quote(&app, &body).await).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["destination", "weight_grams", "subtotal"]));
    let body = json!({ "destination": { "country": "Atlantis" }, "weight_grams": 1, "subtotal": -1, "currency": "dollars" });
    let (status, problem) = refusal(quote(&app, &body).await).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["destination.country", "currency"]));
    for wrong in [json!({}), json!({ "destination": 5, "weight_grams": "1", "subtotal": 1 })] {
        assert_eq!(refusal(quote(&app, &wrong).await).await.0, 422, "{wrong}");
    }
    let malformed = app
        .request(Method::POST, "/api/shipments/quote")
        .header("content-type", "application/json")
        .body("{");
    assert_eq!(refusal(malformed.send().await.unwrap()).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_adds_changes_and_retires_a_method() {
    let app = start().await;
    let added = add(&app, &courier()).await;
    assert_eq!(added.status(), 201);
    let added: Value = added.json().await.unwrap();
    assert_eq!(added, get(&app, "/api/shipments/methods/courier").await);
    assert_eq!((&added["countries"], &added["prices"]), (&json!(["US"]), &courier()["prices"]));
    assert_eq!(refusal(add(&app, &courier()).await).await.0, 409);

    assert_eq!(offers(&app, 400, 50.0, "USD").await[0], ("courier".to_owned(), 4.99));
    assert_eq!(offers(&app, 501, 50.0, "USD").await[0], ("courier".to_owned(), 9.99));
    assert_eq!(offers(&app, 6001, 50.0, "USD").await[0], ("courier".to_owned(), 10.99));
    assert_eq!(offers(&app, 400, 100.0, "USD").await[0], ("courier".to_owned(), 0.0));
    let body = json!({ "destination": "VN", "weight_grams": 400, "subtotal": 50 });
    let abroad: Value = quote(&app, &body).await.json().await.unwrap();
    assert_eq!(abroad["methods"][0]["code"], "standard");

    let path = "/api/shipments/methods/courier";
    let mut change = courier();
    change["name"] = json!("Cargo bike");
    change["prices"] = json!([]);
    let stale =
        app.as_admin(Method::PUT, path).header("If-Match", "\"9\"").json(&change).send().await.unwrap();
    assert_eq!(refusal(stale).await.0, 412);
    let changed =
        app.as_admin(Method::PUT, path).header("If-Match", "\"1\"").json(&change).send().await.unwrap();
    assert_eq!((changed.status().as_u16(), &changed.headers()["etag"]), (200, &"\"2\"".parse().unwrap()));
    let changed: Value = changed.json().await.unwrap();
    assert_eq!(
        (&changed["name"], &changed["free"], &changed["version"]),
        (&json!("Cargo bike"), &json!(true), &json!(2))
    );
    assert_eq!(changed, get(&app, path).await);
    let unchanged = app.request(Method::GET, path).header("If-None-Match", "\"2\"").send().await.unwrap();
    assert_eq!(unchanged.status(), 304);

    assert_eq!(app.as_admin(Method::DELETE, path).send().await.unwrap().status(), 204);
    assert_eq!(refusal(app.request(Method::GET, path).send().await.unwrap()).await.0, 404);
    assert_eq!(get(&app, path).await["active"], false);
    assert_eq!(offers(&app, 400, 50.0, "USD").await[0].0, "standard");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_method_is_named() {
    let app = start().await;
    let body = json!({
        "code": "Courier!", "name": "", "carrier": "x".repeat(101),
        "estimated_days_min": 3, "estimated_days_max": 2, "countries": ["US", "Atlantis"], "position": -1,
        "prices": [
            { "currency": "USD", "bands": [{ "up_to_grams": 0, "price": 1 }] },
            { "currency": "VND", "bands": [{ "up_to_grams": 5, "price": 0.5 }, { "up_to_grams": -5, "price": -1 }] },
            { "currency": "dollars", "bands": [] },
            { "currency": "EUR", "bands": [] },
            { "currency": "JPY", "bands": [{ "up_to_grams": 5, "price": 1 }] },
            { "currency": "JPY", "bands": [{ "up_to_grams": 5, "price": 1 }] },
        ],
    });
    let (status, problem) = refusal(add(&app, &body).await).await;
    assert_eq!(status, 422);
    assert_eq!(
        wrong_fields(&problem),
        [
            "code",
            "name",
            "carrier",
            "estimated_days_min",
            "countries[1]",
            "prices[0].bands",
            "prices[1].bands[0].price",
            "prices[1].bands[1].up_to_grams",
            "prices[1].bands[1].price",
            "prices[2].currency",
            "prices[3].bands",
            "prices[5].currency",
            "position",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_keep_methods() {
    let app = start().await;
    let path = "/api/shipments/methods/express";
    for (method, path) in
        [(Method::POST, "/api/shipments/methods"), (Method::PUT, path), (Method::DELETE, path)]
    {
        let guest = app.request(method.clone(), path).json(&courier()).send().await.unwrap();
        assert_eq!(refusal(guest).await.0, 401, "{method}");
        let client = app.as_client(STRANGER, method.clone(), path).json(&courier()).send().await.unwrap();
        assert_eq!(refusal(client).await.0, 403, "{method}");
    }
    for (method, path) in
        [(Method::PUT, "/api/shipments/methods/nothing"), (Method::DELETE, "/api/shipments/methods/NOTHING!")]
    {
        let missing = app.as_admin(method, path).json(&courier()).send().await.unwrap();
        assert_eq!(refusal(missing).await.0, 404, "{path}");
    }
    let bad_token =
        app.request(Method::GET, "/api/shipments/methods").bearer_auth("nonsense").send().await.unwrap();
    assert_eq!(refusal(bad_token).await.0, 401);
}
