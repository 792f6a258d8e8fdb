//! From the list into the cart.

use config::testing::refusal;
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::matchers::{any, body_json, header, method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{Shop, product};

impl Shop {
    /// A cart that holds this, and takes whatever comes.
    async fn cart(&self, items: Value) {
        let cart = ResponseTemplate::new(200).set_body_json(json!({ "items": items }));
        Mock::given(any()).respond_with(cart).mount(&self.orders).await;
    }

    async fn refuse(&self, product: &str) {
        let problem = json!({
            "type": "urn:problem:product-unavailable", "title": "Conflict", "status": 409,
            "detail": "It is no longer sold.", "code": "product-unavailable",
        });
        Mock::given(method("PUT"))
            .and(path(format!("/api/cart/items/{product}")))
            .respond_with(ResponseTemplate::new(409).set_body_json(problem))
            .with_priority(1)
            .mount(&self.orders)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_is_in_the_cart_by_its_owners_token_before_it_is_off_the_list() {
    let shop = Shop::open().await;
    let product = product();
    shop.wish(7, &product).await;
    let url = format!("/api/favourites/{product}/move-to-cart");
    // The cart is away: the wish stays.
    let away =
        Mock::given(any()).respond_with(ResponseTemplate::new(503)).mount_as_scoped(&shop.orders).await;
    assert_eq!(shop.status(7, Method::POST, &url).await, 503);
    assert_eq!(shop.get(7, "/api/favourites").await["total"], 1);
    drop(away);
    shop.cart(json!([])).await;
    let token = shop.app.tokens.client(7);
    let put = Mock::given(method("PUT"))
        .and(path(format!("/api/cart/items/{product}")))
        .and(body_json(json!({ "quantity": 3 })))
        .and(header("authorization", format!("Bearer {token}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "items": [] })))
        .with_priority(1)
        .expect(1)
        .mount_as_scoped(&shop.orders)
        .await;
    let answer = shop.app.request(Method::POST, &url).bearer_auth(&token).json(&json!({ "quantity": 3 }));
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "moved": [product], "left": [] }));
    drop(put);
    assert_eq!(shop.get(7, "/api/favourites").await["total"], 0);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cart_refuses_stays_on_the_list_with_the_reason() {
    let shop = Shop::open().await;
    let (good, there, bad) = (product(), product(), product());
    for product in [&good, &there, &bad] {
        assert_eq!(shop.wish_on(7, product, Some("Gifts")).await.status(), 201);
    }
    shop.cart(json!([{ "product_id": there, "quantity": 4 }])).await;
    shop.refuse(&bad).await;
    // More of it is in the cart already: moving never takes any out.
    Mock::given(method("PUT"))
        .and(path(format!("/api/cart/items/{there}")))
        .respond_with(ResponseTemplate::new(500))
        .with_priority(1)
        .expect(0)
        .mount(&shop.orders)
        .await;
    let one = shop.app.as_client(7, Method::POST, &format!("/api/favourites/{bad}/move-to-cart"));
    let (status, problem) = refusal(one.send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (409, &json!("product-unavailable")));

    let lists = shop.get(7, "/api/favourites/lists").await;
    let url = format!("/api/favourites/lists/{}/move-to-cart", lists["items"][0]["id"]);
    let moved: Value = shop.app.as_client(7, Method::POST, &url).send().await.unwrap().json().await.unwrap();
    assert_eq!(moved["moved"], json!([there, good]));
    let left =
        json!([{ "product_id": bad, "code": "product-unavailable", "detail": "It is no longer sold." }]);
    assert_eq!(moved["left"], left);
    let page = shop.get(7, "/api/favourites").await;
    assert_eq!((&page["total"], &page["items"][0]["product_id"]), (&json!(1), &json!(bad)));
    let lists = shop.get(7, "/api/favourites/lists").await;
    assert_eq!(lists["items"][0]["items"], 1);
    shop.app.stop().await;
}
