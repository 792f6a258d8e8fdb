//! Keeping uses, and giving them back.

use config::testing::{TestEnv, eventually, refusal};
use promotion_service::Promotions;
use serde_json::{Value, json};
use sqlx::{Connection as _, MySqlConnection};
use uuid::Uuid;

use crate::support::{basket, promotion, quote, release, reserve, start, terms, try_reserve, user, uses};

#[tokio::test]
async fn a_use_is_reserved_once_and_given_back_once() {
    let app = start().await;
    let promotion = promotion(&app, &json!({ "usage_limit": 1 })).await;
    let (id, goods) = (Uuid::now_v7(), basket(&json!({ "user_id": user() })));
    let first = reserve(&app, id, &goods).await;
    assert_eq!((&first["reservation_id"], &first["discount"]), (&json!(id), &json!(300)));
    for _ in 0..3 {
        assert_eq!(reserve(&app, id, &goods).await, first);
        assert_eq!(uses(&app, &promotion).await, (1, 0));
    }
    for _ in 0..3 {
        release(&app, id).await;
        assert_eq!(uses(&app, &promotion).await, (0, 0));
    }
    assert_eq!(try_reserve(&app, id, &goods).await.status(), 409);
    assert_eq!(reserve(&app, Uuid::now_v7(), &goods).await["discount"], 300);
}

#[tokio::test]
async fn the_same_id_gets_the_same_answer_though_the_terms_have_changed() {
    let app = start().await;
    let promotion = promotion(&app, &json!({ "code": "TEN" })).await;
    let goods = basket(&json!({ "user_id": user(), "code": "TEN" }));
    let id = Uuid::now_v7();
    let first = reserve(&app, id, &goods).await;
    let path = format!("/api/promotions/{}", promotion["id"]);
    let change = terms(&json!({ "code": "TEN", "discount_percentage": 50 }));
    let changed = app.as_admin(reqwest::Method::PUT, &path).json(&change).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    assert_eq!(reserve(&app, id, &goods).await, first);
    assert_eq!(reserve(&app, Uuid::now_v7(), &goods).await["discount"], 1500);
}

#[tokio::test]
async fn a_basket_without_promotions_keeps_nothing() {
    let app = start().await;
    let id = Uuid::now_v7();
    let goods = basket(&json!({ "user_id": user(), "code": "NOBODYS" }));
    let reserved = reserve(&app, id, &goods).await;
    assert_eq!((&reserved["reservation_id"], &reserved["discount"]), (&Value::Null, &json!(0)));
    assert_eq!(reserved["rejected"]["reason"], "unknown");
}

#[tokio::test]
async fn a_reservation_that_comes_after_its_release_is_refused() {
    let app = start().await;
    let promotion = promotion(&app, &json!({})).await;
    let id = Uuid::now_v7();
    release(&app, id).await;
    release(&app, id).await;
    let late = try_reserve(&app, id, &basket(&json!({ "user_id": user() }))).await;
    let (status, problem) = refusal(late).await;
    assert_eq!((status, &problem["code"]), (409, &json!("reservation-settled")));
    assert_eq!(uses(&app, &promotion).await, (0, 0));
}

#[tokio::test]
async fn a_limit_that_is_reached_leaves_the_next_best() {
    let app = start().await;
    let small = promotion(&app, &json!({})).await;
    let large = promotion(&app, &json!({ "discount_percentage": 50, "usage_limit": 1 })).await;
    let goods = || basket(&json!({ "user_id": user() }));
    assert_eq!(reserve(&app, Uuid::now_v7(), &goods()).await["applied"][0]["promotion_id"], large["id"]);
    let next = reserve(&app, Uuid::now_v7(), &goods()).await;
    assert_eq!((&next["applied"][0]["promotion_id"], &next["rejected"]), (&small["id"], &Value::Null));
    assert_eq!(quote(&app, &goods()).await["discount"], 300);
    assert_eq!((uses(&app, &small).await, uses(&app, &large).await), ((1, 0), (1, 0)));
}

#[tokio::test]
async fn a_code_that_is_used_up_is_told_so() {
    let app = start().await;
    promotion(&app, &json!({ "code": "ONE", "usage_limit": 1 })).await;
    promotion(&app, &json!({ "code": "EACH", "per_customer_limit": 1 })).await;
    let customer = user();
    for (code, reason) in [("ONE", "used-up"), ("EACH", "used-up-by-customer")] {
        let goods = basket(&json!({ "user_id": customer, "code": code }));
        assert_eq!(reserve(&app, Uuid::now_v7(), &goods).await["rejected"], Value::Null);
        for priced in [reserve(&app, Uuid::now_v7(), &goods).await, quote(&app, &goods).await] {
            assert_eq!((&priced["rejected"]["reason"], &priced["discount"]), (&json!(reason), &json!(0)));
        }
    }
}

