//! Keeping rates.

use config::testing::{refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{RATES, SHOPPER, add_rates, added, get, in_days, post, start, tax_of_100};

fn ids(page: &Value) -> Vec<u64> {
    page["items"].as_array().unwrap().iter().map(|rate| rate["id"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_added_changed_and_deleted() {
    let app = start().await;
    let body = json!({
        "country": "Canada", "state": "ca-qc", "product_type": "Books", "name": " QST ", "percent": 9.975,
        "priority": 1, "compound": true, "replaces_country": true,
        "valid_from": "2025-01-01", "valid_to": "2099-12-31T00:00:00Z",
    });
    let rate = added(&app, RATES, &body).await;
    for (member, value) in [
        ("country", json!("CA")),
        ("country_name", json!("Canada")),
        ("state", json!("QC")),
        ("jurisdiction", json!("CA-QC")),
        ("product_type", json!("Books")),
        ("name", json!("QST")),
        ("percent", json!(9.975)),
        ("priority", json!(1)),
        ("compound", json!(true)),
        ("replaces_country", json!(true)),
        ("applies_to_shipping", json!(false)),
        ("valid_from", json!("2025-01-01")),
        ("valid_to", json!("2099-12-31")),
        ("version", json!(1)),
    ] {
        assert_eq!(rate[member], value, "{member}");
    }
    let path = format!("{RATES}/{}", rate["id"]);
    assert_eq!(get(&app, &path).await, rate);
    let unchanged = app.request(Method::GET, &path).header("If-None-Match", "\"1\"").send().await.unwrap();
    assert_eq!(unchanged.status(), 304);

    let change = json!({ "country": "DE", "percent": 19 });
    let put =
        |tag: &'static str| app.as_admin(Method::PUT, &path).header("If-Match", tag).json(&change).send();
    assert_eq!(refusal(put("\"9\"").await.unwrap()).await.0, 412);
    assert_eq!(tax_of_100(&app, "country=DE").await, 0.0);
    let changed = put("\"1\"").await.unwrap();
    assert_eq!((changed.status().as_u16(), &changed.headers()["etag"]), (200, &"\"2\"".parse().unwrap()));
    let changed: Value = changed.json().await.unwrap();
    assert_eq!(
        (&changed["name"], &changed["state"], &changed["valid_to"]),
        (&json!("Tax"), &Value::Null, &Value::Null)
    );
    assert_eq!(changed["valid_from"], "2025-01-01", "a change leaves the first day as it was");
    assert_eq!(get(&app, &path).await, changed);
    assert_eq!(tax_of_100(&app, "country=DE").await, 19.0);

    let delete = |tag: &'static str| app.as_admin(Method::DELETE, &path).header("If-Match", tag).send();
    assert_eq!(refusal(delete("\"1\"").await.unwrap()).await.0, 412);
    assert_eq!(delete("\"2\"").await.unwrap().status(), 204);
    assert_eq!(refusal(delete("\"2\"").await.unwrap()).await.0, 404);
    assert_eq!(refusal(put("\"2\"").await.unwrap()).await.0, 404);
    assert_eq!(refusal(app.request(Method::GET, &path).send().await.unwrap()).await.0, 404);
    assert_eq!(tax_of_100(&app, "country=DE").await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_are_listed_by_place_type_and_day() {
    let app = start().await;
    add_rates(&app).await;
    added(&app, RATES, &json!({ "country": "FR", "percent": 20, "valid_from": in_days(1) })).await;
    for (query, expected) in [
        ("?limit=100", vec![1, 2, 3, 4, 5, 6, 7]),
        ("?location=Germany", vec![1, 2]),
        ("?location=DE&product_type=books", vec![2]),
        ("?product_type=Books", vec![2]),
        ("?location=CA", vec![3, 4, 5]),
        ("?location=CA&state=QC", vec![4]),
        ("?location=CA&state=Quebec", vec![4]),
        ("?location=CA-QC", vec![4]),
        ("?location=JP", vec![]),
        ("?location=FR", vec![7]),
        (&format!("?location=FR&on={}", in_days(0)), vec![]),
        (&format!("?location=FR&on={}", in_days(1)), vec![7]),
        ("/DE", vec![1, 2]),
        ("/Germany/", vec![1, 2]),
        ("/CA?state=ON", vec![5]),
        ("/CA?state=Ontario", vec![5]),
        ("?skip=2&limit=2", vec![3, 4]),
    ] {
        let page = get(&app, &format!("{RATES}{query}")).await;
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(page["count"], expected.len(), "{query}");
    }
    let first = get(&app, &format!("{RATES}?limit=4")).await;
    assert_eq!((&first["total"], &first["count"]), (&json!(7), &json!(4)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = get(&app, &format!("{RATES}?limit=4&cursor={cursor}")).await;
    assert_eq!((ids(&second), &second["next_cursor"]), (vec![5, 6, 7], &Value::Null));

    let list = app.request(Method::GET, &format!("{RATES}/DE")).send().await.unwrap();
    let tag = list.headers()["etag"].to_str().unwrap().to_owned();
    let again = || app.request(Method::GET, &format!("{RATES}/DE")).header("If-None-Match", &tag).send();
    assert_eq!(again().await.unwrap().status(), 304);
    added(&app, RATES, &json!({ "country": "DE", "name": "Levy", "percent": 1 })).await;
    assert_eq!(again().await.unwrap().status(), 200);

    for path in ["/Atlantis", "/0", "/99999999999999999999999"] {
        let answer = app.request(Method::GET, &format!("{RATES}{path}")).send().await.unwrap();
        assert_eq!(refusal(answer).await.0, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_parameter_of_a_list_is_named() {
    let app = start().await;
    for (path, expected) in [
        ("?location=Atlantis", vec!["location"]),
        ("?state=California", vec!["state"]),
        ("?location=Atlantis&on=soon&limit=0&cursor=x", vec!["location", "on", "limit", "cursor"]),
        ("/DE?product_type=%20&skip=-1&limit=101", vec!["product_type", "skip", "limit"]),
    ] {
        let answer = app.request(Method::GET, &format!("{RATES}{path}")).send().await.unwrap();
        let (status, problem) = refusal(answer).await;
        assert_eq!((status, wrong_fields(&problem)), (422, expected), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_tax_can_follow_itself_but_not_hold_twice() {
    let app = start().await;
    let first =
        added(&app, RATES, &json!({ "country": "DE", "name": "VAT", "percent": 19, "valid_to": in_days(0) }))
            .await;
    let again = json!({ "country": "DE", "name": "vat", "percent": 20, "valid_from": in_days(0) });
    let (status, problem) = refusal(post(&app, RATES, &again).await).await;
    assert_eq!(
        (status, &problem["code"], &problem["rate_id"]),
        (409, &json!("tax-rate-exists"), &first["id"])
    );
    let next = added(
        &app,
        RATES,
        &json!({ "country": "DE", "name": "VAT", "percent": 20, "valid_from": in_days(1) }),
    )
    .await;
    assert_eq!(tax_of_100(&app, "country=DE").await, 19.0, "tomorrow's rate doesn't hold yet");

    let earlier = json!({ "country": "DE", "name": "VAT", "percent": 20, "valid_from": in_days(0) });
    let put =
        app.as_admin(Method::PUT, &format!("{RATES}/{}", next["id"])).json(&earlier).send().await.unwrap();
    assert_eq!(refusal(put).await.0, 409);
    let same = json!({ "country": "DE", "name": "VAT", "percent": 21 });
    let put = app.as_admin(Method::PUT, &format!("{RATES}/{}", next["id"])).json(&same).send().await.unwrap();
    assert_eq!(put.status(), 200, "a rate doesn't conflict with itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_rate_is_named() {
    let app = start().await;
    let body = json!({
        "country": "Atlantis", "state": "California", "product_type": "", "name": "x".repeat(101), "percent": 100.5,
        "priority": 10, "applies_to_shipping": true, "valid_from": "2025-02-30", "valid_to": "never",
    });
    let (status, problem) = refusal(post(&app, RATES, &body).await).await;
    assert_eq!(status, 422);
    let expected = [
        "country",
        "state",
        "product_type",
        "name",
        "percent",
        "priority",
        "applies_to_shipping",
        "valid_from",
        "valid_to",
    ];
    assert_eq!(wrong_fields(&problem), expected);
    for (body, expected) in [
        (json!({}), vec!["country", "percent"]),
        (json!({ "country": "DE", "percent": 7.12345 }), vec!["percent"]),
        (json!({ "country": "DE", "percent": -1 }), vec!["percent"]),
        (json!({ "country": "DE", "percent": 1e300 }), vec!["percent"]),
        (json!({ "country": "DE", "percent": "19" }), vec!["percent"]),
        (json!({ "country": "DE", "percent": 1, "compound": true }), vec!["compound"]),
        (json!({ "country": "DE", "percent": 1, "replaces_country": true }), vec!["replaces_country"]),
        (json!({ "country": "DE", "percent": 1, "priority": -1 }), vec!["priority"]),
        (
            json!({ "country": "DE", "percent": 1, "valid_from": "2025-01-02", "valid_to": "2025-01-01" }),
            vec!["valid_to"],
        ),
    ] {
        let (status, problem) = refusal(post(&app, RATES, &body).await).await;
        assert_eq!((status, wrong_fields(&problem)), (422, expected), "{body}");
    }
    let malformed = app.as_admin(Method::POST, RATES).header("content-type", "application/json").body("{");
    assert_eq!(refusal(malformed.send().await.unwrap()).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_keep_rates() {
    let app = start().await;
    add_rates(&app).await;
    let body = json!({ "country": "FR", "percent": 20 });
    for (method, path) in
        [(Method::POST, RATES), (Method::PUT, "/api/tax/rates/1"), (Method::DELETE, "/api/tax/rates/1")]
    {
        let guest = app.request(method.clone(), path).json(&body).send().await.unwrap();
        assert_eq!(refusal(guest).await.0, 401, "{method}");
        let client = app.as_client(SHOPPER, method.clone(), path).json(&body).send().await.unwrap();
        assert_eq!(refusal(client).await.0, 403, "{method}");
    }
    let missing = app.as_admin(Method::DELETE, "/api/tax/rates/DE").send().await.unwrap();
    assert_eq!(refusal(missing).await.0, 404);
    assert_eq!(app.request(Method::GET, RATES).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_adds_one_rate() {
    let app = start().await;
    let add = |key: &'static str, percent: u32| {
        let body = json!({ "country": "DE", "name": "VAT", "percent": percent });
        app.as_admin(Method::POST, RATES).header("Idempotency-Key", key).json(&body).send()
    };
    let first = add("a", 19).await.unwrap();
    assert_eq!(first.status(), 201);
    let first: Value = first.json().await.unwrap();
    let again = add("a", 19).await.unwrap();
    assert_eq!(
        (again.status().as_u16(), &again.headers()["idempotent-replayed"]),
        (201, &"true".parse().unwrap())
    );
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    assert_eq!(refusal(add("a", 20).await.unwrap()).await.0, 422);
    assert_eq!(refusal(add("b", 19).await.unwrap()).await.0, 409);
}
