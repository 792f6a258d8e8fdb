//! What the service hears and says.

use config::testing::{TestApp, TestEnv, TestKafka, eventually};
use promotion_service::Promotions;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{basket, order_event, promotion, quote, reserve, try_reserve, user, uses};

/// Waits until a promotion is reserved and used so often.
async fn until_uses(app: &TestApp, promotion: &Value, expected: (u64, u64)) {
    eventually("the counters are right", || async {
        let now = uses(app, promotion).await;
        if now == expected { Ok(()) } else { Err(format!("{now:?}, not {expected:?}")) }
    })
    .await;
}

/// Until every message before is handled: a topic's partition is handled in order, and so is an order's.
async fn until_heard(app: &TestApp, kafka: &TestKafka, order: u64, marker: &Value) {
    let (id, customer) = (Uuid::now_v7(), user());
    let goods = basket(&json!({ "user_id": customer, "code": marker["code"] }));
    let (_, used) = uses(app, marker).await;
    assert_eq!(reserve(app, id, &goods).await["reservation_id"], json!(id));
    let paid = json!({ "status": "paid", "promotion_reservation_id": id });
    kafka.send(&order_event("order_status_updated", order, customer, &paid)).await;
    until_uses(app, marker, (0, used + 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_followed_to_its_end_however_often_it_is_told() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Promotions>().await, TestKafka::new(&env));
    let promotion =
        promotion(&app, &json!({ "code": "TEN", "usage_limit": 3, "per_customer_limit": 1 })).await;
    let [paid, cancelled, returned] = [(); 3].map(|()| (Uuid::now_v7(), user(), user()));
    for (id, customer, _) in [paid, cancelled, returned] {
        let goods = basket(&json!({ "user_id": customer, "code": "TEN" }));
        assert_eq!(reserve(&app, id, &goods).await["discount"], 300);
    }
    assert_eq!(uses(&app, &promotion).await, (3, 0));
    let of = |kind: &str, status: &str, (id, customer, order): (Uuid, u64, u64)| {
        order_event(kind, order, customer, &json!({ "status": status, "promotion_reservation_id": id }))
    };
    let events = [
        of("order_created", "pending", paid),
        of("order_created", "pending", cancelled),
        of("order_created", "pending", returned),
        of("order_status_updated", "confirmed", paid),
        of("order_status_updated", "paid", paid),
        of("order_status_updated", "paid", returned),
        of("order_status_updated", "shipped", paid),
        of("order_cancelled", "cancelled", cancelled),
        of("order_cancelled", "cancelled", returned),
    ];
    for event in &events {
        for _ in 0..3 {
            kafka.send(event).await;
        }
    }
    until_uses(&app, &promotion, (0, 1)).await;
    // Paid and cancelled, or cancelled before: either may have it again.
    for (_, customer, _) in [cancelled, returned] {
        let goods = basket(&json!({ "user_id": customer, "code": "TEN" }));
        assert_eq!(reserve(&app, Uuid::now_v7(), &goods).await["discount"], 300);
    }
    let goods = basket(&json!({ "user_id": paid.1, "code": "TEN" }));
    assert_eq!(quote(&app, &goods).await["rejected"]["reason"], "used-up");
    assert_eq!(uses(&app, &promotion).await, (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_exists_keeps_its_promotion_past_the_reservations_time() {
    let env = TestEnv::new().await.set("RESERVATION_SECONDS", "2");
    let (app, kafka) = (env.start::<Promotions>().await, TestKafka::new(&env));
    let promotion = promotion(&app, &json!({})).await;
    let (ordered, orphan, customer) = (Uuid::now_v7(), Uuid::now_v7(), user());
    let goods = basket(&json!({ "user_id": customer }));
    assert_eq!(reserve(&app, ordered, &goods).await["discount"], 300);
    kafka
        .send(&order_event(
            "order_created",
            user(),
            customer,
            &json!({ "promotion_reservation_id": ordered }),
        ))
        .await;
    assert_eq!(reserve(&app, orphan, &goods).await["discount"], 300);
    until_uses(&app, &promotion, (1, 0)).await;
    assert_eq!(try_reserve(&app, orphan, &goods).await.status(), 409);
    assert_eq!(try_reserve(&app, ordered, &goods).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_heard_of_too_late_has_its_use_all_the_same() {
    let env = TestEnv::new().await.set("RESERVATION_SECONDS", "1");
    let (app, kafka) = (env.start::<Promotions>().await, TestKafka::new(&env));
    let promotion = promotion(&app, &json!({ "usage_limit": 1 })).await;
    let (id, customer, order) = (Uuid::now_v7(), user(), user());
    assert_eq!(reserve(&app, id, &basket(&json!({ "user_id": customer }))).await["discount"], 300);
    until_uses(&app, &promotion, (0, 0)).await;
    let members = json!({ "promotion_reservation_id": id });
    kafka.send(&order_event("order_created", order, customer, &members)).await;
    until_uses(&app, &promotion, (1, 0)).await;
    let members = json!({ "promotion_reservation_id": id, "status": "cancelled" });
    kafka.send(&order_event("order_cancelled", order, customer, &members)).await;
    until_uses(&app, &promotion, (0, 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_another_price_gives_back_what_it_had() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Promotions>().await, TestKafka::new(&env));
    let old = promotion(&app, &json!({ "code": "OLD" })).await;
    let new = promotion(&app, &json!({ "code": "NEW", "discount_percentage": 20 })).await;
    let (before, after, customer, order) = (Uuid::now_v7(), Uuid::now_v7(), user(), user());
    let goods = |code: &str| basket(&json!({ "user_id": customer, "code": code, "order_id": order }));
    reserve(&app, before, &goods("OLD")).await;
    reserve(&app, after, &goods("NEW")).await;
    kafka
        .send(&order_event("order_created", order, customer, &json!({ "promotion_reservation_id": before })))
        .await;
    let repriced = json!({ "promotion_reservation_id": after, "previous_promotion_reservation_id": before });
    let repriced = order_event("order_repriced", order, customer, &repriced);
    for _ in 0..3 {
        kafka.send(&repriced).await;
    }
    until_uses(&app, &old, (0, 0)).await;
    assert_eq!(uses(&app, &new).await, (1, 0));
    let paid = json!({ "promotion_reservation_id": after, "status": "paid" });
    kafka.send(&order_event("order_status_updated", order, customer, &paid)).await;
    until_uses(&app, &new, (0, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_order_is_the_first_until_there_is_one_that_is_not_cancelled() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Promotions>().await, TestKafka::new(&env));
    promotion(&app, &json!({ "code": "FIRST", "first_order_only": true })).await;
    let marker = promotion(&app, &json!({ "code": "MARKER" })).await;
    let (customer, order) = (user(), user());
    let goods = basket(&json!({ "user_id": customer, "code": "FIRST" }));
    assert_eq!(quote(&app, &goods).await["rejected"], Value::Null);
    // An order without any promotion counts.
    kafka
        .send(&order_event("order_created", order, customer, &json!({ "promotion_reservation_id": null })))
        .await;
    until_heard(&app, &kafka, order, &marker).await;
    assert_eq!(quote(&app, &goods).await["rejected"]["reason"], "first-order-only");
    assert_eq!(reserve(&app, Uuid::now_v7(), &goods).await["rejected"]["reason"], "first-order-only");
    let mut again = goods.clone();
    again["order_id"] = json!(order);
    assert_eq!(quote(&app, &again).await["rejected"], Value::Null);
    kafka.send(&order_event("order_cancelled", order, customer, &json!({ "status": "cancelled" }))).await;
    until_heard(&app, &kafka, order, &marker).await;
    assert_eq!(reserve(&app, Uuid::now_v7(), &goods).await["discount"], 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_and_poison_blocks_nobody() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Promotions>().await, TestKafka::new(&env));
    let listener = kafka.listen("promotion-events").await;
    let promotion = promotion(&app, &json!({})).await;
    let told = listener.find(|event| event.kind == "promotion_changed").await;
    let expected =
        json!({ "promotion_id": promotion["id"], "is_active": true, "archived": false, "version": 1 });
    assert_eq!((&told.data, told.key), (&expected, promotion["id"].to_string()));
    let (id, customer, order) = (Uuid::now_v7(), user(), user());
    reserve(&app, id, &basket(&json!({ "user_id": customer }))).await;
    let poison =
        order_event("order_created", order, customer, &json!({ "promotion_reservation_id": "nonsense" }));
    kafka.send(&poison).await;
    let paid = json!({ "promotion_reservation_id": id, "status": "paid" });
    kafka.send(&order_event("order_status_updated", order, customer, &paid)).await;
    until_uses(&app, &promotion, (0, 1)).await;
    let letter = kafka.dead_letter("order-events", poison.id).await;
    assert!(letter.reason.contains("can't be read"), "{}", letter.reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_unpaid_uses_its_promotion_and_what_is_refunded_in_time_gives_it_back() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Promotions>().await, TestKafka::new(&env));
    let promotion = promotion(&app, &json!({})).await;
    let (id, customer, order) = (Uuid::now_v7(), user(), user());
    assert_eq!(reserve(&app, id, &basket(&json!({ "user_id": customer }))).await["discount"], 300);
    let step = |previous: &str, status: &str, sold: bool| {
        let members = json!({
            "promotion_reservation_id": id, "previous_status": previous, "status": status, "sold": sold,
        });
        order_event("order_status_updated", order, customer, &members)
    };
    let members = json!({ "promotion_reservation_id": id });
    kafka.send(&order_event("order_created", order, customer, &members)).await;
    kafka.send(&step("confirmed", "fulfilling", true)).await;
    until_uses(&app, &promotion, (0, 1)).await;
    kafka.send(&step("fulfilling", "refunded", false)).await;
    until_uses(&app, &promotion, (0, 0)).await;
}
