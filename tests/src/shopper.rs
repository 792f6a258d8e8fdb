//! Somebody who shops.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::load::Answer;
use crate::shop::{eventually, json_of};

/// A signed-in client.
#[derive(Clone)]
pub struct Shopper {
    pub id: u64,
    pub name: String,
    pub email: String,
    pub token: String,
    pub gateway: String,
    pub http: Client,
}

impl Shopper {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.gateway)).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Value {
        json_of(self.request(Method::GET, path)).await
    }

    /// Asks for an order; `lines` are products and quantities.
    pub fn order(&self, lines: &[(&str, u32)]) -> RequestBuilder {
        let items: Vec<_> =
            lines.iter().map(|(product, n)| json!({ "product_id": product, "quantity": n })).collect();
        let body = json!({ "items": items, "shipping_address": "123 Main St, City" });
        self.request(Method::POST, "/api/orders/").json(&body)
    }

    /// Asks for an order to Germany with a promotion.
    pub fn order_with(&self, code: &str, lines: &[(&str, u32)]) -> RequestBuilder {
        let items: Vec<_> =
            lines.iter().map(|(product, n)| json!({ "product_id": product, "quantity": n })).collect();
        let body = json!({ "items": items, "promotion_code": code,
            "shipping_address": "Hauptstr. 5, 10115 Berlin, Germany" });
        self.request(Method::POST, "/api/orders/").json(&body)
    }

    /// An order that must succeed: its id and total.
    pub async fn ordered(&self, lines: &[(&str, u32)]) -> (u64, f64) {
        let order = json_of(self.order(lines)).await;
        let id = order["id"].as_u64().unwrap_or_else(|| panic!("no order: {order}"));
        (id, order["total_amount"].as_f64().expect("an order has a total"))
    }

    pub fn pay(&self, order: u64, amount: f64) -> RequestBuilder {
        self.pay_with(order, amount, "tok_success")
    }

    pub fn pay_with(&self, order: u64, amount: f64, token: &str) -> RequestBuilder {
        let body = json!({ "order_id": order, "amount": amount, "payment_method": "credit_card", "payment_token": token });
        self.request(Method::POST, "/api/payments/").json(&body)
    }

    /// A payment that must succeed: its id.
    pub async fn paid(&self, order: u64, amount: f64) -> u64 {
        let answer = self.pay(order, amount).send().await.expect("the gateway answers");
        let (status, payment): (_, Value) =
            (answer.status(), answer.json().await.expect("a payment is JSON"));
        assert_eq!(status, 201, "{payment}");
        payment["id"].as_u64().expect("a payment has an id")
    }

    /// Waits until the order has one of these states.
    pub async fn order_becomes(&self, order: u64, states: &[&str]) -> Value {
        eventually(&format!("order {order} becomes {states:?}"), || async {
            let order = self.get(&format!("/api/orders/{order}")).await;
            if states.iter().any(|state| order["status"] == **state) {
                Ok(order)
            } else {
                Err(order["status"].to_string())
            }
        })
        .await
    }

    /// Sends a request until it is answered for good, as a patient client with an idempotency key does.
    pub async fn insist(&self, request: RequestBuilder, key: &str) -> Answer {
        crate::load::insist(request.header("Idempotency-Key", key))
            .await
            .expect("an answer within two minutes")
    }
}
