//! Stripe's codes and ours: <https://docs.stripe.com/declines/codes>.

/// What the customer is told. A lost or stolen card is simply declined: whoever holds it need not know why.
pub fn ours(code: &str, decline_code: &str) -> &'static str {
    let exact = |code: &str| {
        Some(match code {
            "insufficient_funds" | "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => {
                "insufficient_funds"
            }
            "expired_card" | "invalid_expiry_month" | "invalid_expiry_year" => "expired_card",
            "incorrect_cvc" | "invalid_cvc" => "incorrect_cvc",
            "fraudulent" | "merchant_blacklist" => "fraudulent",
            "processing_error" | "issuer_not_available" | "reenter_transaction" | "try_again_later" => {
                "processing_error"
            }
            "authentication_required"
            | "authentication_not_handled"
            | "payment_intent_authentication_failure" => "authentication_failed",
            "amount_too_small" | "amount_too_large" | "invalid_charge_amount" => "invalid_amount",
            _ => return None,
        })
    };
    exact(decline_code).or_else(|| exact(code)).unwrap_or("card_declined")
}

#[cfg(test)]
mod tests {
    use super::ours;

    #[test]
    fn the_banks_reason_goes_before_stripes() {
        for (code, decline_code, expected) in [
            ("card_declined", "insufficient_funds", "insufficient_funds"),
            ("card_declined", "stolen_card", "card_declined"),
            ("card_declined", "fraudulent", "fraudulent"),
            ("expired_card", "", "expired_card"),
            ("incorrect_cvc", "incorrect_cvc", "incorrect_cvc"),
            ("payment_intent_authentication_failure", "", "authentication_failed"),
            ("processing_error", "", "processing_error"),
            ("", "", "card_declined"),
        ] {
            assert_eq!(ours(code, decline_code), expected, "{code} {decline_code}");
        }
    }
}