#[tokio::test]
async fn a_reservation_without_an_order_expires() {
    let env = TestEnv::new().await.set("RESERVATION_SECONDS", "1");
    let app = env.start::<Promotions>().await;
    let limits = json!({ "usage_limit": 1, "per_customer_limit": 1, "first_order_only": true });
    let promotion = promotion(&app, &limits).await;
    let goods = basket(&json!({ "user_id": user() }));
    let id = Uuid::now_v7();
    assert_eq!(reserve(&app, id, &goods).await["discount"], 300);
    eventually("the use comes back", || async {
        let now = uses(&app, &promotion).await;
        if now == (0, 0) { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    assert_eq!(try_reserve(&app, id, &goods).await.status(), 409);
    assert_eq!(reserve(&app, Uuid::now_v7(), &goods).await["discount"], 300);
}

#[tokio::test]
async fn what_was_given_back_long_ago_is_forgotten_and_what_has_uses_is_not() {
    let env = TestEnv::new().await;
    let app = env.start::<Promotions>().await;
    promotion(&app, &json!({})).await;
    let [old, recent, kept] = [(); 3].map(|()| Uuid::now_v7());
    for id in [old, recent, kept] {
        reserve(&app, id, &basket(&json!({ "user_id": user() }))).await;
    }
    release(&app, old).await;
    release(&app, recent).await;
    let mut connection = MySqlConnection::connect(env.get("DATABASE_URL")).await.unwrap();
    // One that an order has is as old.
    for (state, id) in [("released", old), ("held", kept)] {
        sqlx::query("UPDATE reservations SET state = ?, expires_at = NOW() - INTERVAL 15 DAY WHERE id = ?")
            .bind(state)
            .bind(id)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    // Another instance begins with it.
    let _other = env.start::<Promotions>().await;
    let left = eventually("the old one is forgotten, with its uses", || async {
        let mut connection = MySqlConnection::connect(env.get("DATABASE_URL")).await.unwrap();
        let left: Vec<Uuid> = sqlx::query_scalar(
            "SELECT reservation_id FROM reservation_uses UNION SELECT id FROM reservations",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        if left.contains(&old) { Err(format!("{left:?}")) } else { Ok(left) }
    })
    .await;
    assert!(left.len() == 2 && left.contains(&recent) && left.contains(&kept), "{left:?}");
}

#[tokio::test]
async fn an_order_that_is_not_heard_of_yet_may_have_what_it_has_when_it_is_priced_again() {
    let app = start().await;
    for (code, limit) in
        [("OWN", "per_customer_limit"), ("LAST", "usage_limit"), ("FIRST", "first_order_only")]
    {
        let value = if limit == "first_order_only" { json!(true) } else { json!(1) };
        let promotion = promotion(&app, &json!({ "code": code, limit: value })).await;
        let (placed, order) = (Uuid::now_v7(), user());
        let mut goods = basket(&json!({ "user_id": user(), "code": code }));
        assert_eq!(reserve(&app, placed, &goods).await["discount"], 300, "{code}");
        // Again and again, before any of it is told.
        let mut before = placed;
        goods["order_id"] = json!(order);
        for _ in 0..2 {
            goods["promotion_reservation_id"] = json!(before);
            let after = Uuid::now_v7();
            let again = reserve(&app, after, &goods).await;
            assert_eq!((&again["discount"], &again["rejected"]), (&json!(300), &Value::Null), "{code}");
            before = after;
        }
        assert_eq!(uses(&app, &promotion).await, (3, 0), "{code}");
        goods["order_id"] = json!(order + 1);
        goods["promotion_reservation_id"] = Value::Null;
        assert_eq!(reserve(&app, Uuid::now_v7(), &goods).await["discount"], 0, "{code}");
    }
}

#[tokio::test]
async fn an_order_that_is_priced_again_may_have_what_it_has() {
    let app = start().await;
    let limits = json!({ "usage_limit": 1, "per_customer_limit": 1, "first_order_only": true });
    let promotion = promotion(&app, &limits).await;
    let order = user();
    let goods = basket(&json!({ "user_id": user(), "order_id": order }));
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(reserve(&app, first, &goods).await["discount"], 300);
    let mut of_another = goods.clone();
    of_another["order_id"] = json!(order + 1);
    assert_eq!(quote(&app, &of_another).await["discount"], 0);
    assert_eq!(reserve(&app, Uuid::now_v7(), &of_another).await["discount"], 0);
    assert_eq!(quote(&app, &goods).await["discount"], 300);
    assert_eq!(reserve(&app, second, &goods).await["discount"], 300);
    release(&app, first).await;
    assert_eq!(uses(&app, &promotion).await, (1, 0));
    assert_eq!(reserve(&app, Uuid::now_v7(), &of_another).await["discount"], 0);
}
