//! E-mails as people read them.

use serde_json::json;

use crate::support::{SHOPPER, Shop, order_event, shipping_event, user_event};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_reads_well_in_both_parts() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    shop.kafka.send(&order_event("order_created", 61, "pending", json!({}))).await;
    let mail = shop.mail("Order 61 received").await;
    assert_eq!(mail.header("From"), "\"Test Shop\" <shop@shop.example>");
    insta::assert_snapshot!("order_txt", mail.text.replace("\r\n", "\n"));
    insta::assert_snapshot!("order_html", mail.html.replace("\r\n", "\n"));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_reads_well_in_both_parts() {
    let shop = Shop::open().await;
    shop.kafka
        .send(&user_event("password_reset_requested", SHOPPER, json!({ "reset_token": "a b&c" })))
        .await;
    let mail = shop.mail("Set a new password").await;
    insta::assert_snapshot!("link_txt", mail.text.replace("\r\n", "\n"));
    insta::assert_snapshot!("link_html", mail.html.replace("\r\n", "\n"));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipment_reads_well_in_both_parts() {
    let shop = Shop::open().await;
    shop.kafka.send(&user_event("user_updated", SHOPPER, json!({ "full_name": null }))).await;
    shop.kafka.send(&shipping_event("shipment_created", 62, "pending")).await;
    let mail = shop.mail("Order 62 will be on its way soon").await;
    insta::assert_snapshot!("shipment_txt", mail.text.replace("\r\n", "\n"));
    insta::assert_snapshot!("shipment_html", mail.html.replace("\r\n", "\n"));
    shop.app.stop().await;
}
