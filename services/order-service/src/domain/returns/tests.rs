use config::money::Currency;
use proptest::prelude::*;

use super::*;
use crate::domain::order::tests::{delivered, order_of};

fn want(order: &Order, line: usize, units: u32) -> Wanting {
    Wanting {
        product_id: order.lines[line].product_id.clone(),
        quantity: Quantity::new(units.into()).unwrap(),
        reason: "too big".parse().unwrap(),
    }
}

/// A return of one piece of the first line that is here.
fn received(order: &mut Order, id: u64) -> Return {
    let now = order.updated_at;
    let items = order.take_back(&[want(order, 0, 1)], MONTH, now).unwrap();
    let new = NewReturn { order_id: order.id, user_id: order.user_id, items, comment: None };
    let mut back = Return::requested(ReturnId::new(id), new, Money::zero(Currency::USD), now);
    for status in [ReturnStatus::Approved, ReturnStatus::Received] {
        back.move_to(status, now).unwrap();
    }
    back
}

const MONTH: Comeback = Comeback(TimeDelta::days(30));

proptest! {
    #[test]
    fn whatever_comes_back_in_whatever_pieces_is_worth_what_was_paid(
        quantity in 1_u32..20,
        price in 0_i64..10_000,
        discount in 0_i64..10_000,
        tax in 0_i64..3_000,
        tax_included: bool,
        tries in prop::collection::vec((1_u32..5, any::<bool>()), 0..40),
        taken in 1_i64..=100,
    ) {
        let mut order = delivered(order_of(&[(price, quantity)], discount, tax, 700, tax_included));
        let now = order.updated_at;
        let total = order.totals.total().minor();
        order.paid = Money::from_minor(total * taken / 100, Currency::USD);
        let cost = order.lines[0].paid(tax_included).unwrap().minor();
        let paid = cost * order.paid.minor() / total;
        let mut kept = Vec::new();
        let ones = std::iter::repeat_n((1, true), quantity as usize);
        for (units, stays) in tries.into_iter().chain(ones) {
            let left = order.lines[0].quantity.get() - order.lines[0].returned;
            let taken = order.take_back(&[want(&order, 0, units)], MONTH, now);
            if units > left {
                let product_id = order.lines[0].product_id.clone();
                prop_assert_eq!(taken, Err(ReturnRefusal::TooMany { product_id, wanted: units, left }));
                continue;
            }
            let items = taken.unwrap();
            prop_assert!(items[0].refund.minor() >= 0);
            if stays {
                kept.extend(items);
            } else {
                order.leave(&items, now).unwrap();
            }
            let promised: i64 = kept.iter().map(|item: &ReturnItem| item.refund.minor()).sum();
            prop_assert!(promised <= paid);
            prop_assert_eq!(promised, order.lines[0].returned_value.minor());
        }
        prop_assert_eq!(order.lines[0].returned, quantity);
        prop_assert_eq!(order.lines[0].returned_value.minor(), paid);
        let shipping = order.give_shipping_back(now).unwrap().minor();
        prop_assert_eq!(paid + shipping, order.paid.minor());
        prop_assert_eq!(order.give_shipping_back(now), Err(ReturnRefusal::ShippingGivenBack));
    }

    #[test]
    fn whatever_was_given_back_before_no_more_is_owed_than_was_paid(
        refunds in prop::collection::vec(0_i64..2_000, 6),
        by_hand in prop::collection::vec(0_i64..500, 6),
        order_of_decisions in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut order = delivered(order_of(&[(1_000, 6)], 0, 0, 600, false));
        let (now, paid) = (order.updated_at, order.paid.minor());
        let money = |minor| Money::from_minor(minor, Currency::USD);
        let mut returns: Vec<_> = (1..=6).map(|id| received(&mut order, id)).collect();
        for (step, n) in order_of_decisions.into_iter().enumerate() {
            let free = order.left_beside(returns.iter()).unwrap().minor();
            order.refund(money(refunds[step].min(free)), now).unwrap();
            returns[n].shipping = if step == 0 { order.give_shipping_back(now).unwrap() } else { money(0) };
            returns[n].move_to(ReturnStatus::Refunding, now).unwrap();
            let others = returns.iter().filter(|other| other.id != returns[n].id);
            let left = order.left_beside(others).unwrap();
            returns[n].limit(left).unwrap();
            let owed: i64 = returns.iter().map(|back| back.owed().unwrap().minor()).sum();
            prop_assert!(order.refunded.minor() + owed <= paid, "{owed} owed, {} refunded", order.refunded);
            // A part of it at once: what is owed is so much less.
            let part = money(by_hand[step].min(returns[n].owed().unwrap().minor()));
            returns[n].given_by_hand(part, now).unwrap();
            order.refund(part, now).unwrap();
            let payments = returns[n].refund_by_payments().unwrap();
            prop_assert_eq!(payments, returns[n].owed().unwrap());
            prop_assert_eq!(returns[n].is_settled().unwrap(), payments.is_zero());
        }
    }

    #[test]
    fn a_return_moves_as_drawn(moves in prop::collection::vec(prop::sample::select(&ReturnStatus::ALL[..]), 0..20)) {
        let mut order = delivered(order_of(&[(100, 1)], 0, 0, 0, false));
        let now = order.updated_at;
        let items = order.take_back(&[want(&order, 0, 1)], MONTH, now).unwrap();
        let new = NewReturn { order_id: order.id, user_id: order.user_id, items, comment: None };
        let mut back = Return::requested(ReturnId::new(1), new, Money::zero(Currency::USD), now);
        for to in moves {
            let before = back.clone();
            match back.move_to(to, now) {
                Ok(()) => prop_assert!(before.status.next().contains(&to) && back.version == before.version + 1),
                Err(refused) => prop_assert!(refused.from == before.status && back == before),
            }
        }
    }
}

