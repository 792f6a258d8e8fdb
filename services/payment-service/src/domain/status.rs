//! Words for where a payment is and how it is made.

/// Declares an enum with a stable name for each value.
macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$value_doc:meta])* $value:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$value_doc])* $value),+
        }

        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// Its stable name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                let known = || Self::ALL.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(", ");
                Self::ALL
                    .iter()
                    .copied()
                    .find(|value| value.as_str() == name)
                    .ok_or_else(|| format!("must be one of {}", known()))
            }
        }
    };
}
pub(super) use names;

names! {
    /// Where a payment is.
    ///
    /// ```text
    /// processing ─┬→ requires_action ─┬→ authorized ─┬→ succeeded ─→ partially_refunded ─→ refunded
    ///             ├───────────────────┘              └→ voided
    ///             └→ failed (and from requires_action)
    /// ```
    Status {
        /// The provider has been asked, or is about to be.
        Processing = "processing",
        /// The customer must confirm at the provider.
        RequiresAction = "requires_action",
        /// The money is set aside for us.
        Authorized = "authorized",
        /// The money is ours.
        Succeeded = "succeeded",
        /// Declined, or never confirmed.
        Failed = "failed",
        /// The authorization was given back.
        Voided = "voided",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
    }
}

names! {
    /// Who moves the money of a payment, from its beginning to its end.
    ProviderName {
        Simulator = "simulator",
        Stripe = "stripe",
        /// Cash on delivery, where the provider outside takes cards only.
        Cash = "cash",
    }
}

names! {
    /// How a customer pays.
    Method {
        CreditCard = "credit_card",
        DebitCard = "debit_card",
        Paypal = "paypal",
        BankTransfer = "bank_transfer",
        /// On delivery: authorized until an administrator says that the money came.
        Cod = "cod",
        Ach = "ach",
        Wire = "wire",
        Rtp = "rtp",
        Sepa = "sepa",
        DirectDebit = "direct_debit",
    }
}

impl Method {
    /// Whether a card is charged.
    pub fn takes_card(self) -> bool {
        matches!(self, Self::CreditCard | Self::DebitCard)
    }
}
