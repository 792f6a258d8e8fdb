//! Applying a code to an order, which is order-service's to price.

use config::testing::{TestApp, TestEnv};
use promotion_service::Promotions;
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn start(orders: &MockServer) -> TestApp {
    TestEnv::new().await.peer("order-service", &orders.uri()).start::<Promotions>().await
}

async fn apply(app: &TestApp, user: u64, order: u64, code: &str) -> (u16, Value) {
    let body = json!({ "order_id": order, "code": code });
    let answer =
        app.as_client(user, Method::POST, "/api/promotions/apply/").json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn the_order_comes_back_as_order_service_shows_it() {
    let orders = MockServer::start().await;
    let order =
        json!({ "id": 41, "total_amount": 2700, "promotion_code": "SPRING10", "items": [{ "id": 1 }] });
    Mock::given(method("POST"))
        .and(path("/internal/orders/41/promotion"))
        .and(header("x-service-token", config::testing::SERVICE_TOKEN_VALUE))
        .and(body_json(json!({ "code": "SPRING10", "user_id": 7, "is_admin": false })))
        .respond_with(ResponseTemplate::new(200).set_body_json(&order))
        .expect(1)
        .mount(&orders)
        .await;
    let app = start(&orders).await;
    assert_eq!(apply(&app, 7, 41, " spring10 ").await, (200, order));
}

#[tokio::test]
async fn what_order_service_refuses_is_passed_on_with_its_reason() {
    let orders = MockServer::start().await;
    let errors = json!([{ "field": "promotion_code", "code": "expired", "message": "has ended" }]);
    for (order, status, code, errors) in [
        (1, 404, "order-not-found", json!([])),
        (2, 403, "not-yours", json!([])),
        (3, 409, "promotion-used-up", json!([])),
        (4, 422, "invalid-fields", errors),
    ] {
        let problem = json!({
            "type": format!("urn:problem:{code}"), "title": "No", "status": status, "detail": "No.", "code": code,
            "errors": errors, "left": 3,
        });
        Mock::given(path(format!("/internal/orders/{order}/promotion")))
            .respond_with(ResponseTemplate::new(status).set_body_json(problem))
            .mount(&orders)
            .await;
        let app = start(&orders).await;
        let (actual, problem) = apply(&app, 7, order, "SPRING10").await;
        assert_eq!((actual, &problem["code"], &problem["left"]), (status, &json!(code), &json!(3)));
        assert_eq!((&problem["errors"], &problem["instance"]), (&errors, &json!("/api/promotions/apply/")));
    }
}

#[tokio::test]
async fn trouble_between_the_services_is_not_the_shoppers() {
    let orders = MockServer::start().await;
    for (order, status) in [(1, 401), (2, 500)] {
        Mock::given(path(format!("/internal/orders/{order}/promotion")))
            .respond_with(ResponseTemplate::new(status).set_body_json(json!({ "secret": "10.0.0.7" })))
            .mount(&orders)
            .await;
    }
    let app = start(&orders).await;
    let (status, problem) = apply(&app, 7, 1, "SPRING10").await;
    assert_eq!(status, 500);
    assert!(!problem.to_string().contains("10.0.0.7"));
    assert_eq!(apply(&app, 7, 2, "SPRING10").await.0, 503);
    let body = json!({ "order_id": 1, "code": "two words" });
    let malformed = app.as_client(7, Method::POST, "/api/promotions/apply").json(&body).send().await.unwrap();
    assert_eq!(malformed.status(), 422);
    let alone = TestEnv::new().await.start::<Promotions>().await;
    assert_eq!(apply(&alone, 7, 1, "SPRING10").await.0, 503);
}
