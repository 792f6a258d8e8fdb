//! Nobody sees or does what isn't theirs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use system_tests::{Shop, eventually, json_of};

#[tokio::test]
async fn forged_tokens_are_refused() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let parts: Vec<&str> = shopper.token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    let mut said: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    said["role"] = json!("admin");
    let admin = URL_SAFE_NO_PAD.encode(said.to_string());
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let hs256 = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT","kid":"x"}"#);
    let forged = [
        format!("{header}.{admin}.{signature}"),
        format!("{none}.{admin}."),
        format!("{none}.{claims}."),
        format!("{hs256}.{admin}.{signature}"),
        format!("{header}.{claims}."),
        "nonsense".to_owned(),
        String::new(),
    ];
    for token in forged {
        for path in ["/api/orders/", "/api/users/me", "/api/payments/", "/api/notifications/"] {
            let answer = shop.get(path).bearer_auth(&token).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path} {token}");
            assert!(answer.headers().contains_key("www-authenticate"));
        }
    }
}

#[tokio::test]
async fn a_deactivated_users_token_is_refused_everywhere() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    assert_eq!(shopper.request(Method::GET, "/api/orders/").send().await.unwrap().status(), StatusCode::OK);
    let off = shop
        .admin(Method::PUT, &format!("/api/users/{}/active", shopper.id))
        .json(&json!({ "is_active": false }));
    assert!(off.send().await.unwrap().status().is_success());
    for path in ["/api/orders/", "/api/users/me", "/api/payments/", "/api/notifications/"] {
        eventually(&format!("{path} refuses the token"), || async {
            let status = shopper.request(Method::GET, path).send().await.unwrap().status();
            if status == StatusCode::UNAUTHORIZED { Ok(()) } else { Err(status.to_string()) }
        })
        .await;
    }
}

#[tokio::test]
async fn refresh_tokens_rotate_and_reuse_ends_the_family() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let login = json!({ "username": shopper.name, "password": "correct horse" });
    let first =
        json_of(shop.post("/api/users/login", &login)).await["refresh_token"].as_str().unwrap().to_owned();
    let refresh = |token: &str| shop.post("/api/users/refresh_token", &json!({ "refresh_token": token }));
    let second = json_of(refresh(&first)).await["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(refresh(&first).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        refresh(&second).send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED,
        "the family is revoked"
    );
}

#[tokio::test]
async fn somebody_elses_things_are_not_readable() {
    let shop = Shop::shared().await;
    let (owner, other, product) = (shop.shopper().await, shop.shopper().await, shop.product(10.0, 5).await);
    let (order, total) = owner.ordered(&[(&product, 1)]).await;
    let payment = owner.paid(order, total).await;
    let address = json!({ "label": "home", "line1": "1 Main St", "city": "Hanoi", "country": "VN", "address": "1 Main St" });
    let _ = owner.request(Method::POST, "/api/users/me/addresses").json(&address).send().await;
    owner.order_becomes(order, &["paid"]).await;
    let paths = [
        format!("/api/orders/{order}"),
        format!("/api/orders/{order}/history"),
        format!("/api/payments/{payment}"),
        format!("/api/shipments/{order}/track"),
        format!("/api/notifications/{}", owner.id),
        format!("/api/users/{}", owner.id),
        format!("/api/orders/?user_id={}", owner.id),
    ];
    for path in &paths {
        let status = other.request(Method::GET, path).send().await.unwrap().status().as_u16();
        assert!([403, 404].contains(&status), "{path}: {status}");
        let status = shop.get(path).send().await.unwrap().status().as_u16();
        assert_eq!(status, 401, "{path} to a guest");
    }
    let mine = other.get("/api/orders/").await;
    assert_eq!(mine["total"], 0, "{mine}");
    for (method, path) in [
        (Method::POST, format!("/api/orders/{order}/cancel")),
        (Method::DELETE, format!("/api/orders/{order}")),
        (Method::PUT, format!("/api/orders/{order}")),
        (Method::POST, format!("/api/payments/{payment}/refund")),
    ] {
        let body = json!({ "status": "cancelled", "amount": 1, "reason": "mine now" });
        let status = other.request(method, &path).json(&body).send().await.unwrap().status().as_u16();
        assert!([403, 404].contains(&status), "{path}: {status}");
    }
    let status = other.pay(order, total).send().await.unwrap().status().as_u16();
    assert!([403, 404].contains(&status), "paying somebody's order: {status}");
}

