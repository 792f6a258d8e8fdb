//! The demonstration's ratings.

use rating_service::Ratings;
use reqwest::Method;
use sqlx::{Connection as _, MySqlConnection};

use crate::support::{Shop, get, histogram};

/// product-service's id of the Zenfold 14.
const ZENFOLD: &str = "f32ef565a4440befd4cf0593";

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_is_loaded_once_by_however_many_instances() {
    let shop = Shop::with(|env| env.set("DEMO_DATA", "true")).await;
    let (second, third) = tokio::join!(shop.env.start::<Ratings>(), shop.env.start::<Ratings>());
    let page = get(&second, &format!("/api/ratings/{ZENFOLD}?limit=100")).await;
    let count = page["rating_count"].as_u64().unwrap();
    assert!(count >= 3, "{page}");
    assert_eq!(page["total"].as_u64(), Some(count));
    assert_eq!(histogram(&page).iter().sum::<u64>(), count);
    let mut database = MySqlConnection::connect(shop.env.get("DATABASE_URL")).await.unwrap();
    let wrong: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM summaries s WHERE s.stars_1 + s.stars_2 + s.stars_3 + s.stars_4 + s.stars_5 \
         <> (SELECT COUNT(*) FROM ratings r WHERE r.product_id = s.product_id)",
    )
    .fetch_one(&mut database)
    .await
    .unwrap();
    assert_eq!(wrong, 0);
    // What a moderator has deleted stays deleted when an instance starts.
    let url = format!("/api/ratings/{}", page["items"][0]["id"]);
    assert_eq!(shop.app.as_admin(Method::DELETE, &url).send().await.unwrap().status(), 204);
    let fourth = shop.env.start::<Ratings>().await;
    assert_eq!(get(&fourth, &format!("/api/ratings/{ZENFOLD}?limit=100")).await["total"], count - 1);
    for app in [shop.app, second, third, fourth] {
        app.stop().await;
    }
}
