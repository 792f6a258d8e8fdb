//! One connection, one request at a time: the smallest load generator there is.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::Error;

/// A request that can be sent many times.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub token: Option<String>,
    /// With it, the call may be sent again without a second effect.
    pub idempotency_key: Option<String>,
    pub content_type: &'static str,
    pub body: Bytes,
}

impl Call {
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into(), Bytes::new())
    }

    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::new(Method::POST, path.into(), body.to_string().into())
    }

    pub fn post_as(path: impl Into<String>, content_type: &'static str, body: String) -> Self {
        Self { content_type, ..Self::new(Method::POST, path.into(), body.into()) }
    }

    pub fn put(path: impl Into<String>, body: &Value) -> Self {
        Self::new(Method::PUT, path.into(), body.to_string().into())
    }

    fn new(method: Method, path: String, body: Bytes) -> Self {
        let (token, idempotency_key) = (None, None);
        Self { method, path, token, idempotency_key, content_type: "application/json", body }
    }

    #[must_use]
    pub fn by(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    #[must_use]
    pub fn once(mut self, key: String) -> Self {
        self.idempotency_key = Some(key);
        self
    }
}

/// A kept-alive connection.
pub struct Client {
    authority: String,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// `url` is `http://host:port`.
    pub fn new(url: &str) -> Self {
        let authority = url.trim_start_matches("http://").trim_end_matches('/');
        let port = if authority.contains(':') { "" } else { ":80" };
        Self { authority: format!("{authority}{port}"), sender: None }
    }

    /// Status and body.
    pub async fn send(&mut self, call: &Call) -> Result<(StatusCode, Bytes), Error> {
        let answer = tokio::time::timeout(Duration::from_secs(20), self.exchange(call)).await;
        let answer = answer.unwrap_or_else(|_| Err("no answer within 20 s".into()));
        if answer.is_err() {
            self.sender = None;
        }
        answer
    }

    async fn exchange(&mut self, call: &Call) -> Result<(StatusCode, Bytes), Error> {
        let mut request =
            Request::builder().method(&call.method).uri(&call.path).header(HOST, &self.authority);
        if let Some(token) = &call.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if !call.body.is_empty() {
            request = request.header(CONTENT_TYPE, call.content_type);
        }
        let request = request.body(Full::new(call.body.clone()))?;
        let answer = self.connected().await?.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }

    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Error> {
        let usable = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let stream = TcpStream::connect(&self.authority).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            self.sender = Some(sender);
        }
        self.sender.as_mut().ok_or_else(|| "not connected".into())
    }

    /// The JSON of an answer that must be a success.
    pub async fn json(&mut self, call: &Call) -> Result<Value, Error> {
        let (status, body) = self.send(call).await?;
        if !status.is_success() {
            return Err(format!(
                "{} {}: {status} {}",
                call.method,
                call.path,
                String::from_utf8_lossy(&body)
            )
            .into());
        }
        Ok(serde_json::from_slice(&body)?)
    }
}
