//! Search. That changes of the catalogue are found at once is tested with everything together.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, eventually};

use super::{answered, each, has, refused, unique, wrong_fields};

/// A word that only one test's products have.
fn word() -> String {
    let digits = unique("");
    let letters = digits.bytes().take(10).map(|digit| char::from(b'a' + (digit % 20)));
    format!("zx{}", letters.collect::<String>())
}

/// Three products of one category with this word, found by now: their ids.
async fn lamps(shop: &Shop, word: &str) -> [Value; 3] {
    let mut ids = Vec::new();
    for (name, price, stock, colour) in
        [("đèn", 30.0, 2, "red"), ("chair", 10.0, 0, "red"), ("table", 20.0, 2, "blue")]
    {
        let new = json!({ "name": format!("{word} {name}"), "description": format!("A {name} for a test"), "price": price,
            "category": format!("Cat{word}"), "stock": stock, "sku": unique("S-"),
            "attributes": { "brand": format!("Brand{word}"), "colour": colour } });
        ids.push(answered(shop.admin(Method::POST, "/api/products/").json(&new), 201).await["id"].clone());
    }
    eventually("all three are found", || async {
        let found = answered(shop.get(&format!("/api/search/?keyword={word}&in_stock=true")), 200).await;
        let all = answered(shop.get(&format!("/api/search/?keyword={word}")), 200).await;
        if found["total"] == 2 && all["total"] == 3 { Ok(()) } else { Err(format!("{found} {all}")) }
    })
    .await;
    ids.try_into().unwrap()
}

fn ids(answer: &Value) -> Vec<&Value> {
    answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().map(|it| &it["id"]).collect()
}

#[tokio::test]
async fn results_are_filtered_sorted_and_counted() {
    let shop = Shop::shared().await;
    let word = word();
    let [dear, cheap, middle] = &lamps(&shop, &word).await;
    let cases: [(&str, Vec<&Value>); 10] = [
        ("&sort=price", vec![cheap, middle, dear]),
        ("&sort=-price", vec![dear, middle, cheap]),
        ("&min_price=20&sort=price", vec![middle, dear]),
        ("&max_price=20&sort=price", vec![cheap, middle]),
        ("&min_price=15&max_price=25", vec![middle]),
        ("&in_stock=true&sort=price", vec![middle, dear]),
        ("&min_rating=1", vec![]),
        ("&category=Nothing", vec![]),
        ("&sort=price&skip=1&limit=1", vec![middle]),
        ("&sort=price&skip=3", vec![]),
    ];
    for (query, expected) in cases {
        for path in ["/api/search/", "/api/search/advanced"] {
            let answer = answered(shop.get(&format!("{path}?keyword={word}{query}")), 200).await;
            assert_eq!(ids(&answer), expected, "{path} {query}");
            assert_eq!(
                (&answer["keyword"], &answer["count"]),
                (&json!(word), &json!(expected.len())),
                "{answer}"
            );
            assert!(answer["took_ms"].is_number() && answer["from_cache"].is_boolean(), "{answer}");
        }
    }
    let answer = answered(shop.get(&format!("/api/search/?keyword={word}&category=Cat{word}")), 200).await;
    assert_eq!(answer["total"], 3);
    let facets = &answer["facets"];
    assert_eq!(facets["category"], json!([{ "value": format!("Cat{word}"), "count": 3 }]));
    assert_eq!(facets["stock"], json!({ "in_stock": 2, "out_of_stock": 1 }));
    let name = answer["results"][0]["highlights"]["name"].as_str().unwrap();
    assert!(name.contains(&format!("<em>{word}</em>")), "{answer}");
    for (query, field) in
        [("sort=colour", "sort"), ("min_price=x", "min_price"), ("in_stock=maybe", "in_stock")]
    {
        assert_eq!(wrong_fields(shop.get(&format!("/api/search/?{query}"))).await, [field]);
    }
}

#[tokio::test]
async fn the_advanced_search_knows_brands_attributes_and_days() {
    let shop = Shop::shared().await;
    let word = word();
    let [dear, cheap, middle] = &lamps(&shop, &word).await;
    for (query, expected) in [
        (format!("brand=Brand{word}&sort=price"), vec![cheap, middle, dear]),
        (format!("keyword={word}&attribute=colour:red&sort=price"), vec![cheap, dear]),
        (format!("keyword={word}&created_after=2099-01-01T00:00:00Z"), vec![]),
        (format!("keyword={word}&created_after=2020-01-01T00:00:00Z&sort=price"), vec![cheap, middle, dear]),
    ] {
        let answer = answered(shop.get(&format!("/api/search/advanced?{query}")), 200).await;
        assert_eq!(ids(&answer), expected, "{query}");
    }
}

#[tokio::test]
async fn no_keyword_lists_everything() {
    let shop = Shop::shared().await;
    let products = answered(shop.get("/api/products/?limit=1"), 200).await;
    let all = answered(shop.get("/api/search/?limit=1"), 200).await;
    assert_eq!(all["count"], 1);
    assert!(all["total"].as_u64() >= Some(50) && products["total"].as_u64() >= Some(50), "{all}");
}

