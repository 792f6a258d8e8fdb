//! The flows of the services around the order, and an order with everything on: taxed, with a promotion, paid.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;
use crate::catalogue::{self, new_search, popular_search, suggestion};
use crate::client::{Call, Client};
use crate::flows::{Flows, Shopper, payment};
use crate::load::{Measurement, measure as under_load};
use crate::shop::{login, success};

type Measured = Vec<(&'static str, Vec<Measurement>)>;

/// `calm` waits until the catalogue that is made here has been taken up by all who follow it.
pub async fn measure(
    flows: &Flows,
    time: Duration,
    calm: impl AsyncFnOnce() -> Result<(), Error>,
) -> Result<Measured, Error> {
    let mut client = Client::new(&flows.gateway);
    let admin = login(&mut client, "admin", "Admin123!").await?;
    let code = promotion(&mut client, &admin).await?;
    catalogue::fill(&mut client, &admin).await?;
    let ratings = ratings(&mut client, flows).await?;
    calm().await?;

    let mut all = Measured::new();
    all.push(("search, cold cache", numbered(flows, time, new_search).await?));
    all.push(("search, warm cache", numbered(flows, time, popular_search).await?));
    all.push(("suggest", numbered(flows, time, suggestion).await?));
    let tax = |n: usize| Call::get(format!("/api/tax/calculate?amount={}.99&country=DE", n % 1_000));
    all.push(("tax", numbered(flows, time, tax).await?));
    let basket = everything_on(flows, "/api/orders/quote", code.clone());
    all.push(("quote with promotion and tax", numbered(flows, time, basket).await?));
    let products = flows.products.clone();
    let read = move |n: usize| Call::get(format!("/api/ratings/{}?limit=10", products[n % products.len()]));
    all.push(("ratings of a product", numbered(flows, time, read).await?));
    let change = move |n: usize| {
        let (id, token) = &ratings[n % ratings.len()];
        Call::put(format!("/api/ratings/{id}"), &json!({ "rating": n % 5 + 1 })).by(token)
    };
    all.push(("rating changed", numbered(flows, time, change).await?));
    all.push(("favourite added", numbered(flows, time, favourite(flows)).await?));
    all.push(("full checkout: order and payment", checkout(flows, time, code).await?));
    Ok(all)
}

/// The n-th call of all connections together is the n-th call.
async fn numbered(
    flows: &Flows,
    time: Duration,
    call: impl Fn(usize) -> Call + Clone + Send + 'static,
) -> Result<Vec<Measurement>, Error> {
    let next = Arc::new(AtomicUsize::new(0));
    let worker = |_| (Client::new(&flows.gateway), next.clone(), call.clone());
    under_load(time, worker, |(mut client, next, call)| async move {
        let call_now = call(next.fetch_add(1, Ordering::Relaxed));
        let outcome = success(client.send(&call_now).await).map(|_| Some(()));
        ((client, next, call), outcome)
    })
    .await
}

/// A code that takes ten per cent off, however often it is used.
async fn promotion(client: &mut Client, admin: &str) -> Result<String, Error> {
    let code = format!("B{}", &Uuid::new_v4().simple().to_string()[..12]).to_uppercase();
    let new = json!({ "code": code, "description": "For the measurement", "kind": "percentage",
        "discount_percentage": 10, "start_date": "2020-01-01", "end_date": "2099-12-31" });
    client.json(&Call::post("/api/promotions/", &new).by(admin)).await?;
    Ok(code)
}

/// A rating by each shopper, with the shopper's token.
async fn ratings(client: &mut Client, flows: &Flows) -> Result<Arc<Vec<(u64, String)>>, Error> {
    let mut ratings = Vec::new();
    for (n, shopper) in flows.shoppers.iter().enumerate() {
        let product = &flows.products[n % flows.products.len()];
        let new = json!({ "product_id": product, "rating": 5, "comment": "Measured well." });
        let made = client.json(&Call::post("/api/ratings/", &new).by(&shopper.token)).await?;
        ratings.push((made["id"].as_u64().ok_or("a rating has an id")?, shopper.token.clone()));
    }
    Ok(Arc::new(ratings))
}

/// Wishes for a product; who has wished for it already changes the note.
fn favourite(flows: &Flows) -> impl Fn(usize) -> Call + Clone + Send + 'static {
    let (products, shoppers) = (flows.products.clone(), flows.shoppers.clone());
    move |n| {
        let product = &products[n / shoppers.len() % products.len()];
        let wish = json!({ "product_id": product, "note": format!("wish {n}") });
        Call::post("/api/favourites/", &wish).by(&shoppers[n % shoppers.len()].token)
    }
}

fn everything_on(
    flows: &Flows,
    path: &'static str,
    code: String,
) -> impl Fn(usize) -> Call + Clone + Send + 'static {
    let (products, shoppers) = (flows.products.clone(), flows.shoppers.clone());
    move |n| {
        let items: Vec<_> = (0..3)
            .map(|line| json!({ "product_id": products[(n + line) % products.len()], "quantity": 1 + line }))
            .collect();
        let address =
            json!({ "line1": "Hauptstr. 5", "city": "Berlin", "postal_code": "10115", "country": "DE" });
        let body = json!({ "items": items, "shipping_address": address, "promotion_code": code });
        Call::post(path, &body).by(&shoppers[n % shoppers.len()].token)
    }
}

/// An order of three products, and its payment.
async fn checkout(flows: &Flows, time: Duration, code: String) -> Result<Vec<Measurement>, Error> {
    let basket = everything_on(flows, "/api/orders/", code);
    let worker = |n: usize| (Client::new(&flows.gateway), basket.clone(), n, flows.shoppers.clone());
    under_load(time, worker, |(mut client, basket, n, shoppers)| async move {
        let shopper = shoppers[n % shoppers.len()].clone();
        let outcome = check_out(&mut client, &basket(n), &shopper).await.map(Some);
        ((client, basket, n + 1, shoppers), outcome)
    })
    .await
}

async fn check_out(client: &mut Client, order: &Call, shopper: &Shopper) -> Result<(), String> {
    let body = success(client.send(order).await)?;
    let order: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let id = order["id"].as_u64().ok_or("an order has an id")?;
    success(client.send(&payment(id, &order["total_amount"], shopper)).await)?;
    Ok(())
}
