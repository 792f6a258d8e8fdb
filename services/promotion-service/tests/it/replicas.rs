//! Several instances.

use config::testing::{TestEnv, eventually};
use promotion_service::Promotions;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{basket, promotion, quote, reserve, terms, user};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_one_instance_is_known_to_the_other_before_its_memory_is_old() {
    let env = TestEnv::new().await;
    let (here, there) = (env.start::<Promotions>().await, env.start::<Promotions>().await);
    let promotion = promotion(&here, &json!({ "description": "one per cent" })).await;
    let path = format!("/api/promotions/{}", promotion["id"]);
    let mut percent = 1;
    // A consumer that isn't assigned its partitions yet misses the first news, as it would miss what was before it.
    eventually("the other instance prices by the new terms", || {
        percent = percent % 90 + 1;
        let (here, there, path) = (&here, &there, &path);
        async move {
            // Now it has something in its memory that will be wrong.
            let before = quote(there, &basket(&json!({}))).await;
            let change = terms(&json!({ "discount_percentage": percent }));
            let changed = here.as_admin(Method::PUT, path).json(&change).send().await.unwrap();
            assert_eq!(changed.status(), 200);
            for _ in 0..20 {
                let now = quote(there, &basket(&json!({}))).await;
                if now["discount"] == 30 * percent {
                    return Ok(());
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            Err(format!("{} by {percent} per cent", before["discount"]))
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_has_not_heard_of_a_change_reserves_by_the_new_terms_all_the_same() {
    let env = TestEnv::new().await;
    let (here, there) = (env.start::<Promotions>().await, env.start::<Promotions>().await);
    let promotion = promotion(&here, &json!({})).await;
    let path = format!("/api/promotions/{}", promotion["id"]);
    for percent in 11..20 {
        quote(&there, &basket(&json!({}))).await;
        let change = terms(&json!({ "discount_percentage": percent }));
        assert_eq!(here.as_admin(Method::PUT, &path).json(&change).send().await.unwrap().status(), 200);
        let reserved = reserve(&there, Uuid::now_v7(), &basket(&json!({ "user_id": user() }))).await;
        assert_eq!(reserved["discount"], 30 * percent);
    }
    assert_eq!(here.as_admin(Method::DELETE, &path).send().await.unwrap().status(), 204);
    let reserved = reserve(&there, Uuid::now_v7(), &basket(&json!({ "user_id": user() }))).await;
    assert_eq!(reserved["discount"], 0);
}
