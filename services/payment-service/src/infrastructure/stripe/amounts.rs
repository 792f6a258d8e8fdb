//! Amounts as Stripe writes them: <https://docs.stripe.com/currencies>.

use config::money::{Currency, Money};

/// Whole units, whatever ISO 4217 says.
const ZERO_DECIMAL: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
/// Hundredths, although ISO 4217 knows none.
const TWO_DECIMAL: [&str; 2] = ["ISK", "UGX"];

fn exponent(currency: Currency) -> u32 {
    match currency.code() {
        code if ZERO_DECIMAL.contains(&code) => 0,
        code if TWO_DECIMAL.contains(&code) => 2,
        _ => currency.exponent(),
    }
}

/// What Stripe is asked for; `None` when it doesn't take this amount.
pub fn to_stripe(money: Money) -> Option<i64> {
    let (ours, theirs) = (money.currency().exponent(), exponent(money.currency()));
    let minor = match theirs.checked_sub(ours) {
        Some(more) => money.minor().checked_mul(10_i64.pow(more))?,
        None => exact(money.minor(), 10_i64.pow(ours - theirs))?,
    };
    // Of three decimals the last must be zero.
    let fits = minor > 0 && (theirs < 3 || minor % 10 == 0);
    fits.then_some(minor)
}

/// What Stripe tells, of which nothing may get lost.
pub fn from_stripe(minor: i64, currency: &str) -> Option<Money> {
    let currency: Currency = currency.parse().ok()?;
    let (ours, theirs) = (currency.exponent(), exponent(currency));
    let minor = match ours.checked_sub(theirs) {
        Some(more) => minor.checked_mul(10_i64.pow(more))?,
        None => exact(minor, 10_i64.pow(theirs - ours))?,
    };
    Some(Money::from_minor(minor, currency))
}

fn exact(number: i64, divisor: i64) -> Option<i64> {
    (number % divisor == 0).then(|| number / divisor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stripe(minor: i64, currency: &str) -> Option<i64> {
        to_stripe(Money::from_minor(minor, currency.parse().unwrap()))
    }

    #[test]
    fn each_currency_is_written_as_stripe_wants_it() {
        assert_eq!(stripe(300_000, "USD"), Some(300_000));
        assert_eq!(stripe(29_990_000, "VND"), Some(29_990_000), "no decimals");
        assert_eq!(stripe(500, "JPY"), Some(500));
        assert_eq!(stripe(500, "ISK"), Some(50_000), "two that are always zero");
        assert_eq!(stripe(1_230, "KWD"), Some(1_230));
        assert_eq!(stripe(1_234, "KWD"), None, "three, of which the last is zero");
        assert_eq!(stripe(0, "USD"), None);
        assert_eq!(stripe(i64::MAX, "UGX"), None);
    }

    proptest! {
        #[test]
        fn what_is_asked_for_is_what_is_told(
            minor in 1i64..1_000_000_000,
            currency in proptest::sample::select(vec!["USD", "JPY", "ISK", "UGX", "KWD", "MGA", "EUR", "VND"]),
        ) {
            let money = Money::from_minor(minor, currency.parse().unwrap());
            if let Some(asked) = to_stripe(money) {
                prop_assert_eq!(from_stripe(asked, &currency.to_ascii_lowercase()), Some(money));
            }
        }
    }
}
