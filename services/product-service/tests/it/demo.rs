//! The demonstration's products.

use config::testing::TestEnv;
use product_service::Catalogue;
use reqwest::Method;
use serde_json::json;

use crate::support::{get, patch};

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_is_loaded_once_and_never_overwrites() {
    let env = TestEnv::new().await.set("DEMO_DATA", "true");
    let (one, two) = tokio::join!(env.start::<Catalogue>(), env.start::<Catalogue>());
    two.stop().await;
    let all = get(&one, "/api/products?limit=100").await;
    let total = all["total"].as_u64().unwrap();
    assert!((55..=70).contains(&total), "{total}");
    let first = &all["items"][0];
    let path = format!("/api/products/{}", first["id"].as_str().unwrap());
    assert_eq!(patch(&one, &path, &json!({ "price": 1 })).await.status(), 200);
    let other = format!("/api/products/{}", all["items"][1]["id"].as_str().unwrap());
    one.as_admin(Method::DELETE, &other).send().await.unwrap();
    one.stop().await;
    let again = env.start::<Catalogue>().await;
    assert_eq!(get(&again, &path).await["price"], 1);
    assert_eq!(get(&again, "/api/products").await["total"], total - 1);
    again.stop().await;
}
