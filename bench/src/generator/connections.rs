//! Calls to the gateway, over connections that are kept.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde_json::Value;
use tokio::time::sleep;

use super::board::Board;
use crate::client::{Call, Client};

/// Between tries.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

pub struct Connections {
    gateway: String,
    patience: Duration,
    idle: Mutex<Vec<Client>>,
    board: Arc<Board>,
}

/// A final answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The body of a success; what went wrong otherwise, in few words.
    pub fn success(self) -> Result<Value, String> {
        if self.status.is_success() { Ok(self.body) } else { Err(self.kind()) }
    }

    /// Such as `409 out-of-stock`.
    pub fn kind(&self) -> String {
        let status = self.status.as_u16();
        self.body["code"].as_str().map_or_else(|| status.to_string(), |code| format!("{status} {code}"))
    }
}

impl Connections {
    pub fn new(gateway: &str, patience: Duration, board: Arc<Board>) -> Self {
        Self { gateway: gateway.to_owned(), patience, idle: Mutex::default(), board }
    }

    /// Sends until the answer is final, as a patient client does. Every call that is sent through here may be
    /// repeated: it reads, or it has a key, or it is recognised by what it is.
    pub async fn send(&self, step: &str, call: &Call) -> Result<Answer, String> {
        let begun = Instant::now();
        let mut pauses = PAUSES.iter().chain(std::iter::repeat(&PAUSES[PAUSES.len() - 1]));
        loop {
            let outcome = self.once(call).await;
            let why = match &outcome {
                Ok(answer) if is_later(answer) => answer.kind(),
                Ok(_) => return outcome,
                Err(error) => error.clone(),
            };
            if begun.elapsed() > self.patience {
                return outcome;
            }
            self.board.tried_again(format!("{step}: {why}"));
            sleep(pauses.next().copied().unwrap_or_default()).await;
        }
    }

    /// One try.
    pub async fn once(&self, call: &Call) -> Result<Answer, String> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut client = kept.unwrap_or_else(|| Client::new(&self.gateway));
        let (status, body) = client.send(call).await.map_err(|_| "no answer".to_owned())?;
        idle().push(client);
        let body =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap_or_default() };
        Ok(Answer { status, body })
    }
}

fn is_later(answer: &Answer) -> bool {
    answer.status == StatusCode::SERVICE_UNAVAILABLE
        || answer.status == StatusCode::TOO_MANY_REQUESTS
        || answer.body["code"] == "idempotency-key-running"
}
