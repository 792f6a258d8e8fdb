//! Orders, whatever is tried with them.

use config::clock::{Clock as _, SystemClock};
use config::money::Currency;
use proptest::prelude::*;

use super::*;
use crate::domain::{Charges, subtotal};

pub fn order() -> Order {
    order_of(&[(150_000, 2)], 0, 0, 0, false)
}

/// An order of lines with these prices and quantities; the discount and the tax are the first line's as far
/// as it costs that much, and the rest of the tax is the shipping's.
pub fn order_of(goods: &[(i64, u32)], discount: i64, tax: i64, shipping: i64, tax_included: bool) -> Order {
    let money = |minor| Money::from_minor(minor, Currency::USD);
    let line = |(n, (price, quantity)): (usize, &(i64, u32))| OrderLine {
        product_id: format!("{n:024x}").parse().unwrap(),
        product_name: "lamp".to_owned(),
        category: "lamps".to_owned(),
        quantity: Quantity::new((*quantity).into()).unwrap(),
        price: money(*price),
        discount: money(0),
        tax: money(0),
        weight_grams: 1,
        returned: 0,
        returned_value: money(0),
    };
    let mut lines: Vec<_> = goods.iter().enumerate().map(line).collect();
    let discount = discount.min(lines[0].total().unwrap().minor());
    lines[0].discount = money(discount);
    lines[0].tax = money(tax / 2);
    let charges =
        Charges { discount: money(discount), tax: money(tax), shipping: money(shipping), tax_included };
    let totals = Totals::new(subtotal(&lines, Currency::USD).unwrap(), charges).unwrap();
    let now = SystemClock.now();
    let promoted = Promoted::default();
    let new = NewOrder {
        user_id: UserId::new(7),
        priced: Priced { lines, totals, tax_lines: Vec::new(), shipping_rate: money(shipping), promoted },
        delivery: Delivery { address: "Huế".parse().unwrap(), method: ShippingMethod::default() },
        promotion_code: None,
        notes: None,
        reservation_id: Uuid::now_v7(),
        expires_at: now + chrono::TimeDelta::minutes(15),
    };
    Order::placed(OrderId::new(1), new, now)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (status(), actor()).prop_map(|(to, by)| Step::Move(to, by)),
        (1..3_u64, any::<bool>()).prop_map(|(payment, cash)| Step::Promise(payment, cash)),
        (1..3_u64).prop_map(Step::Break),
        (1..3_u64, 1..=300_000_i64).prop_map(|(payment, minor)| Step::Pay(payment, minor)),
        (1..3_u64).prop_map(Step::Adopt),
    ]
}

/// What may be tried with an order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Move(Status, Actor),
    Promise(u64, bool),
    Break(u64),
    Pay(u64, i64),
    Adopt(u64),
}

pub fn delivered(mut order: Order) -> Order {
    let now = order.updated_at;
    for status in [Status::Paid, Status::Fulfilling, Status::Shipped, Status::Delivered] {
        order.move_to(status, Actor::Admin(UserId::new(1)), now).unwrap();
    }
    order
}

fn actor() -> impl Strategy<Value = Actor> {
    let user = UserId::new(7);
    prop_oneof![
        Just(Actor::Customer(user)),
        Just(Actor::Admin(user)),
        Just(Actor::Payment),
        Just(Actor::Shipping),
        Just(Actor::Stock),
        Just(Actor::Expiry),
    ]
}

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(&Status::ALL[..])
}

