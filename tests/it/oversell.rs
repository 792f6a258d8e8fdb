//! Exactly what is there is sold.

use system_tests::{Shop, Shopper};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Final answers to orders that are placed at once: who is told to come later does.
async fn race(shoppers: &[Shopper], n: usize, lines: impl Fn(usize) -> Vec<(String, u32)>) -> Vec<u16> {
    let mut tasks = JoinSet::new();
    for index in 0..n {
        let (shopper, lines) = (shoppers[index % shoppers.len()].clone(), lines(index));
        tasks.spawn(async move {
            let lines: Vec<_> = lines.iter().map(|(product, n)| (product.as_str(), *n)).collect();
            shopper.insist(shopper.order(&lines), &Uuid::new_v4().to_string()).await.status
        });
    }
    tasks.join_all().await
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|s| **s == status).count()
}

async fn shoppers(shop: &Shop) -> Vec<Shopper> {
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(shop.shopper().await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_orders_over_a_stock_of_fifty() {
    let shop = Shop::shared().await;
    let (shoppers, product) = (shoppers(&shop).await, shop.product(10.0, 50).await);
    let statuses = race(&shoppers, 200, |_| vec![(product.clone(), 1)]).await;
    assert_eq!((count(&statuses, 201), count(&statuses, 409)), (50, 150), "{statuses:?}");
    shop.stock_becomes(&product, (50, 50, 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_products_in_opposite_order() {
    let shop = Shop::shared().await;
    let shoppers = shoppers(&shop).await;
    let (a, b, c) = (shop.product(1.0, 50).await, shop.product(2.0, 50).await, shop.product(3.0, 50).await);
    let statuses = race(&shoppers, 200, |index| {
        let mut lines = vec![(a.clone(), 1), (b.clone(), 1), (c.clone(), 1)];
        lines.rotate_left(index % 3);
        if index % 2 == 0 {
            lines.reverse();
        }
        lines
    })
    .await;
    assert_eq!((count(&statuses, 201), count(&statuses, 409)), (50, 150), "{statuses:?}");
    for product in [a, b, c] {
        shop.stock_becomes(&product, (50, 50, 0)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_product_on_two_lines_is_summed() {
    let shop = Shop::shared().await;
    let (shoppers, product) = (shoppers(&shop).await, shop.product(10.0, 50).await);
    let statuses = race(&shoppers, 40, |_| vec![(product.clone(), 1), (product.clone(), 2)]).await;
    assert_eq!((count(&statuses, 201), count(&statuses, 409)), (16, 24), "{statuses:?}");
    shop.stock_becomes(&product, (50, 48, 2)).await;
}

#[tokio::test]
async fn who_comes_too_late_is_told_what_is_left() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 3).await);
    let problem = system_tests::json_of(shopper.order(&[(&product, 4)])).await;
    assert_eq!((&problem["code"], &problem["available"]), (&"out-of-stock".into(), &3.into()), "{problem}");
    assert_eq!(problem["product_id"], product.as_str());
}
