//! Double entries: whatever moves is taken from one book and put into another, so that all books together are
//! always zero. Positive is what somebody owes us or we have; negative is what we owe or have earned.

use std::collections::BTreeMap;

use config::money::{Currency, Money};

use super::Payment;

config::names! {
    /// A book of the ledger.
    Book {
        /// What the customer's bank has promised and not paid.
        Customer = "customer",
        /// The other side of what is promised: nothing is earned by it yet.
        Authorized = "authorized",
        /// What the provider holds for us.
        Provider = "provider",
        /// What the shop has sold.
        Merchant = "merchant",
        /// What the provider keeps.
        Fees = "fees",
        /// What customers' banks have taken back.
        Chargebacks = "chargebacks",
    }
}

config::names! {
    /// Why money moves.
    Movement {
        Authorization = "authorization",
        /// Authorized money that is given back: a void, or what a capture leaves.
        Release = "release",
        Capture = "capture",
        Refund = "refund",
        /// A refund that the customer's bank didn't take.
        RefundReversal = "refund_reversal",
        Fee = "fee",
        Chargeback = "chargeback",
        /// A dispute that was won.
        ChargebackReversal = "chargeback_reversal",
    }
}

/// One movement, as it is written: its entries add up to zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub movement: Movement,
    /// What it comes from. The same movement of a payment is written once for it.
    pub reference: String,
    entries: Vec<(Book, Money)>,
}

impl Posting {
    pub fn authorization(reference: &str, amount: Money) -> Self {
        Self::transfer(Movement::Authorization, reference, amount, &[(Book::Authorized, Book::Customer)])
    }

    pub fn release(reference: &str, amount: Money) -> Self {
        Self::transfer(Movement::Release, reference, amount, &[(Book::Customer, Book::Authorized)])
    }

    /// The promise is kept, and the sale is made.
    pub fn capture(reference: &str, amount: Money) -> Self {
        let ways = [(Book::Customer, Book::Provider), (Book::Merchant, Book::Authorized)];
        Self::transfer(Movement::Capture, reference, amount, &ways)
    }

    pub fn refund(reference: &str, amount: Money) -> Self {
        Self::transfer(Movement::Refund, reference, amount, &[(Book::Provider, Book::Merchant)])
    }

    pub fn refund_reversal(reference: &str, amount: Money) -> Self {
        Self::transfer(Movement::RefundReversal, reference, amount, &[(Book::Merchant, Book::Provider)])
    }

    pub fn fee(reference: &str, amount: Money) -> Self {
        Self::transfer(Movement::Fee, reference, amount, &[(Book::Provider, Book::Fees)])
    }

    pub fn chargeback(reference: &str, amount: Money) -> Self {
        Self::transfer(Movement::Chargeback, reference, amount, &[(Book::Provider, Book::Chargebacks)])
    }

    pub fn chargeback_reversal(reference: &str, amount: Money) -> Self {
        let ways = [(Book::Chargebacks, Book::Provider)];
        Self::transfer(Movement::ChargebackReversal, reference, amount, &ways)
    }

    /// Each way leads from a book to a book.
    fn transfer(movement: Movement, reference: &str, amount: Money, ways: &[(Book, Book)]) -> Self {
        let taken = Money::from_minor(-amount.minor(), amount.currency());
        let entries = ways.iter().flat_map(|(from, to)| [(*from, taken), (*to, amount)]).collect();
        Self { movement, reference: reference.to_owned(), entries }
    }

    pub fn entries(&self) -> &[(Book, Money)] {
        &self.entries
    }
}

/// What stands in a payment's book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub book: Book,
    pub sum: Money,
}

/// Something that the ledger and its payment don't agree about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// The book; `None` when it is the sum of all.
    pub book: Option<Book>,
    pub expected: Money,
    pub found: Money,
}

/// Compares a payment with its books: in each currency they add up to zero, and they say what the payment says.
pub fn verify(payment: &Payment, balances: &[Balance]) -> Vec<Finding> {
    let currency = payment.amount.currency();
    let mut sums: BTreeMap<&'static str, (Currency, i64)> = BTreeMap::new();
    for Balance { sum, .. } in balances {
        sums.entry(sum.currency().code()).or_insert((sum.currency(), 0)).1 += sum.minor();
    }
    let of_all = sums.into_values().map(|(currency, sum)| (None, 0, Money::from_minor(sum, currency)));
    let held = payment.held().minor();
    let earned = payment.captured.minor() - payment.refunded.minor();
    let said = [
        (Book::Customer, held),
        (Book::Authorized, -held),
        (Book::Merchant, -earned),
        (Book::Chargebacks, payment.disputed.minor()),
    ];
    let of_books = said.into_iter().map(|(book, expected)| {
        let in_it = balances.iter().filter(|it| it.book == book && it.sum.currency() == currency);
        let found = in_it.map(|it| it.sum.minor()).sum();
        (Some(book), expected, Money::from_minor(found, currency))
    });
    of_all
        .chain(of_books)
        .filter(|(_, expected, found)| found.minor() != *expected)
        .map(|(book, expected, found)| Finding {
            book,
            expected: Money::from_minor(expected, found.currency()),
            found,
        })
        .collect()
}

#[cfg(test)]
mod tests;
