//! One order with everything that a shop needs: taxed, with a promotion, sent abroad. All who tell a sum tell the same.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use system_tests::{Shop, eventually, json_of};
use uuid::Uuid;

const ADDRESS: &str = "Hauptstr. 5, 10115 Berlin, Germany";

fn minor(amount: &Value) -> i64 {
    (amount.as_f64().unwrap_or_else(|| panic!("no amount: {amount}")) * 100.0).round() as i64
}

#[tokio::test]
async fn a_taxed_order_with_a_promotion_shows_the_same_sums_everywhere() {
    let shop = Shop::shared().await;
    // Nobody else orders in this currency: its sales are this order's.
    let (shopper, product) = (shop.shopper().await, shop.product_in("CHF", 33.33, 50).await);
    let code = shop.ten_per_cent_off(None).await;

    // 3 × 33.33 = 99.99, less 10 % (half a cent up) = 89.99, and Germany wants 19 % of that and of nothing else.
    let order = json_of(shopper.order_with(&code, &[(&product, 3)])).await;
    let id = order["id"].as_u64().unwrap_or_else(|| panic!("no order: {order}"));
    let day = &order["created_at"].as_str().unwrap()[..10];
    let summary = format!("/api/orders/analytics/summary?from={day}&to={day}&currency=CHF");
    let revenue_before = minor(&json_of(shop.admin(Method::GET, &summary)).await["revenue"]);
    let sums = |order: &Value| {
        ["subtotal", "discount", "tax", "shipping", "total_amount"].map(|name| minor(&order[name]))
    };
    let [subtotal, discount, tax, shipping, total] = sums(&order);
    assert_eq!((subtotal, discount), (9_999, 1_000), "{order}");
    let lines = order["tax_lines"].as_array().unwrap();
    assert_eq!(lines.iter().map(|line| minor(&line["tax"])).sum::<i64>(), tax, "{order}");
    assert_eq!(tax, ((subtotal - discount + shipping) as f64 * 0.19).round() as i64, "{order}");
    assert_eq!(total, subtotal - discount + tax + shipping, "{order}");
    assert_eq!(order["promotions"][0]["code"], code, "{order}");

    let quote = json!({ "items": [{ "product_id": product, "quantity": 3 }],
        "shipping_address": ADDRESS, "promotion_code": code });
    let quote = json_of(shopper.request(Method::POST, "/api/orders/quote").json(&quote)).await;
    assert_eq!(sums(&quote), sums(&order), "{quote}");

    let pay = |amount: i64| {
        let body = json!({ "order_id": id, "amount": amount as f64 / 100.0, "currency": "CHF",
            "payment_method": "credit_card", "payment_token": "tok_success" });
        shopper.request(Method::POST, "/api/payments/").json(&body)
    };
    assert_eq!(pay(total - 1).send().await.unwrap().status(), 422, "a cent is missing");
    assert_eq!(pay(total).send().await.unwrap().status(), 201);
    let paid = shopper.order_becomes(id, &["paid", "fulfilling"]).await;
    assert_eq!(sums(&paid), sums(&order));
    let payments = shopper.get("/api/payments/").await;
    let payment = payments["items"].as_array().unwrap().iter().find(|it| it["order_id"] == id).unwrap();
    assert_eq!(minor(&payment["amount"]), total, "{payment}");

    let shown = format!("{}.{:02}", total / 100, total % 100);
    let folder = shop.system.folder().join("mail");
    eventually("the e-mail tells the total", || async {
        let mails = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
        let texts = mails.flatten().filter_map(|mail| std::fs::read_to_string(mail.path()).ok());
        let mut ours = texts.filter(|mail| mail.contains(&shopper.email)).peekable();
        if ours.peek().is_none() {
            return Err("no e-mail yet".to_owned());
        }
        if ours.any(|mail| mail.contains(&shown)) { Ok(()) } else { Err(format!("none tells {shown}")) }
    })
    .await;
    eventually("the day's sales know the total, and what the goods were sold for", || async {
        let sales = json_of(shop.admin(Method::GET, &summary)).await;
        let revenue = minor(&sales["revenue"]) - revenue_before;
        let ours =
            sales["top_products"].as_array().into_iter().flatten().find(|it| it["product_id"] == product);
        let goods = ours.map(|it| (it["units"].as_u64(), minor(&it["revenue"])));
        let is_told = revenue == total && goods == Some((Some(3), subtotal - discount));
        if is_told { Ok(()) } else { Err(sales.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_limited_promotion_is_used_no_more_often_than_it_may_and_comes_back() {
    let shop = Shop::shared().await;
    let product = shop.product(10.0, 1_000).await;
    let code = shop.ten_per_cent_off(Some(5)).await;
    let mut shoppers = Vec::new();
    for _ in 0..5 {
        shoppers.push(shop.shopper().await);
    }
    let tries = (0..40).map(|n| shoppers[n % shoppers.len()].order_with(&code, &[(&product, 1)]).send());
    let answers = futures_util::future::join_all(tries).await;
    let mut orders = Vec::new();
    for (n, answer) in answers.into_iter().enumerate() {
        let answer = answer.unwrap();
        let (status, body): (_, Value) = (answer.status(), answer.json().await.unwrap());
        match status.as_u16() {
            201 => orders.push((n % shoppers.len(), body["id"].as_u64().unwrap())),
            409 | 422 => assert!(
                body["code"] == "promotion-used-up" || body["errors"][0]["field"] == "promotion_code",
                "{body}"
            ),
            _ => panic!("{status}: {body}"),
        }
    }
    assert_eq!(orders.len(), 5, "exactly as often as it may be used");

    let (who, order) = orders[0];
    let cancelled = shoppers[who].request(Method::POST, &format!("/api/orders/{order}/cancel"));
    assert_eq!(cancelled.send().await.unwrap().status(), 200);
    eventually("the use of the cancelled order comes back", || async {
        let answer = shoppers[0].order_with(&code, &[(&product, 1)]).send().await.unwrap();
        match answer.status().as_u16() {
            201 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
    let again = shoppers[0].order_with(&code, &[(&product, 1)]).send().await.unwrap();
    assert!([409, 422].contains(&again.status().as_u16()), "used up again");
}

#[tokio::test]
async fn a_first_order_may_still_get_what_first_orders_get() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(50.0, 10).await);
    let code = format!("FIRST{}", &Uuid::new_v4().simple().to_string()[..12]).to_uppercase();
    let new = json!({ "code": code, "name": "First order", "description": "For a test", "kind": "percentage",
        "discount_percentage": 10, "start_date": "2025-01-01", "end_date": "2099-12-31", "first_order_only": true });
    let made = shop.admin(Method::POST, "/api/promotions/").json(&new).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let apply = |order: u64| {
        let body = json!({ "order_id": order, "code": code });
        shopper.request(Method::POST, "/api/promotions/apply").json(&body)
    };
    let is_refused = |answer: Response| async {
        let (status, problem): (_, Value) = (answer.status(), answer.json().await.unwrap());
        match status.as_u16() == 422 && problem["errors"][0]["code"] == "first-order-only" {
            true => Ok(()),
            false => Err(format!("{status}: {problem}")),
        }
    };
    let (order, _) = shopper.ordered(&[(&product, 1)]).await;
    // It must not count against itself, so promotion-service has to have heard of it.
    let basket = json!({ "items": [{ "product_id": product, "quantity": 1 }], "shipping_address": ADDRESS, "promotion_code": code });
    eventually("the first order is known", || async {
        is_refused(shopper.request(Method::POST, "/api/orders/quote").json(&basket).send().await.unwrap())
            .await
    })
    .await;
    let (second, _) = shopper.ordered(&[(&product, 1)]).await;
    is_refused(apply(second).send().await.unwrap()).await.expect("a second order is not a first one");
    let cancelled = shopper.request(Method::POST, &format!("/api/orders/{second}/cancel"));
    assert_eq!(cancelled.send().await.unwrap().status(), 200);
    eventually("the first order gets the promotion", || async {
        let answer = apply(order).send().await.unwrap();
        let (status, body): (_, Value) = (answer.status(), answer.json().await.unwrap());
        if status.is_success() { Ok(()) } else { Err(format!("{status}: {body}")) }
    })
    .await;
    let repriced = json_of(shopper.request(Method::GET, &format!("/api/orders/{order}"))).await;
    assert_eq!((minor(&repriced["discount"]), &repriced["promotion_code"]), (500, &json!(code)));
}

/// The flows that don't need a service go on without it, and nobody is sold anything at a wrong price.
#[tokio::test]
async fn an_order_without_tax_service_is_refused_and_without_promotions_says_so() {
    let shop = Shop::alone().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 100).await);
    let plain = || {
        let body =
            json!({ "items": [{ "product_id": product, "quantity": 1 }], "shipping_address": ADDRESS });
        shopper.request(Method::POST, "/api/orders/").json(&body)
    };
    shop.system.kill("tax-service").unwrap();
    let refused = plain().send().await.unwrap();
    assert_eq!(refused.status(), 503, "never sold untaxed");
    assert!(refused.headers().contains_key("Retry-After"));
    assert_eq!(shop.get(&format!("/api/products/{product}")).send().await.unwrap().status(), 200);
    shop.system.start("tax-service").unwrap();
    shop.healthy();
    eventually("orders are taken again", || async {
        let answer = plain().send().await.unwrap();
        if answer.status() == 201 { Ok(()) } else { Err(answer.status().to_string()) }
    })
    .await;

    shop.system.kill("promotion-service").unwrap();
    let order = eventually("an order goes without promotions", || async {
        let answer = plain().send().await.unwrap();
        let status = answer.status();
        if status == 201 { Ok(answer.json::<Value>().await.unwrap()) } else { Err(status.to_string()) }
    })
    .await;
    assert_eq!(order["promotions_unavailable"], true, "{order}");
    shop.system.start("promotion-service").unwrap();
    shop.healthy();
    shop.stock_becomes(&product, (100, 2, 98)).await;
}

#[tokio::test]
async fn what_changes_in_the_catalogue_is_found() {
    let shop = Shop::shared().await;
    let word = format!("zq{}", &Uuid::new_v4().simple().to_string()[..12]);
    let sku = format!("T-{word}");
    let new = json!({ "name": format!("Lamp {word}"), "description": "For a test", "price": 12.5, "category": "Tests",
        "stock": 3, "sku": sku });
    let product = json_of(shop.admin(Method::POST, "/api/products/").json(&new)).await;
    let (id, path) = (product["id"].as_str().unwrap(), format!("/api/search/?keyword={word}"));
    let found = eventually("a new product is found", || async {
        let found = json_of(shop.get(&path)).await;
        if found["total"] == 1 { Ok(found) } else { Err(found.to_string()) }
    })
    .await;
    assert_eq!(found["results"][0]["id"], id, "{found}");
    let change = json!({ "price": 11.0 });
    let changed =
        shop.admin(Method::PATCH, &format!("/api/products/{id}")).json(&change).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    eventually("the new price is shown", || async {
        let found = json_of(shop.get(&path)).await;
        if found["results"][0]["price"] == 11 { Ok(()) } else { Err(found.to_string()) }
    })
    .await;
    let gone = shop.admin(Method::DELETE, &format!("/api/products/{id}")).send().await.unwrap();
    assert!(gone.status().is_success());
    eventually("an archived product is found no more", || async {
        let found = json_of(shop.get(&path)).await;
        if found["total"] == 0 { Ok(()) } else { Err(found.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_wisher_is_told_once_of_a_price_drop_and_of_a_return_to_stock() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (product, other) = (shop.product(80.0, 0).await, shop.product(80.0, 0).await);
    for wished in [&product, &other] {
        let wish = json!({ "product_id": wished });
        let answer = shopper.request(Method::POST, "/api/favourites/").json(&wish).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }
    let change = async |product: &str, price: f64, stock: u32| {
        let (price, stock) = (json!({ "price": price }), json!({ "quantity": stock }));
        let price = shop.admin(Method::PATCH, &format!("/api/products/{product}")).json(&price);
        assert_eq!(price.send().await.unwrap().status(), 200);
        let stock = shop.admin(Method::PUT, &format!("/api/inventory/{product}")).json(&stock);
        assert_eq!(stock.send().await.unwrap().status(), 200);
    };
    change(&product, 60.0, 5).await;
    let told = || async {
        let list = shopper.get("/api/notifications/?limit=100").await;
        let kinds = list["items"].as_array().cloned().unwrap_or_default();
        let count = |kind: &str| kinds.iter().filter(|notice| notice["type"] == kind).count();
        (count("wish_price_dropped"), count("wish_back_in_stock"))
    };
    eventually("the wisher is told of both", || async {
        let told = told().await;
        if told == (1, 1) { Ok(()) } else { Err(format!("{told:?}")) }
    })
    .await;
    // A dearer price and more stock are no news: nothing of them is told before what comes later.
    change(&product, 70.0, 9).await;
    eventually("both are known with the wish", || async {
        let list = shopper.get("/api/favourites/").await;
        let ours = list["items"].as_array().into_iter().flatten().find(|it| it["product_id"] == product);
        if ours.is_some_and(|it| it["price"] == 70 && it["stock"] == 9) {
            Ok(())
        } else {
            Err(list.to_string())
        }
    })
    .await;
    change(&other, 60.0, 5).await;
    eventually("the wisher is told of the other product", || async {
        let told = told().await;
        if told.0 > 1 && told.1 > 1 { Ok(()) } else { Err(format!("{told:?}")) }
    })
    .await;
    assert_eq!(told().await, (2, 2));
}

#[tokio::test]
async fn a_buyers_rating_is_marked_and_reaches_product_and_search() {
    let shop = Shop::shared().await;
    let (shopper, word) = (shop.shopper().await, format!("zr{}", &Uuid::new_v4().simple().to_string()[..12]));
    let new = json!({ "name": format!("Lamp {word}"), "description": "For a test", "price": 15.0, "category": "Tests",
        "stock": 10, "sku": format!("T-{word}") });
    let made = json_of(shop.admin(Method::POST, "/api/products/").json(&new)).await;
    let product = made["id"].as_str().unwrap_or_else(|| panic!("no product: {made}"));
    shop.stock_becomes(product, (10, 0, 10)).await;
    let (order, total) = shopper.ordered(&[(product, 1)]).await;
    shopper.paid(order, total).await;
    shopper.order_becomes(order, &["paid", "fulfilling"]).await;
    let rating = json!({ "product_id": product, "rating": 4, "comment": "Rất tốt" });
    let answer = shopper.request(Method::POST, "/api/ratings/").json(&rating).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let again = shopper.request(Method::POST, "/api/ratings/").json(&rating).send().await.unwrap();
    assert_eq!(again.status(), 409, "one rating for a product");
    eventually("the purchase is verified", || async {
        let list = json_of(shop.get(&format!("/api/ratings/{product}"))).await;
        match list["items"][0]["verified_purchase"] == true && list["average"] == 4.0 && list["count"] == 1 {
            true => Ok(()),
            false => Err(list.to_string()),
        }
    })
    .await;
    eventually("the catalogue shows the average", || async {
        let shown = json_of(shop.get(&format!("/api/products/{product}"))).await;
        if shown["average_rating"] == 4.0 { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    eventually("a search shows it, too", || async {
        let found = json_of(shop.get(&format!("/api/search/?keyword={word}"))).await;
        let first = &found["results"][0];
        match first["id"] == product && first["average_rating"] == 4.0 && first["rating_count"] == 1 {
            true => Ok(()),
            false => Err(found.to_string()),
        }
    })
    .await;
}
