//! Accounts, and what an answer means.

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::json;

use crate::Error;
use crate::client::{Call, Client};

/// An access token.
pub async fn login(client: &mut Client, username: &str, password: &str) -> Result<String, Error> {
    let answer = client.json(&login_call(username, password)).await?;
    Ok(answer["access_token"].as_str().ok_or("a login gives a token")?.to_owned())
}

pub fn login_call(username: &str, password: &str) -> Call {
    Call::post("/api/users/login", &json!({ "username": username, "password": password }))
}

pub fn register_call(username: &str, password: &str) -> Call {
    let new =
        json!({ "email": format!("{username}@example.com"), "username": username, "password": password });
    Call::post("/api/users/register", &new)
}

pub fn success(answer: Result<(StatusCode, Bytes), Error>) -> Result<Bytes, String> {
    match answer {
        Ok((status, body)) if status.is_success() => Ok(body),
        Ok((status, _)) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
