//! Declined payments. Whoever tries out the numbers of stolen cards by them soon hears nothing more.

use chrono::{DateTime, TimeDelta, Utc};

use super::OrderId;

/// How long a declined payment counts.
pub const COUNTED: TimeDelta = TimeDelta::hours(1);
/// So many of an order are more than anybody needs who looks for the right card.
const OF_ORDER: usize = 10;
/// And so many of a user's orders together.
pub const OF_USER: usize = 30;

/// A payment that was declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declined {
    pub order_id: OrderId,
    /// When it began.
    pub at: DateTime<Utc>,
}

/// From when on the order may be paid, if that isn't now; `declined` are the user's that still count, newest first.
pub fn again_at(order: OrderId, declined: &[Declined]) -> Option<DateTime<Utc>> {
    let of_order = declined.iter().filter(|it| it.order_id == order).nth(OF_ORDER - 1);
    let of_user = declined.get(OF_USER - 1);
    of_order.into_iter().chain(of_user).map(|it| it.at + COUNTED).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    /// One each minute, the newest first; the n-th is of this order.
    fn declined(count: i64, order: impl Fn(i64) -> u64) -> Vec<Declined> {
        let of = |n: i64| Declined { order_id: OrderId::new(order(n)), at: minute(n) };
        (0..count).rev().map(of).collect()
    }

    #[test]
    fn an_order_is_tried_ten_times_and_again_when_one_of_them_no_longer_counts() {
        let order = OrderId::new(1);
        assert_eq!(again_at(order, &declined(9, |_| 1)), None);
        assert_eq!(again_at(order, &declined(10, |_| 1)), Some(minute(60)));
        assert_eq!(again_at(order, &declined(12, |_| 1)), Some(minute(62)));
        assert_eq!(again_at(order, &declined(18, |n| n.unsigned_abs() % 2)), None, "half are another's");
        assert_eq!(again_at(OrderId::new(2), &declined(29, |_| 1)), None);
    }

    #[test]
    fn a_user_is_declined_thirty_times_however_many_the_orders() {
        let each_its_own = declined(30, i64::unsigned_abs);
        assert_eq!(again_at(OrderId::new(99), &each_its_own), Some(minute(60)));
        assert_eq!(again_at(OrderId::new(99), &each_its_own[1..]), None);
    }
}
