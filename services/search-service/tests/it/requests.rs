//! What is asked and how it is answered.

use config::testing::{eventually, refusal, wrong_fields};
use redis::AsyncCommands as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, found, get, text, word};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_all_that_the_contract_names() {
    let shop = Shop::new().await;
    let name = word();
    let product = shop.catalogue.add(&format!("Ấm {name}"));
    shop.catalogue.add("Điện thoại");
    let app = shop.start().await;
    let path = format!(
        "/api/search/?keyword={name}&category=&min_price=&max_price=&in_stock=&min_rating=&sort=&skip=&limit="
    );
    let answer = get(&app, &path).await;
    assert_eq!(
        (&answer["keyword"], &answer["count"], &answer["total"]),
        (&json!(name), &json!(1), &json!(1))
    );
    assert_eq!((&answer["from_cache"], &answer["next_cursor"]), (&json!(false), &Value::Null));
    assert!(answer["took_ms"].as_f64().unwrap() > 0.0);
    let hit = &answer["results"][0];
    for (member, value) in [
        ("id", product["product_id"].clone()),
        ("_id", product["product_id"].clone()),
        ("price", json!(49.5)),
        ("in_stock", json!(true)),
        ("attributes", json!({ "brand": "Morrow", "colour": "Black" })),
        ("created_at", json!("2026-01-02T03:04:05Z")),
    ] {
        assert_eq!(hit[member], value, "{member}");
    }
    assert_eq!(hit["highlights"], json!({ "name": format!("Ấm <em>{name}</em>") }));
    assert!(hit["score"].as_f64().unwrap() > 0.0);
    assert_eq!(answer["facets"]["category"], json!([{ "value": "Home & Kitchen", "count": 1 }]));
    assert_eq!(answer["facets"]["price"], json!([{ "from": 25, "to": 50, "count": 1 }]));
    assert_eq!(answer["facets"]["stock"], json!({ "in_stock": 1, "out_of_stock": 0 }));
    assert_eq!(answer["facets"]["attributes"]["colour"], json!([{ "value": "Black", "count": 1 }]));
    assert_eq!(get(&app, &path).await["from_cache"], true);
    // What was given is text, not HTML.
    let handle = get(&app, "/api/search?keyword=handle&limit=1").await;
    let description = text(&handle["results"][0]["highlights"], "description");
    assert_eq!(description, "Quiet &amp; light, with a &lt;b&gt;<em>handle</em>&lt;/b&gt;.");
    assert_eq!(found(&app, "keyword=dien%20thoai").await.len(), 1);
    assert_eq!(get(&app, "/api/search/advanced?brand=morrow&attribute=Colour:black").await["total"], 2);
    assert_eq!(
        get(&app, "/api/search/advanced?brand=morrow&brand=none&attribute=colour:red").await["total"],
        0
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_parameter_is_named() {
    let shop = Shop::new().await;
    let app = shop.start().await;
    let long = "x".repeat(201);
    let path = format!(
        "/api/search/advanced?keyword={long}&category={long}&brand={long}&attribute=colour&min_price=1.005\
         &max_price=-1&in_stock=maybe&min_rating=6&created_after=yesterday&sort=best&skip=10001&limit=101&cursor=x"
    );
    let (status, problem) = refusal(app.request(Method::GET, &path).send().await.unwrap()).await;
    let mut wrong = wrong_fields(&problem);
    wrong.sort_unstable();
    wrong.dedup();
    let all = [
        "attribute",
        "brand",
        "category",
        "created_after",
        "in_stock",
        "keyword",
        "limit",
        "max_price",
        "min_price",
        "min_rating",
        "skip",
        "sort",
    ];
    assert_eq!((status, wrong.as_slice()), (422, all.as_slice()));
    for query in ["cursor=x", "limit=0", "skip=-1", "skip=x", "min_price=2&max_price=1", "min_rating=NaN"] {
        let answer = app.request(Method::GET, &format!("/api/search?{query}")).send().await.unwrap();
        let (status, problem) = refusal(answer).await;
        assert_eq!((status, wrong_fields(&problem).len()), (422, 1), "{query}");
    }
    for path in ["suggest?limit=21", "trending?limit=0", "recommendations/507f1f77bcf86cd799439011?limit=x"] {
        let answer = app.request(Method::GET, &format!("/api/search/{path}")).send().await.unwrap();
        let (status, problem) = refusal(answer).await;
        assert_eq!((status, wrong_fields(&problem)), (422, vec!["limit"]), "{path}");
    }
    for path in ["507f1f77bcf86cd799439011", "x"] {
        let answer = app.request(Method::GET, &format!("/api/search/recommendations/{path}")).send().await;
        assert_eq!(answer.unwrap().status(), 404);
    }
    assert_eq!(app.request(Method::POST, "/api/search/reindex").send().await.unwrap().status(), 401);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_completed_and_what_many_search_is_told() {
    let shop = Shop::new().await;
    forget_trends(&shop).await;
    let name = word();
    let product = shop.catalogue.add(&format!("Cà {name} Phê"));
    let app = shop.start().await;
    let suggest = format!("/api/search/suggest?prefix=CA%20{}", &name[..8]);
    let items = get(&app, &suggest).await["items"].clone();
    let expected =
        json!([{ "text": product["name"], "kind": "product", "product_id": product["product_id"] }]);
    assert_eq!(items, expected);
    assert_eq!(get(&app, "/api/search/suggest?prefix=").await["items"], json!([]));
    // A search that finds something, one that doesn't, and one with a word that stands nowhere.
    let private = word();
    for _ in 0..40 {
        found(&app, &format!("keyword={name}%20ph%C3%AA")).await;
        found(&app, &format!("keyword={private}")).await;
        found(&app, &format!("keyword={name}%20{private}")).await;
    }
    eventually("the search is a trend", || async {
        let trends = get(&app, "/api/search/trending?limit=20").await;
        let terms: Vec<String> =
            trends["items"].as_array().unwrap().iter().map(|it| text(it, "term")).collect();
        assert!(!terms.iter().any(|term| term.contains(&private)), "{terms:?}");
        if terms.contains(&format!("{name} phê")) { Ok(()) } else { Err(format!("{terms:?}")) }
    })
    .await;
    let items = get(&app, &format!("/api/search/suggest?prefix={}", &name[..8])).await["items"].clone();
    assert_eq!((&items[0]["kind"], &items[0]["text"]), (&json!("popular"), &json!(format!("{name} phê"))));
    app.stop().await;
}

/// What earlier runs searched for would be more popular.
async fn forget_trends(shop: &Shop) {
    let mut redis = shop.redis().await;
    let keys: Vec<String> = redis.keys("search:trending:*").await.unwrap();
    if !keys.is_empty() {
        let _: () = redis.del(keys).await.unwrap();
    }
}
