//! Accounts that stay signed in.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Run;
use super::connections::Answer;
use crate::Error;
use crate::shop::{login_call, register_call};

const PASSWORD: &str = "correct horse";
/// A token is good for fifteen minutes.
const TOKEN: Duration = Duration::from_secs(600);

/// Somebody who can sign in, and does again before the token ends.
pub struct Session {
    name: String,
    password: String,
    token: Mutex<Option<(String, Instant)>>,
}

impl Session {
    pub fn new(name: String, password: String) -> Self {
        Self { name, password, token: Mutex::default() }
    }

    /// Somebody new, signed in.
    pub async fn register(run: &Run, n: usize) -> Result<Self, Error> {
        let name = format!("gen{}x{n}", run.name);
        let answer = run.connections.send("register", &register_call(&name, PASSWORD)).await?;
        answer.success().map_err(|error| format!("nobody can register: {error}"))?;
        let session = Self::new(name, PASSWORD.to_owned());
        session.token(run).await?;
        Ok(session)
    }

    pub async fn token(&self, run: &Run) -> Result<String, String> {
        // Whoever comes meanwhile waits for the same token.
        let mut token = self.token.lock().await;
        if let Some((token, since)) = token.as_ref()
            && since.elapsed() < TOKEN
        {
            return Ok(token.clone());
        }
        let answer = run.connections.send("log in", &login_call(&self.name, &self.password)).await;
        let answer = answer.and_then(Answer::success);
        let answer = answer.map_err(|error| format!("log in: {error}"))?;
        let fresh = answer["access_token"].as_str().ok_or("log in: no token")?.to_owned();
        *token = Some((fresh.clone(), Instant::now()));
        Ok(fresh)
    }
}
