//! Rating, reading, changing one's mind.

use config::testing::{refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, histogram, product, rate};

#[tokio::test(flavor = "multi_thread")]
async fn a_rating_is_added_read_changed_and_taken_back() {
    let shop = Shop::open().await;
    let (app, product) = (&shop.app, product());
    let body =
        json!({ "product_id": product, "score": 4, "title": " Good ", "comment": "Tốt", "user_id": 7 });
    let answer = app.as_client(7, Method::POST, "/api/ratings/").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let rating: Value = answer.json().await.unwrap();
    for (member, value) in [
        ("rating", json!(4)),
        ("score", json!(4)),
        ("title", json!("Good")),
        ("user_id", json!(7)),
        ("author", json!("Customer 7")),
        ("status", json!("published")),
        ("verified_purchase", json!(false)),
        ("product_name", json!(format!("Product {product}"))),
    ] {
        assert_eq!(rating[member], value, "{rating}");
    }
    shop.rated(8, &product, 1).await;
    for path in [format!("/api/ratings/{product}"), format!("/api/ratings/product/{product}/")] {
        let page = shop.get(&path).await;
        assert_eq!((&page["average"], &page["rating_count"]), (&json!(2.5), &json!(2)));
        assert_eq!(
            (&page["count"], &page["total"], &page["next_cursor"]),
            (&json!(2), &json!(2), &json!(null))
        );
        assert_eq!(histogram(&page), [1, 0, 0, 1, 0]);
        assert_eq!(page["items"][1]["comment"], "Tốt");
    }

    let url = format!("/api/ratings/{}", rating["id"]);
    let change = json!({ "rating": 5, "title": "" });
    let edit = app.as_client(7, Method::PUT, &url).header("if-match", "\"1\"").json(&change);
    let answer = edit.try_clone().unwrap().send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["etag"]), (200, &"\"2\"".parse().unwrap()));
    let edited: Value = answer.json().await.unwrap();
    assert_eq!(
        (&edited["rating"], &edited["title"], &edited["comment"]),
        (&json!(5), &json!(null), &json!("Tốt"))
    );
    assert_eq!(edit.send().await.unwrap().status(), 412);

    let summary = app.request(Method::GET, &format!("/api/ratings/{product}/summary")).send().await.unwrap();
    let tag = summary.headers()["etag"].clone();
    assert_eq!(histogram(&summary.json().await.unwrap()), [1, 0, 0, 0, 1]);
    let again =
        app.request(Method::GET, &format!("/api/ratings/{product}/summary")).header("if-none-match", tag);
    assert_eq!(again.send().await.unwrap().status(), 304);

    let mine: Value =
        app.as_client(7, Method::GET, "/api/ratings/mine").send().await.unwrap().json().await.unwrap();
    assert_eq!((&mine["total"], &mine["items"][0]["id"]), (&json!(1), &rating["id"]));
    assert_eq!(app.as_client(7, Method::DELETE, &url).send().await.unwrap().status(), 204);
    assert_eq!(app.as_client(7, Method::DELETE, &url).send().await.unwrap().status(), 404);
    let summary = shop.get(&format!("/api/ratings/{product}/summary")).await;
    assert_eq!((histogram(&summary), &summary["average"]), ([1, 0, 0, 0, 0], &json!(1.0)));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_rated_once_by_each() {
    let shop = Shop::open().await;
    let product = product();
    let id = shop.rated(7, &product, 4).await;
    let (status, problem) = refusal(rate(&shop.app, 7, &product, 1).await).await;
    assert_eq!((status, &problem["code"], &problem["rating_id"]), (409, &json!("rating-exists"), &json!(id)));
    let page = shop.get(&format!("/api/ratings/{product}")).await;
    assert_eq!((&page["average"], &page["total"]), (&json!(4.0), &json!(1)));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_the_right_status() {
    let shop = Shop::open().await;
    let (app, product) = (&shop.app, product());
    let id = shop.rated(7, &product, 4).await;
    let unknown = "f0000000000000000000000f";
    let own = format!("/api/ratings/{id}");
    let new = |product: &str| json!({ "product_id": product, "rating": 3 });
    let cases = [
        (app.request(Method::POST, "/api/ratings").json(&new(&product)), 401, "token-missing"),
        (app.as_client(8, Method::POST, "/api/ratings").json(&new(unknown)), 404, "product-not-found"),
        (
            app.as_client(8, Method::POST, "/api/ratings")
                .json(&json!({ "product_id": product, "rating": 3, "user_id": 7 })),
            403,
            "not-yours",
        ),
        (app.request(Method::GET, &format!("/api/ratings/{unknown}")), 404, "product-not-found"),
        (app.request(Method::GET, &format!("/api/ratings/{unknown}/summary")), 404, "product-not-found"),
        (app.request(Method::GET, "/api/ratings/nonsense"), 404, "product-not-found"),
        (app.request(Method::GET, &format!("/api/ratings/{product}?stars=6")), 422, "invalid-fields"),
        (app.as_client(8, Method::PUT, &own).json(&json!({ "rating": 1 })), 403, "not-yours"),
        (app.as_client(8, Method::DELETE, &own), 403, "not-yours"),
        (
            app.as_client(7, Method::PUT, "/api/ratings/999").json(&json!({ "rating": 1 })),
            404,
            "rating-not-found",
        ),
        (app.as_client(7, Method::PUT, &own).json(&json!({})), 422, "invalid-fields"),
        (app.as_client(7, Method::POST, &format!("{own}/helpful")), 403, "own-rating"),
        (app.as_client(7, Method::POST, &format!("{own}/report")), 403, "own-rating"),
        (app.as_client(7, Method::POST, "/api/ratings/999/helpful"), 404, "rating-not-found"),
        (app.as_client(7, Method::GET, "/api/ratings/moderation"), 403, "not-admin"),
        (
            app.as_client(7, Method::PUT, &format!("{own}/moderation")).json(&json!({ "status": "hidden" })),
            403,
            "not-admin",
        ),
    ];
    for (request, status, code) in cases {
        let (actual, problem) = refusal(request.send().await.unwrap()).await;
        assert_eq!((actual, problem["code"].as_str().unwrap()), (status, code), "{problem}");
    }
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named() {
    let shop = Shop::open().await;
    let body = json!({
        "product_id": "x", "rating": 6, "title": "x".repeat(151), "comment": "ế".repeat(5001),
    });
    let answer = shop.app.as_client(7, Method::POST, "/api/ratings").json(&body).send().await.unwrap();
    let (status, problem) = refusal(answer).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["product_id", "rating", "title", "comment"]));
    for path in [format!("/api/ratings/{}", product()), format!("/api/ratings/product/{}", product())] {
        let path = format!("{path}?stars=6&skip=-1&limit=0&cursor=x");
        let (status, problem) = refusal(shop.app.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!((status, wrong_fields(&problem)), (422, vec!["stars", "skip", "limit", "cursor"]));
    }
    for (body, field, code) in [
        (json!({ "product_id": product() }), "rating", "required"),
        (json!({ "product_id": product(), "rating": 3, "score": 4 }), "score", "contradiction"),
        (json!({ "product_id": product(), "rating": 3.5 }), "rating", "wrong-type"),
    ] {
        let answer = shop.app.as_client(7, Method::POST, "/api/ratings").json(&body).send().await.unwrap();
        let (status, problem) = refusal(answer).await;
        let error = &problem["errors"][0];
        assert_eq!((status, &error["field"], &error["code"]), (422, &json!(field), &json!(code)), "{body}");
    }
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_ordered_and_walked_by_cursor() {
    let shop = Shop::open().await;
    let product = product();
    let mut ids = Vec::new();
    for (user, stars) in (1..).zip([3, 5, 1, 5, 3, 4, 2]) {
        ids.push(shop.rated(user, &product, stars).await);
    }
    for (voter, voted) in [(20, ids[2]), (21, ids[2]), (20, ids[5])] {
        let url = format!("/api/ratings/{voted}/helpful");
        let answer = shop.app.as_client(voter, Method::POST, &url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let stars = format!("/api/ratings/{product}?stars=5");
    let fives = shop.get(&stars).await;
    assert_eq!((&fives["total"], &fives["count"], &fives["rating_count"]), (&json!(2), &json!(2), &json!(7)));
    let nobody = shop.get(&format!("/api/ratings/{product}?verified=true")).await;
    assert_eq!((&nobody["total"], &nobody["count"]), (&json!(0), &json!(0)));
    // By their places in the order of adding.
    for (sort, expected) in [
        ("newest", [6, 5, 4, 3, 2, 1, 0]),
        ("helpful", [2, 5, 6, 4, 3, 1, 0]),
        ("highest", [3, 1, 5, 4, 0, 6, 2]),
        ("lowest", [2, 6, 4, 0, 5, 3, 1]),
    ] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = shop.get(&format!("/api/ratings/{product}?sort={sort}&limit=3{cursor}")).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected.map(|place: usize| ids[place]), "{sort}");
    }
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_catalogue_what_is_known_can_be_rated() {
    let shop = Shop::open().await;
    let (known, unknown) = (product(), product());
    shop.rated(7, &known, 5).await;
    shop.catalogue.reset().await;
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(wiremock::ResponseTemplate::new(503))
        .mount(&shop.catalogue)
        .await;
    assert_eq!(rate(&shop.app, 8, &known, 4).await.status(), 201);
    assert_eq!(refusal(rate(&shop.app, 8, &unknown, 4).await).await.0, 503);
    shop.app.stop().await;
}
