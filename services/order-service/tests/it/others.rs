//! tax-service and promotion-service as the tests play them: rules simple enough to be checked by hand.

use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Texas takes 8 % of goods and of shipping, Kuwait 5 %; both round down. Nobody else takes anything.
pub async fn play_taxes(server: &MockServer) {
    Mock::given(method("POST"))
        .and(path("/internal/tax/quote"))
        .respond_with(|request: &Request| ResponseTemplate::new(200).set_body_json(tax(request)))
        .mount(server)
        .await;
}

fn tax(request: &Request) -> Value {
    let asked: Value = request.body_json().unwrap();
    let digits = match asked["currency"].as_str().unwrap() {
        "VND" => 0,
        "KWD" => 3,
        _ => 2,
    };
    let percent = match (asked["country"].as_str(), asked["state"].as_str()) {
        (Some("US"), Some("TX")) => 8,
        (Some("KW"), _) => 5,
        _ => 0,
    };
    let included = asked["prices_include_tax"] == true;
    let unit = 10_f64.powi(digits);
    let minor = |amount: &Value| (amount.as_f64().unwrap() * unit).round() as i64;
    let major = |minor: i64| json!(minor as f64 / unit);
    let split = |amount: i64| {
        let tax = if included { amount * percent / (100 + percent) } else { amount * percent / 100 };
        if included { (amount - tax, tax, amount) } else { (amount, tax, amount + tax) }
    };
    let charge = |(net, tax, gross): (i64, i64, i64)| json!({ "net": major(net), "tax": major(tax), "gross": major(gross) });
    let shipping = split(minor(&asked["shipping"]));
    let mut all = shipping;
    let mut lines = Vec::new();
    for line in asked["lines"].as_array().unwrap() {
        let parts = split(minor(&line["amount"]));
        all = (all.0 + parts.0, all.1 + parts.1, all.2 + parts.2);
        let mut shown = charge(parts);
        shown["id"] = line["id"].clone();
        lines.push(shown);
    }
    let rule = json!({
        "name": "sales tax", "jurisdiction": "US-TX", "percent": percent, "taxable": major(all.0), "tax": major(all.1),
    });
    let mut quote = charge(all);
    let more = json!({
        "currency": asked["currency"], "prices_include_tax": included, "lines": lines, "shipping": charge(shipping),
        "tax_lines": if percent == 0 { json!([]) } else { json!([rule]) }, "exempt": false,
    });
    quote.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    quote
}

/// `HALF` halves every line's cent-even price, `FREE` takes everything off, `POST` makes the shipping free; `OLD` has
/// expired, `SPENT` is used up.
pub async fn play_promotions(server: &MockServer) {
    Mock::given(method("POST"))
        .and(path("/internal/promotions/quote"))
        .respond_with(|request: &Request| {
            ResponseTemplate::new(200).set_body_json(promotions(&request.body_json().unwrap()))
        })
        .mount(server)
        .await;
    Mock::given(method("PUT"))
        .and(path_regex("^/internal/promotions/reservations/[^/]+$"))
        .respond_with(|request: &Request| {
            let mut answer = promotions(&request.body_json().unwrap());
            let id = request.url.path().rsplit('/').next().unwrap();
            let kept = !answer["applied"].as_array().unwrap().is_empty();
            answer["reservation_id"] = if kept { json!(id) } else { Value::Null };
            ResponseTemplate::new(200).set_body_json(answer)
        })
        .mount(server)
        .await;
    Mock::given(method("POST"))
        .and(path_regex("^/internal/promotions/reservations/.+/release$"))
        .respond_with(ResponseTemplate::new(204))
        .mount(server)
        .await;
}

fn promotions(asked: &Value) -> Value {
    let code = asked["code"].as_str();
    let percent = match code {
        Some("HALF") => 50,
        Some("FREE") => 100,
        _ => 0,
    };
    let mut lines = Vec::new();
    let mut total = 0.0;
    for line in asked["lines"].as_array().unwrap() {
        let cost = line["price"].as_f64().unwrap() * line["quantity"].as_f64().unwrap();
        let discount = (cost * f64::from(percent)).round() / 100.0;
        total += discount;
        lines.push(json!({ "product_id": line["product_id"], "discount": discount }));
    }
    let total = (total * 1000.0).round() / 1000.0;
    let rejected = match code {
        Some("HALF" | "FREE" | "POST") | None => Value::Null,
        Some("OLD") => json!({ "code": code, "reason": "expired", "message": "has ended" }),
        Some("SPENT") => json!({ "code": code, "reason": "used-up", "message": "has been used up" }),
        Some(_) => json!({ "code": code, "reason": "unknown", "message": "is not a code of this shop" }),
    };
    let applied = match code {
        Some("HALF" | "FREE") => {
            json!([{ "promotion_id": 3, "code": code, "name": "Less", "kind": "percentage", "discount": total }])
        }
        Some("POST") => {
            json!([{ "promotion_id": 4, "code": code, "name": "Post", "kind": "free_shipping", "discount": 0 }])
        }
        _ => json!([]),
    };
    json!({
        "currency": asked["currency"], "discount": total, "free_shipping": code == Some("POST"), "lines": lines,
        "applied": applied, "rejected": rejected,
    })
}
