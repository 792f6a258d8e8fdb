//! Ratings. That a purchase is verified, and that the catalogue shows the average, is tested with everything together.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use system_tests::{Shop, Shopper};

use super::{answered, each, has, is_time, refused, whole, wrong_fields};

fn rate(shopper: &Shopper, body: &Value) -> RequestBuilder {
    shopper.request(Method::POST, "/api/ratings/").json(body)
}

#[tokio::test]
async fn ratings_of_a_product_are_listed_with_average_and_histogram() {
    let shop = Shop::shared().await;
    let product = shop.product(10.0, 1).await;
    let mut raters = Vec::new();
    for (member, stars) in [("rating", 5), ("score", 4), ("rating", 4)] {
        let shopper = shop.shopper().await;
        let mut body = json!({ "product_id": product, "user_id": shopper.id, "comment": "Tốt" });
        body[member] = json!(stars);
        let rating = answered(rate(&shopper, &body), 201).await;
        has(
            &rating,
            &json!({ "product_id": product, "user_id": shopper.id, "rating": stars, "score": stars,
            "comment": "Tốt", "verified_purchase": false, "helpful_count": 0, "status": "published" }),
        );
        is_time(&rating["created_at"]);
        raters.push(rating["id"].clone());
    }
    for path in [format!("/api/ratings/{product}"), format!("/api/ratings/product/{product}")] {
        let list = answered(shop.get(&path), 200).await;
        has(
            &list,
            &json!({ "product_id": product, "rating_count": 3, "total": 3, "count": 3,
            "histogram": { "1": 0, "2": 0, "3": 0, "4": 2, "5": 1 } }),
        );
        let average = list["average"].as_f64().unwrap();
        assert!((average - 13.0 / 3.0).abs() < 0.01, "{average}");
        let fours = answered(shop.get(&format!("{path}?stars=4")), 200).await;
        assert_eq!(fours["total"], 2, "{fours}");
        let highest = answered(shop.get(&format!("{path}?sort=highest&limit=1")), 200).await;
        assert_eq!(each(&highest, "id"), [&raters[0]]);
        assert_eq!(answered(shop.get(&format!("{path}?verified=true")), 200).await["total"], 0);
    }
    let (headers, summary) = whole(shop.get(&format!("/api/ratings/{product}/summary")), 200).await;
    assert_eq!((&summary["count"], headers.contains_key("etag")), (&json!(3), true));
}

#[tokio::test]
async fn a_rating_is_one_to_five_and_the_callers_own() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 1).await);
    for stars in [json!(0), json!(6), json!(4.5), Value::Null] {
        let body = json!({ "product_id": product, "rating": stars });
        assert_eq!(wrong_fields(rate(&shopper, &body)).await, ["rating"], "{stars}");
    }
    let others = json!({ "product_id": product, "rating": 5, "user_id": 1 });
    refused(rate(&shopper, &others), 403, "not-yours").await;
    let unknown = json!({ "product_id": "f".repeat(24), "rating": 5 });
    refused(rate(&shopper, &unknown), 404, "product-not-found").await;
}

#[tokio::test]
async fn owners_change_and_take_back_their_ratings() {
    let shop = Shop::shared().await;
    let (shopper, other, product) = (shop.shopper().await, shop.shopper().await, shop.product(10.0, 1).await);
    let rating = answered(rate(&shopper, &json!({ "product_id": product, "rating": 5 })), 201).await;
    let path = format!("/api/ratings/{}", rating["id"]);
    let change = json!({ "rating": 2, "comment": "It broke" });
    refused(other.request(Method::PUT, &path).json(&change), 403, "not-yours").await;
    refused(other.request(Method::DELETE, &path), 403, "not-yours").await;
    has(&answered(shopper.request(Method::PUT, &path).json(&change), 200).await, &change);
    assert_eq!(answered(shop.get(&format!("/api/ratings/{product}")), 200).await["average"], 2.0);
    assert_eq!(each(&shopper.get("/api/ratings/mine").await, "id"), [&rating["id"]]);
    answered(shopper.request(Method::DELETE, &path), 204).await;
    has(
        &answered(shop.get(&format!("/api/ratings/{product}")), 200).await,
        &json!({ "rating_count": 0, "average": 0.0 }),
    );
    answered(rate(&shopper, &json!({ "product_id": product, "rating": 3 })), 201).await;
}

#[tokio::test]
async fn helpful_votes_count_once_and_never_for_oneself() {
    let shop = Shop::shared().await;
    let (shopper, other, product) = (shop.shopper().await, shop.shopper().await, shop.product(10.0, 1).await);
    let rating = answered(rate(&shopper, &json!({ "product_id": product, "rating": 5 })), 201).await;
    let path = format!("/api/ratings/{}/helpful", rating["id"]);
    for _ in 0..2 {
        let vote = answered(other.request(Method::POST, &path), 200).await;
        has(&vote, &json!({ "id": rating["id"], "helpful_count": 1, "voted": true }));
    }
    refused(shopper.request(Method::POST, &path), 403, "own-rating").await;
    let taken_back = answered(other.request(Method::DELETE, &path), 200).await;
    has(&taken_back, &json!({ "helpful_count": 0, "voted": false }));
}

#[tokio::test]
async fn a_reported_rating_is_hidden_by_an_administrator_and_counts_no_more() {
    let shop = Shop::shared().await;
    let (shopper, other, product) = (shop.shopper().await, shop.shopper().await, shop.product(10.0, 1).await);
    let rating =
        answered(rate(&shopper, &json!({ "product_id": product, "rating": 1, "comment": "Buy mine" })), 201)
            .await;
    let id = &rating["id"];
    let report = other.request(Method::POST, &format!("/api/ratings/{id}/report"));
    answered(report.json(&json!({ "reason": "spam" })), 204).await;
    let queue =
        answered(shop.admin(Method::GET, "/api/ratings/moderation?queue=reported&limit=100"), 200).await;
    let waiting = queue["items"].as_array().unwrap().iter().find(|it| it["id"] == *id);
    has(waiting.expect("it waits"), &json!({ "reports": 1, "report_reasons": ["spam"] }));
    let decide = |status: &str| {
        let path = format!("/api/ratings/{id}/moderation");
        shop.admin(Method::PUT, &path).json(&json!({ "status": status, "reason": "spam" }))
    };
    has(&answered(decide("hidden"), 200).await, &json!({ "status": "hidden", "moderation_reason": "spam" }));
    let list = answered(shop.get(&format!("/api/ratings/{product}")), 200).await;
    has(&list, &json!({ "items": [], "rating_count": 0 }));
    assert_eq!(shopper.get("/api/ratings/mine").await["items"][0]["status"], "hidden");
    answered(decide("published"), 200).await;
    assert_eq!(answered(shop.get(&format!("/api/ratings/{product}")), 200).await["rating_count"], 1);
    let client = other.request(Method::PUT, &format!("/api/ratings/{id}/moderation"));
    refused(client.json(&json!({ "status": "hidden" })), 403, "not-admin").await;
}
