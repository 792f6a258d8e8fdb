//! Files of products.

use std::fmt::Write as _;

use config::testing::TestApp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{created, get, laptop, sku, start};

async fn import(app: &TestApp, kind: &str, file: String) -> (u16, Value) {
    let request = app.as_admin(Method::POST, "/api/products/import").header("content-type", kind);
    let answer = request.body(file).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn report(app: &TestApp, kind: &str, file: String) -> Value {
    let (status, report) = import(app, kind, file).await;
    assert_eq!(status, 200, "{report}");
    report
}

#[tokio::test]
async fn a_spreadsheet_adds_changes_and_reports() {
    let app = start().await;
    let (new, known, bad) = (sku(), sku(), sku());
    created(&app, &laptop(&known)).await;
    let file = format!(
        "sku,name,description,price,category,stock,attributes.brand,attributes.ram_gb,images\n\
         {new},Mouse,\"Two, buttons\",19.9,Mice,7,Novo,,https://a.example/1|https://a.example/2\n\
         {known},,,999,,,Other,32,\n\
         {bad},,,1.005,Mice,-1,,,\n"
    );
    let first = report(&app, "text/csv", file.clone()).await;
    assert_eq!((&first["created"], &first["updated"], &first["failed"]), (&json!(1), &json!(1), &json!(1)));
    let errors: Vec<_> =
        first["errors"].as_array().unwrap().iter().map(|e| (&e["line"], &e["field"])).collect();
    let line = json!(4);
    assert_eq!(errors, [(&line, &json!("name")), (&line, &json!("description"))], "{first}");
    let mouse = get(&app, &format!("/api/products/sku/{new}")).await;
    assert_eq!((&mouse["price"], &mouse["stock"]), (&json!(19.9), &json!(7)));
    assert_eq!(mouse["images"].as_array().unwrap().len(), 2);
    // What a row doesn't say stays.
    let laptop = get(&app, &format!("/api/products/sku/{known}")).await;
    assert_eq!((&laptop["price"], &laptop["name"]), (&json!(999), &json!("Laptop Pro 14")));
    assert_eq!(laptop["attributes"]["brand"], "Other");
    assert_eq!((&laptop["attributes"]["ram_gb"], &laptop["stock"]), (&json!(32), &json!(50)));
    let again = report(&app, "text/csv; charset=utf-8", file).await;
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(2)), "{again}");
    app.stop().await;
}

#[tokio::test]
async fn lines_of_json_may_name_a_product_twice() {
    let app = start().await;
    let sku = sku();
    let mut file = String::new();
    writeln!(file, "{}", laptop(&sku)).unwrap();
    writeln!(file, "not json").unwrap();
    writeln!(file).unwrap();
    writeln!(file, "{}", json!({ "sku": sku, "price": 5, "attributes": { "touch": null } })).unwrap();
    writeln!(file, "{}", json!({ "sku": sku, "price": 6 })).unwrap();
    let report = report(&app, "application/x-ndjson", file).await;
    assert_eq!(
        (&report["created"], &report["updated"], &report["failed"]),
        (&json!(1), &json!(2), &json!(1))
    );
    assert_eq!(report["errors"][0]["line"], 2);
    let product = get(&app, &format!("/api/products/sku/{sku}")).await;
    assert_eq!((&product["price"], &product["version"]), (&json!(6), &json!(3)));
    assert_eq!(product["attributes"].get("touch"), None);
    app.stop().await;
}

#[tokio::test]
async fn a_large_file_is_taken_and_each_bad_row_is_told() {
    let app = start().await;
    let prefix = sku();
    let mut file = String::from("sku,name,description,price,category\n");
    for n in 0..2_000 {
        let price = if n % 10 == 0 { "free" } else { "9.99" };
        writeln!(file, "{prefix}-{n},Thing {n},A thing,{price},Things").unwrap();
    }
    let report = report(&app, "text/csv", file).await;
    assert_eq!((&report["created"], &report["failed"]), (&json!(1_800), &json!(200)));
    let lines: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|error| error["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, (0..200).map(|bad| 10 * bad + 2).collect::<Vec<_>>());
    assert_eq!(report["errors_cut"], false);
    assert_eq!(get(&app, "/api/products?category=things").await["total"], 1_800);
    app.stop().await;
}

#[tokio::test]
async fn a_report_that_is_cut_says_so() {
    let app = start().await;
    let report = report(&app, "application/x-ndjson", "not json\n".repeat(10_050)).await;
    assert_eq!((&report["failed"], &report["errors_cut"]), (&json!(10_050), &json!(true)));
    assert_eq!(report["errors"].as_array().unwrap().len(), 10_000);
    app.stop().await;
}

#[tokio::test]
async fn files_that_are_none_are_refused_as_a_whole() {
    let app = start().await;
    let cases = [
        ("text/csv", "name,prise\na,1\n".to_owned(), 422, "invalid-fields"),
        ("text/csv", String::new(), 422, "invalid-fields"),
        ("application/json", "{}".to_owned(), 415, "unsupported-media-type"),
        ("text/csv", "x".repeat((10 << 20) + 1), 413, "body-too-large"),
        ("application/x-ndjson", "{}\n".repeat(50_001), 413, "too-many-rows"),
    ];
    for (kind, file, status, code) in cases {
        let (actual, problem) = import(&app, kind, file).await;
        assert_eq!((actual, problem["code"].as_str().unwrap()), (status, code), "{problem}");
    }
    app.stop().await;
}
