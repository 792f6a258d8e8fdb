//! The README's walk-through, word for word.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, eventually, json_of};
use uuid::Uuid;

#[tokio::test]
async fn a_shopper_registers_orders_and_pays_and_the_rest_follows_by_itself() {
    let shop = Shop::shared().await;
    // The document's names are taken once; a test runs more often.
    let unique = Uuid::new_v4().simple().to_string();
    let (email, username, sku) =
        (format!("{unique}@example.com"), format!("testuser{unique}"), format!("LT-{unique}"));

    let new = json!({ "email": email, "username": username, "password": "password123",
                      "full_name": "Test User", "phone": "0123456789", "address": "123 Main St" });
    let answer = shop.post("/api/users/register", &new).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let user: Value = answer.json().await.unwrap();
    assert_eq!(
        (&user["email"], &user["role"], &user["is_active"]),
        (&json!(email), &json!("client"), &json!(true))
    );
    assert!(!user.to_string().contains("password"));

    let login = json!({ "username": username, "password": "password123" });
    let answer = shop.post("/api/users/login", &login).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let login: Value = answer.json().await.unwrap();
    assert_eq!(
        (&login["token_type"], &login["user_id"], &login["email"]),
        (&json!("bearer"), &user["id"], &json!(email))
    );
    let token = login["access_token"].as_str().unwrap();

    let user1 = shop.login("user1", "password123").await;
    let laptop = json!({ "name": "Laptop", "description": "High-performance laptop", "price": 1500,
                         "category": "Electronics", "stock": 50, "sku": sku });
    let answer = shop.post("/api/products/", &laptop).bearer_auth(&user1).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let product: Value = answer.json().await.unwrap();
    let product_id = product["id"].as_str().unwrap();
    assert_eq!(product["_id"], product["id"]);

    let list = json_of(shop.get("/api/products/?skip=0&limit=10")).await;
    assert!(list["items"].as_array().unwrap().iter().any(|p| p["id"] == product_id), "newest first: {list}");

    let order = json!({ "user_id": user["id"], "shipping_address": "123 Main St, City",
                        "items": [{ "product_id": product_id, "quantity": 2, "price": 1500 }] });
    let answer = shop.post("/api/orders/", &order).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let order: Value = answer.json().await.unwrap();
    assert_eq!((&order["status"], &order["total_amount"]), (&json!("pending"), &json!(3000)));
    assert_eq!(order["items"][0]["product_name"], "Laptop");
    let order_id = order["id"].as_u64().unwrap();

    let read = json_of(shop.get(&format!("/api/orders/{order_id}")).bearer_auth(token)).await;
    assert_eq!((&read["id"], &read["user_id"]), (&order["id"], &user["id"]));

    let payment = json!({ "order_id": order_id, "amount": 3000, "payment_method": "credit_card" });
    let answer = shop.post("/api/payments/", &payment).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let payment: Value = answer.json().await.unwrap();
    assert_eq!(
        (&payment["order_id"], &payment["amount"], &payment["status"]),
        (&order["id"], &json!(3000), &json!("succeeded"))
    );
    assert!(payment["transaction_id"].is_string());

    eventually("the order is paid", || async {
        let order = json_of(shop.get(&format!("/api/orders/{order_id}")).bearer_auth(token)).await;
        if order["status"] == "paid" { Ok(()) } else { Err(order.to_string()) }
    })
    .await;
    shop.stock_becomes(product_id, (48, 0, 48)).await;
    eventually("the catalogue shows it", || async {
        let product = json_of(shop.get(&format!("/api/products/{product_id}"))).await;
        if product["stock"] == 48 { Ok(()) } else { Err(product.to_string()) }
    })
    .await;
    let tracked = eventually("the shipment exists", || async {
        let shipment =
            json_of(shop.get(&format!("/api/shipments/{order_id}/track")).bearer_auth(token)).await;
        if shipment["tracking_number"].is_string() { Ok(shipment) } else { Err(shipment.to_string()) }
    })
    .await;
    let number = tracked["tracking_number"].as_str().unwrap();
    let public = json_of(shop.get(&format!("/api/shipments/track/{number}"))).await;
    assert_eq!(public["tracking_number"], number);
    assert!(!public.to_string().contains("123 Main St"), "no personal data: {public}");

    let wanted = ["order_created", "order_paid", "shipment_created"];
    eventually("the shopper is told of everything", || async {
        let list = json_of(shop.get("/api/notifications/?limit=50").bearer_auth(token)).await;
        let told =
            |kind: &&str| list["items"].as_array().is_some_and(|all| all.iter().any(|n| n["type"] == **kind));
        if wanted.iter().all(told) { Ok(()) } else { Err(list.to_string()) }
    })
    .await;
    let folder = shop.system.folder().join("mail");
    eventually("e-mails are there", || async {
        let mails = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
        let to_us = mails
            .flatten()
            .filter_map(|mail| std::fs::read_to_string(mail.path()).ok())
            .filter(|m| m.contains(&email));
        match to_us.count() {
            count if count >= 3 => Ok(()),
            count => Err(format!("{count} e-mails")),
        }
    })
    .await;
}

#[tokio::test]
async fn the_gateway_tells_how_the_shop_is_and_where_its_documentation_is() {
    let shop = Shop::shared().await;
    let health = json_of(shop.get("/health")).await;
    assert_eq!(health["status"], "healthy", "{health}");
    for service in ["user-service", "product-service", "order-service", "payment-service"] {
        assert!(health["services"][service]["healthy"].as_u64() >= Some(1), "{health}");
        let docs = shop.get(&format!("/docs/{service}/")).send().await.unwrap();
        assert_eq!(docs.status(), 200, "{service}");
    }
    assert!(shop.get("/docs").send().await.unwrap().text().await.unwrap().contains("order-service"));
    let registry = json_of(shop.admin(Method::GET, "/api/discovery/services")).await;
    assert!(registry.to_string().contains("inventory-service"), "{registry}");
}
