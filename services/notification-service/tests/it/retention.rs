//! What nobody asks for again is forgotten.

use config::testing::eventually;
use notification_service::Notification;

use crate::support::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_goes_and_what_is_younger_or_under_way_stays() {
    let shop = Shop::open().await;
    let pool = shop.pool().await;
    for statement in [
        "INSERT INTO notifications (user_id, type, title, message, listed, created_at) VALUES \
         (7, 'custom', 'old', 'hello', TRUE, UTC_TIMESTAMP(6) - INTERVAL 181 DAY), \
         (7, 'custom', 'young', 'hello', TRUE, UTC_TIMESTAMP(6) - INTERVAL 179 DAY)",
        "INSERT INTO deliveries (message_id, notification_id, user_id, channel, status, last_error, next_attempt_at, \
         created_at, updated_at) VALUES \
         (UNHEX(MD5('1')), 1, 7, 'email', 'dead', 'old', NULL, \
          UTC_TIMESTAMP(6) - INTERVAL 31 DAY, UTC_TIMESTAMP(6)), \
         (UNHEX(MD5('2')), 1, 7, 'email', 'failed', 'under way', UTC_TIMESTAMP(6) + INTERVAL 1 HOUR, \
          UTC_TIMESTAMP(6) - INTERVAL 31 DAY, UTC_TIMESTAMP(6)), \
         (UNHEX(MD5('3')), 2, 7, 'email', 'dead', 'young', NULL, \
          UTC_TIMESTAMP(6) - INTERVAL 29 DAY, UTC_TIMESTAMP(6))",
        "INSERT INTO unverified_emails (address, since, sent) VALUES \
         (UNHEX(SHA2('old', 256)), UTC_TIMESTAMP(6) - INTERVAL 25 HOUR, 1), \
         (UNHEX(SHA2('young', 256)), UTC_TIMESTAMP(6) - INTERVAL 23 HOUR, 2)",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    // Every instance's first round is at its start, and the next one minutes later.
    let next = shop.env.start::<Notification>().await;
    eventually("what is old is gone", || async {
        let titles: Vec<String> =
            sqlx::query_scalar("SELECT title FROM notifications").fetch_all(&pool).await.unwrap();
        let deliveries: Vec<String> = sqlx::query_scalar("SELECT last_error FROM deliveries ORDER BY id")
            .fetch_all(&pool)
            .await
            .unwrap();
        let counts: Vec<u32> =
            sqlx::query_scalar("SELECT sent FROM unverified_emails").fetch_all(&pool).await.unwrap();
        match titles == ["young"] && deliveries == ["under way", "young"] && counts == [2] {
            true => Ok(()),
            false => Err(format!("{titles:?} {deliveries:?} {counts:?}")),
        }
    })
    .await;
    next.stop().await;
    shop.app.stop().await;
}
