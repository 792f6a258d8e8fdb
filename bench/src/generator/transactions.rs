//! Transactions of every type.

use std::sync::Arc;

use rand::Rng;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::follow::Sight;
use super::session::Session;
use super::{Run, Workload};
use crate::Error;
use crate::client::Call;

/// Who sends money. One sender's transactions stay in order, so few would be slow together.
const SENDERS: u32 = 500;

/// A scheme, its currency, and how many of a hundred transactions are its.
const TYPES: [(&str, &str, u32); 7] = [
    ("ACH", "USD", 25),
    ("CARD", "USD", 25),
    ("SEPA", "EUR", 20),
    ("RTP", "USD", 12),
    ("DIRECT_DEBIT", "EUR", 8),
    ("WIRE", "USD", 6),
    ("CHECK", "USD", 4),
];

/// Examples that their registries publish, with good check digits.
const IBANS: [&str; 4] = [
    "DE89370400440532013000",
    "NL91ABNA0417164300",
    "ES9121000418450200051332",
    "FR1420041010050500013M02606",
];
const ROUTING_NUMBERS: [&str; 3] = ["021000021", "011401533", "091000019"];
/// The test cards of payment providers.
const CARDS: [&str; 3] = ["4242424242424242", "5555555555554444", "378282246310005"];

pub struct Transactions {
    run: Arc<Run>,
    session: Arc<Session>,
}

impl Workload for Transactions {
    const NAME: &'static str = "transactions";

    async fn prepare(run: Arc<Run>) -> Result<Self, Error> {
        let session = Session::register(&run, 0).await?.into();
        Ok(Self { run, session })
    }

    async fn arrive(&self, n: u64, due: Instant) {
        let body = transaction(&mut self.run.dice(n), n);
        match self.submit(n, &body, due).await {
            Ok(id) => {
                let (run, session) = (self.run.clone(), self.session.clone());
                self.run.follower.spawn(async move {
                    run.follower.follow("transaction", &id, || look(&run, &session, &id)).await;
                });
            }
            Err(error) => self.run.board.failed(format!("submit: {error}")),
        }
    }
}

impl Transactions {
    async fn submit(&self, n: u64, body: &Value, due: Instant) -> Result<String, String> {
        let key = format!("{}-{n}", self.run.name);
        let token = self.session.token(&self.run).await?;
        let call = Call::post("/api/v1/transactions", body).once(key).by(&token);
        let answer = self.run.connections.send("submit", &call).await;
        self.run.board.answered("submit", due.elapsed());
        let accepted = answer?.success()?;
        Ok(accepted["transaction_id"].as_str().ok_or("it has no id")?.to_owned())
    }
}

async fn look(run: &Run, session: &Session, id: &str) -> Sight {
    let found = async {
        let call = Call::get(format!("/api/v1/transactions/{id}")).by(&session.token(run).await?);
        run.connections.once(&call).await?.success()
    };
    match found.await {
        Ok(transaction) => match transaction["status"].as_str().unwrap_or("unknown") {
            end @ ("completed" | "failed") => Sight::Settled(end.to_owned()),
            other => Sight::Waiting(other.to_owned()),
        },
        Err(error) => Sight::Waiting(error),
    }
}

/// What somebody sends: decided by the dice alone.
fn transaction(dice: &mut impl Rng, n: u64) -> Value {
    let all = TYPES.iter().map(|(.., share)| share).sum();
    let mut roll = dice.random_range(0..all);
    let (kind, currency, _) = TYPES
        .into_iter()
        .find(|(.., share)| {
            let is_it = roll < *share;
            roll = roll.saturating_sub(*share);
            is_it
        })
        .unwrap_or(TYPES[0]);
    // Most are small, a few are large.
    let cents: u32 = if dice.random_bool(0.9) {
        dice.random_range(100..20_000)
    } else {
        dice.random_range(20_000..500_000)
    };
    let mut body = json!({
        "sender": format!("payer-{:03}", dice.random_range(0..SENDERS)),
        "receiver": format!("payee-{:03}", dice.random_range(0..SENDERS)),
        "amount": f64::from(cents) / 100.0,
        "currency": currency,
        "payment_type": kind,
        "reference": format!("invoice {n}"),
    });
    let one_of = |dice: &mut dyn rand::RngCore, all: &[&str]| all[dice.random_range(0..all.len())].to_owned();
    let details = match kind {
        "SEPA" => json!({ "iban": one_of(dice, &IBANS), "bic": "DEUTDEFF" }),
        "DIRECT_DEBIT" => json!({ "iban": one_of(dice, &IBANS), "mandate_id": format!("MND-{n}") }),
        "CARD" => json!({ "card": { "number": one_of(dice, &CARDS), "exp_month": 12, "exp_year": 2039 } }),
        "CHECK" => {
            json!({ "routing_number": one_of(dice, &ROUTING_NUMBERS), "account_number": "000123456789",
            "check_number": format!("{:07}", n % 10_000_000) })
        }
        _ => json!({ "routing_number": one_of(dice, &ROUTING_NUMBERS), "account_number": "000123456789" }),
    };
    for (name, detail) in details.as_object().into_iter().flatten() {
        body[name.as_str()] = detail.clone();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::super::dice;
    use super::*;

    fn transactions(seed: u64) -> Vec<Value> {
        (0..1_000).map(|n| transaction(&mut dice(seed, n), n)).collect()
    }

    #[test]
    fn a_seed_makes_the_same_transactions_and_another_one_others() {
        assert_eq!(transactions(7), transactions(7));
        assert_ne!(transactions(7), transactions(8));
    }

    #[test]
    fn every_type_comes_as_often_as_it_should_with_what_it_must_tell() {
        let all = transactions(3);
        for (kind, currency, share) in TYPES {
            let its: Vec<_> = all.iter().filter(|one| one["payment_type"] == kind).collect();
            let found = its.len() as f64 / 10.0;
            assert!((found - f64::from(share)).abs() < 5.0, "{kind}: {found} %");
            assert!(its.iter().all(|one| one["currency"] == currency));
        }
        let told = |kind: &str, member: &str| {
            let mut its = all.iter().filter(|one| one["payment_type"] == kind);
            its.all(|one| !one[member].is_null())
        };
        assert!(told("SEPA", "iban") && told("ACH", "routing_number") && told("CARD", "card"));
        assert!(told("DIRECT_DEBIT", "mandate_id") && told("CHECK", "check_number"));
    }
}
