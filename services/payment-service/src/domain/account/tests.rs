//! Who may pay, what goes back, and what nobody but people can give back.

use super::*;
use crate::domain::payment::tests::{payment, usd};
use crate::domain::{Status, Unwanted};

fn account() -> Account {
    Account {
        order_id: OrderId::new(1),
        user_id: UserId::new(1),
        active: None,
        cancelled: false,
        refunded: false,
        told_by_hand: 0,
    }
}

fn paid(captured: i64, refunded: i64) -> Payment {
    Payment {
        status: Status::Succeeded,
        captured: usd(captured),
        refunded: usd(refunded),
        ..payment(captured)
    }
}

fn money(paid: i64, refunded: i64) -> OrderMoney {
    OrderMoney { paid: usd(paid), refunded: usd(refunded) }
}

#[test]
fn who_was_declined_too_often_waits_until_the_first_no_longer_counts() {
    let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(50);
    let declined = [Declined { order_id: OrderId::new(1), at: DateTime::UNIX_EPOCH }; 10];
    assert_eq!(account().admit(None, &declined[1..], now), Ok(()));
    let wait = Duration::from_secs(10 * 60 + 1);
    assert_eq!(account().admit(None, &declined, now), Err(Refusal::TooManyDeclines { wait }));
}

#[test]
fn a_refunded_order_takes_no_money_and_keeps_none_that_comes() {
    let over = Account { active: Some(PaymentId::new(1)), refunded: true, ..account() };
    assert_eq!(over.admit(None, &[], DateTime::UNIX_EPOCH), Err(Refusal::OrderRefunded));
    assert_eq!(over.rejects(&paid(100, 0)), Some("order_refunded"));
    let cancelled = Account { cancelled: true, ..over };
    assert_eq!(cancelled.rejects(&paid(100, 0)), Some("order_cancelled"));
}

#[test]
fn what_its_order_refuses_goes_back_for_the_reason_that_it_was_refused_for() {
    for unwanted in Unwanted::ALL {
        let refused = Payment { refused: Some(unwanted), ..paid(100, 0) };
        let of_another = Account { active: Some(PaymentId::new(2)), ..account() };
        assert_eq!(account().rejects(&refused), Some(unwanted.as_str()));
        assert_eq!(of_another.rejects(&refused), Some(unwanted.as_str()));
    }
}

#[test]
fn what_no_payment_gives_back_is_owed_once() {
    let mut account = account();
    assert_eq!(account.owe_by_hand(money(100, 0), &[]), Some(usd(100)), "by bank transfer, say");
    assert_eq!(account.owe_by_hand(money(100, 0), &[]), None, "it was told");
    assert_eq!(account.owe_by_hand(money(100, 100), &[]), None, "and done");
}

#[test]
fn what_payments_give_back_or_somebody_gave_back_is_not_owed() {
    let owed = |all: OrderMoney, payments: &[Payment]| account().owe_by_hand(all, payments);
    assert_eq!(owed(money(0, 0), &[]), None, "nobody has paid");
    assert_eq!(owed(money(100, 0), &[paid(100, 0)]), None);
    assert_eq!(owed(money(100, 40), &[paid(100, 40)]), None);
    assert_eq!(owed(money(100, 0), &[paid(100, 40)]), None, "order-service has not heard of it yet");
    let disputed = Payment { disputed: usd(100), ..paid(100, 0) };
    assert_eq!(owed(money(100, 0), &[disputed]), None, "the bank has it");
    assert_eq!(owed(money(100, 30), &[]), Some(usd(70)), "a part was given back by hand");
    let refused = Payment { refused: Some(Unwanted::WrongAmount), ..paid(100, 0) };
    assert_eq!(owed(money(100, 0), &[refused]), Some(usd(100)), "that goes back beside the order's");
}
