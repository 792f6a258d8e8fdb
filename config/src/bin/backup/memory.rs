//! What Redis keeps under ids that are given away again after a restore: the next owner of the id is to find none of it.

use config::BoxError;
use config::database::{RedisSettings, connect_redis};

/// Carts, the orders whose items have left a cart, and those from which search has learnt what is bought together.
const PATTERNS: [&str; 3] = ["cart:user:*", "cart:ordered:*", "search:learnt:*"];
/// Keys looked at in one go, so that the server is never busy with us for long.
const STEP: u32 = 1000;

/// How many keys there were.
pub async fn forget(settings: &RedisSettings) -> Result<usize, BoxError> {
    let mut redis = connect_redis(settings).await?;
    let mut forgotten = 0;
    for pattern in PATTERNS {
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(STEP);
            let (next, keys): (u64, Vec<String>) = scan.query_async(&mut redis).await?;
            if !keys.is_empty() {
                forgotten += redis::cmd("UNLINK").arg(&keys).query_async::<usize>(&mut redis).await?;
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
    }
    Ok(forgotten)
}
