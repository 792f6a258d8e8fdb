//! Why a code that was asked for gives nothing.

use std::str::FromStr;

/// Why it gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Unknown,
    NotStarted,
    Expired,
    UsedUp,
    UsedUpByCustomer,
    MinimumNotMet,
    NotForTheseProducts,
    FirstOrderOnly,
    SignInRequired,
    NotCombinable,
    OtherCurrency,
}

impl Reason {
    const ALL: [Self; 11] = [
        Self::Unknown,
        Self::NotStarted,
        Self::Expired,
        Self::UsedUp,
        Self::UsedUpByCustomer,
        Self::MinimumNotMet,
        Self::NotForTheseProducts,
        Self::FirstOrderOnly,
        Self::SignInRequired,
        Self::NotCombinable,
        Self::OtherCurrency,
    ];

    /// A stable name, for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotStarted => "not-started",
            Self::Expired => "expired",
            Self::UsedUp => "used-up",
            Self::UsedUpByCustomer => "used-up-by-customer",
            Self::MinimumNotMet => "minimum-not-met",
            Self::NotForTheseProducts => "not-for-these-products",
            Self::FirstOrderOnly => "first-order-only",
            Self::SignInRequired => "sign-in-required",
            Self::NotCombinable => "not-combinable",
            Self::OtherCurrency => "other-currency",
        }
    }

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

impl FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| format!("unknown reason {text}"))
    }
}

/// A code that was asked for, and why it gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub code: super::Code,
    pub reason: Reason,
}
