//! Taxes. The rates of these tests are for types of products that nobody else has.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, eventually};

use super::{answered, each, has, refused, unique, wrong_fields};

#[tokio::test]
async fn a_tax_is_calculated_by_get_and_by_post_alike() {
    let shop = Shop::shared().await;
    let germany = json!({ "amount": 100, "country": "DE", "currency": "USD", "tax_percent": 19, "tax_amount": 19,
        "total": 119, "net": 100, "inclusive": false });
    let inclusive = json!({ "amount": 119, "country": "DE", "tax_percent": 19, "tax_amount": 19, "total": 119, "net": 100 });
    let vietnam = json!({ "amount": 29_990_000, "country": "VN", "currency": "VND", "tax_percent": 10,
        "tax_amount": 2_999_000, "total": 32_989_000 });
    let book = json!({ "country": "DE", "tax_percent": 7, "tax_amount": 0.7, "total": 10.7 });
    // Half a cent is rounded up, once.
    let cents = json!({ "tax_amount": 0.1, "total": 0.6 });
    for (query, body, expected) in [
        ("amount=100&country=DE", json!({ "amount": 100, "country": "DE" }), &germany),
        ("amount=100&location=Germany", json!({ "amount": 100, "location": "Germany" }), &germany),
        (
            "amount=119&country=DE&inclusive=true",
            json!({ "amount": 119, "country": "DE", "inclusive": true }),
            &inclusive,
        ),
        (
            "amount=29990000&country=Vietnam&currency=VND",
            json!({ "amount": 29_990_000, "country": "Vietnam", "currency": "VND" }),
            &vietnam,
        ),
        (
            "amount=29990000&country=VN&currency=VND",
            json!({ "amount": 29_990_000, "country": "VN", "currency": "VND" }),
            &vietnam,
        ),
        (
            "amount=10&country=DE&product_type=books",
            json!({ "amount": 10, "country": "DE", "product_type": "books" }),
            &book,
        ),
        ("amount=0.5&country=DE", json!({ "amount": 0.5, "country": "DE" }), &cents),
    ] {
        let got = answered(shop.get(&format!("/api/tax/calculate?{query}")), 200).await;
        has(&got, expected);
        assert_eq!(answered(shop.post("/api/tax/calculate", &body), 200).await, got, "{query}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_calculation_is_named_at_once() {
    let shop = Shop::shared().await;
    for (query, fields) in [
        ("amount=1.005&country=Nowhere", &["amount", "country"][..]),
        ("amount=-1&country=DE", &["amount"]),
        ("amount=1.5&country=VN&currency=VND", &["amount"]),
    ] {
        assert_eq!(wrong_fields(shop.get(&format!("/api/tax/calculate?{query}"))).await, fields, "{query}");
    }
    let wrong = json!({ "amount": 1.005, "country": "Nowhere" });
    assert_eq!(wrong_fields(shop.post("/api/tax/calculate", &wrong)).await, ["amount", "country"]);
}

#[tokio::test]
async fn rates_are_found_by_country_and_product_type() {
    let shop = Shop::shared().await;
    let mut lists = Vec::new();
    for path in [
        "/api/tax/rates?location=VN&limit=100",
        "/api/tax/rates?location=Vietnam&limit=100",
        "/api/tax/rates/VN?limit=100",
        "/api/tax/rates/Vietnam?limit=100",
    ] {
        let list = answered(shop.get(path), 200).await;
        assert!(each(&list, "country").iter().all(|country| **country == "VN"), "{list}");
        let general =
            list["items"].as_array().unwrap().iter().find(|it| it["product_type"].is_null()).unwrap();
        has(general, &json!({ "percent": 10, "country_name": "Vietnam", "state": null }));
        lists.push(list["items"].clone());
    }
    assert!(lists.iter().all(|list| list == &lists[0]), "all four are the same list");
    let books = answered(shop.get("/api/tax/rates?location=DE&product_type=books"), 200).await;
    assert_eq!((&books["total"], &books["items"][0]["percent"]), (&json!(1), &json!(7)), "{books}");
    assert_eq!(answered(shop.get("/api/tax/rates/Nowhere"), 404).await["status"], 404);
}

#[tokio::test]
async fn an_administrator_adds_changes_and_ends_a_rate() {
    let shop = Shop::shared().await;
    let (client, kind) = (shop.shopper().await, unique("t"));
    let rate = |percent: Value| json!({ "country": "Iceland", "product_type": kind, "percent": percent, "name": "Tax", "state": null });
    let add = |body: &Value| shop.admin(Method::POST, "/api/tax/rates").json(body);
    let made = answered(add(&rate(json!(11))), 201).await;
    has(
        &made,
        &json!({ "country": "IS", "country_name": "Iceland", "product_type": kind, "percent": 11, "name": "Tax" }),
    );
    let path = format!("/api/tax/rates/{}", made["id"]);
    assert_eq!(answered(shop.get(&path), 200).await["id"], made["id"]);
    let taxed = async |percent: f64| {
        let query = format!("/api/tax/calculate?amount=100&country=IS&product_type={kind}");
        eventually(&format!("the tax is {percent}"), || async {
            let got = answered(shop.get(&query), 200).await;
            if got["tax_amount"].as_f64() == Some(percent) { Ok(()) } else { Err(got.to_string()) }
        })
        .await;
    };
    taxed(11.0).await;
    assert_eq!(answered(shop.admin(Method::PUT, &path).json(&rate(json!(12.5))), 200).await["percent"], 12.5);
    taxed(12.5).await;
    assert_eq!(wrong_fields(add(&rate(json!(101)))).await, ["percent"]);
    for (method, body) in [(Method::PUT, rate(json!(1))), (Method::DELETE, json!({}))] {
        refused(client.request(method, &path).json(&body), 403, "not-admin").await;
    }
    refused(client.request(Method::POST, "/api/tax/rates").json(&rate(json!(1))), 403, "not-admin").await;
    answered(shop.admin(Method::DELETE, &path), 204).await;
    let left = answered(shop.get(&format!("/api/tax/rates?location=IS&product_type={kind}")), 200).await;
    assert!(!each(&left, "id").contains(&&made["id"]), "{left}");
}

#[tokio::test]
async fn a_state_adds_its_own_rate() {
    let shop = Shop::shared().await;
    let kind = unique("t");
    // Montana has no sales tax of its own.
    let mut ids = Vec::new();
    for (state, percent) in [(Value::Null, 5), (json!("MT"), 3)] {
        let body = json!({ "country": "US", "state": state, "product_type": kind, "percent": percent, "name": "Tax" });
        ids.push(answered(shop.admin(Method::POST, "/api/tax/rates").json(&body), 201).await["id"].clone());
    }
    for (state, percent, taxes) in [("", 5.0, 1), ("&state=MT", 8.0, 2)] {
        let query = format!("/api/tax/calculate?amount=100&country=US&product_type={kind}{state}");
        eventually(&format!("{percent} % with {state:?}"), || async {
            let got = answered(shop.get(&query), 200).await;
            let right = got["tax_amount"].as_f64() == Some(percent)
                && got["lines"].as_array().map(Vec::len) == Some(taxes);
            if right { Ok(()) } else { Err(got.to_string()) }
        })
        .await;
    }
    for id in ids {
        answered(shop.admin(Method::DELETE, &format!("/api/tax/rates/{id}")), 204).await;
    }
}

#[tokio::test]
async fn an_exempt_customer_pays_no_tax() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let new = json!({ "user_id": shopper.id, "certificate": unique("X-"), "country": "DE" });
    let client = shopper.request(Method::POST, "/api/tax/exemptions").json(&new);
    refused(client, 403, "not-admin").await;
    let made = answered(shop.admin(Method::POST, "/api/tax/exemptions").json(&new), 201).await;
    has(&made, &new);
    let list =
        answered(shop.admin(Method::GET, &format!("/api/tax/exemptions?user_id={}", shopper.id)), 200).await;
    assert_eq!(each(&list, "id"), [&made["id"]]);
    let query = format!("/api/tax/calculate?amount=100&country=DE&user_id={}", shopper.id);
    eventually("no tax is due", || async {
        let got = answered(shop.admin(Method::GET, &query), 200).await;
        if got["tax_amount"] == 0 && got["exempt"] == true { Ok(()) } else { Err(got.to_string()) }
    })
    .await;
    let path = format!("/api/tax/exemptions/{}", made["id"]);
    assert_eq!(answered(shop.admin(Method::GET, &path), 200).await["certificate"], new["certificate"]);
    answered(shop.admin(Method::DELETE, &path), 204).await;
}
