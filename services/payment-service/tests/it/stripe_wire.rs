//! What `localstripe` doesn't play of Stripe: keys, bank codes, redirects, fees, silence, outages, disputes.

use config::testing::eventually;
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, header_exists, method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{Shop, problem};

/// An intent as Stripe shows it, with what it keeps of the money.
fn intent(status: &str) -> Value {
    let fee = json!({ "id": "txn_1", "fee": 9030, "currency": "usd" });
    json!({
        "id": "pi_1", "object": "payment_intent", "status": status, "amount": 300_000, "currency": "usd",
        "client_secret": "pi_1_secret_x", "latest_charge": { "id": "ch_1", "balance_transaction": fee },
    })
}

fn answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

struct Wire(MockServer);

impl Wire {
    /// Intents are created as they should be.
    async fn start() -> Self {
        let wire = Self(MockServer::start().await);
        let created = answer(200, &json!({ "id": "pi_1", "status": "requires_confirmation" }));
        wire.post("/v1/payment_intents", created).await;
        wire
    }

    async fn post(&self, to: &str, answer: ResponseTemplate) {
        let mock = Mock::given(method("POST")).and(path(to)).and(header_exists("idempotency-key"));
        mock.and(header("authorization", "Bearer sk_test_of_the_tests"))
            .respond_with(answer)
            .mount(&self.0)
            .await;
    }

    async fn get(&self, from: &str, answer: ResponseTemplate) {
        Mock::given(method("GET")).and(path(from)).respond_with(answer).mount(&self.0).await;
    }

    async fn confirms(&self, answer: ResponseTemplate) {
        self.post("/v1/payment_intents/pi_1/confirm", answer).await;
    }

    async fn shop(&self, settings: &[(&str, &str)]) -> Shop {
        Shop::with_stripe(&self.0.uri(), settings).await
    }

    async fn heard(&self, to: &str) -> Vec<Request> {
        let all = self.0.received_requests().await.unwrap();
        all.into_iter().filter(|request| request.url.path() == to).collect()
    }
}

fn key(request: &Request) -> &str {
    request.headers["idempotency-key"].to_str().unwrap()
}

