//! What a basket gets.

use config::testing::{TestApp, refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{basket, product, promotion, quote, start, user};

/// Why a code gives nothing.
async fn reason(app: &TestApp, code: &str, members: &Value) -> Value {
    let mut asked = basket(members);
    asked["code"] = json!(code);
    let quote = quote(app, &asked).await;
    assert_eq!(quote["rejected"]["code"], code.to_uppercase());
    assert!(!quote["rejected"]["message"].as_str().unwrap().is_empty());
    quote["rejected"]["reason"].clone()
}

#[tokio::test]
async fn a_quote_says_what_is_taken_off_and_by_what() {
    let app = start().await;
    let spring = promotion(&app, &json!({ "code": "SPRING10", "name": "Ten per cent off" })).await;
    let (a, b) = (product(), product());
    let lines = json!([
        { "product_id": a, "category": "Laptops", "quantity": 2, "price": 1500.00 },
        { "product_id": b, "category": null, "quantity": 1, "price": 0.99 },
    ]);
    let priced = quote(&app, &basket(&json!({ "code": "spring10", "lines": lines }))).await;
    let expected = json!({
        "currency": "USD", "discount": 300.1, "free_shipping": false,
        "lines": [{ "product_id": a, "discount": 300 }, { "product_id": b, "discount": 0.1 }],
        "applied": [{
            "promotion_id": spring["id"], "code": "SPRING10", "name": "Ten per cent off", "kind": "percentage",
            "discount": 300.1,
        }],
        "rejected": null,
    });
    assert_eq!(priced, expected);
    let without = quote(&app, &basket(&json!({}))).await;
    assert_eq!((&without["discount"], &without["applied"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn every_reason_is_told() {
    let app = start().await;
    let customer = json!({ "user_id": user() });
    for (code, members, asked, expected) in [
        ("SOON", json!({ "start_date": "2098-01-01" }), json!({}), "not-started"),
        ("OVER", json!({ "end_date": "2025-12-31" }), json!({}), "expired"),
        ("PAUSED", json!({ "is_active": false }), json!({}), "unknown"),
        ("MINIMUM", json!({ "min_subtotal": 3000.01 }), json!({}), "minimum-not-met"),
        ("BOOKS", json!({ "categories": ["Books"] }), json!({}), "not-for-these-products"),
        ("FIRST", json!({ "first_order_only": true }), json!({}), "sign-in-required"),
        ("ONCE", json!({ "per_customer_limit": 1 }), json!({}), "sign-in-required"),
        ("DONG", json!({ "max_discount": 1000, "currency": "VND" }), customer, "other-currency"),
    ] {
        let mut members = members;
        members["code"] = json!(code);
        promotion(&app, &members).await;
        assert_eq!(reason(&app, code, &asked).await, expected);
    }
    assert_eq!(reason(&app, "nobodys", &json!({})).await, "unknown");
}

#[tokio::test]
async fn a_code_wins_unless_that_makes_it_dearer() {
    let app = start().await;
    let ten = promotion(&app, &json!({ "code": "TEN" })).await;
    let same = promotion(&app, &json!({ "name": "for everybody" })).await;
    let honoured = quote(&app, &basket(&json!({ "code": "TEN" }))).await;
    assert_eq!((&honoured["applied"][0]["promotion_id"], &honoured["rejected"]), (&ten["id"], &Value::Null));
    let without = quote(&app, &basket(&json!({}))).await;
    assert_eq!(without["applied"][0]["promotion_id"], same["id"]);
    promotion(&app, &json!({ "discount_percentage": 20 })).await;
    assert_eq!(reason(&app, "TEN", &json!({})).await, "not-combinable");
    let better = quote(&app, &basket(&json!({ "code": "TEN" }))).await;
    assert_eq!(better["discount"], 600);
}

#[tokio::test]
async fn promotions_that_go_together_are_applied_one_after_the_other() {
    let app = start().await;
    promotion(&app, &json!({ "stackable": true })).await;
    let fixed = json!({
        "kind": "fixed", "discount_percentage": null, "amount": 100, "stackable": true, "priority": 5, "code": "OFF",
    });
    promotion(&app, &fixed).await;
    let free = json!({ "kind": "free_shipping", "discount_percentage": null, "stackable": true });
    promotion(&app, &free).await;
    let priced = quote(&app, &basket(&json!({ "code": "OFF" }))).await;
    let kinds: Vec<_> = priced["applied"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["fixed", "percentage", "free_shipping"]);
    assert_eq!((&priced["discount"], &priced["free_shipping"]), (&json!(390), &json!(true)));
}

#[tokio::test]
async fn money_is_exact_in_every_currency() {
    let app = start().await;
    promotion(&app, &json!({ "discount_percentage": 33.33 })).await;
    for (currency, price, discount) in
        [("VND", json!(29_990), json!(9996)), ("KWD", json!(1.234), json!(0.411))]
    {
        let lines = json!([{ "product_id": product(), "quantity": 1, "price": price }]);
        let priced = quote(&app, &basket(&json!({ "currency": currency, "lines": lines }))).await;
        assert_eq!(priced["discount"], discount, "{currency}");
    }
}

#[tokio::test]
async fn every_wrong_field_of_a_basket_is_named() {
    let app = start().await;
    let product = product();
    let lines = json!([
        { "product_id": product, "category": "x".repeat(101), "quantity": 0, "price": -1 },
        { "product_id": "x", "quantity": 1, "price": 1.005 },
        { "product_id": product, "quantity": 1, "price": 1 },
        { "product_id": product, "quantity": 1, "price": 1 },
    ]);
    let body = basket(&json!({ "code": "two words", "lines": lines }));
    let path = format!("/internal/promotions/reservations/{}", uuid::Uuid::now_v7());
    let refused = app.as_service(Method::PUT, &path).json(&body).send().await.unwrap();
    let (status, problem) = refusal(refused).await;
    let fields = [
        "user_id",
        "code",
        "lines[0].category",
        "lines[0].quantity",
        "lines[0].price",
        "lines[1].product_id",
        "lines[1].price",
        "lines[3].product_id",
    ];
    assert_eq!((status, wrong_fields(&problem)), (422, fields.to_vec()));
    let sum = json!([{ "product_id": product, "quantity": 1_000_000, "price": 10_000_000_000_000_i64 }]);
    for (lines, field) in [(json!([]), "lines"), (sum, "lines")] {
        let request = app.as_service(Method::POST, "/internal/promotions/quote");
        let refused = request.json(&basket(&json!({ "lines": lines }))).send().await.unwrap();
        let (status, problem) = refusal(refused).await;
        assert_eq!((status, wrong_fields(&problem)), (422, vec![field]));
    }
}
