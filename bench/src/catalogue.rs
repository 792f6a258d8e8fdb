//! Ten thousand products, and what shoppers type to find them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Error;
use crate::client::{Call, Client};

const PRODUCTS: usize = 10_000;
/// Products in one import.
const BATCH: usize = 1_000;

const MAKERS: [&str; 25] = [
    "Zenfold",
    "Pinebrook",
    "Aurora",
    "Nordhaus",
    "Kestrel",
    "Maple",
    "Lumen",
    "Orchid",
    "Basalt",
    "Cobalt",
    "Saffron",
    "Tundra",
    "Vireo",
    "Willow",
    "Xanthe",
    "Yarrow",
    "Zephyr",
    "Alder",
    "Birch",
    "Cedar",
    "Dahlia",
    "Ember",
    "Fjord",
    "Granite",
    "Heron",
];
const QUALITIES: [&str; 20] = [
    "compact",
    "wireless",
    "leather",
    "organic",
    "folding",
    "heavy",
    "silent",
    "portable",
    "wooden",
    "steel",
    "ceramic",
    "woollen",
    "waterproof",
    "vintage",
    "modern",
    "insulated",
    "adjustable",
    "rechargeable",
    "striped",
    "handmade",
];
const THINGS: [&str; 20] = [
    "laptop",
    "headphones",
    "jacket",
    "kettle",
    "backpack",
    "lamp",
    "chair",
    "notebook",
    "camera",
    "bottle",
    "keyboard",
    "blanket",
    "bicycle",
    "tent",
    "mug",
    "speaker",
    "watch",
    "sofa",
    "printer",
    "scarf",
];

/// Puts the products into the shop, and waits until they are found.
pub async fn fill(client: &mut Client, admin: &str) -> Result<(), Error> {
    for batch in 0..PRODUCTS / BATCH {
        let lines = (batch * BATCH..(batch + 1) * BATCH).map(|n| product(n).to_string());
        let body = lines.collect::<Vec<_>>().join("\n");
        let call = Call::post_as("/api/products/import", "application/x-ndjson", body).by(admin);
        client.json(&call).await?;
    }
    for _ in 0..600 {
        let found = client.json(&Call::get("/api/search/?category=Measured&limit=1")).await?;
        if found["total"].as_u64() >= Some(PRODUCTS as u64) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("the search doesn't find the products within a minute".into())
}

fn product(n: usize) -> Value {
    let (maker, quality, thing) = words(n);
    json!({
        "sku": format!("M-{n:05}"),
        "name": format!("{maker} {quality} {thing} {n}"),
        "description": format!("A {quality} {thing} by {maker}, for those who need a {thing} every day."),
        "price": 5 + n % 995,
        "category": "Measured",
        "stock": 1000,
        "weight_grams": 100 + n % 4_000,
        "attributes": { "brand": maker, "quality": quality },
    })
}

/// Every product has words of its own.
fn words(n: usize) -> (&'static str, &'static str, &'static str) {
    let (maker, rest) = (n % MAKERS.len(), n / MAKERS.len());
    (MAKERS[maker], QUALITIES[rest % QUALITIES.len()], THINGS[rest / QUALITIES.len() % THINGS.len()])
}

/// The n-th search, like none of the 200 000 before it: its answer is in no cache.
pub fn new_search(n: usize) -> Call {
    let (maker, quality, thing) = words(n.wrapping_mul(7_919));
    let words = match n % 4 {
        0 => format!("{quality}+{thing}"),
        1 => format!("{maker}+{thing}"),
        2 => format!("{maker}+{quality}"),
        _ => thing.to_owned(),
    };
    // Nobody's price is that low, so all of these find the same; their order makes them differ.
    let (cents, skip, limit) = (n % 500, n / 500 % 20, 10 + n / 10_000 % 20);
    let (units, cents) = (cents / 100, cents % 100);
    Call::get(format!("/api/search/?keyword={words}&min_price={units}.{cents:02}&skip={skip}&limit={limit}"))
}

/// One of a few searches that everybody makes.
pub fn popular_search(n: usize) -> Call {
    let (maker, _, thing) = words(n % 40 * 27);
    Call::get(format!("/api/search/?keyword={maker}+{thing}"))
}

/// What somebody has typed of a word.
pub fn suggestion(n: usize) -> Call {
    let (_, quality, thing) = words(n.wrapping_mul(31));
    let word = if n.is_multiple_of(2) { quality } else { thing };
    Call::get(format!("/api/search/suggest?prefix={}", &word[..3.min(word.len())]))
}
