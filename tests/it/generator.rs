//! The project's own load: a few seconds of shoppers, all of whose orders come to their end.

use serde_json::Value;
use system_tests::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn generated_shoppers_lose_nothing() {
    let shop = Shop::shared().await;
    let file = shop.system.folder().join("generated.json");
    let output = tokio::task::block_in_place(|| {
        let file = file.to_str().unwrap();
        shop.xtask(&[
            "generate",
            "shoppers",
            "--tps",
            "5",
            "--duration",
            "5",
            "--seed",
            "7",
            "--max-in-flight",
            "16",
            "--grace",
            "60",
            "--output",
            file,
        ])
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(summary["arrivals"], 25);
    assert_eq!(summary["lost"], 0, "{summary:#}");
    assert_eq!(summary["errors"].as_object().map(serde_json::Map::len), Some(0), "{summary:#}");
    assert!(summary["accepted"]["order"].as_u64() > Some(0), "{summary:#}");
    assert_eq!(summary["outcomes"]["order shipped"], summary["accepted"]["order"]);
    assert!(summary["lag"]["order-service"].is_number(), "Kafka knows the group: {summary:#}");
}
