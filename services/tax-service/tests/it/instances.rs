//! Several instances, and what they tell each other.

use config::testing::{TestApp, TestEnv, TestKafka, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use tax_service::Tax;

use crate::support::{EXEMPTIONS, RATES, SHOPPER, added, quote, tax_of_100};

async fn taxed(app: &TestApp, expected: f64) {
    eventually("the other instance knows the rate", || async {
        match tax_of_100(app, "country=DE").await {
            tax if tax == expected => Ok(()),
            tax => Err(format!("{tax}")),
        }
    })
    .await;
}

/// Changes rates and exemptions at one instance until the other has shown each.
async fn follow(one: &TestApp, other: &TestApp) {
    let rate = added(one, RATES, &json!({ "country": "DE", "percent": 19 })).await;
    taxed(other, 19.0).await;
    let path = format!("{RATES}/{}", rate["id"]);
    let changed = one.as_admin(Method::PUT, &path).json(&json!({ "country": "DE", "percent": 7 })).send();
    assert_eq!(changed.await.unwrap().status(), 200);
    taxed(other, 7.0).await;
    added(one, EXEMPTIONS, &json!({ "user_id": SHOPPER, "certificate": "A" })).await;
    eventually("the other instance knows the exemption", || async {
        let body = json!({ "country": "DE", "user_id": SHOPPER, "lines": [{ "id": "a", "amount": 1 }] });
        match quote(other, &body).await["exempt"] == true {
            true => Ok(()),
            false => Err("not exempt".to_owned()),
        }
    })
    .await;
    assert_eq!(one.as_admin(Method::DELETE, &path).send().await.unwrap().status(), 204);
    taxed(other, 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_to_every_instance() {
    // Nobody looks by themselves within the test's time: only the events can bring it.
    let env = TestEnv::new().await.set("TAX_REFRESH_SECONDS", "86400");
    let (one, other) = (env.start::<Tax>().await, env.start::<Tax>().await);
    // An instance hears what is sent once its consumer has joined: something is changed until it does.
    let rate = added(&one, RATES, &json!({ "country": "FR", "percent": 20 })).await;
    let path = format!("{RATES}/{}", rate["id"]);
    eventually("the other hears", || async {
        let changed =
            one.as_admin(Method::PUT, &path).json(&json!({ "country": "FR", "percent": 20 })).send();
        assert_eq!(changed.await.unwrap().status(), 200);
        (tax_of_100(&other, "country=FR").await > 0.0).then_some(()).ok_or_else(|| "deaf".to_owned())
    })
    .await;
    follow(&one, &other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_nobody_told_is_noticed() {
    let env = TestEnv::new().await.set("TAX_REFRESH_SECONDS", "0.2");
    let one = env.start::<Tax>().await;
    // The other listens to other topics.
    let deaf =
        TestEnv::new().await.set("DATABASE_URL", env.get("DATABASE_URL")).set("TAX_REFRESH_SECONDS", "0.2");
    let other = deaf.start::<Tax>().await;
    follow(&one, &other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_published_as_documented() {
    let env = TestEnv::new().await;
    let app = env.start::<Tax>().await;
    let heard = TestKafka::new(&env).listen("tax-events").await;
    let rate = added(&app, RATES, &json!({ "country": "FR", "percent": 20 })).await;
    let event = heard.find(|event| event.kind == "tax_rates_changed").await;
    assert_eq!((event.key.as_str(), &event.data), ("rates", &json!({ "version": 2, "countries": ["FR"] })));
    let path = format!("{RATES}/{}", rate["id"]);
    let moved = app.as_admin(Method::PUT, &path).json(&json!({ "country": "DE", "percent": 19 })).send();
    assert_eq!(moved.await.unwrap().status(), 200);
    let event = heard.find(|event| event.kind == "tax_rates_changed").await;
    assert_eq!(event.data, json!({ "version": 3, "countries": ["DE", "FR"] }));
    let exemption = added(&app, EXEMPTIONS, &json!({ "user_id": SHOPPER, "certificate": "A" })).await;
    let expected: Value = json!({ "version": 4, "user_id": SHOPPER });
    assert_eq!(heard.find(|event| event.kind == "tax_exemptions_changed").await.data, expected);
    let path = format!("{EXEMPTIONS}/{}", exemption["id"]);
    assert_eq!(app.as_admin(Method::DELETE, &path).send().await.unwrap().status(), 204);
    let event = heard.find(|event| event.kind == "tax_exemptions_changed").await;
    assert_eq!(event.data["version"], 5);
}
