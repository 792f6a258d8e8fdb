//! Without the database.

use config::testing::{Cable, TestEnv, TestKafka, eventually, refusal};
use promotion_service::Promotions;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{basket, get, order_event, product, promotion, quote, reserve, try_reserve, user};

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_baskets_are_priced_and_limits_wait() {
    let env = TestEnv::new().await;
    let kafka = TestKafka::new(&env);
    let cable = Cable::to(env.get("DATABASE_URL")).await;
    let app = env.set("DATABASE_URL", cable.url()).start::<Promotions>().await;
    let books = promotion(&app, &json!({ "categories": ["Books"] })).await;
    promotion(&app, &json!({ "code": "LIMITED", "usage_limit": 1 })).await;
    let book = json!([{ "product_id": product(), "category": "Books", "quantity": 1, "price": 20 }]);
    let (id, customer) = (Uuid::now_v7(), user());
    let with_book = basket(&json!({ "user_id": customer, "lines": book }));
    assert_eq!(reserve(&app, id, &with_book).await["discount"], 2);
    cable.cut();
    assert_eq!(quote(&app, &with_book).await["discount"], 2);
    // Nothing is for it: it needs no use, and so no database.
    let plain = basket(&json!({ "user_id": customer }));
    assert_eq!(reserve(&app, Uuid::now_v7(), &plain).await["reservation_id"], Value::Null);
    let limited = basket(&json!({ "user_id": customer, "code": "LIMITED" }));
    let late = Uuid::now_v7();
    let asked =
        app.as_service(Method::POST, "/internal/promotions/quote").json(&limited).send().await.unwrap();
    for answer in [asked, try_reserve(&app, late, &limited).await, try_reserve(&app, late, &with_book).await]
    {
        assert_eq!(refusal(answer).await.0, 503);
    }
    let paid = json!({ "promotion_reservation_id": id, "status": "paid" });
    kafka.send(&order_event("order_status_updated", user(), customer, &paid)).await;
    cable.mend();
    // Connections that were cut may still be met.
    eventually("what was told meanwhile is done", || async {
        let now = get(&app, &format!("/api/promotions/{}", books["id"])).await;
        if now["used_count"] == 1 { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
    let reserved: Value = eventually("what was refused meanwhile is to be had", || async {
        let answer = try_reserve(&app, late, &limited).await;
        if answer.status() == 200 { Ok(answer) } else { Err(answer.status().to_string()) }
    })
    .await
    .json()
    .await
    .unwrap();
    assert_eq!((&reserved["discount"], &reserved["reservation_id"]), (&json!(300), &json!(late)));
}
