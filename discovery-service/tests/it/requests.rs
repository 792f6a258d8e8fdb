use config::testing::wrong_fields;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Discovery, Redis, answer, ports};

#[tokio::test]
async fn an_instance_comes_drains_and_leaves() {
    let redis = Redis::start();
    let discovery = Discovery::start(&redis).await;
    let me = discovery.register("order-service", 9001).await;
    let other = discovery.register("order-service", 9002).await;

    let (status, list) = discovery.get("/services/order-service").await;
    assert_eq!((status, list["count"].as_u64()), (200, Some(2)));
    let item = &list["items"][0];
    assert_eq!(item["address"], "127.0.0.1:9001");
    assert_eq!((&item["status"], &item["version"]), (&json!("up"), &json!("1.2.3")));
    assert!(item["uptime_seconds"].is_u64() && item["last_heartbeat"].is_string());

    let operator: String = redis.query(&["GET", "service:registry:order-service"]);
    let operator: Value = serde_json::from_str(&operator).expect("JSON");
    assert_eq!(operator.as_array().map(Vec::len), Some(2));
    let mut keys: Vec<String> = redis.query(&["KEYS", "service:registry:*"]);
    keys.sort();
    assert_eq!(keys, ["service:registry:discovery-service", "service:registry:order-service"]);

    let drain =
        discovery.as_service(Method::PUT, &format!("{me}/status")).json(&json!({"status": "draining"}));
    assert_eq!(answer(drain).await.0, 200);
    for _ in 0..10 {
        let (status, resolved) = discovery.get("/services/order-service/resolve").await;
        assert_eq!((status, &resolved["port"]), (200, &json!(9002)));
    }
    let (_, up) = discovery.get("/services/?status=up").await;
    assert_eq!(ports(&up, "order-service"), [9002]);

    assert_eq!(answer(discovery.as_service(Method::DELETE, &other)).await.0, 204);
    let (status, problem) = discovery.get("/services/order-service/resolve").await;
    assert_eq!((status, &problem["code"]), (503, &json!("no-instance-up")));
    assert_eq!(answer(discovery.as_service(Method::DELETE, &me)).await.0, 204);
    assert_eq!(answer(discovery.as_service(Method::DELETE, &me)).await.0, 404);
    let gone: Option<String> = redis.query(&["GET", "service:registry:order-service"]);
    assert_eq!(gone, None);
    assert_eq!(discovery.get("/services/order-service").await.0, 404);
    assert_eq!(discovery.get("/services/order-service/resolve").await.0, 404);
}

#[tokio::test]
async fn only_services_write() {
    let redis = Redis::start();
    let discovery = Discovery::start(&redis).await;
    let me = discovery.register("order-service", 9001).await;
    let writes = [
        (Method::POST, "/services/register".to_owned()),
        (Method::PUT, format!("{me}/heartbeat")),
        (Method::PUT, format!("{me}/status")),
        (Method::DELETE, me),
    ];
    for (method, path) in writes {
        let request = discovery.request(method.clone(), &path).json(&json!({}));
        let (status, problem) = answer(request).await;
        assert_eq!((status, problem["status"].as_u64()), (401, Some(401)), "{method} {path}");
        let request = discovery.request(method.clone(), &path).header("x-service-token", "guess");
        let (status, _) = answer(request.json(&json!({}))).await;
        assert!([401, 403].contains(&status), "{method} {path}: {status}");
    }
    assert_eq!(discovery.ports("order-service").await, [9001]);
}

#[tokio::test]
async fn every_broken_field_is_named() {
    let redis = Redis::start();
    let discovery = Discovery::start(&redis).await;
    let body = json!({"name": "Order_Service", "host": "a b;c", "port": 70000, "version": "",
                      "ttl_seconds": 4, "metadata": {"": "x"}});
    let request = discovery.as_service(Method::POST, "/services/register").json(&body);
    let (status, problem) = answer(request).await;
    let mut fields = wrong_fields(&problem);
    fields.sort_unstable();
    assert_eq!((status, fields), (422, vec!["host", "metadata", "name", "port", "ttl_seconds", "version"]));
    for path in ["/services?wait=2h", "/services?index=x", "/services?status=sleepy"] {
        assert_eq!(discovery.get(path).await.0, 422, "{path}");
    }
}