fn token() -> Value {
    json!({ "payment_token": "pm_1" })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_get_through_is_sent_again_under_the_same_key() {
    let wire = Wire(MockServer::start().await);
    let busy = Mock::given(method("POST")).and(path("/v1/payment_intents"));
    busy.respond_with(ResponseTemplate::new(503)).up_to_n_times(1).mount(&wire.0).await;
    let locked = Mock::given(method("POST")).and(path("/v1/payment_intents/pi_1/confirm"));
    locked.respond_with(ResponseTemplate::new(409)).up_to_n_times(1).mount(&wire.0).await;
    let created = answer(200, &json!({ "id": "pi_1", "status": "requires_confirmation" }));
    wire.post("/v1/payment_intents", created).await;
    wire.confirms(answer(200, &intent("succeeded"))).await;
    let shop = wire.shop(&[]).await;
    let paid = shop.paid(shop.order(1), token()).await;
    assert_eq!((&paid["status"], &paid["transaction_id"]), (&json!("succeeded"), &json!("pi_1")));
    for to in ["/v1/payment_intents", "/v1/payment_intents/pi_1/confirm"] {
        let heard = wire.heard(to).await;
        assert_eq!(heard.len(), 2, "{to}");
        assert_eq!(key(&heard[0]), key(&heard[1]), "{to}");
    }
    let form = String::from_utf8(wire.heard("/v1/payment_intents").await[0].body.clone()).unwrap();
    for part in ["amount=300000", "currency=usd", "payment_method=pm_1", "capture_method=automatic"] {
        assert!(form.contains(part), "{form}");
    }
    let fees = "SELECT CAST(SUM(amount) AS SIGNED) FROM ledger_entries WHERE book = 'fees'";
    assert_eq!(shop.count(fees).await, 9030);
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_banks_reason_is_told_and_a_mistake_of_ours_is_not_repeated() {
    let wire = Wire::start().await;
    let error = json!({
        "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "message": "…",
    });
    wire.confirms(answer(402, &json!({ "error": error }))).await;
    let shop = wire.shop(&[]).await;
    let (status, _, body) = problem(shop.pay(shop.order(1), token()).await).await;
    assert_eq!((status, &body["decline_code"]), (402, &json!("insufficient_funds")));
    assert_eq!(wire.heard("/v1/payment_intents/pi_1/confirm").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_with_a_page_of_its_own_is_where_the_customer_goes() {
    let wire = Wire::start().await;
    let mut challenged = intent("requires_action");
    let to = json!({ "type": "redirect_to_url", "redirect_to_url": { "url": "https://bank.example/3ds" } });
    challenged["next_action"] = to;
    let confirm = Mock::given(method("POST")).and(path("/v1/payment_intents/pi_1/confirm"));
    let confirm = confirm.and(body_string_contains("return_url=https%3A%2F%2Fshop.example%2Fpaid"));
    confirm.respond_with(answer(200, &challenged)).mount(&wire.0).await;
    let shop = wire.shop(&[("STRIPE_RETURN_URL", "https://shop.example/paid")]).await;
    let payment = shop.paid(shop.order(1), token()).await;
    let action = json!({ "type": "redirect", "url": "https://bank.example/3ds", "client_secret": null });
    assert_eq!(payment["next_action"], action);
    // The notice may come twice, and be signed with either secret.
    for secret in ["whsec_before", crate::support::STRIPE_SECRET] {
        let told = shop.stripe_tells(secret, "evt_1", "payment_intent.succeeded", &intent("succeeded")).await;
        assert_eq!(told, 204);
    }
    assert_eq!(shop.get(&payment["id"]).await["status"], "succeeded");
    assert_eq!(shop.count("SELECT COUNT(*) FROM webhook_events").await, 1);
    assert_eq!(shop.stripe_tells("guessed", "evt_2", "payment_intent.succeeded", &intent("x")).await, 401);
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_asked_about_until_stripe_knows_and_nobody_is_charged_twice() {
    let wire = Wire::start().await;
    let late = answer(200, &intent("succeeded")).set_delay(std::time::Duration::from_secs(30));
    wire.confirms(late).await;
    let from = "/v1/payment_intents/pi_1";
    let processing = Mock::given(method("GET")).and(path(from));
    processing.respond_with(answer(200, &intent("processing"))).up_to_n_times(1).mount(&wire.0).await;
    wire.get(from, answer(200, &intent("succeeded"))).await;
    let shop = wire.shop(&[("PROVIDER_TIMEOUT_SECONDS", "1")]).await;
    let payment = shop.paid(shop.order(1), token()).await;
    assert_eq!(payment["status"], "processing");
    shop.becomes(&payment["id"], "succeeded").await;
    assert_eq!(wire.heard(from).await.len(), 2);
    assert_eq!(wire.heard("/v1/payment_intents/pi_1/confirm").await.len(), 1);
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_was_never_confirmed_is_cancelled_and_never_will_be() {
    let wire = Wire::start().await;
    wire.confirms(answer(200, &intent("succeeded")).set_delay(std::time::Duration::from_secs(30))).await;
    wire.get("/v1/payment_intents/pi_1", answer(200, &intent("requires_confirmation"))).await;
    wire.post("/v1/payment_intents/pi_1/cancel", answer(200, &intent("canceled"))).await;
    let shop = wire.shop(&[("PROVIDER_TIMEOUT_SECONDS", "1")]).await;
    let payment = shop.paid(shop.order(1), token()).await;
    let failed = shop.becomes(&payment["id"], "failed").await;
    assert_eq!(failed["failure"]["code"], "abandoned");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_arrives_for_a_dead_order_goes_back_by_itself() {
    let wire = Wire::start().await;
    let mut challenged = intent("requires_action");
    challenged["next_action"] = json!({ "type": "use_stripe_sdk" });
    wire.confirms(answer(200, &challenged)).await;
    wire.get("/v1/payment_intents/pi_1", answer(200, &challenged)).await;
    wire.post("/v1/payment_intents/pi_1/cancel", answer(200, &intent("canceled"))).await;
    wire.get("/v1/refunds", answer(200, &json!({ "data": [] }))).await;
    wire.post("/v1/refunds", answer(200, &json!({ "id": "re_1", "status": "succeeded" }))).await;
    let shop = wire.shop(&[]).await;
    let payment = shop.paid(shop.order(1), token()).await;
    shop.cancel(1).await;
    shop.becomes(&payment["id"], "failed").await;
    for _ in 0..2 {
        let secret = crate::support::STRIPE_SECRET;
        let told = shop.stripe_tells(secret, "evt_1", "payment_intent.succeeded", &intent("succeeded")).await;
        assert_eq!(told, 204);
    }
    shop.becomes(&payment["id"], "refunded").await;
    let refunds = wire.heard("/v1/refunds").await;
    assert_eq!(refunds.iter().filter(|request| request.method == "POST").count(), 1);
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_stripe_knows_already_is_not_asked_for_again() {
    let wire = Wire::start().await;
    wire.confirms(answer(200, &intent("succeeded"))).await;
    let shop = wire.shop(&[("PROVIDER_TIMEOUT_SECONDS", "2")]).await;
    let payment = shop.paid(shop.order(1), token()).await;
    // The first request is done, and its answer lost for good: even its key is forgotten by now.
    let gone = Mock::given(method("GET")).and(path("/v1/refunds")).respond_with(ResponseTemplate::new(500));
    let gone = gone.mount_as_scoped(&wire.0).await;
    let refund = json!({ "amount": 100, "reason": "broken" });
    let asked = shop.admin(&format!("/api/payments/{}/refund", payment["id"]), refund).await;
    assert_eq!(asked.json::<Value>().await.unwrap()["status"], "pending");
    let key: uuid::Uuid = sqlx::query_scalar("SELECT provider_key FROM operations WHERE kind = 'refund'")
        .fetch_one(&shop.db)
        .await
        .unwrap();
    drop(gone);
    let known = json!({ "data": [{ "id": "re_1", "status": "succeeded", "metadata": { "refund": key } }] });
    wire.get("/v1/refunds", answer(200, &known)).await;
    shop.becomes(&payment["id"], "partially_refunded").await;
    let refunds = wire.heard("/v1/refunds").await;
    assert_eq!(refunds.iter().filter(|request| request.method == "POST").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stripe_that_keeps_failing_is_left_alone() {
    let wire = Wire(MockServer::start().await);
    let down = Mock::given(path_regex("/v1/.*"))
        .respond_with(ResponseTemplate::new(500).insert_header("stripe-should-retry", "false"));
    down.mount(&wire.0).await;
    let shop = wire.shop(&[]).await;
    for order in 1..=5 {
        let answer = shop.pay(shop.order(order), token()).await;
        assert!(answer.headers().contains_key("retry-after"));
        assert_eq!(problem(answer).await.1, "provider-unavailable");
    }
    assert_eq!(
        wire.heard("/v1/payment_intents").await.len(),
        5,
        "once each: it says that no more would help"
    );
    assert_eq!(shop.pay(shop.order(6), token()).await.status(), 503);
    assert_eq!(wire.heard("/v1/payment_intents").await.len(), 5, "the circuit is open");
    let failed = "SELECT COUNT(*) FROM payments WHERE status = 'failed'";
    assert_eq!(shop.count(failed).await, 6, "nothing was charged, and nothing hangs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_answered_and_lost() {
    let wire = Wire::start().await;
    wire.confirms(answer(200, &intent("succeeded"))).await;
    let shop = wire.shop(&[]).await;
    let payment = shop.paid(shop.order(1), token()).await;
    let dispute = |status: &str| {
        json!({
            "id": "dp_1", "payment_intent": "pi_1", "amount": 300_000, "currency": "usd",
            "reason": "fraudulent", "status": status, "evidence_details": { "due_by": 1_900_000_000 },
            "balance_transactions": [{ "id": "txn_2", "fee": 1500, "currency": "usd" }],
        })
    };
    let tells = async |event: &str, kind: &str, status: &str| {
        let secret = crate::support::STRIPE_SECRET;
        assert_eq!(shop.stripe_tells(secret, event, kind, &dispute(status)).await, 204);
    };
    tells("evt_1", "charge.dispute.created", "needs_response").await;
    tells("evt_2", "charge.dispute.funds_withdrawn", "needs_response").await;
    let found = shop.read("/api/payments/disputes?status=evidence_due").await["items"][0].clone();
    assert_eq!((&found["provider_reference"], &found["amount"]), (&json!("dp_1"), &json!(3000)));
    assert_eq!(found["evidence_due_at"], "2030-03-17T17:46:40+00:00");
    let evidence = json!({ "text": "It was delivered.", "tracking_number": "TN 1" });
    let path = format!("/api/payments/disputes/{}/evidence", found["id"]);
    let refused =
        ResponseTemplate::new(400).set_body_json(json!({ "error": { "type": "invalid_request_error" } }));
    let refusing = Mock::given(method("POST")).and(path_regex("/v1/disputes/dp_1"));
    let refusing = refusing.respond_with(refused).mount_as_scoped(&wire.0).await;
    assert_eq!(problem(shop.admin(&path, evidence.clone()).await).await.1, "evidence-refused");
    drop(refusing);
    wire.post("/v1/disputes/dp_1", answer(200, &dispute("under_review"))).await;
    let sent: Value = shop.admin(&path, evidence).await.json().await.unwrap();
    assert_eq!(sent["status"], "evidence_submitted");
    let heard = wire.heard("/v1/disputes/dp_1").await;
    let form = String::from_utf8(heard.last().unwrap().body.clone()).unwrap();
    assert!(form.contains("submit=true") && form.contains("=It+was+delivered."), "{form}");
    tells("evt_3", "charge.dispute.updated", "under_review").await;
    tells("evt_4", "charge.dispute.closed", "lost").await;
    let lost = shop.read(&format!("/api/payments/disputes/{}", found["id"])).await;
    assert_eq!(lost["status"], "lost");
    assert_eq!(shop.get(&payment["id"]).await["disputed_amount"], 3000);
    eventually("the ledger knows", || async {
        let sum = "SELECT CAST(SUM(amount) AS SIGNED) FROM ledger_entries WHERE book = 'provider'";
        // The fee of the payment and that of the dispute are all that is left of it.
        match shop.count(sum).await {
            -10_530 => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
    shop.ledger_is_right().await;
}
