//! Quotes, as order-service asks for them.

use config::testing::{TestEnv, refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};
use tax_service::Tax;

use crate::support::{RATES, SHOPPER, add_rates, added, ask_quote, quote, start};

fn line(id: &str, product_type: &str, amount: f64) -> Value {
    json!({ "id": id, "product_type": product_type, "amount": amount })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_as_agreed() {
    let app = start().await;
    add_rates(&app).await;
    let body = json!({
        "country": "US", "state": "CA", "user_id": SHOPPER, "currency": "USD", "prices_include_tax": false,
        "lines": [line("507f1f77bcf86cd799439011", "Laptops", 2850.0)], "shipping": 12.5,
    });
    let expected = json!({
        "currency": "USD", "prices_include_tax": false, "net": 2862.5, "tax": 206.63, "gross": 3069.13,
        "lines": [{ "id": "507f1f77bcf86cd799439011", "net": 2850, "tax": 206.63, "gross": 3056.63 }],
        "shipping": { "net": 12.5, "tax": 0, "gross": 12.5 },
        "tax_lines": [
            { "name": "California sales tax", "jurisdiction": "US-CA", "percent": 7.25, "taxable": 2850, "tax": 206.63 },
        ],
        "exempt": false,
    });
    assert_eq!(quote(&app, &body).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_that_include_tax_are_taken_apart() {
    let app = start().await;
    add_rates(&app).await;
    let body = json!({
        "country": "DE", "state": null, "user_id": null, "currency": "EUR", "prices_include_tax": true,
        "lines": [line("a", "Laptops", 119.0), line("b", "Books", 10.7)], "shipping": 5.95,
    });
    let quote = quote(&app, &body).await;
    assert_eq!((&quote["net"], &quote["tax"], &quote["gross"]), (&json!(115), &json!(20.65), &json!(135.65)));
    let percents: Vec<_> =
        quote["tax_lines"].as_array().unwrap().iter().map(|line| &line["percent"]).collect();
    assert_eq!(percents, [&json!(19), &json!(7)]);
    assert_eq!(quote["tax_lines"][0]["taxable"], 105);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_nowhere_has_no_tax() {
    let app = start().await;
    add_rates(&app).await;
    let body = json!({ "country": null, "currency": "USD", "lines": [line("a", "Laptops", 3000.0)] });
    let quote = quote(&app, &body).await;
    assert_eq!((&quote["tax"], &quote["gross"], &quote["tax_lines"]), (&json!(0), &json!(3000), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_decides_how_it_rounds() {
    let database = TestEnv::new().await;
    let lines: Vec<_> = (0..4).map(|n| line(&n.to_string(), "A", 0.05)).collect();
    let body = json!({ "country": "DE", "currency": "EUR", "lines": lines });
    let app = database.start::<Tax>().await;
    added(&app, RATES, &json!({ "country": "DE", "percent": 2.5 })).await;
    let mut taxes = Vec::new();
    for (per, mode) in [("line", "half-up"), ("order", "half-up"), ("order", "half-even")] {
        let env = TestEnv::new().await.set("DATABASE_URL", database.get("DATABASE_URL"));
        let app = env.set("TAX_ROUNDING", per).set("TAX_ROUNDING_MODE", mode).start::<Tax>().await;
        taxes.push(quote(&app, &body).await["tax"].clone());
    }
    // A line's tax is an eighth of a cent, the order's a half.
    assert_eq!(taxes, [json!(0), json!(0.01), json!(0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_quote_is_named() {
    let app = start().await;
    let body = json!({
        "country": "Atlantis", "state": "??", "user_id": 0, "currency": "USD",
        "lines": [line("", "", 1.005), line("a", "Books", -1.0)], "shipping": 0.001,
    });
    let (status, problem) = refusal(ask_quote(&app, &body).await).await;
    assert_eq!(status, 422);
    let expected = [
        "country",
        "state",
        "user_id",
        "lines[0].id",
        "lines[0].product_type",
        "lines[0].amount",
        "lines[1].amount",
        "shipping",
    ];
    assert_eq!(wrong_fields(&problem), expected);
    let many: Vec<_> = (0..501).map(|n| line(&n.to_string(), "A", 1.0)).collect();
    let (status, problem) = refusal(ask_quote(&app, &json!({ "country": "DE", "lines": many })).await).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["lines"]));
    let most = json!({ "country": "DE", "lines": [line("a", "A", 1e13), line("b", "A", 1e13)] });
    assert_eq!(refusal(ask_quote(&app, &most).await).await.0, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_are_for_our_own_services() {
    let app = start().await;
    let body = json!({ "country": "DE", "lines": [] });
    let path = "/internal/tax/quote";
    for answer in [
        app.request(Method::POST, path).json(&body).send().await.unwrap(),
        app.as_admin(Method::POST, path).json(&body).send().await.unwrap(),
        app.request(Method::POST, path).header("X-Service-Token", "guess").json(&body).send().await.unwrap(),
    ] {
        assert!([401, 403].contains(&refusal(answer).await.0));
    }
}
