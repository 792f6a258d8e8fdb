//! Unpaid orders expire.

use serde_json::Value;
use system_tests::{Shop, eventually};

#[tokio::test]
async fn an_unpaid_order_expires_and_gives_back_its_stock() {
    let shop = Shop::alone().await;
    let hasty = shop.restart_with("order-service", "ORDER_EXPIRY_SECONDS", "3");
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 5).await);
    let (order, total) = shopper.ordered(&[(&product, 2)]).await;
    shop.stock_becomes(&product, (5, 2, 3)).await;
    shopper.order_becomes(order, &["cancelled"]).await;
    shop.stock_becomes(&product, (5, 0, 5)).await;
    let late = shopper.pay(order, total).send().await.unwrap();
    assert_eq!(late.status(), 409);
    let history: Value = shopper.get(&format!("/api/orders/{order}/history")).await;
    assert!(history.to_string().contains("expired"), "{history}");
    drop(hasty);
    let (order, _) =
        eventually("orders are taken again", || async { Ok(shopper.ordered(&[(&product, 1)]).await) }).await;
    shopper.order_becomes(order, &["pending"]).await;
}