#[test]
fn what_was_taken_in_part_goes_back_to_the_last_minor_unit() {
    let mut order = delivered(order_of(&[(100, 1), (100, 1), (33, 3)], 0, 0, 0, false));
    order.paid = Money::from_minor(151, Currency::USD);
    let now = order.updated_at;
    let wanted = [want(&order, 2, 3), want(&order, 0, 1), want(&order, 1, 1)];
    let mut back = 0;
    for one in wanted {
        back += order.take_back(&[one], MONTH, now).unwrap()[0].refund.minor();
    }
    assert_eq!((back, order.give_shipping_back(now).unwrap().minor()), (151, 0));
    order.refund(Money::from_minor(back, Currency::USD), now).unwrap();
    assert!(order.is_undone());
}

#[test]
fn only_what_was_sent_comes_back_and_only_for_a_while() {
    let mut order = order_of(&[(100, 1)], 0, 0, 0, false);
    let now = order.updated_at;
    let wish = [want(&order, 0, 1)];
    assert_eq!(
        order.take_back(&wish, MONTH, now),
        Err(ReturnRefusal::NotReturnable { status: Status::Pending })
    );
    let mut order = delivered(order);
    let until = order.delivered_at.unwrap() + MONTH.0;
    let late = order.take_back(&wish, MONTH, until + TimeDelta::seconds(1));
    assert_eq!(late, Err(ReturnRefusal::TooLate { until }));
    let other = Wanting { product_id: "0123456789abcdef01234567".parse().unwrap(), ..wish[0].clone() };
    assert!(matches!(order.take_back(&[other], MONTH, until), Err(ReturnRefusal::NotOrdered { .. })));
    let mut unpaid = Order { paid_at: None, ..order.clone() };
    assert_eq!(unpaid.take_back(&wish, MONTH, until), Err(ReturnRefusal::NotPaid));
    assert_eq!(order.take_back(&wish, MONTH, until).unwrap()[0].refund.minor(), 100);
}

#[test]
fn a_return_of_what_was_given_back_already_owes_nothing() {
    let mut order = delivered(order_of(&[(1_000, 2)], 0, 0, 0, false));
    let now = order.updated_at;
    let money = |minor| Money::from_minor(minor, Currency::USD);
    order.refund(money(1_400), now).unwrap();
    let (mut first, mut second) = (received(&mut order, 1), received(&mut order, 2));
    for (back, left) in [(&mut first, 600), (&mut second, 0)] {
        assert_eq!(back.refund().unwrap(), money(1_000), "nothing is decided yet");
        back.move_to(ReturnStatus::Refunding, now).unwrap();
        back.limit(money(left)).unwrap();
    }
    assert_eq!((first.owed().unwrap(), second.owed().unwrap()), (money(600), money(0)));
    assert_eq!((first.is_settled().unwrap(), second.is_settled().unwrap()), (false, true));
    assert_eq!(order.left_beside([&first].into_iter()).unwrap(), money(0));
    assert_eq!(order.left_beside([&second].into_iter()).unwrap(), money(600));
}

#[test]
fn a_return_is_owed_again_only_what_is_missing_then() {
    let mut order = delivered(order_of(&[(1_000, 1)], 0, 0, 0, false));
    let now = order.updated_at;
    let money = |minor| Money::from_minor(minor, Currency::USD);
    let mut back = received(&mut order, 1);
    back.move_to(ReturnStatus::Refunding, now).unwrap();
    back.given_back(money(400), now).unwrap();
    back.given_by_hand(money(600), now).unwrap();
    back.move_to(ReturnStatus::Refunded, now).unwrap();
    back.came_back(money(400), now).unwrap();
    assert_eq!((back.status, back.owed().unwrap()), (ReturnStatus::Refunding, money(400)));
    assert_eq!(back.refund_by_payments().unwrap(), money(400), "and not what was given back by hand");
    back.given_by_hand(money(1_000), now).unwrap();
    back.move_to(ReturnStatus::Refunded, now).unwrap();
    back.came_back(money(400), now).unwrap();
    assert_eq!(back.status, ReturnStatus::Refunded, "there is enough without it");
}
