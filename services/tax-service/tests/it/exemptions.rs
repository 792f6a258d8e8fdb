//! Customers who pay no tax.

use config::clock::{Clock as _, SystemClock};
use config::testing::{refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{EXEMPTIONS, SHOPPER, add_rates, added, get, in_days, post, quote, start};

#[tokio::test(flavor = "multi_thread")]
async fn an_exempt_customer_pays_no_tax_until_the_exemption_is_gone() {
    let app = start().await;
    add_rates(&app).await;
    let basket = |country: &str, user: u64, inclusive: bool| {
        json!({
            "country": country, "user_id": user, "currency": "EUR", "prices_include_tax": inclusive,
            "lines": [{ "id": "a", "product_type": "Laptops", "amount": 119 }], "shipping": 11.9,
        })
    };
    let exemption =
        added(&app, EXEMPTIONS, &json!({ "user_id": SHOPPER, "country": "Germany", "certificate": "DE-1" }))
            .await;
    let of = async |body: Value| {
        let quote = quote(&app, &body).await;
        (quote["exempt"].clone(), quote["tax"].clone(), quote["gross"].clone())
    };
    assert_eq!(of(basket("DE", SHOPPER, true)).await, (json!(true), json!(0), json!(130.9)));
    assert_eq!(of(basket("DE", SHOPPER, false)).await, (json!(true), json!(0), json!(130.9)));
    assert_eq!(of(basket("DE", SHOPPER + 1, true)).await, (json!(false), json!(20.9), json!(130.9)));
    assert_eq!(of(basket("CA", SHOPPER, true)).await.0, json!(false));
    let path = "/api/tax/calculate?amount=119&country=DE&inclusive=true";
    let own: Value = app.as_client(SHOPPER, Method::GET, path).send().await.unwrap().json().await.unwrap();
    assert_eq!((&own["exempt"], &own["total"], &own["tax_percent"]), (&json!(true), &json!(119), &json!(0)));

    let path = format!("{EXEMPTIONS}/{}", exemption["id"]);
    assert_eq!(get(&app, &path).await, exemption);
    assert_eq!(app.as_admin(Method::DELETE, &path).send().await.unwrap().status(), 204);
    assert_eq!(of(basket("DE", SHOPPER, true)).await, (json!(false), json!(20.9), json!(130.9)));
    assert_eq!(refusal(app.as_admin(Method::DELETE, &path).send().await.unwrap()).await.0, 404);
    assert_eq!(refusal(app.as_admin(Method::GET, &path).send().await.unwrap()).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exemption_ends_after_its_last_day() {
    let app = start().await;
    add_rates(&app).await;
    let yesterday = SystemClock.now().date_naive().pred_opt().unwrap();
    let body = json!({ "country": "DE", "user_id": SHOPPER, "lines": [{ "id": "a", "amount": 100 }] });
    added(&app, EXEMPTIONS, &json!({ "user_id": SHOPPER, "certificate": "old", "valid_to": yesterday }))
        .await;
    assert_eq!(quote(&app, &body).await["exempt"], false);
    added(&app, EXEMPTIONS, &json!({ "user_id": SHOPPER, "certificate": "new", "valid_to": in_days(0) }))
        .await;
    assert_eq!(quote(&app, &body).await["exempt"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn exemptions_are_listed_and_a_certificate_counts_once() {
    let app = start().await;
    let body = json!({ "user_id": SHOPPER, "country": "DE", "certificate": "A-1", "valid_to": "2099-12-31" });
    let first = added(&app, EXEMPTIONS, &body).await;
    assert_eq!((&first["user_id"], &first["country"]), (&json!(SHOPPER), &json!("DE")));
    assert_eq!((&first["certificate"], &first["valid_to"]), (&json!("A-1"), &json!("2099-12-31")));
    let (status, problem) = refusal(post(&app, EXEMPTIONS, &body).await).await;
    assert_eq!((status, &problem["code"]), (409, &json!("exemption-exists")));
    added(&app, EXEMPTIONS, &json!({ "user_id": SHOPPER, "certificate": "A-1" })).await;
    added(&app, EXEMPTIONS, &json!({ "user_id": SHOPPER + 1, "certificate": "A-1" })).await;
    let all = get(&app, &format!("{EXEMPTIONS}?limit=2")).await;
    assert_eq!((&all["count"], &all["total"], &all["items"][0]), (&json!(2), &json!(3), &first));
    let cursor = all["next_cursor"].as_str().unwrap();
    assert_eq!(get(&app, &format!("{EXEMPTIONS}?cursor={cursor}")).await["items"][0]["user_id"], SHOPPER + 1);
    assert_eq!(get(&app, &format!("{EXEMPTIONS}?user_id={SHOPPER}")).await["total"], 2);

    let keyed = || {
        app.as_admin(Method::POST, EXEMPTIONS)
            .header("Idempotency-Key", "k")
            .json(&json!({ "user_id": 9, "certificate": "B" }))
            .send()
    };
    let once: Value = keyed().await.unwrap().json().await.unwrap();
    assert_eq!(keyed().await.unwrap().json::<Value>().await.unwrap(), once);
}

#[tokio::test(flavor = "multi_thread")]
async fn exemptions_are_the_operators_business_and_well_formed() {
    let app = start().await;
    let body = json!({ "user_id": 0, "country": "Atlantis", "certificate": " ", "valid_to": "soon" });
    let (status, problem) = refusal(post(&app, EXEMPTIONS, &body).await).await;
    assert_eq!(
        (status, wrong_fields(&problem)),
        (422, vec!["user_id", "country", "certificate", "valid_to"])
    );
    for (method, path) in [
        (Method::POST, EXEMPTIONS),
        (Method::GET, EXEMPTIONS),
        (Method::GET, "/api/tax/exemptions/1"),
        (Method::DELETE, "/api/tax/exemptions/1"),
    ] {
        let guest = app.request(method.clone(), path).json(&body).send().await.unwrap();
        assert_eq!(refusal(guest).await.0, 401, "{method}");
        let client = app.as_client(SHOPPER, method.clone(), path).json(&body).send().await.unwrap();
        assert_eq!(refusal(client).await.0, 403, "{method}");
    }
    assert_eq!(
        refusal(app.as_admin(Method::GET, "/api/tax/exemptions/x").send().await.unwrap()).await.0,
        404
    );
}
