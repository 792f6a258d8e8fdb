//! Lists are alike everywhere.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, Shopper};

use super::{answered, each, is_time, unique, wrong_fields};

/// Lists that everybody who signs in may see.
const LISTS: [&str; 12] = [
    "/api/products/",
    "/api/orders/",
    "/api/payments/",
    "/api/shipments/",
    "/api/notifications/",
    "/api/favourites/",
    "/api/promotions/",
    "/api/promotions/active",
    "/api/ratings/mine",
    "/api/tax/rates",
    "/api/inventory/",
    "/api/search/",
];

/// Lists for administrators.
const OFFICE: [&str; 5] = [
    "/api/users/",
    "/api/notifications/deliveries",
    "/api/orders/returns",
    "/api/ratings/moderation",
    "/api/tax/exemptions",
];

#[tokio::test]
async fn lists_tell_how_much_there_is_and_keep_their_limits() {
    let shop = Shop::shared().await;
    for path in LISTS.iter().chain(&OFFICE) {
        let list = answered(shop.admin(Method::GET, path), 200).await;
        let shown = list["items"].as_array().or(list["results"].as_array());
        let shown = shown.unwrap_or_else(|| panic!("{path}: {list}")).len();
        assert!(shown <= 10, "{path} shows ten unless asked for more: {shown}");
        assert_eq!(list["count"], shown, "{path}");
        assert!(list["total"].as_u64() >= Some(shown as u64), "{path}: {list}");
        let cursor = &list["next_cursor"];
        assert!(list.get("next_cursor").is_some() && (cursor.is_null() || cursor.is_string()), "{path}");

        answered(shop.admin(Method::GET, &format!("{path}?limit=100&skip=10000")), 200).await;
        for (query, field) in
            [("limit=0", "limit"), ("limit=101", "limit"), ("skip=-1", "skip"), ("limit=x", "limit")]
        {
            let fields = wrong_fields(shop.admin(Method::GET, &format!("{path}?{query}"))).await;
            assert_eq!(fields, [field], "{path}?{query}");
        }
    }
}

/// Everything in a list, by the `member` of its items, two at a time.
async fn by_cursor(shopper: &Shopper, path: &str, member: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let list = shopper.get(&format!("{path}limit=2{cursor}")).await;
        all.extend(each(&list, member).into_iter().cloned());
        assert!(all.len() < 20, "{path} has an end");
        match list["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// The same, by `skip`.
async fn by_skip(shopper: &Shopper, path: &str, member: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for skip in [0, 2, 4] {
        let list = shopper.get(&format!("{path}limit=2&skip={skip}")).await;
        assert_eq!(list["total"], 5, "{path}: {list}");
        all.extend(each(&list, member).into_iter().cloned());
    }
    all
}

#[tokio::test]
async fn cursor_and_skip_go_through_the_same_list_and_meet_everything_once() {
    let shop = Shop::shared().await;
    let (shopper, category) = (shop.shopper().await, unique("Lists "));
    let mut products = Vec::new();
    for n in 0..5 {
        let new = json!({ "name": format!("L{n}"), "description": "For a test", "price": 3, "category": category,
            "stock": 5, "sku": unique("L-") });
        let product = answered(shop.admin(Method::POST, "/api/products/").json(&new), 201).await;
        let wish = json!({ "product_id": product["id"] });
        answered(shopper.request(Method::POST, "/api/favourites/").json(&wish), 201).await;
        products.push(product["id"].clone());
    }
    let other = shop.product(2.0, 50).await;
    for _ in 0..5 {
        let (order, total) = shopper.ordered(&[(&other, 1)]).await;
        shopper.paid(order, total).await;
    }
    let encoded = category.replace(' ', "%20");
    for (path, member) in [
        (format!("/api/products/?category={encoded}&"), "id"),
        ("/api/favourites/?".to_owned(), "product_id"),
        ("/api/orders/?".to_owned(), "id"),
        ("/api/payments/?".to_owned(), "id"),
    ] {
        let mut met = by_cursor(&shopper, &path, member).await;
        assert_eq!(met, by_skip(&shopper, &path, member).await, "{path}");
        assert_eq!(met.len(), 5, "{path}: {met:?}");
        met.sort_by_key(Value::to_string);
        met.dedup();
        assert_eq!(met.len(), 5, "{path}: {met:?}");
    }
    products.sort_by_key(Value::to_string);
    let mut wished = by_cursor(&shopper, "/api/favourites/?", "product_id").await;
    wished.sort_by_key(Value::to_string);
    assert_eq!(wished, products);
}

/// Numbers for most things, 24 hexadecimal digits for products, UTC for times.
#[tokio::test]
async fn ids_and_times_are_written_alike() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (order, payment, product) = super::paid_order(&shop, &shopper).await;
    let shipment = super::shipment_of(&shopper, order).await;
    assert!(product.len() == 24 && product.bytes().all(|digit| digit.is_ascii_hexdigit()), "{product}");
    for path in [
        format!("/api/products/{product}"),
        format!("/api/orders/{order}"),
        format!("/api/payments/{payment}"),
        format!("/api/shipments/{shipment}"),
    ] {
        let record = shopper.get(&path).await;
        is_time(&record["created_at"]);
        is_time(&record["updated_at"]);
        assert!(record["id"].is_u64() || record["id"] == product, "{record}");
    }
}
