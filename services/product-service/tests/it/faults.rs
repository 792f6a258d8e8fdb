//! MongoDB goes away and comes back.

use config::testing::{Cable, TestEnv, TestKafka, eventually, refusal};
use product_service::Catalogue;
use reqwest::Method;
use serde_json::json;

use crate::support::{created, get, id, laptop, patch, path, sku, told};

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_what_is_known_is_shown_and_the_rest_can_be_tried_again() {
    let env = TestEnv::new().await;
    let cable = Cable::to(env.get("MONGODB_URL")).await;
    let env = env.set("MONGODB_URL", cable.url());
    let listener = TestKafka::new(&env).listen("product-events").await;
    let app = env.start::<Catalogue>().await;
    let product = created(&app, &laptop(&sku())).await;
    told(&listener, "product_created", &id(&product)).await;
    cable.cut();
    assert_eq!(get(&app, &path(&product)).await, product);
    let body = laptop(&sku());
    for request in [
        app.request(Method::GET, "/api/products/507f1f77bcf86cd799439011"),
        app.request(Method::GET, "/api/products?sort=name"),
        app.as_admin(Method::POST, "/api/products").json(&body),
        app.as_admin(Method::PATCH, &path(&product)).json(&json!({ "price": 7 })),
    ] {
        let (status, problem) = refusal(request.send().await.unwrap()).await;
        assert_eq!((status, &problem["code"]), (503, &json!("store-unavailable")));
    }
    assert_eq!(app.request(Method::GET, "/health").send().await.unwrap().status(), 503);
    assert_eq!(app.request(Method::GET, "/livez").send().await.unwrap().status(), 200);
    cable.mend();
    eventually("writes are taken again", || async {
        match patch(&app, &path(&product), &json!({ "price": 7 })).await.status().as_u16() {
            200 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
    assert_eq!(told(&listener, "product_updated", &id(&product)).await.data["price"], 7);
    assert_eq!(get(&app, &path(&product)).await["price"], 7);
    app.stop().await;
}
