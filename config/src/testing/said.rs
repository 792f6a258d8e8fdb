//! What services and clients say, in the tests' hands.

use reqwest::Response;
use serde_json::Value;
use uuid::Uuid;

use crate::clock::{Clock as _, SystemClock};
use crate::kafka::Envelope;

/// The status and the problem document of a refusal.
pub async fn refusal(answer: Response) -> (u16, Value) {
    let (status, headers) = (answer.status().as_u16(), answer.headers());
    assert_eq!(headers["content-type"], "application/problem+json");
    assert!(![429, 503].contains(&status) || headers.contains_key("retry-after"), "{headers:?}");
    (status, answer.json().await.expect("a problem document"))
}

/// The names of the fields that a problem document finds wrong.
pub fn wrong_fields(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().expect("errors");
    errors.iter().map(|error| error["field"].as_str().expect("a name")).collect()
}

/// An event, as another service would publish it now.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a key is a number or a text, and written where it is given"
)]
pub fn event(topic: &str, kind: &str, key: impl ToString, data: Value) -> Envelope {
    Envelope {
        id: Uuid::now_v7(),
        topic: topic.to_owned(),
        key: key.to_string(),
        kind: kind.to_owned(),
        time: SystemClock.now(),
        data,
        request_id: String::new(),
        traceparent: None,
    }
}
