//! The catalogue. That clients may not change it, and that money is never rounded, is tested elsewhere.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, eventually};

use super::{answered, each, has, is_time, refused, unique, whole, wrong_fields};

fn lamp(sku: &str, category: &str, price: f64, stock: u32) -> Value {
    json!({ "name": format!("Lamp {sku}"), "description": "For a test", "price": price, "category": category,
        "stock": stock, "sku": sku })
}

async fn added(shop: &Shop, product: &Value) -> Value {
    answered(shop.admin(Method::POST, "/api/products/").json(product), 201).await
}

#[tokio::test]
async fn a_product_is_kept_as_it_was_given_and_found_by_id_and_sku() {
    let shop = Shop::shared().await;
    let sku = unique("P-");
    let new = json!({ "name": "Đèn bàn", "description": "For a test", "price": 1499.99, "currency": "USD",
        "category": unique("Lamps "), "stock": 7, "sku": sku, "images": ["https://example.com/lamp.jpg"],
        "attributes": { "colour": "red" }, "weight_grams": 300,
        "variants": [{ "sku": format!("{sku}-L"), "name": "Large", "price": 1599.5, "attributes": { "size": "L" } }] });
    let product = added(&shop, &new).await;
    has(&product, &new);
    has(&product, &json!({ "_id": product["id"], "in_stock": true, "status": "active", "rating_count": 0 }));
    is_time(&product["created_at"]);
    let id = product["id"].as_str().unwrap();
    for path in [format!("/api/products/{id}"), format!("/api/products/sku/{sku}")] {
        let (headers, read) = whole(shop.get(&path), 200).await;
        has(&read, &new);
        assert_eq!((&read["id"], headers.contains_key("etag")), (&product["id"], true));
    }
    // The record of its stock is opened by itself.
    shop.stock_becomes(id, (7, 0, 7)).await;
    refused(shop.get("/api/products/sku/no-such-sku"), 404, "product-not-found").await;
}

