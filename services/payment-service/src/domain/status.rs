//! Words for where a payment is and how it is made.

config::names! {
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

config::names! {
    /// Who moves the money of a payment, from its beginning to its end.
    ProviderName {
        Simulator = "simulator",
        Stripe = "stripe",
        /// Cash on delivery, where the provider outside takes cards only.
        Cash = "cash",
    }
}

config::names! {
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
