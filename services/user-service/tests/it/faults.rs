//! Redis goes away and comes back.

use config::testing::{Cable, TestEnv, eventually};
use serde_json::json;
use user_service::Users;

use crate::support::{PASSWORD, Shop, body, code};

/// A shop whose Redis is reached over the cable, and the address of the real one.
async fn shop_on_a_cable(settings: &[(&str, &str)]) -> (Shop, Cable, String) {
    let redis = TestEnv::new().await.get("REDIS_URL").to_owned();
    let cable = Cable::to(&redis).await;
    let mut all = vec![("REDIS_URL", cable.url())];
    all.extend(settings);
    (Shop::with(&all).await, cable, redis)
}

#[tokio::test]
async fn without_redis_logins_work_and_are_still_throttled() {
    let (shop, cable, _) = shop_on_a_cable(&[("LOGIN_FAILURES_PER_ACCOUNT", "3")]).await;
    let (ann, bob) = (shop.register().await, shop.register().await);
    cable.cut();
    for _ in 0..3 {
        assert_eq!(code(shop.try_log_in(&ann.name, "a guess").await, 401).await, "bad-credentials");
    }
    assert_eq!(shop.try_log_in(&ann.name, PASSWORD).await.status(), 429);
    let tokens = shop.log_in(&bob.name).await;
    assert_eq!(shop.refresh(&tokens.refresh).await.status(), 200);
    let taken = json!({ "email": ann.email, "current_password": PASSWORD });
    for expected in [409, 409, 409, 429] {
        let answer = shop.call(&tokens.access, reqwest::Method::PUT, "/api/users/me", Some(&taken)).await;
        assert_eq!(answer.status(), expected);
    }
}

#[tokio::test]
async fn a_revocation_survives_redis_and_the_instance_that_made_it() {
    let (shop, cable, redis) = shop_on_a_cable(&[]).await;
    let (ann, tokens) = shop.sign_up().await;
    cable.cut();
    let path = format!("/api/users/{}/active", ann.id);
    body(shop.administer(&path, &json!({ "is_active": false })).await, 200).await;
    assert_eq!(shop.me(&tokens.access).await.status(), 200, "nobody has heard of it yet");
    let Shop { env, app, keys: _keys, .. } = shop;
    app.kill().await;
    let next = env.set("REDIS_URL", redis).start::<Users>().await;
    eventually("the token is refused", || async {
        let request = next.request(reqwest::Method::GET, "/api/users/me").bearer_auth(&tokens.access);
        match request.send().await.unwrap().status().as_u16() {
            401 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
}
