//! Setting aside, taking, giving back.

use std::time::Duration;

use config::testing::{TestEnv, eventually, refusal};
use inventory_service::Inventory;
use serde_json::json;
use uuid::Uuid;

use crate::support::{levels, levels_become, product, reserve, settle, start, stocked};

#[tokio::test]
async fn a_reservation_is_committed_once() {
    let app = start().await;
    let product = stocked(&app, 10).await;
    let id = Uuid::now_v7();
    assert_eq!(reserve(&app, id, &[(&product, 4)]).await.status(), 201);
    assert_eq!(levels(&app, &product).await, (10, 4, 6));
    for _ in 0..3 {
        assert_eq!(settle(&app, id, "commit").await.status(), 200);
        assert_eq!(levels(&app, &product).await, (6, 0, 6));
    }
    app.stop().await;
}

#[tokio::test]
async fn a_reservation_is_given_back_once_before_and_after_it_was_taken() {
    let app = start().await;
    let product = stocked(&app, 10).await;
    let (early, late) = (Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(reserve(&app, early, &[(&product, 4)]).await.status(), 201);
    assert_eq!(reserve(&app, late, &[(&product, 3)]).await.status(), 201);
    assert_eq!(settle(&app, late, "commit").await.status(), 200);
    for _ in 0..3 {
        assert_eq!(settle(&app, early, "release").await.status(), 200);
        assert_eq!(settle(&app, late, "release").await.status(), 200);
        assert_eq!(levels(&app, &product).await, (10, 0, 10));
    }
    assert_eq!(settle(&app, early, "commit").await.status(), 409);
    app.stop().await;
}

#[tokio::test]
async fn all_is_reserved_or_nothing() {
    let app = start().await;
    let (plenty, few) = (stocked(&app, 10).await, stocked(&app, 1).await);
    let (status, problem) = refusal(reserve(&app, Uuid::now_v7(), &[(&plenty, 2), (&few, 2)]).await).await;
    assert_eq!((status, &problem["code"]), (409, &json!("out-of-stock")));
    assert_eq!(
        (&problem["product_id"], &problem["requested"], &problem["available"]),
        (&json!(few), &json!(2), &json!(1))
    );
    assert_eq!(levels(&app, &plenty).await, (10, 0, 10));
    let unknown = product();
    assert_eq!(reserve(&app, Uuid::now_v7(), &[(&unknown, 1)]).await.status(), 409);
    app.stop().await;
}

#[tokio::test]
async fn who_took_the_last_one_and_asks_again_still_has_it() {
    let app = start().await;
    let product = stocked(&app, 1).await;
    let id = Uuid::now_v7();
    for _ in 0..2 {
        assert_eq!(reserve(&app, id, &[(&product, 1)]).await.status(), 201);
        assert_eq!(reserve(&app, Uuid::now_v7(), &[(&product, 1)]).await.status(), 409);
    }
    assert_eq!(levels(&app, &product).await, (1, 1, 0));
    app.stop().await;
}

#[tokio::test]
async fn the_same_id_reserves_once() {
    let app = start().await;
    let product = stocked(&app, 10).await;
    let id = Uuid::now_v7();
    for _ in 0..3 {
        assert_eq!(reserve(&app, id, &[(&product, 2)]).await.status(), 201);
    }
    assert_eq!(levels(&app, &product).await, (10, 2, 8));
    app.stop().await;
}

#[tokio::test]
async fn a_reservation_without_an_order_expires() {
    let env = TestEnv::new().await.set("RESERVATION_SECONDS", "1");
    let app = env.start::<Inventory>().await;
    let product = stocked(&app, 10).await;
    assert_eq!(reserve(&app, Uuid::now_v7(), &[(&product, 4)]).await.status(), 201);
    levels_become(&app, &product, (10, 0, 10)).await;
    tokio::time::timeout(Duration::from_secs(9), app.stop()).await.unwrap();
}

#[tokio::test]
async fn what_was_given_back_long_ago_is_forgotten() {
    let env = TestEnv::new().await;
    let app = env.start::<Inventory>().await;
    let product = stocked(&app, 10).await;
    let ids: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    for id in &ids {
        assert_eq!(reserve(&app, *id, &[(&product, 1)]).await.status(), 201);
    }
    let [released, expired, fresh, sold, kept] = ids[..] else { panic!("five") };
    for id in [released, expired, fresh] {
        assert_eq!(settle(&app, id, "release").await.status(), 200);
    }
    assert_eq!(settle(&app, sold, "commit").await.status(), 200);
    app.stop().await;

    let db = env.db().await;
    let old = "UPDATE reservations SET expires_at = expires_at - INTERVAL 15 DAY";
    sqlx::query(old).execute(db.pool()).await.unwrap();
    // One ended just now, whenever it was made; one before it was written down when; and one is an order's.
    let changes = [
        "UPDATE reservations SET changed_at = changed_at - INTERVAL 15 DAY WHERE id = ?",
        "UPDATE reservations SET changed_at = NULL, state = 'expired' WHERE id = ?",
        "UPDATE reservations SET changed_at = changed_at - INTERVAL 15 DAY WHERE id = ?",
        "UPDATE reservations SET state = 'held' WHERE id = ?",
    ];
    for (change, id) in changes.into_iter().zip([released, expired, sold, kept]) {
        sqlx::query(change).bind(id).execute(db.pool()).await.unwrap();
    }
    let app = env.start::<Inventory>().await;
    let mut left = vec![fresh, sold, kept];
    left.sort_unstable();
    eventually("the old ones are gone, with their lines", || async {
        for rows in ["SELECT id FROM reservations", "SELECT reservation_id FROM reservation_lines"] {
            let mut ids: Vec<Uuid> = sqlx::query_scalar(rows).fetch_all(db.pool()).await.unwrap();
            ids.sort_unstable();
            if ids != left {
                return Err(format!("{ids:?}"));
            }
        }
        Ok(())
    })
    .await;
    assert_eq!(levels(&app, &product).await, (9, 1, 8), "it is bookkeeping alone");
    app.stop().await;
}
