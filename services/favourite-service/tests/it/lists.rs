//! Lists, their limits, and who may read them.

use config::testing::{eventually, refusal};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, MySqlConnection};

use crate::support::{Shop, deleted, product};

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_made_renamed_and_removed_with_all_that_is_on_it() {
    let shop = Shop::open().await;
    let id = shop.list(7, "Gifts").await;
    let url = format!("/api/favourites/lists/{id}");
    let product = product();
    assert_eq!(shop.wish_on(7, &product, Some("Gifts")).await.status(), 201);
    let put = |name: &str| shop.app.as_client(7, Method::PUT, &url).json(&json!({ "name": name })).send();
    assert_eq!(put("Presents").await.unwrap().status(), 200);
    let list = shop.get(7, &url).await;
    assert_eq!(
        (&list["name"], &list["items"], &list["shared"]),
        (&json!("Presents"), &json!(1), &json!(false))
    );
    let other = shop.list(7, "Other").await;
    assert_eq!(put("Other").await.unwrap().status(), 409);
    let same = shop.app.as_client(7, Method::POST, "/api/favourites/lists").json(&json!({ "name": "Other" }));
    assert_eq!(same.send().await.unwrap().status(), 409);
    // Another user has names of their own, and no business here.
    shop.list(8, "Other").await;
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(shop.status(8, method, &url).await, 404);
    }
    assert_eq!(shop.status(8, Method::POST, &format!("{url}/share")).await, 404);
    assert_eq!(shop.status(8, Method::POST, &format!("{url}/move-to-cart")).await, 404);

    assert_eq!(shop.status(7, Method::DELETE, &url).await, 204);
    assert_eq!(shop.get(7, "/api/favourites").await["total"], 0);
    assert_eq!(shop.get(7, "/api/favourites/lists").await["items"][0]["id"], json!(other));
    shop.wish(7, &product).await;
    let lists = shop.get(7, "/api/favourites/lists").await;
    let default = lists["items"].as_array().unwrap().iter().find(|list| list["name"] == "default").unwrap();
    let default = format!("/api/favourites/lists/{}", default["id"]);
    assert_eq!(shop.status(7, Method::DELETE, &default).await, 409);
    let rename = shop.app.as_client(7, Method::PUT, &default).json(&json!({ "name": "Mine" }));
    assert_eq!(rename.send().await.unwrap().status(), 409);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_fifty_lists_and_no_more_also_in_a_race() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..60 {
        let shop = shop.clone();
        tasks.spawn(async move {
            let body = json!({ "name": format!("List {number}") });
            let answer = shop.app.as_client(7, Method::POST, "/api/favourites/lists").json(&body);
            answer.send().await.unwrap().status().as_u16()
        });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 50, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 10, "{statuses:?}");
    let refused = shop.wish(7, &product()).await;
    let (status, problem) = refusal(refused).await;
    assert_eq!((status, &problem["code"]), (409, &json!("too-many-lists")));
    // A removed list leaves room.
    let lists = shop.get(7, "/api/favourites/lists").await;
    let url = format!("/api/favourites/lists/{}", lists["items"][0]["id"]);
    assert_eq!(shop.status(7, Method::DELETE, &url).await, 204);
    assert_eq!(shop.wish(7, &product()).await.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_holds_no_more_than_it_may_also_in_a_race() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let id = shop.list(7, "Full").await;
    let mut database = MySqlConnection::connect(shop.env.get("DATABASE_URL")).await.unwrap();
    // As if 495 were on it.
    sqlx::query("UPDATE lists SET items = 495 WHERE id = ?").bind(id).execute(&mut database).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let shop = shop.clone();
        tasks.spawn(async move { shop.wish_on(7, &product(), Some("Full")).await.status().as_u16() });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 15, "{statuses:?}");
    let on_it: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM items WHERE list_id = ?")
        .bind(id)
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(on_it, 5);
    // Moving there is refused too, and the wish stays where it is.
    let product = product();
    assert_eq!(shop.wish(7, &product).await.status(), 201);
    let url = format!("/api/favourites/7/{product}");
    let moved =
        shop.app.as_client(7, Method::PUT, &url).json(&json!({ "list": "Full" })).send().await.unwrap();
    let (status, problem) = refusal(moved).await;
    assert_eq!((status, &problem["code"]), (409, &json!("list-full")));
    assert_eq!(shop.get(7, "/api/favourites?list=default").await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_list_is_read_by_whoever_knows_its_link_and_says_nothing_of_its_owner() {
    let shop = Shop::open().await;
    let id = shop.list(7, "Wedding").await;
    let product = product();
    let body = json!({ "product_id": product, "list": "Wedding", "note": "Secret" });
    shop.app.as_client(7, Method::POST, "/api/favourites").json(&body).send().await.unwrap();
    let share = format!("/api/favourites/lists/{id}/share");
    let link = || async {
        let answer = shop.app.as_client(7, Method::POST, &share).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["path"].as_str().unwrap().to_owned()
    };
    let path = link().await;
    assert_eq!(path, link().await, "a shared list keeps its link");
    let answer = shop.app.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    for private in ["user_id", "Secret", "note", "wished"] {
        assert!(!text.contains(private), "{text}");
    }
    let shared: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&shared["name"], &shared["items"][0]["product_id"]), (&json!("Wedding"), &json!(product)));
    assert_eq!(shop.status(7, Method::DELETE, &share).await, 204);
    for gone in [path.as_str(), "/api/favourites/shared/nonsense"] {
        assert_eq!(shop.app.request(Method::GET, gone).send().await.unwrap().status(), 404);
    }
    assert_ne!(path, link().await, "a new link is another one");
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_who_has_left() {
    let shop = Shop::open().await;
    let wished = product();
    for user in [1, 2] {
        let list = shop.list(user, "Birthday").await;
        assert!(list > 0);
        assert_eq!(shop.wish_on(user, &wished, Some("Birthday")).await.status(), 201);
        assert_eq!(shop.wish(user, &product()).await.status(), 201);
    }
    for _ in 0..2 {
        shop.kafka.send(&deleted(1)).await;
    }
    eventually("the lists are gone", || async {
        let mut database = MySqlConnection::connect(shop.env.get("DATABASE_URL")).await.unwrap();
        let mut left = Vec::new();
        for table in ["lists", "items", "owners"] {
            let rows = format!("SELECT COUNT(*) FROM {table} WHERE user_id = 1");
            let rows: i64 =
                sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_one(&mut database).await.unwrap();
            left.push(rows);
        }
        if left == [0, 0, 0] { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    assert_eq!(shop.get(2, "/api/favourites").await["total"], 2);
    // The number is never given to somebody else; should it be, they begin anew.
    assert_eq!(shop.wish(1, &wished).await.status(), 201);
}