#[tokio::test]
async fn prices_have_the_decimals_of_their_currency() {
    let shop = Shop::shared().await;
    let mut phone = lamp(&unique("P-"), "Tests", 29_990_000.0, 1);
    phone["currency"] = json!("VND");
    let product = added(&shop, &phone).await;
    has(&product, &json!({ "price": 29_990_000, "currency": "VND" }));
    let plain = added(&shop, &lamp(&unique("P-"), "Tests", 0.1, 1)).await;
    has(&plain, &json!({ "price": 0.1, "currency": "USD" }));
    for (currency, price) in [("VND", 1.5), ("USD", 1.005), ("KWD", 1.0005)] {
        let mut wrong = lamp(&unique("P-"), "Tests", price, 1);
        wrong["currency"] = json!(currency);
        assert_eq!(wrong_fields(shop.admin(Method::POST, "/api/products/").json(&wrong)).await, ["price"]);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_product_is_named_at_once() {
    let shop = Shop::shared().await;
    let add = |product: &Value| shop.admin(Method::POST, "/api/products/").json(product);
    let missing = wrong_fields(add(&json!({ "price": "x" }))).await;
    assert_eq!(missing, ["category", "description", "name", "price", "sku"]);
    let wrong =
        json!({ "name": "", "description": "x", "price": -1, "category": "", "sku": "", "currency": "XXXX" });
    let fields = wrong_fields(add(&wrong)).await;
    for field in ["name", "category", "sku", "currency"] {
        assert!(fields.iter().any(|named| named == field), "{field}: {fields:?}");
    }
    let sku = unique("P-");
    added(&shop, &lamp(&sku, "Tests", 1.0, 1)).await;
    refused(add(&lamp(&sku, "Tests", 1.0, 1)), 409, "sku-taken").await;
}

#[tokio::test]
async fn put_replaces_a_product_and_patch_changes_what_it_names() {
    let shop = Shop::shared().await;
    let sku = unique("P-");
    let mut new = lamp(&sku, "Tests", 5.0, 3);
    new["attributes"] = json!({ "colour": "red" });
    let path = format!("/api/products/{}", added(&shop, &new).await["id"].as_str().unwrap());
    let change = json!({ "price": 6.5, "name": "Patched" });
    let patched = answered(shop.admin(Method::PATCH, &path).json(&change), 200).await;
    has(&patched, &json!({ "price": 6.5, "name": "Patched", "attributes": { "colour": "red" }, "sku": sku }));
    let put = json!({ "name": "Put", "description": "New", "price": 7, "category": "Tests", "sku": sku });
    let replaced = answered(shop.admin(Method::PUT, &path).json(&put), 200).await;
    has(&replaced, &put);
    assert_eq!(replaced["attributes"], json!({}), "what isn't named is gone: {replaced}");
    let read = answered(shop.get(&path), 200).await;
    assert_eq!((&read["name"], &read["version"]), (&json!("Put"), &replaced["version"]));
}

#[tokio::test]
async fn an_archived_product_is_in_no_list_but_past_orders_show_it() {
    let shop = Shop::shared().await;
    let (shopper, category, sku) = (shop.shopper().await, unique("Lamps-"), unique("P-"));
    let product = added(&shop, &lamp(&sku, &category, 5.0, 3)).await["id"].as_str().unwrap().to_owned();
    shop.stock_becomes(&product, (3, 0, 3)).await;
    let (order, _) = shopper.ordered(&[(&product, 1)]).await;
    answered(shop.admin(Method::DELETE, &format!("/api/products/{product}")), 204).await;
    let list = answered(shop.get(&format!("/api/products/?category={category}")), 200).await;
    assert_eq!((&list["total"], &list["items"]), (&json!(0), &json!([])));
    assert_eq!(answered(shop.get(&format!("/api/products/{product}")), 200).await["status"], "archived");
    let order = shopper.get(&format!("/api/orders/{order}")).await;
    assert_eq!(order["items"][0]["product_name"], format!("Lamp {sku}"));
}

#[tokio::test]
async fn the_list_is_filtered_and_sorted() {
    let shop = Shop::shared().await;
    let category = unique("Lamps-");
    let mut ids = Vec::new();
    for (price, stock) in [(30.0, 2), (10.0, 0), (20.0, 2)] {
        ids.push(added(&shop, &lamp(&unique("P-"), &category, price, stock)).await["id"].clone());
    }
    let (dear, cheap, middle) = (&ids[0], &ids[1], &ids[2]);
    let wanted: [(&str, Vec<&Value>); 9] = [
        ("", vec![middle, cheap, dear]),
        ("&sort=price", vec![cheap, middle, dear]),
        ("&sort=-price", vec![dear, middle, cheap]),
        ("&sort=created_at", vec![dear, cheap, middle]),
        ("&min_price=20&sort=price", vec![middle, dear]),
        ("&max_price=20&sort=price", vec![cheap, middle]),
        ("&min_price=15&max_price=25", vec![middle]),
        ("&in_stock=true&sort=price", vec![middle, dear]),
        ("&in_stock=false", vec![cheap]),
    ];
    for (query, expected) in wanted {
        let list = answered(shop.get(&format!("/api/products/?category={category}{query}")), 200).await;
        assert_eq!(
            (each(&list, "id"), &list["total"]),
            (expected.clone(), &json!(expected.len())),
            "{query}"
        );
    }
    let page =
        answered(shop.get(&format!("/api/products/?category={category}&sort=price&skip=1&limit=1")), 200)
            .await;
    assert_eq!((each(&page, "id"), &page["count"], &page["total"]), (vec![middle], &json!(1), &json!(3)));
    assert_eq!(wrong_fields(shop.get("/api/products/?sort=colour")).await, ["sort"]);

    let categories = answered(shop.get("/api/products/categories"), 200).await;
    let ours = categories["items"].as_array().unwrap().iter().find(|it| it["name"] == category).unwrap();
    assert_eq!(ours["products"], 3);
}

#[tokio::test]
async fn csv_and_ndjson_are_imported_with_a_line_for_each_bad_row() {
    let shop = Shop::shared().await;
    let sku = unique("I-");
    let import = |kind: &str, text: String| {
        shop.admin(Method::POST, "/api/products/import").header("Content-Type", kind).body(text)
    };
    let csv = format!(
        "sku,name,description,price,category,stock\n{sku}-a,First,d,5.50,Tests,3\n{sku}-b,Second,d,1.005,Tests,3\n"
    );
    let report = answered(import("text/csv", csv), 200).await;
    has(&report, &json!({ "created": 1, "updated": 0, "unchanged": 0, "failed": 1, "errors_cut": false }));
    has(&report["errors"][0], &json!({ "line": 3, "field": "price" }));
    let again = json!({ "sku": format!("{sku}-a"), "name": "First again", "description": "d", "price": 6,
        "category": "Tests" });
    let report = answered(import("application/x-ndjson", format!("{again}\nnot json\n")), 200).await;
    has(&report, &json!({ "created": 0, "updated": 1, "unchanged": 0, "failed": 1 }));
    assert_eq!(report["errors"][0]["line"], 2, "{report}");
    let read = answered(shop.get(&format!("/api/products/sku/{sku}-a")), 200).await;
    has(&read, &json!({ "name": "First again", "price": 6 }));
    let client = shop.shopper().await;
    refused(client.request(Method::POST, "/api/products/import").body("x"), 403, "not-admin").await;
}

#[tokio::test]
async fn the_shown_stock_follows_the_inventory() {
    let shop = Shop::shared().await;
    let product = shop.product(5.0, 3).await;
    let path = format!("/api/inventory/{product}");
    answered(shop.admin(Method::PUT, &path).json(&json!({ "quantity": 0 })), 200).await;
    eventually("the catalogue shows that nothing is left", || async {
        let shown = answered(shop.get(&format!("/api/products/{product}")), 200).await;
        let out = shown["stock"] == 0 && shown["in_stock"] == false;
        if out { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
}
