//! The taxes of an amount.

use config::testing::{TestApp, TestEnv, refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};
use tax_service::Tax;

use crate::support::{RATES, SHOPPER, add_rates, added, in_days, start, tax_of_100};

const CALCULATE: &str = "/api/tax/calculate";

async fn calculate(app: &TestApp, body: &Value) -> Value {
    let answer = app.request(Method::POST, CALCULATE).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{body}");
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_is_taxed_by_where_it_is_paid_and_for_what() {
    let app = start().await;
    add_rates(&app).await;
    for (query, tax) in [
        ("country=DE", 19.0),
        ("country=Germany", 19.0),
        ("location=Germany", 19.0),
        ("location=Hauptstr.%205,%20Berlin,%20Germany", 19.0),
        ("country=DE&product_type=books", 7.0),
        ("country=DE&product_type=Laptops", 19.0),
        ("country=CA", 5.0),
        ("country=CA&state=QC", 14.98),
        ("country=CA&state=ON", 13.0),
        ("location=CA-AB", 5.0),
        ("location=US-CA", 7.25),
        ("country=US&state=TX", 0.0),
        ("country=US", 0.0),
        ("country=JP", 0.0),
    ] {
        assert_eq!(tax_of_100(&app, query).await, tax, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_tells_all_there_is_to_know() {
    let app = start().await;
    add_rates(&app).await;
    let body = json!({ "amount": 200, "country": "Canada", "state": "QC", "product_type": "Phones", "currency": "CAD" });
    let expected = json!({
        "amount": 200, "currency": "CAD", "country": "CA", "state": "QC", "product_type": "Phones",
        "inclusive": false, "exempt": false, "tax_percent": 14.975, "tax_amount": 29.95, "total": 229.95,
        "net": 200, "gross": 229.95,
        "lines": [
            { "name": "GST", "jurisdiction": "CA", "percent": 5, "taxable": 200, "tax": 10 },
            { "name": "QST", "jurisdiction": "CA-QC", "percent": 9.975, "taxable": 200, "tax": 19.95 },
        ],
    });
    assert_eq!(calculate(&app, &body).await, expected);
    let path = format!("{CALCULATE}/?amount=200&country=Canada&state=QC&product_type=Phones&currency=CAD");
    let answer = app.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap(), expected);

    let inclusive = calculate(&app, &json!({ "amount": 119, "location": "DE", "inclusive": true })).await;
    for (member, value) in [
        ("amount", json!(119)),
        ("total", json!(119)),
        ("net", json!(100)),
        ("tax_amount", json!(19)),
        ("currency", json!("USD")),
        ("inclusive", json!(true)),
        ("tax_percent", json!(19)),
    ] {
        assert_eq!(inclusive[member], value, "{member}");
    }
    let dong = calculate(&app, &json!({ "amount": 1005, "country": "DE", "currency": "VND" })).await;
    assert_eq!((&dong["tax_amount"], &dong["total"]), (&json!(191), &json!(1196)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_holds_on_its_days_only() {
    let app = start().await;
    let rate = |name: &str, from: u64, to: Option<u64>| json!({ "country": "DE", "name": name, "percent": 10, "valid_from": in_days(from), "valid_to": to.map(in_days) });
    added(&app, RATES, &rate("Tomorrow", 1, None)).await;
    assert_eq!(tax_of_100(&app, "country=DE").await, 0.0);
    let past = json!({ "country": "DE", "name": "Past", "percent": 10, "valid_from": "2020-01-01", "valid_to": "2020-12-31" });
    added(&app, RATES, &past).await;
    assert_eq!(tax_of_100(&app, "country=DE").await, 0.0);
    added(&app, RATES, &rate("Today", 0, Some(1))).await;
    assert_eq!(tax_of_100(&app, "country=DE").await, 10.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_calculation_is_named() {
    let app = start().await;
    for (body, expected) in [
        (json!({ "amount": 1 }), vec!["country"]),
        (json!({ "amount": 1.005, "country": "Atlantis", "state": "?" }), vec!["country", "state", "amount"]),
        (
            json!({ "amount": -1, "location": "nowhere", "product_type": "" }),
            vec!["location", "product_type", "amount"],
        ),
        (json!({ "amount": 1, "country": "DE", "currency": "euro" }), vec!["currency"]),
        (json!({ "amount": "1", "country": 5 }), vec!["amount", "country"]),
    ] {
        let answer = app.request(Method::POST, CALCULATE).json(&body).send().await.unwrap();
        let (status, problem) = refusal(answer).await;
        let mut wrong = wrong_fields(&problem);
        wrong.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!((status, wrong), (422, expected), "{body}");
    }
    for query in ["", "?amount=x&country=DE", "?amount=1&country=DE&inclusive=maybe", "?amount=1&country=%00"]
    {
        let answer = app.request(Method::GET, &format!("{CALCULATE}{query}")).send().await.unwrap();
        let (status, _) = refusal(answer).await;
        assert!([400, 422].contains(&status), "{query}: {status}");
    }
    added(&app, RATES, &json!({ "country": "DE", "percent": 100 })).await;
    // The second's gross is more than money can be.
    for amount in [1e300, 1e13] {
        let body = json!({ "amount": amount, "country": "DE", "currency": "EUR" });
        let answer = app.request(Method::POST, CALCULATE).json(&body).send().await.unwrap();
        assert_eq!(refusal(answer).await.0, 422, "{amount}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_asks_for_somebody_else() {
    let app = start().await;
    let path = format!("{CALCULATE}?amount=1&country=DE&user_id={SHOPPER}");
    let statuses = [
        app.request(Method::GET, &path).send().await.unwrap().status().as_u16(),
        app.as_client(SHOPPER + 1, Method::GET, &path).send().await.unwrap().status().as_u16(),
        app.as_client(SHOPPER, Method::GET, &path).send().await.unwrap().status().as_u16(),
        app.as_admin(Method::GET, &path).send().await.unwrap().status().as_u16(),
    ];
    assert_eq!(statuses, [401, 403, 200, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_may_have_a_country_for_addresses_that_name_none() {
    let app = TestEnv::new().await.set("TAX_DEFAULT_COUNTRY", "Germany").start::<Tax>().await;
    add_rates(&app).await;
    assert_eq!(tax_of_100(&app, "").await, 19.0);
    assert_eq!(tax_of_100(&app, "country=CA").await, 5.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_is_loaded_once_and_leaves_changes_alone() {
    let env = TestEnv::new().await.set("DEMO_DATA", "true");
    let app = env.start::<Tax>().await;
    for (query, tax) in [
        ("country=Vietnam", 10.0),
        ("country=VN&product_type=Books", 5.0),
        ("country=GB&product_type=Books", 0.0),
        ("country=CA&state=QC", 14.98),
        ("country=CA&state=ON", 13.0),
        ("country=US", 0.0),
        ("country=US&state=CA", 7.25),
    ] {
        assert_eq!(tax_of_100(&app, query).await, tax, "{query}");
    }
    let rates = crate::support::get(&app, &format!("{RATES}/SG")).await;
    let id = &rates["items"][0]["id"];
    assert_eq!(app.as_admin(Method::DELETE, &format!("{RATES}/{id}")).send().await.unwrap().status(), 204);
    let before = crate::support::get(&app, RATES).await["total"].clone();
    app.stop().await;
    let app = env.start::<Tax>().await;
    assert_eq!(crate::support::get(&app, RATES).await["total"], before);
    assert_eq!(tax_of_100(&app, "country=SG").await, 0.0);
}
