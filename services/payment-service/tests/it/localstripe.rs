//! A Stripe of our own: `localstripe` from PyPI, a process that is never linked (it is under the GPL).
//!
//! What it lacks, `stripe_wire` plays: idempotency keys, bank codes, redirects, disputes, fees, outages.

use std::process::Stdio;

use config::testing::eventually;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support::{STRIPE_SECRET, Shop};

/// On loopback, on a free port, and without the file in `/tmp` that all of them would share.
const SERVER: &str = "
import socket
from aiohttp import web
from localstripe import resources
from localstripe.server import app
resources.Store.dump_to_disk = lambda self: None
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
web.run_app(app, sock=listener, print=None)
";

pub struct LocalStripe {
    pub url: String,
    http: Client,
    _process: Child,
}

impl LocalStripe {
    pub async fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the peer is where the test command says")]
        let python = std::env::var("TEST_LOCALSTRIPE_PYTHON")
            .expect("run `cargo xtask test`, or `eval \"$(cargo xtask servers env)\"`");
        let mut command = Command::new(python);
        command.args(["-c", SERVER]).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().expect("it starts");
        let stripe = Self { url: format!("http://127.0.0.1:{port}"), http: Client::new(), _process: process };
        eventually("localstripe answers", || async {
            stripe.request(Method::GET, "/v1/refunds").send().await.map_err(|error| error.to_string())
        })
        .await;
        stripe
    }

    /// The shop that is paid through it, and hears its notices.
    pub async fn shop(&self, settings: &[(&str, &str)]) -> Shop {
        let shop = Shop::with_stripe(&self.url, settings).await;
        let notices = json!({
            "url": shop.app.url("/api/payments/webhooks/stripe"), "secret": STRIPE_SECRET,
        });
        let configured = self.request(Method::POST, "/_config/webhooks/shop").json(&notices);
        assert!(configured.send().await.unwrap().status().is_success());
        shop
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth("sk_test_of_the_browser")
    }

    pub async fn get(&self, path: &str) -> Value {
        self.request(Method::GET, path).send().await.unwrap().json().await.unwrap()
    }

    /// Does what a customer's browser would.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.request(Method::POST, path).json(&body).send().await.unwrap().json().await.unwrap()
    }

    /// What the browser's script makes of a card.
    pub async fn payment_method(&self, number: &str) -> Value {
        let card = json!({ "number": number, "exp_month": 12, "exp_year": 2090, "cvc": "123" });
        let method = json!({ "type": "card", "card": card });
        self.post("/v1/payment_methods", method).await["id"].clone()
    }

    pub async fn intent(&self, payment: &Value) -> Value {
        self.get(&format!("/v1/payment_intents/{}", payment["transaction_id"].as_str().unwrap())).await
    }
}
