//! Promotions, as administrators keep them.

use config::testing::{refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{get, promotion, start, terms};

#[tokio::test]
async fn each_kind_is_kept_as_it_was_written() {
    let app = start().await;
    for members in [
        json!({ "kind": "percentage", "discount_percentage": 7.25, "max_discount": 99.99 }),
        json!({ "kind": "fixed", "discount_percentage": null, "amount": 12.5, "currency": "USD" }),
        json!({ "kind": "free_shipping", "discount_percentage": null, "min_subtotal": 50 }),
        json!({
            "kind": "buy_x_get_y", "discount_percentage": null, "buy_quantity": 2, "get_quantity": 1,
            "get_discount_percent": 50,
        }),
        json!({
            "code": "spring-10", "name": "Spring", "product_ids": ["507f1f77bcf86cd799439011"],
            "categories": ["Điện thoại"], "first_order_only": true, "usage_limit": 10, "per_customer_limit": 1,
            "stackable": true, "priority": -5, "is_active": false, "is_public": true,
        }),
    ] {
        let added = promotion(&app, &members).await;
        let read = get(&app, &format!("/api/promotions/{}", added["id"])).await;
        assert_eq!(added, read);
        for (name, value) in members.as_object().unwrap() {
            let expected = if name == "code" { &json!("SPRING-10") } else { value };
            assert_eq!(&read[name], expected, "{name}");
        }
    }
}

#[tokio::test]
async fn the_kind_may_be_told_by_its_members_and_the_percentage_has_two_names() {
    let app = start().await;
    for (members, kind) in [
        (json!({ "kind": null }), "percentage"),
        (json!({ "kind": null, "discount_percentage": null, "discount_percent": 10 }), "percentage"),
        (json!({ "kind": null, "discount_percentage": null, "amount": 5 }), "fixed"),
    ] {
        let added = promotion(&app, &members).await;
        assert_eq!(added["kind"], kind);
        assert_eq!(added["discount_percentage"], added["discount_percent"]);
    }
}

#[tokio::test]
async fn an_end_date_includes_its_day() {
    let app = start().await;
    let added = promotion(&app, &json!({ "start_date": "2025-12-01", "end_date": "2025-12-31" })).await;
    assert_eq!(added["start_date"], "2025-12-01T00:00:00+00:00");
    assert_eq!(added["end_date"], "2025-12-31T23:59:59.999999+00:00");
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let app = start().await;
    let wrong = |body: Value| {
        let request = app.as_admin(Method::POST, "/api/promotions").json(&body);
        async move {
            let (status, problem) = refusal(request.send().await.unwrap()).await;
            assert_eq!((status, &problem["code"]), (422, &json!("invalid-fields")), "{problem}");
            wrong_fields(&problem).into_iter().map(str::to_owned).collect::<Vec<_>>()
        }
    };
    let all = terms(&json!({
        "code": "two words", "name": "", "description": "", "discount_percentage": 100.01, "start_date": "soon",
        "end_date": "31.12.2025", "min_subtotal": 1.005, "max_discount": 0, "product_ids": ["x"],
        "categories": ["Books", ""], "usage_limit": 0, "per_customer_limit": -1, "priority": 1001,
    }));
    let fields = [
        "code",
        "name",
        "description",
        "discount_percentage",
        "start_date",
        "end_date",
        "min_subtotal",
        "max_discount",
        "product_ids[0]",
        "categories[1]",
        "usage_limit",
        "per_customer_limit",
        "priority",
    ];
    assert_eq!(wrong(all).await, fields);
    assert_eq!(wrong(terms(&json!({ "end_date": "2024-12-31" }))).await, ["end_date"]);
    assert_eq!(wrong(terms(&json!({ "discount_percentage": null }))).await, ["discount_percentage"]);
    assert_eq!(wrong(terms(&json!({ "kind": "fixed" }))).await, ["amount"]);
    assert_eq!(wrong(terms(&json!({ "kind": "fixed", "amount": 0.5, "currency": "VND" }))).await, ["amount"]);
    assert_eq!(wrong(terms(&json!({ "kind": "half" }))).await, ["kind"]);
    assert_eq!(wrong(terms(&json!({ "currency": "XXQ" }))).await, ["currency"]);
    let groups = json!({ "kind": "buy_x_get_y", "buy_quantity": 0, "get_discount_percent": 0 });
    assert_eq!(wrong(terms(&groups)).await, ["buy_quantity", "get_quantity", "get_discount_percent"]);
    assert_eq!(wrong(json!({})).await, ["description", "start_date", "end_date"]);
    let products = vec!["507f1f77bcf86cd799439011"; 501];
    assert_eq!(wrong(terms(&json!({ "product_ids": products }))).await, ["product_ids"]);
}

#[tokio::test]
async fn versions_guard_reads_and_writes() {
    let app = start().await;
    let added = promotion(&app, &json!({})).await;
    let url = format!("/api/promotions/{}", added["id"]);
    let read = app.request(Method::GET, &url).send().await.unwrap();
    let tag = read.headers()["etag"].clone();
    let again =
        app.request(Method::GET, &format!("{url}/")).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let change = terms(&json!({ "discount_percentage": 20 }));
    let write = app.as_admin(Method::PUT, &url).header("if-match", &tag).json(&change);
    let changed: Value = write.try_clone().unwrap().send().await.unwrap().json().await.unwrap();
    assert_eq!((&changed["discount_percentage"], &changed["version"]), (&json!(20), &json!(2)));
    assert_eq!(refusal(write.send().await.unwrap()).await.0, 412);
    let archive =
        async |tag: &str| app.as_admin(Method::DELETE, &url).header("if-match", tag).send().await.unwrap();
    assert_eq!(refusal(archive("\"1\"").await).await.0, 412);
    assert_eq!(archive("\"2\"").await.status(), 204);
    assert_eq!(refusal(archive("*").await).await.0, 404);
}

#[tokio::test]
async fn a_code_is_one_promotions_until_that_is_deleted() {
    let app = start().await;
    let first = promotion(&app, &json!({ "code": "once" })).await;
    let second = promotion(&app, &json!({ "code": "TWICE" })).await;
    let taken = terms(&json!({ "code": "Once" }));
    let second_one = app.as_admin(Method::POST, "/api/promotions").json(&taken).send().await.unwrap();
    let (status, problem) = refusal(second_one).await;
    assert_eq!((status, &problem["code"]), (409, &json!("promotion-code-taken")));
    let change = app.as_admin(Method::PUT, &format!("/api/promotions/{}", second["id"])).json(&taken);
    assert_eq!(refusal(change.try_clone().unwrap().send().await.unwrap()).await.0, 409);
    let url = format!("/api/promotions/{}", first["id"]);
    assert_eq!(app.as_admin(Method::DELETE, &url).send().await.unwrap().status(), 204);
    assert_eq!(change.send().await.unwrap().status(), 200);
    let all = get(&app, "/api/promotions?code=once&archived=true").await;
    assert_eq!((&all["total"], &all["items"][1]["archived"]), (&json!(2), &json!(true)));
}

#[tokio::test]
async fn every_wrong_parameter_of_a_list_is_named() {
    let app = start().await;
    let list = "/api/promotions?limit=0&cursor=x&code=two%20words";
    let (status, problem) = refusal(app.as_admin(Method::GET, list).send().await.unwrap()).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["limit", "cursor", "code"]));
    let (status, problem) = refusal(app.request(Method::GET, list).send().await.unwrap()).await;
    let fields = vec!["limit", "cursor"];
    assert_eq!((status, wrong_fields(&problem)), (422, fields), "codes are asked for by administrators");
}

