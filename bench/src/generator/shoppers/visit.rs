//! What a visitor has in mind: decided by the dice alone, so that the same seed makes the same visits.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::Rng;

#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Of the catalogue.
    pub page: usize,
    pub looks: Vec<Look>,
    pub wish: Option<usize>,
    pub intention: Intention,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    Product(usize),
    Search { word: usize, mistyped: bool },
}

/// How far it goes. Products are told with their quantities.
#[derive(Debug, Clone, PartialEq)]
pub enum Intention {
    Look,
    Fill { lines: Vec<(usize, u32)> },
    Order { lines: Vec<(usize, u32)>, address: usize, payment: Option<Payment> },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Payment {
    /// The others are declined.
    pub is_good: bool,
    /// Stars, once it has arrived.
    pub rating: Option<u8>,
    pub is_sent_back: bool,
}

impl Visit {
    pub fn new(dice: &mut impl Rng, products: usize, words: usize) -> Self {
        let looks = (0..dice.random_range(1..=4)).map(|_| {
            if dice.random_bool(0.6) {
                Look::Product(dice.random_range(0..products))
            } else {
                Look::Search { word: dice.random_range(0..words), mistyped: dice.random_bool(0.15) }
            }
        });
        Self {
            looks: looks.collect(),
            page: dice.random_range(0..3),
            wish: dice.random_bool(0.25).then(|| dice.random_range(0..products)),
            intention: Intention::new(dice, products),
        }
    }
}

impl Intention {
    /// Of a hundred visitors forty only look, fifteen leave a full cart, and five don't pay what they ordered.
    fn new(dice: &mut impl Rng, products: usize) -> Self {
        let kind = dice.random_range(0..100);
        if kind < 40 {
            return Self::Look;
        }
        let lines = (0..dice.random_range(1..=3))
            .map(|_| (dice.random_range(0..products), dice.random_range(1..=2)))
            .collect();
        if kind < 55 {
            return Self::Fill { lines };
        }
        let payment = (kind >= 60).then(|| Payment {
            is_good: dice.random_bool(0.93),
            rating: dice.random_bool(0.4).then(|| dice.random_range(2..=5)),
            is_sent_back: dice.random_bool(0.15),
        });
        Self::Order { lines, address: dice.random_range(0..16), payment }
    }
}

/// The word as somebody types it: with two letters in the wrong order, when in a hurry.
pub fn typed(word: &str, mistyped: bool) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if mistyped && letters.len() >= 5 {
        letters.swap(2, 3);
    }
    letters.into_iter().collect()
}

pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::super::dice;
    use super::*;

    fn visits(seed: u64) -> Vec<Visit> {
        (0..2_000).map(|n| Visit::new(&mut dice(seed, n), 20, 30)).collect()
    }

    #[test]
    fn a_seed_makes_the_same_visits_and_another_one_others() {
        assert_eq!(visits(7), visits(7));
        assert_ne!(visits(7), visits(8));
        assert_ne!(visits(7)[0], visits(7)[1]);
    }

    #[test]
    fn the_mix_is_that_of_a_shop() {
        let visits = visits(1);
        let share = |meant: &dyn Fn(&Visit) -> bool| {
            visits.iter().filter(|visit| meant(visit)).count() as f64 / visits.len() as f64
        };
        let payment = |visit: &Visit| match &visit.intention {
            Intention::Order { payment, .. } => payment.clone(),
            _ => None,
        };
        for (what, wanted, found) in [
            ("only look", 0.40, share(&|visit| visit.intention == Intention::Look)),
            ("leave a cart", 0.15, share(&|visit| matches!(visit.intention, Intention::Fill { .. }))),
            ("pay", 0.40, share(&|visit| payment(visit).is_some())),
            ("are declined", 0.028, share(&|visit| payment(visit).is_some_and(|payment| !payment.is_good))),
            ("rate", 0.16, share(&|visit| payment(visit).is_some_and(|payment| payment.rating.is_some()))),
            ("send back", 0.06, share(&|visit| payment(visit).is_some_and(|payment| payment.is_sent_back))),
            ("wish", 0.25, share(&|visit| visit.wish.is_some())),
        ] {
            assert!((found - wanted).abs() < 0.04, "{what}: {found}, not {wanted}");
        }
    }

    #[test]
    fn hurried_fingers_swap_letters_of_long_words() {
        assert_eq!(typed("camera", true), "caemra");
        assert_eq!((typed("camera", false), typed("mug", true)), ("camera".to_owned(), "mug".to_owned()));
        assert_eq!(escaped("điện thoại"), "%C4%91i%E1%BB%87n%20tho%E1%BA%A1i");
    }
}
