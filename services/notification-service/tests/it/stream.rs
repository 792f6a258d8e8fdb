//! Server-sent events.

use std::time::Duration;

use config::clock::{Clock as _, SystemClock};
use config::database::{RedisSettings, connect_redis};
use config::jwt_auth::{Role, revoke};
use config::settings::{Env, Settings as _};
use config::testing::{TestApp, eventually};
use notification_service::Notification;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::support::{SHOPPER, STRANGER, Shop};

async fn open(app: &TestApp, user: u64, last: Option<&str>) -> Response {
    open_with(app, &app.tokens.client(user), last).await
}

async fn open_with(app: &TestApp, token: &str, last: Option<&str>) -> Response {
    let mut request = app.request(Method::GET, "/api/notifications/stream").bearer_auth(token);
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    answer
}

/// The next event's id and data; `None` at the end of the stream or when nothing comes in time.
async fn next(stream: &mut Response, patience: Duration) -> Option<(String, Value)> {
    let mut text = String::new();
    let read = async {
        loop {
            match stream.chunk().await {
                Ok(Some(chunk)) => text.push_str(std::str::from_utf8(&chunk).unwrap()),
                _ => return None,
            }
            if let Some((event, _)) = text.split_once("\n\n")
                && let Some(id) = event.lines().find_map(|line| line.strip_prefix("id: "))
            {
                assert!(event.lines().any(|line| line == "event: notification"), "{event}");
                let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
                return Some((id.to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
    };
    tokio::time::timeout(patience, read).await.ok().flatten()
}

/// Whether the stream ends by itself within this time, whatever it says until then.
async fn ends(stream: &mut Response, patience: Duration) -> bool {
    let end = async { while let Ok(Some(_)) = stream.chunk().await {} };
    tokio::time::timeout(patience, end).await.is_ok()
}

/// Until this instance hears `notification-events`: it gets what comes from then on.
async fn warm(shop: &Shop, app: &TestApp) {
    eventually("the stream is alive", || async {
        let mut stream = open(app, 999, None).await;
        shop.posted(999, "ping").await;
        next(&mut stream, Duration::from_secs(1)).await.ok_or_else(|| "silent".to_owned())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_created_comes_at_once_on_every_instance() {
    let shop = Shop::open().await;
    let other = shop.env.start::<Notification>().await;
    warm(&shop, &shop.app).await;
    warm(&shop, &other).await;
    let mut here = open(&shop.app, SHOPPER, None).await;
    let mut there = open(&other, SHOPPER, None).await;
    shop.posted(STRANGER, "not yours").await;
    let created = shop.posted(SHOPPER, "hello").await;
    for stream in [&mut here, &mut there] {
        let (id, data) = next(stream, Duration::from_secs(10)).await.unwrap();
        assert_eq!(
            (id, &data["message"], &data["id"]),
            (created["id"].to_string(), &created["message"], &created["id"])
        );
    }
    // A stream ends with its instance, at once.
    let stopped = tokio::time::timeout(Duration::from_secs(8), other.stop()).await;
    assert!(stopped.is_ok(), "an open stream kept the instance");
    assert!(next(&mut there, Duration::from_secs(5)).await.is_none());
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_again_gets_what_it_missed_once() {
    let shop = Shop::open().await;
    warm(&shop, &shop.app).await;
    let first = shop.posted(SHOPPER, "one").await;
    let second = shop.posted(SHOPPER, "two").await;
    shop.posted(STRANGER, "not yours").await;
    let third = shop.posted(SHOPPER, "three").await;
    let mut stream = open(&shop.app, SHOPPER, Some(&first["id"].to_string())).await;
    let fourth = shop.posted(SHOPPER, "four").await;
    let mut messages = Vec::new();
    let mut pending = String::new();
    // Chunks may hold several events.
    while messages.len() < 3 {
        let chunk =
            tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await.unwrap().unwrap().unwrap();
        pending.push_str(std::str::from_utf8(&chunk).unwrap());
        messages = pending.lines().filter_map(|line| line.strip_prefix("id: ")).map(str::to_owned).collect();
    }
    assert_eq!(messages, [&second, &third, &fourth].map(|it| it["id"].to_string()));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token() {
    let shop = Shop::open().await;
    let mut claims = shop.app.tokens.claims(SHOPPER, Role::Client);
    claims.exp = claims.iat + 4;
    let mut expiring = open_with(&shop.app, &shop.app.tokens.sign(&claims), None).await;
    // The list of revocations is the same for all tests: it must be somebody whom no other knows.
    let somebody = 7_000_000_000 + u64::from(std::process::id());
    let mut revoked = open(&shop.app, somebody, None).await;
    let mut other = open(&shop.app, SHOPPER, None).await;
    let mut env: Env = [("REDIS_URL".to_owned(), shop.env.get("REDIS_URL").to_owned())].into_iter().collect();
    let settings = RedisSettings::read(&mut env).unwrap_or_else(|_| panic!("{:?}", env.problems()));
    let mut redis = connect_redis(&settings).await.unwrap();
    revoke(&mut redis, somebody.into(), SystemClock.now()).await.unwrap();
    assert!(ends(&mut revoked, Duration::from_secs(10)).await, "its token was revoked");
    assert!(ends(&mut expiring, Duration::from_secs(10)).await, "its token has expired");
    assert!(!ends(&mut other, Duration::from_secs(1)).await, "nothing happened to its token");
    shop.app.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_hear_nothing() {
    let shop = Shop::open().await;
    let answer = shop.app.request(Method::GET, "/api/notifications/stream").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    shop.app.stop().await;
}
