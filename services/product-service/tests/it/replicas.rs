//! Several instances: what one changes, the others show.

use config::testing::{TestEnv, TestKafka, eventually};
use product_service::Catalogue;
use serde_json::json;

use crate::support::{created, get, id, internal, laptop, patch, path, sku, stock_change};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_instance_changes_the_other_shows_soon() {
    let env = TestEnv::new().await;
    let (one, two) = (env.start::<Catalogue>().await, env.start::<Catalogue>().await);
    let kafka = TestKafka::new(&env);
    let product = created(&one, &laptop(&sku())).await;
    let (path, key) = (path(&product), id(&product));
    // Both keep it in memory, and hear of changes from now on.
    let mut version = 0;
    eventually("both hear of stock", || {
        version += 1;
        let event = stock_change(&key, 7, version);
        let (one, two, kafka, path) = (&one, &two, &kafka, &path);
        async move {
            kafka.send(&event).await;
            let stocks = [get(one, path).await["stock"].clone(), get(two, path).await["stock"].clone()];
            if stocks == [7, 7] { Ok(()) } else { Err(format!("{stocks:?}")) }
        }
    })
    .await;
    patch(&one, &path, &json!({ "price": 1 })).await;
    assert_eq!(get(&one, &path).await["price"], 1);
    eventually("the other instance shows the new price", || async {
        let shown = get(&two, &path).await;
        let told: serde_json::Value = internal(&two, &key).await.json().await.unwrap();
        let prices = (shown["price"].clone(), told[0]["price_minor"].clone());
        if prices == (json!(1), json!(100)) { Ok(()) } else { Err(format!("{prices:?}")) }
    })
    .await;
    one.stop().await;
    two.stop().await;
}
