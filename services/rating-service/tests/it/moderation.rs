//! What is shown, and who decides.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, histogram, product, rate};

impl Shop {
    async fn decide(&self, id: u64, decision: Value) -> Value {
        let url = format!("/api/ratings/{id}/moderation");
        let answer = self.app.as_admin(Method::PUT, &url).json(&decision).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    async fn waiting(&self, queue: &str) -> Vec<Value> {
        let url = format!("/api/ratings/moderation?queue={queue}");
        let page: Value = self.app.as_admin(Method::GET, &url).send().await.unwrap().json().await.unwrap();
        page["items"].as_array().unwrap().clone()
    }

    async fn queue(&self, queue: &str) -> Vec<u64> {
        self.waiting(queue).await.iter().map(|item| item["id"].as_u64().unwrap()).collect()
    }

    async fn report(&self, user: u64, id: u64, report: Value) {
        let url = format!("/api/ratings/{id}/report");
        let answer = self.app.as_client(user, Method::POST, &url).json(&report).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_wait_for_a_moderator_where_the_shop_wants_that() {
    let shop = Shop::with(|env| env.set("RATING_MODERATION", "comments")).await;
    let product = product();
    let waiting: Value = rate(&shop.app, 7, &product, 5).await.json().await.unwrap();
    assert_eq!(waiting["status"], "pending");
    let id = waiting["id"].as_u64().unwrap();
    let only_stars = json!({ "product_id": product, "rating": 2 });
    let answer = shop.app.as_client(8, Method::POST, "/api/ratings").json(&only_stars).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "published");
    let page = shop.get(&format!("/api/ratings/{product}")).await;
    assert_eq!((histogram(&page), &page["total"], &page["count"]), ([0, 1, 0, 0, 0], &json!(1), &json!(1)));
    // Nobody can vote for what isn't shown.
    let vote =
        shop.app.as_client(9, Method::POST, &format!("/api/ratings/{id}/helpful")).send().await.unwrap();
    assert_eq!(vote.status(), 404);

    assert_eq!(shop.queue("pending").await, [id]);
    let shown = shop.decide(id, json!({ "status": "published" })).await;
    assert_eq!(shown["status"], "published");
    assert!(shop.queue("pending").await.is_empty());
    assert_eq!(histogram(&shop.get(&format!("/api/ratings/{product}/summary")).await), [0, 1, 0, 0, 1]);

    // New words are looked at again.
    let edit = json!({ "comment": "Buy from me instead!" });
    let url = format!("/api/ratings/{id}");
    let edited = shop.app.as_client(7, Method::PUT, &url).json(&edit).send().await.unwrap();
    assert_eq!(edited.json::<Value>().await.unwrap()["status"], "pending");
    shop.decide(id, json!({ "status": "rejected", "reason": "Advertising" })).await;
    let mine = shop.app.as_client(7, Method::GET, "/api/ratings/mine").send().await.unwrap();
    let mine: Value = mine.json().await.unwrap();
    assert_eq!(
        (&mine["items"][0]["status"], &mine["items"][0]["moderation_reason"]),
        (&json!("rejected"), &json!("Advertising"))
    );
    assert_eq!(shop.queue("rejected").await, [id]);
    assert_eq!(histogram(&shop.get(&format!("/api/ratings/{product}")).await), [0, 1, 0, 0, 0]);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_users_report_is_looked_at_and_what_is_hidden_does_not_count() {
    let shop = Shop::open().await;
    let product = product();
    let (rude, fine) = (shop.rated(7, &product, 1).await, shop.rated(8, &product, 5).await);
    for (user, id) in [(20, rude), (20, rude), (21, rude), (20, fine)] {
        shop.report(user, id, json!({ "reason": "rude" })).await;
    }
    // The most reported first; a second report by the same user counts for nothing.
    assert_eq!(shop.queue("reported").await, [rude, fine]);
    let hidden = shop.decide(rude, json!({ "status": "hidden", "reason": "Insult" })).await;
    assert_eq!((&hidden["status"], &hidden["reports"]), (&json!("hidden"), &json!(0)));
    shop.decide(fine, json!({ "status": "published" })).await;
    assert!(shop.queue("reported").await.is_empty());
    let page = shop.get(&format!("/api/ratings/{product}")).await;
    assert_eq!((histogram(&page), &page["average"]), ([0, 0, 0, 0, 1], &json!(5.0)));
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    // The author's edit doesn't bring it back.
    let url = format!("/api/ratings/{rude}");
    let edit = shop.app.as_client(7, Method::PUT, &url).json(&json!({ "rating": 2 })).send().await.unwrap();
    assert_eq!(edit.json::<Value>().await.unwrap()["status"], "pending");
    assert_eq!(shop.get(&format!("/api/ratings/{product}")).await["total"], 1);
    let wrong =
        shop.app.as_admin(Method::PUT, &format!("{url}/moderation")).json(&json!({ "status": "pending" }));
    assert_eq!(wrong.send().await.unwrap().status(), 422);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_read_why_and_whoever_reported_may_report_new_words() {
    let shop = Shop::open().await;
    let product = product();
    let (rude, fine) = (shop.rated(7, &product, 1).await, shop.rated(8, &product, 5).await);
    for user in 20..45 {
        shop.report(user, rude, json!({ "reason": format!("rude to {user}") })).await;
    }
    shop.report(50, rude, json!({})).await;
    shop.report(20, fine, json!({ "reason": "another product" })).await;
    let waiting = shop.waiting("reported").await;
    let newest: Vec<_> = (25..45).rev().map(|user| format!("rude to {user}")).collect();
    assert_eq!((&waiting[0]["reports"], &waiting[0]["report_reasons"]), (&json!(26), &json!(newest)));
    assert_eq!(waiting[1]["report_reasons"], json!(["another product"]));

    let shown = shop.decide(rude, json!({ "status": "published" })).await;
    assert_eq!((&shown["reports"], &shown["report_reasons"]), (&json!(0), &json!([])));
    let edit = json!({ "comment": "Ruder" });
    let url = format!("/api/ratings/{rude}");
    let edited = shop.app.as_client(7, Method::PUT, &url).json(&edit).send().await.unwrap();
    assert_eq!(edited.status(), 200);
    shop.report(20, rude, json!({ "reason": "ruder" })).await;
    let waiting = shop.waiting("reported").await;
    let again = waiting.iter().find(|item| item["id"] == rude).unwrap();
    assert_eq!((&again["reports"], &again["report_reasons"]), (&json!(1), &json!(["ruder"])));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_away_does_not_come_back_by_removing_and_posting_it_again() {
    let shop = Shop::open().await;
    let product = product();
    shop.rated(8, &product, 5).await;
    let (rude, reported) = (shop.rated(7, &product, 1).await, shop.rated(9, &product, 2).await);
    shop.decide(rude, json!({ "status": "hidden" })).await;
    shop.report(20, reported, json!({})).await;
    for (user, id) in [(7, rude), (9, reported)] {
        let url = format!("/api/ratings/{id}");
        assert_eq!(shop.app.as_client(user, Method::DELETE, &url).send().await.unwrap().status(), 204);
        let again: Value = rate(&shop.app, user, &product, 1).await.json().await.unwrap();
        assert_eq!(again["status"], "pending", "{again}");
    }
    assert_eq!(histogram(&shop.get(&format!("/api/ratings/{product}")).await), [0, 0, 0, 0, 1]);

    // Once a moderator has published one, its author is like any other.
    let waiting = shop.queue("pending").await;
    shop.decide(waiting[0], json!({ "status": "published" })).await;
    let url = format!("/api/ratings/{}", waiting[0]);
    assert_eq!(shop.app.as_client(9, Method::DELETE, &url).send().await.unwrap().status(), 204);
    let again: Value = rate(&shop.app, 9, &product, 3).await.json().await.unwrap();
    assert_eq!(again["status"], "published", "{again}");
    assert_eq!(histogram(&shop.get(&format!("/api/ratings/{product}")).await), [0, 0, 1, 0, 1]);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_decide_on_the_words_that_they_have_seen() {
    let shop = Shop::open().await;
    let product = product();
    let id = shop.rated(7, &product, 1).await;
    let url = format!("/api/ratings/{id}");
    let edit = json!({ "comment": "Buy from me instead!" });
    assert_eq!(shop.app.as_client(7, Method::PUT, &url).json(&edit).send().await.unwrap().status(), 200);
    let decide = |seen: &str| {
        let decision = json!({ "status": "hidden" });
        let request = shop.app.as_admin(Method::PUT, &format!("{url}/moderation")).json(&decision);
        request.header("if-match", format!("\"{seen}\"")).send()
    };
    let remove =
        |seen: &str| shop.app.as_admin(Method::DELETE, &url).header("if-match", format!("\"{seen}\"")).send();
    assert_eq!(decide("1").await.unwrap().status(), 412);
    assert_eq!(remove("1").await.unwrap().status(), 412);
    assert_eq!(shop.get(&format!("/api/ratings/{product}")).await["items"][0]["version"], 2);
    assert_eq!(decide("2").await.unwrap().status(), 200);
    assert_eq!(remove("3").await.unwrap().status(), 204);
    shop.app.stop().await;
}
