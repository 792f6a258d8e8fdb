//! Asking for transactions.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Bank, PATH};

async fn list(bank: &Bank, query: &str) -> Value {
    let answer = bank.app.as_admin(Method::GET, &format!("{PATH}{query}")).send().await.unwrap();
    answer.json().await.unwrap()
}

fn senders(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["sender"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_by_everything_and_read_on_by_cursor() {
    let bank = Bank::open().await;
    for n in 0..12 {
        let currency = if n % 2 == 0 { "USD" } else { "EUR" };
        let more =
            json!({ "sender": format!("s{n}"), "receiver": format!("r{}", n % 3), "currency": currency });
        bank.ended(&bank.accepted(more).await["transaction_id"]).await;
    }
    bank.accepted(json!({ "sender": "GB33BUKB20201555555555", "currency": "GBP" })).await;
    let all = list(&bank, "?limit=100").await;
    assert_eq!((&all["total"], &all["count"], &all["next_cursor"]), (&json!(13), &json!(13), &Value::Null));
    for (query, wanted) in [
        ("?sender=s7", vec!["s7"]),
        ("?sender=GB33+BUKB+2020+1555+5555+55", vec!["GB****************5555"]),
        ("?sender=GB****************5555&status=completed&payment_type=ACH", vec![]),
        ("?receiver=r1&limit=2", vec!["s10", "s7"]),
        ("?receiver=r1&sender=s4", vec!["s4"]),
        ("?payment_type=sepa&limit=1", vec!["s11"]),
        ("?payment_type=SEPA&receiver=r2", vec!["s11", "s5"]),
        ("?status=failed", vec![]),
        ("?status=completed&payment_type=ACH&limit=1&skip=1", vec!["s8"]),
        ("?user_id=7&limit=1&skip=3", vec!["s9"]),
        ("?user_id=8", vec![]),
    ] {
        assert_eq!(senders(&list(&bank, query).await), wanted, "{query}");
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = list(&bank, &format!("?payment_type=ACH&limit=2{cursor}")).await;
        assert_eq!(part["total"], 6);
        found.extend(senders(&part).into_iter().map(str::to_owned));
        let Some(next) = part["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, ["s10", "s8", "s6", "s4", "s2", "s0"]);
    let at = |index: usize| -> DateTime<Utc> {
        all["items"][index]["created_at"].as_str().unwrap().parse().unwrap()
    };
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let window = list(&bank, &format!("?from={}&to={}", time(at(5)), time(at(2)))).await;
    assert_eq!(senders(&window), ["s9", "s8", "s7"], "from is part of it, to is not");
    let later = time(at(0) + TimeDelta::milliseconds(1));
    assert_eq!(list(&bank, &format!("?sender=s7&from={later}")).await["total"], 0);
    assert_eq!(list(&bank, "?to=-262143-01-01T00:00:00Z&from=%2B262142-12-31T00:00:00Z").await["total"], 0);
    for wrong in [
        "?status=x",
        "?payment_type=x",
        "?sender=",
        "?cursor=x",
        "?cursor=AAAAAAAAAAc",
        "?skip=10001",
        "?limit=0",
        "?limit=101",
        "?from=yesterday",
        "?sender=DE88370400440532013000",
    ] {
        assert_eq!(list(&bank, wrong).await["status"], 422, "{wrong}");
    }
}
