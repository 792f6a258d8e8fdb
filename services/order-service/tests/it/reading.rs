//! Reading orders.

use config::testing::wrong_fields;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, id, refusal, user};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_reads_their_own_and_administrators_all() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    for path in [format!("/api/orders/{order}"), format!("/api/orders/{order}/history")] {
        for (request, status) in [
            (shop.app.request(Method::GET, &path), 401),
            (shop.app.as_client(owner + 1, Method::GET, &path), 403),
            (shop.app.as_client(owner, Method::GET, &path), 200),
            (shop.app.as_client(owner, Method::GET, &format!("{path}/")), 200),
            (shop.app.as_admin(Method::GET, &path), 200),
        ] {
            assert_eq!(request.send().await.unwrap().status(), status, "{path}");
        }
    }
    for absent in ["1", "0", "-1", "x", "18446744073709551615", "99999999999999999999"] {
        let request = shop.app.as_client(owner, Method::GET, &format!("/api/orders/{absent}"));
        assert_eq!(refusal(request).await.0, 404, "{absent}");
    }
    let wrong =
        shop.app.as_client(owner, Method::PATCH, &format!("/api/orders/{order}")).send().await.unwrap();
    assert_eq!((wrong.status().as_u16(), wrong.headers().contains_key("allow")), (405, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_order_is_not_sent_again() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    let read = || {
        shop.app
            .as_client(owner, Method::GET, &format!("/api/orders/{order}"))
            .header("If-None-Match", "\"1\"")
    };
    assert_eq!(read().send().await.unwrap().status(), 304);
    shop.move_to(order, "paid").await;
    assert_eq!(read().send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_and_cut() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(id(&shop.placed(owner, &[(&lamp, 1)]).await));
    }
    let foreign = id(&shop.placed(owner + 1, &[(&lamp, 1)]).await);
    shop.move_to(orders[1], "paid").await;
    let list = async |token: &str, query: &str| -> (Vec<u64>, Value) {
        let request = shop.app.request(Method::GET, &format!("/api/orders?{query}")).bearer_auth(token);
        let page: Value = request.send().await.unwrap().json().await.unwrap();
        (page["items"].as_array().unwrap().iter().map(id).collect(), page)
    };
    let (mine, admin) = (shop.app.tokens.client(owner), shop.app.tokens.admin(1));
    let (first, page) = list(&mine, "limit=2").await;
    assert_eq!((first, &page["count"], &page["total"]), (vec![orders[2], orders[1]], &json!(2), &json!(3)));
    assert_eq!(page["items"][0]["items"].as_array().unwrap().len(), 1);
    let rest = list(&mine, &format!("limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!((rest.0, &rest.1["next_cursor"]), (vec![orders[0]], &Value::Null));
    assert_eq!(list(&mine, "skip=2").await.0, [orders[0]]);
    assert_eq!(list(&mine, "status=paid").await.0, [orders[1]]);
    assert_eq!(list(&admin, "").await.0, [foreign, orders[2], orders[1], orders[0]]);
    assert_eq!(list(&admin, &format!("user_id={}", owner + 1)).await.0, [foreign]);
    assert_eq!(list(&admin, "to=2020-01-01").await.0, [0; 0]);
    assert_eq!(list(&admin, "from=2020-01-01&to=2999-12-31&status=pending").await.0.len(), 3);
    assert_eq!(list(&admin, "from=1000-01-01&to=9999-12-31&status=pending").await.0.len(), 3);
    let refused = async |query: &str| {
        refusal(shop.app.as_client(owner, Method::GET, &format!("/api/orders?{query}"))).await
    };
    assert_eq!(refused(&format!("user_id={}", owner + 1)).await.0, 403);
    let (status, problem) = refused("status=lost&from=yesterday&to=2020-13-01&limit=101&cursor=x").await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["limit", "cursor", "status", "from", "to"]));
    let returns = shop.app.as_admin(Method::GET, "/api/orders/returns?status=lost&skip=-1");
    assert_eq!(wrong_fields(&refusal(returns).await.1), ["skip", "status"]);
    for year in ["-0001-01-01", "0999-12-31", "%2B70000-01-01", "0000-01-01T00:00:00%2B01:00"] {
        assert_eq!(refused(&format!("from={year}&to={year}")).await.0, 422, "{year}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payment_service_learns_what_is_due() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1_050, "USD"), user());
    let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    let path = format!("/internal/orders/{order}");
    let due = async || -> Value {
        shop.app.as_service(Method::GET, &path).send().await.unwrap().json().await.unwrap()
    };
    let expected = json!({
        "id": order, "user_id": owner, "status": "pending", "total_amount": 10.5, "currency": "USD",
        "payable": true, "paid_amount": 0, "cash_on_delivery": false, "version": 1,
    });
    assert_eq!(due().await, expected);
    shop.move_to(order, "paid").await;
    assert_eq!(due().await["payable"], false);
    assert_eq!(refusal(shop.app.as_admin(Method::GET, &path)).await.0, 401, "a user is no service");
    assert_eq!(refusal(shop.app.as_service(Method::GET, "/internal/orders/1")).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_once_is_shown_whatever_the_rules_are_today() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    for status in ["paid", "fulfilling", "shipped"] {
        assert_eq!(shop.move_to(order, status).await.status(), 200);
    }
    let item = json!({ "product_id": lamp, "quantity": 1, "reason": "broken" });
    let returns = format!("/api/orders/{order}/returns");
    let asked = shop.app.as_client(owner, Method::POST, &returns).json(&json!({ "items": [item] }));
    assert_eq!(asked.send().await.unwrap().status(), 201);
    shop.sql("UPDATE orders SET shipping_address = '', customer_notes = ''").await;
    shop.sql("UPDATE order_returns SET comment = '', note = ''; UPDATE order_return_items SET reason = ''")
        .await;
    let read = shop.read(&format!("/api/orders/{order}")).await;
    assert_eq!((&read["shipping_address"], &read["customer_notes"]), (&json!(""), &json!("")));
    assert_eq!(shop.read(&returns).await["items"][0]["items"][0]["reason"], "");
}