#[tokio::test]
async fn typos_prefixes_accents_and_synonyms_are_understood() {
    let shop = Shop::shared().await;
    let word = word();
    let [lamp, ..] = &lamps(&shop, &word).await;
    let mut typo = word.clone();
    typo.replace_range(5..6, if &word[5..6] == "b" { "c" } else { "b" });
    let prefix = &word[..8];
    for keyword in [
        format!("{typo} den"),
        format!("{prefix} den"),
        format!("{word} đèn"),
        format!("{word} ĐÈN").to_uppercase(),
    ] {
        let found = answered(shop.get("/api/search/").query(&[("keyword", &keyword)]), 200).await;
        assert_eq!(ids(&found).first(), Some(&lamp), "{keyword}: {found}");
    }
    let of = async |keyword: &str| {
        let found =
            answered(shop.get("/api/search/").query(&[("keyword", keyword), ("limit", "100")]), 200).await;
        let mut found: Vec<_> = ids(&found).into_iter().map(Value::to_string).collect();
        found.sort();
        found
    };
    let accented = of("điện thoại").await;
    assert!(!accented.is_empty());
    assert_eq!(accented, of("dien thoai").await);
    // Another word for the same thing: the demo phones are named in English.
    let smartphones = of("smartphone").await;
    let phones = of("phone").await;
    assert!(phones.iter().any(|id| smartphones.contains(id)), "{phones:?} {smartphones:?}");
}

#[tokio::test]
async fn what_is_typed_is_suggested() {
    let shop = Shop::shared().await;
    let word = word();
    lamps(&shop, &word).await;
    let list = answered(shop.get(&format!("/api/search/suggest?prefix={}&limit=20", &word[..8])), 200).await;
    let products = list["items"].as_array().unwrap().iter().filter(|it| it["kind"] == "product");
    assert_eq!(products.filter(|it| it["text"].as_str().unwrap().contains(&word)).count(), 3, "{list}");
    let nothing = answered(shop.get("/api/search/suggest"), 200).await;
    has(&nothing, &json!({ "items": [], "total": 0 }));
}

#[tokio::test]
async fn what_is_searched_for_trends() {
    let shop = Shop::shared().await;
    let word = word();
    lamps(&shop, &word).await;
    // Somebody types it many times, so that it is among the first.
    let trend = eventually("the word trends", || async {
        answered(shop.get(&format!("/api/search/?keyword={word}")), 200).await;
        let trends = answered(shop.get("/api/search/trending?limit=20"), 200).await;
        let ours = trends["items"].as_array().unwrap().iter().find(|it| it["term"] == word).cloned();
        ours.ok_or_else(|| trends.to_string())
    })
    .await;
    assert!(trend["score"].as_f64() >= Some(1.0), "{trend}");
}

#[tokio::test]
async fn what_was_bought_together_is_recommended() {
    let shop = Shop::shared().await;
    let (one, two) = (shop.product(10.0, 20).await, shop.product(10.0, 20).await);
    for _ in 0..2 {
        let shopper = shop.shopper().await;
        let (order, total) = shopper.ordered(&[(&one, 1), (&two, 1)]).await;
        shopper.paid(order, total).await;
    }
    let first = eventually("the other product is recommended", || async {
        let list = answered(shop.get(&format!("/api/search/recommendations/{one}?limit=5")), 200).await;
        let first = list["items"][0].clone();
        if first["id"] == two && first["orders"] == 2 { Ok(first) } else { Err(list.to_string()) }
    })
    .await;
    assert_eq!(first["reason"], "bought_together", "{first}");
    let missing = format!("/api/search/recommendations/{}", "f".repeat(24));
    assert_eq!(answered(shop.get(&missing), 404).await["status"], 404);
}

#[tokio::test]
async fn administrators_have_the_index_made_anew() {
    let shop = Shop::shared().await;
    let client = shop.shopper().await;
    refused(client.request(Method::POST, "/api/search/reindex"), 403, "not-admin").await;
    let ordered = answered(shop.admin(Method::POST, "/api/search/reindex"), 202).await;
    let number = ordered["reindex"].as_u64().unwrap();
    let status = eventually("it is made", || async {
        let status = answered(shop.get("/api/search/status"), 200).await;
        let made = status["state"] == "ready" && status["reindex"].as_u64() >= Some(number);
        if made { Ok(status) } else { Err(status.to_string()) }
    })
    .await;
    has(&status, &json!({ "read": status["total"] }));
    assert!(!each(&answered(shop.get("/api/products/categories"), 200).await, "name").is_empty());
}

#[tokio::test]
async fn an_answer_that_still_holds_is_given_again() {
    let shop = Shop::shared().await;
    let word = word();
    lamps(&shop, &word).await;
    // Other tests change the catalogue in between.
    eventually("the answer is kept", || async {
        let path = format!("/api/search/?keyword={word}&sort=price");
        let (first, second) = (answered(shop.get(&path), 200).await, answered(shop.get(&path), 200).await);
        assert_eq!(ids(&first), ids(&second), "what is kept is what was found");
        if second["from_cache"] == true { Ok(()) } else { Err(second.to_string()) }
    })
    .await;
}
