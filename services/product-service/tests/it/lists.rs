//! Lists, their filters and their orders.

use config::testing::TestApp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{created, get, patch, path, sku, start, wrong_in};

/// Five products, of which the last is archived.
async fn shelf(app: &TestApp) {
    let rows = [
        ("Ấm trà", 30, "Bếp", 5),
        ("banana slicer", 10, "Bếp", 0),
        ("Camera", 20, "Electronics", 3),
        ("camera bag", 20, "electronics", 1),
        ("Zither", 5, "Music", 1),
    ];
    for (name, price, category, stock) in rows {
        let body = json!({ "name": name, "description": "", "price": price, "category": category,
            "stock": stock, "sku": sku() });
        let product = created(app, &body).await;
        if name == "Zither" {
            app.as_admin(Method::DELETE, &path(&product)).send().await.unwrap();
        }
    }
}

async fn names(app: &TestApp, query: &str) -> Vec<String> {
    let page = get(app, &format!("/api/products?{query}")).await;
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    assert_eq!(page["count"], items.len());
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn lists_are_filtered_and_ordered() {
    let app = start().await;
    shelf(&app).await;
    let cases: [(&str, &[&str]); 11] = [
        ("", &["camera bag", "Camera", "banana slicer", "Ấm trà"]),
        ("sort=created_at", &["Ấm trà", "banana slicer", "Camera", "camera bag"]),
        ("sort=name", &["banana slicer", "Camera", "camera bag", "Ấm trà"]),
        ("sort=-price", &["Ấm trà", "camera bag", "Camera", "banana slicer"]),
        ("sort=price", &["banana slicer", "Camera", "camera bag", "Ấm trà"]),
        ("category=ELECTRONICS&sort=name", &["Camera", "camera bag"]),
        ("min_price=10.01&max_price=20&sort=name", &["Camera", "camera bag"]),
        ("in_stock=false", &["banana slicer"]),
        ("in_stock=true&category=Bếp", &["Ấm trà"]),
        ("status=archived", &["Zither"]),
        ("sort=name&skip=1&limit=2", &["Camera", "camera bag"]),
    ];
    for (query, expected) in cases {
        assert_eq!(names(&app, query).await, expected, "{query}");
    }
    assert_eq!(get(&app, "/api/products?limit=1").await["total"], 4);
    app.stop().await;
}

#[tokio::test]
async fn a_cursor_leads_through_the_whole_list() {
    let app = start().await;
    shelf(&app).await;
    for sort in ["-created_at", "name", "-price", "price"] {
        let whole = names(&app, &format!("sort={sort}")).await;
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = get(&app, &format!("/api/products?sort={sort}&limit=1{cursor}")).await;
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, whole, "{sort}");
    }
    let page = get(&app, "/api/products?sort=name&limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let other = app.request(Method::GET, &format!("/api/products?sort=price&cursor={cursor}"));
    assert_eq!(wrong_in(other.send().await.unwrap()).await, ["cursor"]);
    app.stop().await;
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let app = start().await;
    let query = "skip=-1&limit=101&sort=popularity&min_price=1.005&max_price=1&status=sold";
    let answer = app.request(Method::GET, &format!("/api/products?{query}")).send().await.unwrap();
    assert_eq!(wrong_in(answer).await, ["skip", "limit", "sort", "min_price", "status"]);
    for query in ["min_price=2&max_price=1", "in_stock=maybe", "min_price=abc", "cursor=x", "limit=x"] {
        let answer = app.request(Method::GET, &format!("/api/products?{query}")).send().await.unwrap();
        assert_eq!(wrong_in(answer).await.len(), 1, "{query}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_list_shows_a_change_at_once() {
    let app = start().await;
    for n in 1..=5 {
        assert_eq!(get(&app, "/api/products").await["total"], n - 1);
        let body = json!({ "name": "A", "description": "", "price": n, "category": "A", "sku": sku() });
        let product = created(&app, &body).await;
        let newest = get(&app, "/api/products?limit=1").await["items"][0].clone();
        assert_eq!(newest, product);
        patch(&app, &path(&product), &json!({ "name": "B" })).await;
        assert_eq!(get(&app, "/api/products?limit=1").await["items"][0]["name"], "B");
    }
    app.stop().await;
}

#[tokio::test]
async fn categories_are_counted() {
    let app = start().await;
    shelf(&app).await;
    let categories: Value = get(&app, "/api/products/categories").await;
    let expected = json!([{ "name": "Bếp", "products": 2 }, { "name": "Electronics", "products": 2 }]);
    assert_eq!((&categories["items"], &categories["total"]), (&expected, &json!(2)));
    app.stop().await;
}

#[tokio::test]
async fn other_services_get_the_whole_catalogue_in_parts() {
    let app = start().await;
    shelf(&app).await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let url = format!("/internal/products/export?limit=2{after}");
        let part: Value = app.as_service(Method::GET, &url).send().await.unwrap().json().await.unwrap();
        assert_eq!(part["total"], 5);
        let items = part["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| (item["name"].clone(), item["status"].clone())));
        assert!(items.iter().all(|item| item["rating_version"] == 0 && item["stock_version"] == 0));
        match part["next_cursor"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str().unwrap()).collect();
    assert_eq!(names, ["Ấm trà", "banana slicer", "Camera", "camera bag", "Zither"]);
    assert_eq!(seen[4].1, "archived");
    let wrong = app.as_service(Method::GET, "/internal/products/export?after=x&limit=1001");
    assert_eq!(wrong_in(wrong.send().await.unwrap()).await, ["after", "limit"]);
    let stranger = app.as_admin(Method::GET, "/internal/products/export").send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    app.stop().await;
}
