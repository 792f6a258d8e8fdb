//! The stream of transactions: how many are accepted, how many come to their end, and how soon.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Error;
use crate::client::{Call, Client};
use crate::flows::Flows;
use crate::load::Measurement;
use crate::shop::{login, success};
use crate::times::LONGEST_MICROS;

const PATH: &str = "/api/v1/transactions";
/// Connections of the measurement from end to end.
const CONNECTIONS: usize = 32;
/// Whose transactions stay in order.
const SENDERS: usize = 1000;

/// From the acceptance to the end.
#[derive(Debug, Serialize)]
pub struct Stream {
    /// That came to their end in a second, while others were being accepted as fast as they could be.
    pub processed_per_second: f64,
    pub processed: u64,
    /// Offered by the clock.
    pub rate: u32,
    pub timed: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub failures: Vec<String>,
}

/// How many are accepted in a second.
pub async fn accepted(flows: &Flows, time: Duration) -> Result<Vec<Measurement>, Error> {
    let shoppers = flows.shoppers.clone();
    flows.repeat(time, move |n| transfer(n).by(&shoppers[n % shoppers.len()].token)).await
}

pub async fn measure(flows: &Flows, rate: u32, time: Duration) -> Result<Stream, Error> {
    let mut client = Client::new(&flows.gateway);
    let admin = login(&mut client, "admin", "Admin123!").await?;
    all_ended(&mut client, &admin).await?;
    let (processed, took) = end_to_end(flows, &mut client, &admin, time).await?;
    let (times, failures) = by_the_clock(flows, &mut client, &admin, rate, time).await?;
    Ok(Stream {
        processed_per_second: processed as f64 / took.as_secs_f64(),
        processed,
        rate,
        timed: times.len(),
        p50_ms: times.value_at_quantile(0.5) as f64 / 1000.0,
        p99_ms: times.value_at_quantile(0.99) as f64 / 1000.0,
        failures,
    })
}

fn transfer(n: usize) -> Call {
    let sender = format!("sender-{}", n % SENDERS);
    let body = json!({ "sender": sender, "receiver": "receiver", "amount": 100.25, "currency": "USD" });
    Call::post(PATH, &body)
}

/// From the first that is accepted until the last of them has ended.
async fn end_to_end(
    flows: &Flows,
    client: &mut Client,
    admin: &str,
    time: Duration,
) -> Result<(u64, Duration), Error> {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for n in 0..CONNECTIONS {
        let mut client = Client::new(&flows.gateway);
        let shopper = flows.shoppers[n % flows.shoppers.len()].clone();
        tasks.spawn(async move {
            let mut accepted = 0_u64;
            for turn in 0.. {
                if begin.elapsed() > time {
                    break;
                }
                let call = transfer(n + turn * CONNECTIONS).by(&shopper.token);
                accepted += u64::from(success(client.send(&call).await).is_ok());
            }
            accepted
        });
    }
    let accepted = tasks.join_all().await.into_iter().sum();
    all_ended(client, admin).await?;
    Ok((accepted, begin.elapsed()))
}

/// Open loop: one each 1/`rate` seconds, whatever became of the ones before. The service's own times count.
async fn by_the_clock(
    flows: &Flows,
    client: &mut Client,
    admin: &str,
    rate: u32,
    time: Duration,
) -> Result<(Histogram<u64>, Vec<String>), Error> {
    let mut tasks = JoinSet::new();
    let mut beat = tokio::time::interval(Duration::from_secs(1) / rate);
    let clients: Vec<_> =
        (0..CONNECTIONS).map(|_| Arc::new(tokio::sync::Mutex::new(Client::new(&flows.gateway)))).collect();
    let begin = Instant::now();
    for n in 0.. {
        beat.tick().await;
        if begin.elapsed() > time {
            break;
        }
        let call = transfer(n).by(&flows.shoppers[n % flows.shoppers.len()].token);
        let client = clients[n % clients.len()].clone();
        tasks.spawn(async move {
            let body = success(client.lock().await.send(&call).await)?;
            let accepted: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
            Ok::<_, String>(accepted["created_at"].clone())
        });
    }
    let mut failures = Vec::new();
    let mut first: Option<String> = None;
    for outcome in tasks.join_all().await {
        match outcome {
            Ok(created) => {
                let created = created.as_str().unwrap_or_default().to_owned();
                first = Some(first.map_or(created.clone(), |first| first.min(created)));
            }
            Err(failure) => failures.push(failure),
        }
    }
    all_ended(client, admin).await?;
    let first: DateTime<Utc> = first.ok_or("nothing was accepted")?.parse()?;
    Ok((times_since(client, admin, first).await?, failures))
}

/// Between acceptance and end, of all that were accepted since then.
async fn times_since(
    client: &mut Client,
    admin: &str,
    since: DateTime<Utc>,
) -> Result<Histogram<u64>, Error> {
    let mut times = Histogram::<u64>::new_with_max(LONGEST_MICROS, 3)?;
    let from = since.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let mut cursor = String::new();
    loop {
        let path = format!("{PATH}?from={from}&limit=100{cursor}");
        let page = client.json(&Call::get(path).by(admin)).await?;
        for item in page["items"].as_array().into_iter().flatten() {
            let time = |member: &str| item[member].as_str().unwrap_or_default().parse::<DateTime<Utc>>();
            let took = (time("updated_at")? - time("created_at")?).num_microseconds().unwrap_or_default();
            times.saturating_record(took.unsigned_abs());
        }
        let Some(next) = page["next_cursor"].as_str() else { return Ok(times) };
        cursor = format!("&cursor={next}");
    }
}

async fn all_ended(client: &mut Client, admin: &str) -> Result<(), Error> {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(120) {
        let mut open = 0;
        for status in ["pending", "processing"] {
            let path = format!("{PATH}?status={status}&limit=1");
            open += client.json(&Call::get(path).by(admin)).await?["count"].as_u64().unwrap_or(1);
        }
        if open == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("transactions don't come to their end".into())
}
