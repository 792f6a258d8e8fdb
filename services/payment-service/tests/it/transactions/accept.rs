//! What is taken, and what is refused.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::testing::{TestKafka, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bank, PATH, USER, transfer};
use crate::support::problem;

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_accepted_told_of_and_completed() {
    let bank = Bank::open().await;
    let (kafka, more) = (TestKafka::new(&bank.env), json!({ "amount": 100.5, "reference": " invoice 7 " }));
    let (work, ends) = (kafka.listen("payment-transactions").await, kafka.listen("transaction-events").await);
    let accepted = bank.accepted(more).await;
    for (member, value) in [
        ("user_id", json!(USER)),
        ("sender", json!("user123")),
        ("receiver", json!("user456")),
        ("amount", json!(100.5)),
        ("currency", json!("USD")),
        ("payment_type", json!("ACH")),
        ("status", json!("pending")),
        ("reference", json!("invoice 7")),
        ("details", Value::Null),
        ("error_message", Value::Null),
        ("attempt", json!(1)),
    ] {
        assert_eq!(accepted[member], value, "{member}");
    }
    let id = &accepted["transaction_id"];
    let about = json!({ "transaction_id": id, "user_id": USER, "sender": "user123", "receiver": "user456",
        "amount": 100.5, "currency": "USD", "payment_type": "ACH", "attempt": 1 });
    let event = work.find(|event| event.kind == "transaction_created").await;
    assert_eq!((event.key.as_str(), &event.data), ("user123", &about));
    assert!(!event.request_id.is_empty(), "the request that it comes from");
    let ended = bank.ended(id).await;
    assert_eq!(ended["status"], "completed");
    let told = ends.find(|event| event.kind == "transaction_completed").await;
    assert_eq!((told.key.as_str(), &told.data["transaction_id"]), ("user123", id));
    let time = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(time(&told.data["completed_at"]), time(&ended["completed_at"]));
    assert_eq!(told.request_id, event.request_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scheme_keeps_what_it_is_told_and_only_the_ends_of_numbers() {
    let bank = Bank::open().await;
    let account = json!({ "routing_number": "021000021", "account_number": "000123456789" });
    let kept = json!({ "routing_number": "021000021", "account_number": "6789" });
    let iban = json!({ "iban": "NL91 ABNA 0417 1643 00", "bic": "abnanl2a" });
    let masked = json!({ "iban": "NL************4300", "bic": "ABNANL2A" });
    let card = json!({ "card": { "number": "4242 4242 4242 4242", "exp_month": 12, "exp_year": 90 } });
    for (payment_type, currency, told, kept) in [
        ("ACH", "USD", account.clone(), kept.clone()),
        ("RTP", "USD", account.clone(), kept.clone()),
        (
            "CHECK",
            "USD",
            json!({ "routing_number": "021000021", "account_number": "1234", "check_number": "0042" }),
            json!({ "account_number": "34", "check_number": "0042" }),
        ),
        ("WIRE", "VND", iban.clone(), masked.clone()),
        ("SEPA", "EUR", iban, masked),
        ("sepa", "eur", json!({}), Value::Null),
        (
            "DIRECT_DEBIT",
            "GBP",
            json!({ "iban": "GB33BUKB20201555555555", "mandate_id": "MND-7" }),
            json!({ "iban": "GB****************5555", "mandate_id": "MND-7" }),
        ),
        ("CARD", "JPY", card, json!({ "card_brand": "visa", "card_last4": "4242" })),
    ] {
        let mut more = json!({ "payment_type": payment_type, "currency": currency });
        more.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
        let accepted = bank.accepted(more).await;
        assert_eq!(accepted["payment_type"], payment_type.to_uppercase());
        let found = bank.transaction(&accepted["transaction_id"]).await;
        for answer in [&accepted, &found] {
            match kept.as_object() {
                None => assert_eq!(answer["details"], Value::Null),
                Some(kept) => {
                    kept.iter().for_each(|(name, value)| assert_eq!(&answer["details"][name], value))
                }
            }
        }
    }
    let from = bank.accepted(json!({ "sender": "de89 3704 0044 0532 0130 00", "currency": "EUR" })).await;
    assert_eq!((&from["sender"], &from["payment_type"]), (&json!("DE****************3000"), &json!("SEPA")));
    assert_eq!(bank.accepted(json!({ "currency": "VND" })).await["payment_type"], "WIRE");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named_at_once() {
    let bank = Bank::with(&[("TRANSACTION_LIMITS", "RTP=500")]).await;
    let all = json!({ "sender": "", "receiver": "two words", "amount": 1.005, "payment_type": "SHELLS",
        "reference": "4242 4242 4242 4242", "iban": "DE88370400440532013000", "bic": "X", "routing_number": "1",
        "account_number": "x", "mandate_id": ";", "check_number": "a",
        "card": { "number": "4242", "exp_month": 13, "exp_year": 1, "cvc": "123" } });
    let (status, code, problem_document) = problem(bank.post(&transfer(all)).await).await;
    assert_eq!((status, code.as_str()), (422, "invalid-fields"));
    let mut fields = wrong_fields(&problem_document);
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "account_number",
            "amount",
            "bic",
            "card.cvc",
            "card.exp_month",
            "card.number",
            "check_number",
            "iban",
            "mandate_id",
            "payment_type",
            "receiver",
            "reference",
            "routing_number",
            "sender"
        ]
    );
    let card = |more: Value| {
        let mut card = json!({ "number": "4242424242424242", "exp_month": 12, "exp_year": 2090 });
        card.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "payment_type": "CARD", "card": card })
    };
    for (more, field, code) in [
        (json!({ "payment_type": "SEPA" }), "currency", "mismatch"),
        (json!({ "payment_type": "ACH", "currency": "EUR" }), "currency", "mismatch"),
        (json!({ "currency": "XXQ" }), "currency", "invalid"),
        (json!({ "payment_type": "SHELLS" }), "payment_type", "unknown-value"),
        (json!({ "amount": 0 }), "amount", "invalid"),
        (json!({ "amount": -1 }), "amount", "invalid"),
        (json!({ "amount": 1_000_000.01 }), "amount", "limit"),
        (json!({ "amount": 500.01, "payment_type": "RTP" }), "amount", "limit"),
        (json!({ "receiver": "user123" }), "receiver", "same-account"),
        (json!({ "reference": "x".repeat(141) }), "reference", "length"),
        (json!({ "sender": "DE88370400440532013000" }), "sender", "invalid"),
        (json!({ "receiver": "4242424242424242" }), "receiver", "invalid"),
        (json!({ "iban": "DE89370400440532013000" }), "iban", "mismatch"),
        (json!({ "routing_number": "021000021" }), "account_number", "required"),
        (
            json!({ "payment_type": "SEPA", "currency": "EUR", "iban": "BR1800360305000010009795493C1" }),
            "iban",
            "out-of-reach",
        ),
        (card(json!({ "exp_year": 2020 })), "card.exp_year", "expired"),
        (card(json!({ "cvv": "123" })), "card.cvv", "forbidden"),
    ] {
        let (status, _, body) = problem(bank.post(&transfer(more)).await).await;
        assert_eq!(
            (status, &body["errors"][0]["field"], &body["errors"][0]["code"]),
            (422, &json!(field), &json!(code)),
            "{body}"
        );
    }
    assert_eq!(bank.count("SELECT COUNT(*) FROM transactions").await, 0, "nothing is kept of a refusal");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_owner_and_administrators_see_a_transaction() {
    let bank = Bank::open().await;
    let path = format!("{PATH}/{}", bank.accepted(json!({})).await["transaction_id"].as_str().unwrap());
    let stranger = |path: String| bank.app.as_client(8, Method::GET, &path).send();
    assert_eq!(stranger(path.clone()).await.unwrap().status(), 403);
    assert_eq!(stranger(format!("{PATH}?user_id={USER}")).await.unwrap().status(), 403);
    assert_eq!(stranger(format!("{PATH}/stats")).await.unwrap().status(), 403);
    let list: Value = stranger(PATH.to_owned()).await.unwrap().json().await.unwrap();
    assert_eq!(list, json!({ "items": [], "count": 0, "total": 0, "next_cursor": null }));
    assert_eq!(bank.app.as_admin(Method::GET, &path).send().await.unwrap().status(), 200);
    for method in [Method::GET, Method::POST] {
        let nobody = bank.app.request(method, PATH).json(&transfer(json!({}))).send().await.unwrap();
        assert_eq!(nobody.status(), 401);
    }
    for unknown in [Uuid::now_v7().to_string(), "7".to_owned(), "%F0%9F%92%A5".to_owned()] {
        assert_eq!(bank.get(&format!("{PATH}/{unknown}")).await.status(), 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_one_key_many_requests_at_once_make_one_transaction() {
    let bank = Arc::new(Bank::open().await);
    let send = |key: &'static str, body: Value| {
        let bank = bank.clone();
        async move {
            let request = bank.app.as_client(USER, Method::POST, PATH).header("idempotency-key", key);
            let answer = request.json(&body).send().await.unwrap();
            let replayed = answer.headers().contains_key("idempotent-replayed");
            (answer.status().as_u16(), replayed, answer.json::<Value>().await.unwrap())
        }
    };
    let tasks: Vec<_> =
        (0..20).map(|_| tokio::spawn(send("once", transfer(json!({ "amount": 5 }))))).collect();
    let mut first = Vec::new();
    for task in tasks {
        let (status, replayed, body) = task.await.unwrap();
        match status {
            201 if !replayed => first.push(body),
            201 => assert_eq!(body["status"], "pending"),
            _ => assert_eq!((status, &body["code"]), (409, &json!("idempotency-key-running"))),
        }
    }
    assert_eq!(first.len(), 1);
    bank.ended(&first[0]["transaction_id"]).await;
    let again = send("once", transfer(json!({ "amount": 5 }))).await;
    assert_eq!(again, (201, true, first[0].clone()), "the first answer, though it has ended meanwhile");
    let other = send("once", transfer(json!({ "amount": 6 }))).await;
    assert_eq!((other.0, &other.2["code"]), (422, &json!("idempotency-key-reused")));
    assert_eq!(bank.count("SELECT COUNT(*) FROM transactions").await, 1);
    assert_eq!(bank.count("SELECT CAST(SUM(completed) AS SIGNED) FROM transaction_minutes").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_can_not_be_stored_fails_alone() {
    let bank = Arc::new(Bank::open().await);
    sqlx::raw_sql(
        "CREATE TRIGGER spoiler BEFORE UPDATE ON idempotency_keys FOR EACH ROW BEGIN \
         IF NEW.idem_key = 'spoilt' THEN SIGNAL SQLSTATE '45000'; END IF; END",
    )
    .execute(&bank.db)
    .await
    .unwrap();
    let requests = (0..30).map(|n| {
        let bank = bank.clone();
        tokio::spawn(async move {
            let key = if n == 7 { "spoilt".to_owned() } else { format!("key-{n}") };
            let request = bank.app.as_client(USER, Method::POST, PATH).header("idempotency-key", key);
            request.json(&transfer(json!({}))).send().await.unwrap().status().as_u16()
        })
    });
    for (n, request) in requests.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(request.await.unwrap(), if n == 7 { 500 } else { 201 }, "{n}");
    }
    bank.becomes("SELECT COUNT(*) FROM transactions WHERE status = 'completed'", 29).await;
    assert_eq!(bank.count("SELECT COUNT(*) FROM transactions").await, 29);
}
