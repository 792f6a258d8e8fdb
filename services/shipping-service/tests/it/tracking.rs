//! Where a parcel is, for its owner and for whoever has its number.

use config::testing::refusal;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{SHOPPER, get, shipped, start_with_orders, walk};

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_sees_all_and_the_public_nothing_personal() {
    let (app, _orders) = start_with_orders("paid").await;
    let shipment = shipped(&app, 5).await;
    walk(&app, &shipment["id"], &["picked", "packed"]).await;
    let body = json!({ "status": "in_transit", "location": "Hub West", "note": "call Mrs Smith" });
    let path = format!("/api/shipments/{}/status", shipment["id"]);
    assert_eq!(app.as_admin(Method::PUT, &path).json(&body).send().await.unwrap().status(), 200);

    let own = app.as_client(SHOPPER, Method::GET, "/api/shipments/5/track/").send().await.unwrap();
    let own: Value = own.json().await.unwrap();
    let statuses = |tracking: &Value| -> Vec<String> {
        tracking["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["status"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(statuses(&own), ["pending", "picked", "packed", "in_transit"]);
    assert_eq!(
        (&own["events"][3]["location"], &own["events"][3]["note"]),
        (&json!("Hub West"), &json!("call Mrs Smith"))
    );
    assert_eq!(own["tracking_number"], shipment["tracking_number"]);

    let number = shipment["tracking_number"].as_str().unwrap();
    let path = format!("/api/shipments/track/{}", number.to_lowercase());
    let public = app.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(public.status(), 200);
    let public: Value = public.json().await.unwrap();
    assert_eq!(statuses(&public), ["pending", "picked", "packed", "in_transit"]);
    assert_eq!(
        (&public["status"], &public["events"][3]["location"]),
        (&json!("in_transit"), &json!("Hub West"))
    );
    let mut members: Vec<_> = public.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["carrier", "estimated_delivery", "events", "status", "tracking_number"]);
    let text = public.to_string();
    for personal in ["Smith", "Main St", "Laptop"] {
        assert!(!text.contains(personal), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_with_a_typing_error_is_unknown() {
    let (app, _orders) = start_with_orders("paid").await;
    let shipment = shipped(&app, 5).await;
    let number = shipment["tracking_number"].as_str().unwrap();
    let last = if number.ends_with('0') { "1" } else { "0" };
    let mistyped = format!("{}{last}", &number[..number.len() - 1]);
    for wrong in [mistyped.as_str(), "SP000000000000", "' OR 1=1", "track"] {
        let answer = app.request(Method::GET, &format!("/api/shipments/track/{wrong}")).send().await.unwrap();
        assert_eq!(refusal(answer).await.0, 404, "{wrong}");
    }
    get(&app, &format!("/api/shipments/track/{number}")).await;
}
