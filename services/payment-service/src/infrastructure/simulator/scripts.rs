//! The test tokens and cards; docs/PAYMENTS.md lists them for people.

/// What a charge comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    Approve,
    /// Declined with this code.
    Decline(&'static str),
    /// The customer must confirm first, as with 3-D Secure.
    ActionRequired,
    /// Approved at once, but the answer takes its time.
    Slow,
    /// Nothing happens, and the provider says so.
    Down,
}

/// What a token stands for; `None` when it isn't one.
pub fn of_token(token: &str) -> Option<Script> {
    Some(match token {
        "tok_success" => Script::Approve,
        "tok_declined" => Script::Decline("card_declined"),
        "tok_insufficient_funds" => Script::Decline("insufficient_funds"),
        "tok_expired_card" => Script::Decline("expired_card"),
        "tok_incorrect_cvc" => Script::Decline("incorrect_cvc"),
        "tok_fraud" => Script::Decline("fraudulent"),
        "tok_processing_error" => Script::Decline("processing_error"),
        "tok_action_required" => Script::ActionRequired,
        "tok_slow" => Script::Slow,
        "tok_down" => Script::Down,
        _ => return None,
    })
}

/// What a card number comes to; those that aren't listed are good.
pub fn of_card(number: &str) -> Script {
    match number {
        "4000000000000002" => Script::Decline("card_declined"),
        "4000000000009995" => Script::Decline("insufficient_funds"),
        "4000000000000069" => Script::Decline("expired_card"),
        "4000000000000127" => Script::Decline("incorrect_cvc"),
        "4100000000000019" => Script::Decline("fraudulent"),
        "4000000000000119" => Script::Decline("processing_error"),
        "4000002500003155" => Script::ActionRequired,
        _ => Script::Approve,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Card;

    #[test]
    fn every_test_card_passes_as_a_card() {
        for number in [
            "4242424242424242",
            "4000000000000002",
            "4000000000009995",
            "4000000000000069",
            "4000000000000127",
            "4100000000000019",
            "4000000000000119",
            "4000002500003155",
        ] {
            assert!(Card::number(number).is_ok(), "{number}");
        }
    }

    #[test]
    fn an_unknown_token_is_no_token() {
        assert_eq!(of_token("tok_nonsense"), None);
        assert_eq!(of_token(""), None);
    }
}
