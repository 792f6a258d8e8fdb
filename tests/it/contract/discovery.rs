//! The registry's reads. Writes, Redis, and instances that come and go have tests of their own.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, eventually};

use super::{answered, each, has, is_time, refused, whole};

fn is_instance(instance: &Value) {
    let (host, port) = (instance["host"].as_str().unwrap(), instance["port"].as_u64().unwrap());
    assert_eq!(instance["address"], format!("{host}:{port}"), "{instance}");
    for member in ["instance_id", "version", "status", "name"] {
        assert!(instance[member].is_string(), "{member}: {instance}");
    }
    assert!(instance["uptime_seconds"].is_u64() && instance["metadata"].is_object(), "{instance}");
    is_time(&instance["last_heartbeat"]);
    is_time(&instance["registered_at"]);
    assert!(instance["lease"]["ttl_seconds"].is_u64(), "{instance}");
    is_time(&instance["lease"]["expires_at"]);
}

#[tokio::test]
async fn instances_are_listed_with_all_that_operators_need() {
    let shop = Shop::shared().await;
    for path in ["/api/discovery/services", "/api/discovery/services/", "/api/discovery/services?status=up"] {
        let list = answered(shop.get(path), 200).await;
        assert!(list["count"].as_u64() >= Some(13) && list["index"].is_u64(), "{list}");
        list["items"].as_array().unwrap().iter().for_each(is_instance);
        let names = each(&list, "name");
        assert!(names.contains(&&json!("user-service")) && names.contains(&&json!("tax-service")), "{list}");
    }
    let out = answered(shop.get("/api/discovery/services/user-service?status=out_of_service"), 200).await;
    has(&out, &json!({ "count": 0, "items": [] }));
    let one = answered(shop.get("/api/discovery/services/user-service"), 200).await;
    assert!(each(&one, "name").iter().all(|name| **name == "user-service"), "{one}");
    refused(shop.get("/api/discovery/services/nobody"), 404, "service-not-found").await;
    let odd = answered(shop.get("/api/discovery/services?status=asleep"), 422).await;
    assert_eq!(odd["errors"][0]["field"], "status", "{odd}");
}

#[tokio::test]
async fn one_healthy_instance_is_resolved() {
    let shop = Shop::shared().await;
    // Instances restart while others test.
    let instance = eventually("an instance is up", || async {
        let answer = shop.get("/api/discovery/services/order-service/resolve").send().await.unwrap();
        let (status, body): (_, Value) = (answer.status(), answer.json().await.unwrap());
        if status == 200 { Ok(body) } else { Err(body.to_string()) }
    })
    .await;
    is_instance(&instance);
    has(&instance, &json!({ "name": "order-service", "status": "up" }));
    refused(shop.get("/api/discovery/services/nobody/resolve"), 404, "service-not-found").await;
}

#[tokio::test]
async fn a_poll_answers_at_once_when_it_is_behind_and_in_the_end_when_not() {
    let shop = Shop::shared().await;
    let behind = answered(shop.get("/api/discovery/services?index=1&wait=30s"), 200).await;
    let index = behind["index"].as_u64().unwrap();
    assert!(index > 1, "{behind}");
    let waited = answered(shop.get(&format!("/api/discovery/services?index={index}&wait=1s")), 200).await;
    assert!(waited["index"].as_u64() >= Some(index), "{waited}");
}

#[tokio::test]
async fn the_registry_is_only_read_through_the_gateway() {
    let shop = Shop::shared().await;
    for (method, path) in [
        (Method::POST, "/api/discovery/services/register"),
        (Method::PUT, "/api/discovery/services/user-service/1/heartbeat"),
        (Method::PUT, "/api/discovery/services/user-service/1/status"),
        (Method::DELETE, "/api/discovery/services/user-service/1"),
    ] {
        let (headers, problem) =
            whole(shop.admin(method, path).json(&json!({ "status": "draining" })), 405).await;
        assert_eq!(
            (&headers["allow"], &problem["code"]),
            (&"GET, HEAD".parse().unwrap(), &json!("method-not-allowed"))
        );
    }
}
