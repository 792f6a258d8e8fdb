//! From the payment to the shipment: how long the events take, at a steady rate of orders.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::Error;
use crate::client::{Call, Client};
use crate::flows::{Flows, Shopper, payment};
use crate::times::{LONGEST_MICROS, micros};

/// How long it took from the answer to the payment until the shipment could be read.
#[derive(Debug, Serialize)]
pub struct Journey {
    pub orders_per_second: u32,
    pub orders: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub failures: Vec<String>,
}

/// Open loop: an order each 1/`rate` seconds, whatever became of the ones before.
pub async fn measure(flows: &Flows, rate: u32, time: Duration) -> Result<Journey, Error> {
    let mut journeys = JoinSet::new();
    let begin = Instant::now();
    let mut beat = tokio::time::interval(Duration::from_secs(1) / rate);
    let basket = flows.basket("/api/orders/");
    for n in 0.. {
        beat.tick().await;
        if begin.elapsed() > time {
            break;
        }
        let order = basket(n);
        let shopper = flows.shoppers[n % flows.shoppers.len()].clone();
        let client = Client::new(&flows.gateway);
        journeys
            .spawn(async move { travel(client, order, &shopper).await.map_err(|error| error.to_string()) });
    }
    let mut times = Histogram::<u64>::new_with_max(LONGEST_MICROS, 3)?;
    let mut failures = Vec::new();
    for journey in journeys.join_all().await {
        match journey {
            Ok(time) => times.saturating_record(micros(time)),
            Err(failure) => failures.push(failure),
        }
    }
    Ok(Journey {
        orders_per_second: rate,
        orders: times.len(),
        p50_ms: times.value_at_quantile(0.5) as f64 / 1000.0,
        p99_ms: times.value_at_quantile(0.99) as f64 / 1000.0,
        failures,
    })
}

async fn travel(mut client: Client, order: Call, shopper: &Arc<Shopper>) -> Result<Duration, Error> {
    let order = client.json(&order).await?;
    let id = order["id"].as_u64().ok_or("an order has an id")?;
    client.json(&payment(id, &order["total_amount"], shopper)).await?;
    let paid = Instant::now();
    let track = Call::get(format!("/api/shipments/{id}/track")).by(&shopper.token);
    while paid.elapsed() < Duration::from_secs(20) {
        if client.send(&track).await?.0.is_success() {
            return Ok(paid.elapsed());
        }
        // The longer it takes, the rarer: fifty new askers a second, each of them every few milliseconds, would by
        // themselves keep a shop behind that once fell behind. A half is added at most, or 20 ms.
        tokio::time::sleep((paid.elapsed() / 2).max(Duration::from_millis(20))).await;
    }
    Err(format!("order {id} has no shipment after 20 s").into())
}