#[tokio::test]
async fn refusals_have_the_right_status() {
    let app = start().await;
    let known = promotion(&app, &json!({})).await;
    let url = format!("/api/promotions/{}", known["id"]);
    let body = terms(&json!({}));
    let cases = [
        (app.request(Method::POST, "/api/promotions").json(&body), 401, "token-missing"),
        (app.as_client(7, Method::POST, "/api/promotions").json(&body), 403, "not-admin"),
        (app.as_client(7, Method::PUT, &url).json(&body), 403, "not-admin"),
        (app.as_client(7, Method::DELETE, &url), 403, "not-admin"),
        (app.as_admin(Method::PUT, "/api/promotions/999999").json(&body), 404, "promotion-not-found"),
        (app.request(Method::GET, "/api/promotions/999999"), 404, "promotion-not-found"),
        (app.request(Method::GET, "/api/promotions?limit=1000"), 422, "invalid-fields"),
        (app.as_admin(Method::GET, "/api/promotions?code=two%20words"), 422, "invalid-fields"),
        (app.request(Method::POST, "/api/promotions/apply").json(&json!({})), 401, "token-missing"),
        (app.as_client(7, Method::POST, "/api/promotions/apply").json(&json!({})), 422, "invalid-fields"),
        (app.as_admin(Method::POST, "/internal/promotions/quote").json(&json!({})), 401, "token-missing"),
        (app.request(Method::DELETE, "/api/promotions"), 405, "method-not-allowed"),
    ];
    for (request, status, code) in cases {
        let (actual, problem) = refusal(request.send().await.unwrap()).await;
        assert_eq!((actual, problem["code"].as_str().unwrap()), (status, code), "{problem}");
    }
}
