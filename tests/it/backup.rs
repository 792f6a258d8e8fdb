//! A backup is worth what its restoring is worth.

use reqwest::Method;
use serde_json::json;
use system_tests::{Shop, eventually};

fn must(shop: &Shop, arguments: &[&str]) -> String {
    let output = shop.xtask(arguments);
    let said =
        [output.stdout, output.stderr].map(|part| String::from_utf8_lossy(&part).into_owned()).concat();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_comes_back_and_goes_on() {
    let shop = Shop::alone().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 5).await);
    let (kept, total) = shopper.ordered(&[(&product, 1)]).await;
    // It hears of the payment only after everything was saved and restored: its event is in no database by then.
    shop.system.stop("shipping-service").unwrap();
    shopper.paid(kept, total).await;
    shopper.order_becomes(kept, &["paid"]).await;
    shop.stock_becomes(&product, (4, 0, 4)).await;

    let folder = shop.system.folder().join("backup");
    let _ = std::fs::remove_dir_all(&folder);
    let folder = folder.display().to_string();
    must(&shop, &["backup", "--to", &folder]);

    // A future that is lost. It has an order more, whose id will be given away again.
    let lost_product = shop.product(7.0, 3).await;
    let (lost, _) = shopper.ordered(&[(&product, 2)]).await;
    assert!(lost > kept);
    shop.stock_becomes(&product, (4, 2, 2)).await;
    let forgotten = shop.shopper().await;
    let item = forgotten.request(Method::PUT, &format!("/api/cart/items/{product}"));
    assert_eq!(item.json(&json!({ "quantity": 1 })).send().await.unwrap().status(), 200);

    must(&shop, &["restore", "--from", &folder, "--yes"]);
    let void = shopper.request(Method::GET, "/api/orders/").send().await.unwrap();
    assert_eq!(void.status(), 401, "a token may belong to somebody who no longer exists");
    // As whoever comes back would.
    let after = Shop::reopened(shop).await;
    let token = after.login(&shopper.name, "correct horse").await;
    let shopper = system_tests::Shopper { token, ..shopper };
    let order = shopper.get(&format!("/api/orders/{kept}")).await;
    assert_eq!((order["status"].as_str(), order["total_amount"].as_f64()), (Some("paid"), Some(total)));
    after.stock_becomes(&product, (4, 0, 4)).await;
    for (path, status) in [
        (format!("/api/products/{product}"), 200),
        (format!("/api/products/{lost_product}"), 404),
        (format!("/api/orders/{lost}"), 404),
    ] {
        let answer = after.admin(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    eventually("the payment's event has reached shipping", || async {
        let track = format!("/api/shipments/{kept}/track");
        let shipment = system_tests::json_of(after.admin(Method::GET, &track)).await;
        if shipment["tracking_number"].is_string() { Ok(()) } else { Err(shipment.to_string()) }
    })
    .await;

    let newcomer = after.shopper().await;
    assert_eq!(newcomer.id, forgotten.id, "ids are given away again");
    assert_eq!(newcomer.get("/api/cart").await["count"], 0, "the cart of somebody who no longer exists");

    let (new, total) = shopper.ordered(&[(&product, 1)]).await;
    shopper.paid(new, total).await;
    shopper.order_becomes(new, &["paid"]).await;
    after.stock_becomes(&product, (3, 0, 3)).await;
    std::fs::remove_dir_all(folder).unwrap();
}
