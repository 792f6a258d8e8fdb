//! Whatever happens to a payment in whatever order, its sums hold.

use std::collections::VecDeque;

use config::money::Currency;
use proptest::prelude::*;

use super::*;

pub fn usd(minor: i64) -> Money {
    Money::from_minor(minor, Currency::USD)
}

/// One that has just begun.
pub fn payment(amount: i64) -> Payment {
    Payment {
        id: PaymentId::new(1),
        order_id: OrderId::new(1),
        user_id: UserId::new(1),
        provider: ProviderName::Simulator,
        charge_key: Uuid::nil(),
        method: Method::CreditCard,
        status: Status::Processing,
        amount: usd(amount),
        captured: usd(0),
        refunded: usd(0),
        refund_pending: usd(0),
        disputed: usd(0),
        pending: None,
        refused: None,
        transaction_id: None,
        decline: None,
        confirmation: None,
        card: None,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn captured() -> ChargeOutcome {
    ChargeOutcome::Captured { transaction_id: "t".to_owned(), fee: None }
}

fn authorized() -> ChargeOutcome {
    ChargeOutcome::Authorized { transaction_id: "t".to_owned() }
}

fn declined() -> ChargeOutcome {
    ChargeOutcome::Declined(Decline { code: "card_declined".to_owned(), message: "No.".to_owned() })
}

fn action() -> ChargeOutcome {
    ChargeOutcome::ActionRequired(Confirmation::Redirect("/challenge".to_owned()))
}

#[derive(Debug, Clone)]
enum Step {
    Charged(ChargeOutcome),
    Capture(Option<i64>),
    Void,
    Refund(Option<i64>),
    /// The provider answers the oldest request that is open.
    Answer(bool),
    /// A refund that was done, of this much, comes back.
    ComeBack(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![Just(captured()), Just(authorized()), Just(declined()), Just(action())];
    prop_oneof![
        outcome.prop_map(Step::Charged),
        proptest::option::of(-5i64..150).prop_map(Step::Capture),
        Just(Step::Void),
        proptest::option::of(-5i64..150).prop_map(Step::Refund),
        any::<bool>().prop_map(Step::Answer),
        any::<bool>().prop_map(Step::Answer),
        (1i64..100).prop_map(Step::ComeBack),
    ]
}

enum Open {
    Capture(Money),
    Void,
    Refund(Money),
}

fn take(payment: &mut Payment, step: &Step, open: &mut VecDeque<Open>) {
    match step {
        Step::Charged(outcome) => {
            payment.charge_ended(outcome);
        }
        Step::Capture(amount) => open.extend(payment.begin_capture(amount.map(usd)).ok().map(Open::Capture)),
        Step::Void => open.extend(payment.begin_void().ok().map(|()| Open::Void)),
        Step::Refund(amount) => open.extend(payment.begin_refund(amount.map(usd)).ok().map(Open::Refund)),
        Step::Answer(done) => match open.pop_front() {
            Some(Open::Capture(amount)) => payment.capture_ended(amount, *done),
            Some(Open::Void) => payment.void_ended(*done),
            Some(Open::Refund(amount)) => payment.refund_ended(amount, *done),
            None => {}
        },
        Step::ComeBack(amount) if *amount <= payment.refunded.minor() => {
            payment.refund_came_back(usd(*amount))
        }
        Step::ComeBack(_) => {}
    }
}

proptest! {
    #[test]
    fn the_sums_hold_whatever_happens(amount in 1i64..100, steps in proptest::collection::vec(step(), 0..40)) {
        let mut payment = payment(amount);
        let mut open = VecDeque::new();
        for step in &steps {
            let before = payment.clone();
            take(&mut payment, step, &mut open);
            let [asked, captured, refunded, pending] =
                [payment.amount, payment.captured, payment.refunded, payment.refund_pending].map(Money::minor);
            prop_assert!((0..=asked).contains(&captured));
            prop_assert!(refunded >= 0 && pending >= 0 && refunded + pending <= captured);
            prop_assert!(captured >= before.captured.minor(), "captured money never vanishes");
            let came_back = matches!(step, Step::ComeBack(_));
            prop_assert!(refunded >= before.refunded.minor() || came_back, "what is refunded stays refunded");
            prop_assert_eq!(payment.status == Status::Refunded, captured > 0 && refunded == captured);
            prop_assert_eq!(payment.is_over() && captured > 0, false);
            let promised: i64 = open.iter().map(|it| if let Open::Refund(amount) = it { amount.minor() } else { 0 }).sum();
            prop_assert_eq!(promised, pending);
        }
    }

    #[test]
    fn an_unwanted_payment_always_ends_without_our_keeping_money(
        amount in 1i64..100,
        steps in proptest::collection::vec(step(), 0..20),
    ) {
        let mut payment = payment(amount);
        let mut open = VecDeque::new();
        for step in &steps {
            take(&mut payment, step, &mut open);
        }
        // From here on the provider answers, and what is asked for is what undoes the payment.
        for _ in 0..10 {
            while !open.is_empty() {
                take(&mut payment, &Step::Answer(true), &mut open);
            }
            match payment.unwind() {
                Some(Unwind::Refund(amount)) => take(&mut payment, &Step::Refund(Some(amount.minor())), &mut open),
                Some(Unwind::Void) => take(&mut payment, &Step::Void, &mut open),
                Some(Unwind::Abandon) => take(&mut payment, &Step::Charged(declined()), &mut open),
                None => break,
            }
        }
        prop_assert!(open.is_empty());
        prop_assert_eq!(payment.captured, payment.refunded);
        prop_assert!(matches!(
            payment.status,
            Status::Processing | Status::Failed | Status::Voided | Status::Refunded
        ));
    }
}

#[test]
fn money_that_comes_late_is_noticed() {
    let mut payment = payment(100);
    assert!(payment.charge_ended(&declined()));
    assert!(payment.charge_ended(&captured()));
    assert_eq!(payment.unwind(), Some(Unwind::Refund(usd(100))));
    assert!(!payment.charge_ended(&declined()), "old news");
    assert!(!payment.charge_ended(&captured()), "old news");
}

#[test]
fn a_part_can_be_captured_and_the_rest_is_gone() {
    let mut payment = payment(100);
    payment.charge_ended(&authorized());
    assert_eq!(
        payment.begin_capture(Some(usd(101))),
        Err(Refusal::TooMuch { left: usd(100), verb: "captured" })
    );
    assert_eq!(payment.begin_capture(Some(usd(60))), Ok(usd(60)));
    assert_eq!(payment.begin_void(), Err(Refusal::Busy));
    payment.capture_ended(usd(60), true);
    assert_eq!(
        payment.begin_refund(Some(usd(61))),
        Err(Refusal::TooMuch { left: usd(60), verb: "refunded" })
    );
    assert!(matches!(payment.begin_capture(None), Err(Refusal::Illegal { .. })));
}

#[test]
fn what_a_provider_gives_up_is_void_but_cash_is_nobodys_to_give_up() {
    for (method, status) in [(Method::CreditCard, Status::Voided), (Method::Cod, Status::Authorized)] {
        let mut held = Payment { method, ..payment(100) };
        assert!(held.charge_ended(&authorized()));
        assert_eq!(held.charge_ended(&ChargeOutcome::Lapsed), status == Status::Voided);
        assert_eq!(held.status, status);
        assert_eq!(held.expect_own_end().is_ok(), status == Status::Voided);
    }
}
