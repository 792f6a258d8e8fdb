//! A service that tells what it was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{Body, EndpointExt, IntoResponse, Request, Response, Server, handler};
use serde_json::json;
use tokio::task::JoinHandle;

#[derive(Clone)]
struct Name(&'static str);

pub struct Upstream {
    pub port: u16,
    pub requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Upstream {
    pub async fn start(name: &'static str) -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a free port");
        let address = acceptor.local_addr()[0].as_socket_addr().copied().expect("an address");
        let requests = Arc::new(AtomicUsize::new(0));
        let app = echo.data(Name(name)).data(Arc::clone(&requests));
        let task = tokio::spawn(async move {
            let _ = Server::new_with_acceptor(acceptor).run(app).await;
        });
        Self { port: address.port(), requests, task }
    }

    pub fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }
}

impl Drop for Upstream {
    /// The connections go on: a service that was killed is played by a process of its own.
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers with what arrived; the path's last segment may ask for something else.
#[handler]
async fn echo(request: &Request, body: Body, name: Data<&Name>, count: Data<&Arc<AtomicUsize>>) -> Response {
    if request.uri().path() != "/health" {
        count.fetch_add(1, SeqCst);
    }
    let headers: serde_json::Map<_, _> = request
        .headers()
        .iter()
        .map(|(header, value)| (header.to_string(), json!(value.to_str().unwrap_or_default())))
        .collect();
    let length = body.into_bytes().await.map_or(0, |body| body.len());
    let uri = request.uri().to_string();
    let told = json!({"service": name.0.0, "uri": uri, "method": request.method().as_str(),
                      "headers": headers, "length": length});
    match request.uri().path().rsplit('/').next() {
        Some("busy") => StatusCode::SERVICE_UNAVAILABLE.into(),
        Some("slow") => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            told.to_string().into_response()
        }
        Some("stream") => {
            let ticks = futures_util::stream::unfold(0, |n| async move {
                tokio::time::sleep(Duration::from_millis(if n == 0 { 0 } else { 400 })).await;
                Some((Ok::<_, std::io::Error>(format!("data: {n}\n\n")), n + 1))
            });
            Response::builder().content_type("text/event-stream").body(Body::from_bytes_stream(ticks))
        }
        _ => told.to_string().with_content_type("application/json").into_response(),
    }
}
