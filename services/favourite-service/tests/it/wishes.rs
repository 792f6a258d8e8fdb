//! Wishing, reading, ceasing to wish.

use config::testing::{eventually, refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, priced, product, stocked};

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_is_added_shown_with_what_is_so_now_changed_and_removed() {
    let shop = Shop::open().await;
    let product = product();
    let body = json!({ "product_id": product, "user_id": 7, "note": " For Lan " });
    let add = shop.app.as_client(7, Method::POST, "/api/favourites/").json(&body);
    let first = add.try_clone().unwrap().send().await.unwrap();
    assert_eq!(first.status(), 201);
    let first: Value = first.json().await.unwrap();
    let again = add.send().await.unwrap();
    assert_eq!(again.status(), 200);
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    for (member, value) in [
        ("user_id", json!(7)),
        ("note", json!("For Lan")),
        ("list", json!("default")),
        ("product_name", json!(format!("Product {product}"))),
        ("price", json!(100)),
        ("wished_price", json!(100)),
        ("price_dropped", json!(false)),
        ("in_stock", json!(true)),
        ("stock", json!(5)),
    ] {
        assert_eq!(first[member], value, "{member} of {first}");
    }

    shop.kafka.send(&priced(&product, 80, 2)).await;
    shop.kafka.send(&stocked(&product, 0, 1)).await;
    let now = eventually("what is so now is shown", || async {
        let page = shop.get(7, "/api/favourites").await;
        let item = page["items"][0].clone();
        if item["price"] == 80 && item["stock"] == 0 { Ok(item) } else { Err(item.to_string()) }
    })
    .await;
    assert_eq!(
        (&now["wished_price"], &now["price_dropped"], &now["in_stock"]),
        (&json!(100), &json!(true), &json!(false))
    );

    let url = format!("/api/favourites/7/{product}");
    let change = json!({ "list": "Tết", "note": "" });
    let changed = shop.app.as_client(7, Method::PUT, &url).json(&change).send().await.unwrap();
    let changed: Value = changed.json().await.unwrap();
    assert_eq!((&changed["list"], &changed["note"]), (&json!("Tết"), &json!(null)));
    assert_eq!(shop.get(7, "/api/favourites?list=T%E1%BA%BFt").await["total"], 1);
    assert_eq!(shop.get(7, "/api/favourites?list=default").await["total"], 0);
    assert_eq!(shop.get(7, "/api/favourites/7").await["total"], 1);
    let lists = shop.get(7, "/api/favourites/lists").await;
    let counts: Vec<_> =
        lists["items"].as_array().unwrap().iter().map(|list| list["items"].as_u64().unwrap()).collect();
    assert_eq!(counts, [0, 1]);

    assert_eq!(shop.status(7, Method::DELETE, &url).await, 204);
    assert_eq!(shop.status(7, Method::DELETE, &url).await, 404);
    assert_eq!(shop.get(7, "/api/favourites").await["total"], 0);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_spellings_lead_to_the_same() {
    let shop = Shop::open().await;
    let product = product();
    let body = json!({ "product_id": product });
    let added = shop.app.as_client(7, Method::POST, "/api/favorites/").json(&body).send().await.unwrap();
    assert_eq!(added.status(), 201);
    assert_eq!(shop.get(7, "/api/favorites?limit=5").await, shop.get(7, "/api/favourites?limit=5").await);
    assert_eq!(shop.get(7, "/api/favorites/lists/").await["total"], 1);
    let wrong = shop.app.as_client(7, Method::PATCH, "/api/favorites").send().await.unwrap();
    assert_eq!((wrong.status().as_u16(), &wrong.headers()["allow"]), (405, &"GET, POST".parse().unwrap()));
    assert_eq!(shop.status(7, Method::DELETE, &format!("/api/favorites/7/{product}")).await, 204);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_the_right_status() {
    let shop = Shop::open().await;
    let (app, product) = (&shop.app, product());
    assert_eq!(shop.wish(7, &product).await.status(), 201);
    let own = format!("/api/favourites/7/{product}");
    let new = |product: &str| json!({ "product_id": product });
    let unknown = "f0000000000000000000000f";
    let cases = [
        (app.request(Method::POST, "/api/favourites").json(&new(&product)), 401, "token-missing"),
        (app.request(Method::GET, "/api/favourites"), 401, "token-missing"),
        (app.as_client(7, Method::POST, "/api/favourites").json(&new(unknown)), 404, "product-not-found"),
        (
            app.as_client(8, Method::POST, "/api/favourites")
                .json(&json!({ "product_id": product, "user_id": 7 })),
            403,
            "not-yours",
        ),
        (app.as_client(8, Method::GET, "/api/favourites/7"), 403, "not-yours"),
        (app.as_client(8, Method::PUT, &own).json(&json!({ "note": "x" })), 403, "not-yours"),
        (app.as_client(8, Method::DELETE, &own), 403, "not-yours"),
        (
            app.as_client(8, Method::DELETE, &format!("/api/favourites/8/{product}")),
            404,
            "favourite-not-found",
        ),
        (app.as_client(7, Method::POST, "/api/favourites").json(&new("x")), 422, "invalid-fields"),
        (
            app.as_client(8, Method::POST, &format!("/api/favourites/{product}/move-to-cart")),
            404,
            "favourite-not-found",
        ),
    ];
    for (request, status, code) in cases {
        let (actual, problem) = refusal(request.send().await.unwrap()).await;
        assert_eq!((actual, problem["code"].as_str().unwrap()), (status, code), "{problem}");
    }
    let wrong = json!({ "product_id": "x", "list": " ", "note": "x".repeat(501) });
    let answer = app.as_client(7, Method::POST, "/api/favourites").json(&wrong).send().await.unwrap();
    let (status, problem) = refusal(answer).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["product_id", "list", "note"]));
    let query = format!("list={}&skip=-1&limit=101&cursor=x", "x".repeat(61));
    for path in ["/api/favourites", "/api/favourites/7"] {
        let answer = app.as_client(7, Method::GET, &format!("{path}?{query}")).send().await.unwrap();
        let (status, problem) = refusal(answer).await;
        assert_eq!(
            (status, wrong_fields(&problem)),
            (422, vec!["list", "skip", "limit", "cursor"]),
            "{path}"
        );
    }
    // An administrator may look.
    assert_eq!(app.as_admin(Method::GET, "/api/favourites/7").send().await.unwrap().status(), 200);
    shop.app.stop().await;
}
