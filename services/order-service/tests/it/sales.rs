//! What was sold.

use config::testing::{TestKafka, eventually, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, id, order_body, payment, refusal, user};

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_follows_the_orders() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let (lamp, vase) = (shop.products.add(10_000, "USD"), shop.products.add(1_000, "USD"));
    let both = shop.placed(user(), &[(&lamp, 1), (&vase, 3)]).await;
    let by_hand = shop.placed(user(), &[(&vase, 1)]).await;
    let never = shop.placed(user(), &[(&lamp, 9)]).await;
    shop.placed(user(), &[(&shop.products.add(50_000, "VND"), 1)]).await;
    let paid = payment("payment_processed", &both, &json!({}));
    kafka.send(&paid).await;
    kafka.send(&paid).await;
    let refund = json!({ "refund_amount": 20, "refunded_total": 20, "fully_refunded": false });
    kafka.send(&payment("payment_refunded", &both, &refund)).await;
    shop.move_to(id(&by_hand), "paid").await;
    shop.move_to(id(&never), "cancelled").await;

    let summary = eventually("the refund is counted", || async {
        let summary = shop.read("/api/orders/analytics/summary").await;
        if summary["refunded"] == 20 { Ok(summary) } else { Err(summary.to_string()) }
    })
    .await;
    for (member, value) in [
        ("orders", json!(3)),
        ("paid_orders", json!(2)),
        ("revenue", json!(120)),
        ("average_order_value", json!(70)),
        ("conversion", json!(0.6667)),
        ("currency", json!("USD")),
    ] {
        assert_eq!(summary[member], value, "{member}");
        assert_eq!(
            if member == "currency" { &value } else { &summary["days"][0][member] },
            &value,
            "{member}"
        );
    }
    let product = |id: &str, units: u32, revenue: u32| json!({ "product_id": id, "product_name": "Đèn lồng", "units": units, "revenue": revenue });
    let top = json!([product(&lamp, 1, 100), product(&vase, 4, 40)]);
    assert_eq!((&summary["top_products"], &summary["days"][0]["top_products"]), (&top, &top));
    let dong = shop.read("/api/orders/analytics/summary?currency=VND").await;
    assert_eq!((&dong["orders"], &dong["revenue"]), (&json!(1), &json!(0)));
    let past = shop.read("/api/orders/analytics/summary?from=2020-01-01&to=2020-01-31").await;
    assert_eq!((&past["orders"], &past["conversion"], &past["days"]), (&json!(0), &json!(0.0), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn revenue_is_what_was_paid_and_a_products_what_its_goods_cost_in_the_end() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(1_999, "USD");
    let mut body = order_body(&[(&lamp, 2)]);
    body["shipping_address"] =
        json!({ "line1": "1 Main St", "city": "Austin", "state": "TX", "country": "United States" });
    body["shipping_method"] = json!("express");
    body["promotion_code"] = json!("HALF");
    let placed = shop.app.as_client(user(), Method::POST, "/api/orders").json(&body).send().await.unwrap();
    assert_eq!(placed.status(), 201);
    let order: Value = placed.json().await.unwrap();
    // Half of 39.98 for the goods, 14.99 for sending them; 8 % of each, rounded down: 1.59 + 1.19.
    for (member, value) in [
        ("subtotal", 39.98),
        ("discount", 19.99),
        ("shipping", 14.99),
        ("tax", 2.78),
        ("total_amount", 37.76),
    ] {
        assert_eq!(order[member], value, "{member}");
    }
    TestKafka::new(&shop.env).send(&payment("payment_processed", &order, &json!({}))).await;
    let summary = eventually("the order is counted", || async {
        let summary = shop.read("/api/orders/analytics/summary").await;
        if summary["paid_orders"] == 1 { Ok(summary) } else { Err(summary.to_string()) }
    })
    .await;
    assert_eq!(summary["revenue"], order["total_amount"]);
    let top = json!([{ "product_id": lamp, "product_name": "Đèn lồng", "units": 2, "revenue": 19.99 }]);
    assert_eq!((&summary["top_products"], &summary["days"][0]["top_products"]), (&top, &top));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_is_for_administrators_who_ask_well() {
    let shop = Shop::open().await;
    let summary = "/api/orders/analytics/summary";
    assert_eq!(refusal(shop.app.request(Method::GET, summary)).await.0, 401);
    assert_eq!(refusal(shop.app.as_client(7, Method::GET, summary)).await.0, 403);
    for (query, wrong) in [
        ("from=x", vec!["from"]),
        ("from=2025-02-01&to=2025-01-01", vec!["from"]),
        ("from=2020-01-01&to=2025-01-01", vec!["from"]),
        ("currency=XXQ", vec!["currency"]),
        ("to=-0001-01-01", vec!["to"]),
        ("to=y&from=x&currency=XXQ", vec!["to", "from", "currency"]),
    ] {
        let asked = shop.app.as_admin(Method::GET, &format!("{summary}?{query}"));
        let (status, problem) = refusal(asked).await;
        assert_eq!((status, wrong_fields(&problem)), (422, wrong), "{query}");
    }
}