proptest! {
    #[test]
    fn whatever_is_tried_the_order_stays_sound(tries in prop::collection::vec(step(), 0..40)) {
        let mut order = order();
        for step in tries {
            let before = order.clone();
            let now = before.updated_at + chrono::TimeDelta::seconds(1);
            let taken = match step {
                Step::Move(to, by) => order.move_to(to, by, now).map(Some),
                Step::Promise(payment, cash) => order.promise(payment, cash, now).map(Some),
                Step::Break(payment) => {
                    let must_be_paid = order.promise_broken(payment, now, now);
                    prop_assert!(!must_be_paid || order.expires_at == Some(now));
                    Ok(None)
                }
                Step::Adopt(payment) => Ok(order.adopt(payment, now)).map(|_| None),
                Step::Pay(payment, minor) => order.pay(payment, Money::from_minor(minor, Currency::USD), now),
            };
            match taken {
                Ok(Some(taken)) => {
                    prop_assert_eq!((taken.from, taken.to), (before.status, order.status));
                    prop_assert!(order.version > before.version);
                }
                Ok(None) => prop_assert_eq!(order.status, before.status),
                Err(refused) => {
                    prop_assert!(!refused.legal.contains(&refused.to));
                    prop_assert_eq!((order.status, order.version), (before.status, before.version));
                }
            }
            prop_assert!(order.status != Status::Pending || order.expires_at.is_some(), "nobody would ever cancel it");
            prop_assert!(order.expires_at.is_none() || order.status.awaits_payment(), "what is paid doesn't expire");
            prop_assert!(
                !order.status.is_under_way() || order.paid_at.is_some() || order.due() == Due::OnDelivery,
                "nothing leaves the shop unpaid"
            );
            prop_assert_eq!(order.paid_at.is_some(), order.paid.is_positive());
            prop_assert!(before.paid_at.is_none() || order.paid == before.paid, "an order is paid once");
        }
    }

    #[test]
    fn refunds_never_exceed_what_was_paid(paid: bool, refunds in prop::collection::vec(0_i64..200_000, 0..10)) {
        let mut order = order();
        let now = order.updated_at;
        if paid {
            order.move_to(Status::Paid, Actor::Payment, now).unwrap();
        }
        let mut booked = 0;
        for minor in refunds {
            if minor % 5 == 0 {
                booked -= order.refund_came_back(Money::from_minor(minor, Currency::USD), now).unwrap().minor();
                prop_assert!(booked >= 0 && booked == order.refunded.minor());
            }
            booked += order.refund(Money::from_minor(minor, Currency::USD), now).unwrap().minor();
            prop_assert_eq!(booked, order.refunded.minor());
            let most = if paid { 300_000 } else { 0 };
            prop_assert!(booked <= most);
        }
    }
}

#[test]
fn an_order_is_payable_until_it_expires() {
    let mut order = order();
    let end = order.expires_at.unwrap();
    assert!(order.is_payable(order.created_at));
    assert!(!order.is_payable(end));
    order.move_to(Status::Cancelled, Actor::Expiry, end).unwrap();
    assert!(!order.is_payable(order.created_at));
}

#[test]
fn an_order_can_be_readdressed_until_it_is_packed() {
    let mut order = order();
    let now = order.updated_at;
    order.readdress("Đà Nẵng".parse().unwrap(), now).unwrap();
    assert_eq!((order.delivery.address.as_str(), order.version), ("Đà Nẵng", 2));
    for status in [Status::Confirmed, Status::Paid] {
        order.move_to(status, Actor::Admin(UserId::new(1)), now).unwrap();
        order.readdress("Hội An".parse().unwrap(), now).unwrap();
    }
    order.move_to(Status::Fulfilling, Actor::Admin(UserId::new(1)), now).unwrap();
    let refused = order.readdress("Huế".parse().unwrap(), now);
    assert_eq!(refused, Err(AddressFixed { status: Status::Fulfilling }));
    assert_eq!(order.delivery.address.as_str(), "Hội An");
}

#[test]
fn a_promise_that_is_broken_matters_to_whoever_counted_on_it() {
    let placed = order();
    let (now, end) = (placed.updated_at, placed.updated_at + chrono::TimeDelta::days(1));
    let mut promised = placed.clone();
    promised.promise(7, false, now).unwrap();
    let mut other = promised.clone();
    assert!(!other.promise_broken(8, end, now), "it was another payment's");
    assert_eq!((other.payment, other.expires_at), (Some(7), None));
    assert!(promised.promise_broken(7, end, now));
    assert_eq!((promised.payment, promised.expires_at), (None, Some(end)));
    let mut trusted = placed;
    trusted.move_to(Status::Confirmed, Actor::Admin(UserId::new(1)), now).unwrap();
    trusted.promise(7, false, now).unwrap();
    assert!(!trusted.promise_broken(7, end, now), "the shop vouches for it");
    assert_eq!((trusted.payment, trusted.expires_at), (None, None));
}

#[test]
fn no_more_is_given_back_by_hand_than_is_left() {
    let money = |minor| Money::from_minor(minor, Currency::USD);
    let mut order = order();
    let now = order.updated_at;
    let nothing = Err(RefundRefusal::TooMuch { left: money(0) });
    assert_eq!(order.refund_by_hand(money(1), now), nothing, "nothing was paid");
    order.move_to(Status::Paid, Actor::Admin(UserId::new(1)), now).unwrap();
    order.refund(money(100_000), now).unwrap();
    assert_eq!(
        order.refund_by_hand(money(200_001), now),
        Err(RefundRefusal::TooMuch { left: money(200_000) })
    );
    order.refund_by_hand(money(200_000), now).unwrap();
    assert_eq!((order.kept(), order.refunded), (money(0), money(300_000)));
    assert_eq!(order.refund_by_hand(money(1), now), nothing);
}
