//! The books say what the payment says, whatever became of it.

use proptest::prelude::*;

use super::*;
use crate::domain::Status;
use crate::domain::payment::tests::{payment, usd};

fn come_to(status: Status, amount: i64, captured: i64, refunded: i64) -> Payment {
    Payment { status, captured: usd(captured), refunded: usd(refunded), ..payment(amount) }
}

fn balances(postings: &[Posting]) -> Vec<Balance> {
    let entries = postings.iter().flat_map(Posting::entries);
    entries.map(|(book, sum)| Balance { book: *book, sum: *sum }).collect()
}

proptest! {
    #[test]
    fn a_life_of_movements_is_what_the_payment_says(
        amount in 1i64..1_000_000,
        captured in 0i64..1_000_000,
        refunded in 0i64..1_000_000,
        fee in 1i64..1000,
        disputed in 1i64..1000,
        won in any::<bool>(),
        came_back in any::<bool>(),
        left_out in 0usize..9,
    ) {
        let captured = captured.min(amount);
        let refunded = refunded.min(captured);
        let mut postings = vec![
            Posting::authorization("1", usd(amount)),
            Posting::capture("2", usd(captured)),
            Posting::release("2", usd(amount - captured)),
            Posting::refund("3", usd(refunded)),
            Posting::fee("2", usd(fee)),
            Posting::chargeback("4", usd(disputed)),
        ];
        if won {
            postings.push(Posting::chargeback_reversal("4", usd(disputed)));
        }
        if came_back {
            postings.push(Posting::refund_reversal("3", usd(refunded)));
        }
        let refunded = if came_back { 0 } else { refunded };
        let mut payment = come_to(Status::Succeeded, amount, captured, refunded);
        payment.disputed = usd(if won { 0 } else { disputed });
        for posting in &postings {
            prop_assert_eq!(posting.entries().iter().map(|(_, money)| money.minor()).sum::<i64>(), 0);
        }
        prop_assert_eq!(verify(&payment, &balances(&postings)), []);
        // The provider keeps its fee without asking the payment; anything else that is missing is noticed.
        if left_out < postings.len() {
            let missing = postings.remove(left_out);
            let moved = missing.movement != Movement::Fee && missing.entries()[0].1.minor() != 0;
            prop_assert_eq!(!verify(&payment, &balances(&postings)).is_empty(), moved);
        }
    }
}

#[test]
fn one_sided_entries_are_found_in_every_currency() {
    let payment = come_to(Status::Authorized, 100, 0, 0);
    let mut books = balances(&[Posting::authorization("1", usd(100))]);
    assert_eq!(verify(&payment, &books), []);
    let euros = Money::from_minor(3, "EUR".parse().unwrap());
    books.push(Balance { book: Book::Fees, sum: euros });
    let zero = Money::zero(euros.currency());
    assert_eq!(verify(&payment, &books), [Finding { book: None, expected: zero, found: euros }]);
}
