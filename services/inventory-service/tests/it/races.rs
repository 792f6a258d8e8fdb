//! Many at once.

use std::sync::Arc;

use config::testing::TestApp;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{levels, reserve, settle, start, stocked};

/// Statuses of `n` reservations made at once.
async fn race(app: &Arc<TestApp>, n: usize, lines: impl Fn(usize) -> Vec<(String, u32)>) -> Vec<u16> {
    let mut tasks = JoinSet::new();
    for index in 0..n {
        let (app, lines) = (app.clone(), lines(index));
        tasks.spawn(async move {
            let lines: Vec<_> = lines.iter().map(|(product, n)| (product.as_str(), *n)).collect();
            reserve(&app, Uuid::now_v7(), &lines).await.status().as_u16()
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_what_is_there_is_sold() {
    let app = Arc::new(start().await);
    let product = stocked(&app, 50).await;
    let statuses = race(&app, 200, |_| vec![(product.clone(), 1)]).await;
    assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 50);
    assert_eq!(statuses.iter().filter(|s| **s == 409).count(), 150, "{statuses:?}");
    assert_eq!(levels(&app, &product).await, (50, 50, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_for_the_same_products_in_opposite_order_never_lock_each_other_out() {
    let app = Arc::new(start().await);
    let (a, b) = (stocked(&app, 50).await, stocked(&app, 50).await);
    let statuses = race(&app, 120, |index| match index % 2 {
        0 => vec![(a.clone(), 1), (b.clone(), 1)],
        _ => vec![(b.clone(), 1), (a.clone(), 1)],
    })
    .await;
    assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 50, "{statuses:?}");
    assert!(statuses.iter().all(|s| [201, 409].contains(s)), "{statuses:?}");
    assert_eq!((levels(&app, &a).await, levels(&app, &b).await), ((50, 50, 0), (50, 50, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_raced_reserves_once() {
    let app = Arc::new(start().await);
    let product = stocked(&app, 50).await;
    let id = Uuid::now_v7();
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (app, product) = (app.clone(), product.clone());
        tasks.spawn(async move { reserve(&app, id, &[(&product, 2)]).await.status().as_u16() });
    }
    assert!(tasks.join_all().await.iter().all(|s| *s == 201));
    assert_eq!(levels(&app, &product).await, (50, 2, 48));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_raced_against_a_release_leaves_the_books_right() {
    let app = Arc::new(start().await);
    let product = stocked(&app, 100).await;
    for _ in 0..10 {
        let id = Uuid::now_v7();
        assert_eq!(reserve(&app, id, &[(&product, 1)]).await.status(), 201);
        let mut tasks = JoinSet::new();
        for how in ["commit", "release"].repeat(5) {
            let app = app.clone();
            tasks.spawn(async move { settle(&app, id, how).await.status().as_u16() });
        }
        assert!(tasks.join_all().await.iter().all(|s| [200, 409].contains(s)));
    }
    // Each was released in the end, whether it had been taken before or not.
    assert_eq!(levels(&app, &product).await, (100, 0, 100));
}