#[tokio::test]
async fn clients_change_neither_the_catalogue_nor_the_stock() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 5).await);
    let new = json!({ "name": "Mine", "description": "x", "price": 1, "sku": "MINE-1", "quantity": 1, "product_id": product, "role": "admin", "delta": 1, "reason": "x" });
    for (method, path) in [
        (Method::POST, "/api/products/".to_owned()),
        (Method::PUT, format!("/api/products/{product}")),
        (Method::PATCH, format!("/api/products/{product}")),
        (Method::DELETE, format!("/api/products/{product}")),
        (Method::POST, "/api/inventory/".to_owned()),
        (Method::PUT, format!("/api/inventory/{product}")),
        (Method::POST, format!("/api/inventory/{product}/adjust")),
        (Method::PUT, format!("/api/users/{}/role", shopper.id)),
        (Method::GET, "/api/users/".to_owned()),
        (Method::GET, "/api/orders/analytics/summary".to_owned()),
        (Method::POST, "/api/notifications/".to_owned()),
    ] {
        let status = shopper.request(method.clone(), &path).json(&new).send().await.unwrap().status();
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
    }
}

#[tokio::test]
async fn internal_routes_do_not_pass_the_gateway_and_refuse_user_tokens() {
    let shop = Shop::shared().await;
    let admin = shop.login("admin", "Admin123!").await;
    let token = shop.system.env_of("order-service").unwrap()["INTERNAL_TOKEN"].clone();
    let paths = [
        "/internal/orders/1",
        "/internal/products?ids=507f1f77bcf86cd799439011",
        "/internal/users/1",
        "//internal/orders/1",
        "/api/orders/../../internal/orders/1",
        "/api/orders/%2e%2e/%2e%2e/internal/orders/1",
        "/%69nternal/orders/1",
    ];
    for path in paths {
        // Even whoever has the secret doesn't come in by the front door.
        let answer = shop.get(path).header("X-Service-Token", &token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for (service, path) in [("order-service", "/internal/orders/1"), ("user-service", "/internal/users/1")] {
        let url = format!("{}{path}", shop.system.url(service).unwrap());
        for request in [
            shop.http.get(&url),
            shop.http.get(&url).bearer_auth(&admin),
            shop.http.get(&url).header("X-Service-Token", "guess"),
        ] {
            assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{service}");
        }
    }
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let guess = json!({ "username": shopper.name, "password": "wrong guess" });
    let mut statuses = Vec::new();
    for _ in 0..25 {
        let answer = shop.post("/api/users/login", &guess).send().await.unwrap();
        statuses.push(answer.status().as_u16());
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.headers().contains_key("retry-after"));
            break;
        }
    }
    assert_eq!(statuses.first(), Some(&401));
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

#[tokio::test]
async fn secrets_are_in_no_log() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let product = shop.product(10.0, 5).await;
    let (order, total) = shopper.ordered(&[(&product, 1)]).await;
    let card = json!({ "order_id": order, "amount": total, "payment_method": "credit_card",
                       "card": { "number": "4242424242424242", "exp_month": 12, "exp_year": 2099, "cvc": "937" } });
    let paid = shopper.request(Method::POST, "/api/payments/").json(&card).send().await.unwrap();
    assert_eq!(paid.status(), StatusCode::CREATED);
    let payment = paid.text().await.unwrap();
    assert!(!payment.contains("4242424242424242"));
    let token = shop.system.env_of("order-service").unwrap()["INTERNAL_TOKEN"].clone();
    let secrets = ["4242424242424242", "correct horse", shopper.token.as_str(), token.as_str(), "Admin123!"];
    let logs = std::fs::read_dir(shop.system.folder().join("logs")).unwrap();
    for log in logs.flatten() {
        let text = String::from_utf8_lossy(&std::fs::read(log.path()).unwrap()).into_owned();
        for (index, secret) in secrets.iter().enumerate() {
            assert!(!text.contains(secret), "secret {index} is in {}", log.path().display());
        }
    }
}
