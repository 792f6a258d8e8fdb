//! The demonstration's promotions.

use config::testing::TestEnv;
use promotion_service::Promotions;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{basket, get, product, quote, user};

#[tokio::test]
async fn the_demonstration_is_loaded_once_and_what_became_of_it_stays() {
    let env = TestEnv::new().await.set("DEMO_DATA", "true");
    let (app, other) = (env.start::<Promotions>().await, env.start::<Promotions>().await);
    let all = get(&app, "/api/promotions").await;
    assert_eq!(all["total"], 3);
    let welcome = all["items"].as_array().unwrap().iter().find(|it| it["code"] == "WELCOME10").unwrap();
    let path = format!("/api/promotions/{}", welcome["id"]);
    assert_eq!(app.as_admin(Method::DELETE, &path).send().await.unwrap().status(), 204);
    other.stop().await;
    let again = env.start::<Promotions>().await;
    assert_eq!(get(&again, "/api/promotions").await["total"], 2);
}

#[tokio::test]
async fn the_demonstration_leaves_a_plain_order_alone() {
    let app = TestEnv::new().await.set("DEMO_DATA", "true").start::<Promotions>().await;
    let plain = quote(&app, &basket(&json!({ "user_id": user() }))).await;
    assert_eq!((&plain["applied"], &plain["free_shipping"]), (&json!([]), &json!(false)));
    let welcome = quote(&app, &basket(&json!({ "user_id": user(), "code": "welcome10" }))).await;
    assert_eq!(welcome["discount"], 300);
    let freeship = quote(&app, &basket(&json!({ "code": "freeship" }))).await;
    assert_eq!((&freeship["discount"], &freeship["free_shipping"]), (&json!(0), &json!(true)));
    let books = json!([{ "product_id": product(), "category": "Books", "quantity": 3, "price": 20 }]);
    let books =
        quote(&app, &basket(&json!({ "user_id": user(), "code": "welcome10", "lines": books }))).await;
    assert_eq!((&books["discount"], &books["rejected"]), (&json!(24), &Value::Null));
}
