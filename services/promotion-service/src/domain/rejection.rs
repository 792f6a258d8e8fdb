//! Why a code that was asked for gives nothing.

config::names! {
    /// Why it gives nothing.
    Reason {
        Unknown = "unknown",
        NotStarted = "not-started",
        Expired = "expired",
        UsedUp = "used-up",
        UsedUpByCustomer = "used-up-by-customer",
        MinimumNotMet = "minimum-not-met",
        NotForTheseProducts = "not-for-these-products",
        FirstOrderOnly = "first-order-only",
        SignInRequired = "sign-in-required",
        NotCombinable = "not-combinable",
        OtherCurrency = "other-currency",
    }
}

impl Reason {
    /// What a shopper is told of the code, after its name.
    pub fn message(self) -> &'static str {
        match self {
            Self::Unknown => "is not a code of ours",
            Self::NotStarted => "has not started yet",
            Self::Expired => "has ended",
            Self::UsedUp => "has been used up",
            Self::UsedUpByCustomer => "has been used by you as often as it can be",
            Self::MinimumNotMet => "needs more in the basket",
            Self::NotForTheseProducts => "is not for these products",
            Self::FirstOrderOnly => "is for a first order only",
            Self::SignInRequired => "is for customers who are signed in",
            Self::NotCombinable => "can't be combined with an offer that saves you more",
            Self::OtherCurrency => "is for orders in another currency",
        }
    }
}

/// A code that was asked for, and why it gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub code: super::Code,
    pub reason: Reason,
}
