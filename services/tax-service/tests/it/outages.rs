//! The database away.

use config::testing::{Cable, TestEnv, eventually, refusal};
use reqwest::Method;
use serde_json::json;
use tax_service::Tax;

use crate::support::{RATES, add_rates, ask_quote, post, tax_of_100};

#[tokio::test(flavor = "multi_thread")]
async fn quotes_need_no_database() {
    let env = TestEnv::new().await;
    let cable = Cable::to(env.get("DATABASE_URL")).await;
    let app = env.set("DATABASE_URL", cable.url()).start::<Tax>().await;
    add_rates(&app).await;
    cable.cut();
    assert_eq!(tax_of_100(&app, "country=DE").await, 19.0);
    let body =
        json!({ "country": "CA", "state": "QC", "user_id": 7, "lines": [{ "id": "a", "amount": 100 }] });
    let quote = ask_quote(&app, &body).await;
    assert_eq!(quote.status(), 200);
    for refused in [
        post(&app, RATES, &json!({ "country": "FR", "percent": 20 })).await,
        app.request(Method::GET, RATES).send().await.unwrap(),
    ] {
        assert_eq!(refusal(refused).await.0, 503);
    }
    cable.mend();
    eventually("rates can be added again", || async {
        let answer = post(&app, RATES, &json!({ "country": "FR", "percent": 20 })).await;
        (answer.status() == 201).then_some(()).ok_or_else(|| answer.status().to_string())
    })
    .await;
    assert_eq!(tax_of_100(&app, "country=FR").await, 20.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_that_are_too_old_are_refused_until_they_can_be_read() {
    let env = TestEnv::new().await.set("TAX_STALE_SECONDS", "0");
    let cable = Cable::to(env.get("DATABASE_URL")).await;
    let app = env.set("DATABASE_URL", cable.url()).start::<Tax>().await;
    add_rates(&app).await;
    assert_eq!(tax_of_100(&app, "country=DE").await, 19.0);
    cable.cut();
    let body = json!({ "country": "DE", "lines": [] });
    assert_eq!(refusal(ask_quote(&app, &body).await).await.0, 503);
    cable.mend();
    eventually("quotes are answered again", || async {
        let answer = ask_quote(&app, &body).await;
        (answer.status() == 200).then_some(()).ok_or_else(|| answer.status().to_string())
    })
    .await;
}
