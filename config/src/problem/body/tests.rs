use poem_openapi::Object;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::problem::Problem;

#[derive(Debug, Object)]
struct Basket {
    items: Vec<Line>,
}

#[derive(Debug, Object)]
struct Line {
    product: String,
    quantity: i64,
}

async fn refusal(body: &str) -> Problem {
    let answer = parse::<Basket>(body.as_bytes()).unwrap_err().into_response();
    serde_json::from_str(&answer.into_body().into_string().await.unwrap()).unwrap()
}

#[tokio::test]
async fn of_very_many_wrong_fields_the_first_are_named() {
    let few = refusal(r#"{"items":[{"product":"x"},{"quantity":"y"}]}"#).await;
    let named: Vec<_> = few.errors.iter().map(|error| (error.field.as_str(), error.code.as_str())).collect();
    assert_eq!(
        named,
        [
            ("items[0].quantity", "required"),
            ("items[1].product", "required"),
            ("items[1].quantity", "wrong-type")
        ]
    );
    assert!(few.detail.ends_with("items[1].quantity must be an integer."), "{}", few.detail);

    let many = refusal(&json!({ "items": vec![json!({}); 6_000] }).to_string()).await;
    assert_eq!((many.status, many.errors.len()), (422, 50));
    assert_eq!(many.errors[49].field, "items[24].quantity");
    assert!(many.detail.ends_with("items[2].product is required; and more."), "{}", many.detail);
}

#[tokio::test]
async fn of_too_many_values_no_tree_is_made() {
    for item in ["0", "{}", "[0]", r#"{"a":0}"#] {
        let items = vec![item; MAX_VALUES].join(",");
        let problem = refusal(&format!(r#"{{"items":[{items}]}}"#)).await;
        assert_eq!((problem.status, problem.code.as_str()), (413, "body-too-large"), "{item}");
    }
    assert_eq!(refusal(&"[".repeat(MAX_VALUES + 1)).await.code, "malformed-json");
    let note = ",[{\\\"".repeat(MAX_VALUES);
    assert!(parse::<Basket>(format!(r#"{{"items":[],"note":"{note}"}}"#).as_bytes()).is_ok());
}

/// Values of any shape, with texts that look like JSON themselves.
fn any_value() -> impl Strategy<Value = Value> {
    let text = || {
        let letter = prop::sample::select(vec!['a', '"', '\\', ',', '[', ']', '{', '}']);
        prop::collection::vec(letter, 0..6).prop_map(|letters| letters.into_iter().collect::<String>())
    };
    let leaf =
        prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), text().prop_map(Value::from)];
    leaf.prop_recursive(4, 60, 6, move |inner| {
        let members = prop::collection::vec((text(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Value::Array),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// How many brackets open and how many commas separate.
fn marks(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len().max(1) + items.iter().map(marks).sum::<usize>(),
        Value::Object(members) => members.len().max(1) + members.values().map(marks).sum::<usize>(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn values_are_counted_and_texts_are_not_looked_into(value in any_value()) {
        let (text, marks) = (value.to_string(), marks(&value));
        prop_assert!(!has_over(marks, text.as_bytes()), "{}", text);
        prop_assert!(marks == 0 || has_over(marks - 1, text.as_bytes()), "{}", text);
    }
}
