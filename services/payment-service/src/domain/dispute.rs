//! A customer who has asked their bank for the money back.

use chrono::{DateTime, Utc};
use config::id::UserId;
use config::money::Money;

use super::{DisputeId, OrderId, PaymentId, ProviderName, Refusal};

config::names! {
    /// How far a dispute is; it never goes back.
    ///
    /// ```text
    /// opened → evidence_due → evidence_submitted ─┬→ won
    ///   └──────────┴──────────────────────────────┴→ lost
    /// ```
    DisputeStatus {
        /// The bank has taken the money back.
        Opened = "opened",
        /// The provider waits for what we have to say.
        EvidenceDue = "evidence_due",
        /// The bank decides.
        EvidenceSubmitted = "evidence_submitted",
        /// The money is ours again.
        Won = "won",
        /// The money is gone.
        Lost = "lost",
    }
}

impl DisputeStatus {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Won | Self::Lost)
    }

    fn rank(self) -> u8 {
        match self {
            Self::Opened => 0,
            Self::EvidenceDue => 1,
            Self::EvidenceSubmitted => 2,
            Self::Won | Self::Lost => 3,
        }
    }
}

/// A dispute over a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    pub id: DisputeId,
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub user_id: UserId,
    pub provider: ProviderName,
    /// What the provider knows it by.
    pub reference: String,
    pub status: DisputeStatus,
    /// Such as `fraudulent`.
    pub reason: String,
    pub amount: Money,
    pub evidence_due_at: Option<DateTime<Utc>>,
    pub evidence_submitted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What the provider tells of a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeNews {
    /// What the provider knows it by.
    pub reference: String,
    pub status: DisputeStatus,
    pub reason: String,
    pub amount: Money,
    /// Until when we may say something.
    pub evidence_due_at: Option<DateTime<Utc>>,
    /// What the provider takes for its trouble, once.
    pub fee: Option<Money>,
}

impl Dispute {
    /// Takes the provider's word; `false` when it is old news.
    pub fn follow(&mut self, news: &DisputeNews) -> bool {
        if !self.move_to(news.status) {
            return false;
        }
        self.evidence_due_at = news.evidence_due_at.or(self.evidence_due_at);
        true
    }

    /// Whether evidence may be sent now.
    pub fn takes_evidence(&self) -> Result<(), Refusal> {
        match self.status {
            DisputeStatus::Opened | DisputeStatus::EvidenceDue => Ok(()),
            status => Err(Refusal::NoEvidence(status)),
        }
    }

    /// The provider has taken our evidence; `false` when it had told so itself meanwhile.
    pub fn evidence_submitted(&mut self, now: DateTime<Utc>) -> bool {
        self.evidence_submitted_at = self.evidence_submitted_at.or(Some(now));
        self.move_to(DisputeStatus::EvidenceSubmitted)
    }

    fn move_to(&mut self, status: DisputeStatus) -> bool {
        let forward = status.rank() > self.status.rank();
        if forward {
            self.status = status;
        }
        forward
    }
}

#[cfg(test)]
mod tests {
    use config::money::Currency;
    use proptest::prelude::*;

    use super::*;

    fn dispute() -> Dispute {
        Dispute {
            id: DisputeId::new(1),
            payment_id: PaymentId::new(1),
            order_id: OrderId::new(1),
            user_id: UserId::new(1),
            provider: ProviderName::Simulator,
            reference: "dp_1".to_owned(),
            status: DisputeStatus::Opened,
            reason: "fraudulent".to_owned(),
            amount: Money::from_minor(100, Currency::USD),
            evidence_due_at: None,
            evidence_submitted_at: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn news(status: DisputeStatus, due: Option<DateTime<Utc>>) -> DisputeNews {
        let Dispute { reference, reason, amount, .. } = dispute();
        DisputeNews { reference, status, reason, amount, evidence_due_at: due, fee: None }
    }

    #[test]
    fn evidence_is_taken_until_it_was_sent() {
        let mut dispute = dispute();
        let due = DateTime::from_timestamp(1_700_000_000, 0);
        assert!(dispute.follow(&news(DisputeStatus::EvidenceDue, due)));
        assert_eq!((dispute.evidence_due_at, dispute.takes_evidence()), (due, Ok(())));
        assert!(dispute.evidence_submitted(DateTime::UNIX_EPOCH));
        let sent = Refusal::NoEvidence(DisputeStatus::EvidenceSubmitted);
        assert_eq!(dispute.takes_evidence(), Err(sent));
        assert!(!dispute.follow(&news(DisputeStatus::EvidenceSubmitted, None)), "it is known");
        assert_eq!(dispute.evidence_due_at, due);
        assert!(dispute.follow(&news(DisputeStatus::Lost, None)));
    }

    proptest! {
        #[test]
        fn the_first_verdict_counts_and_nothing_goes_back(
            told in proptest::collection::vec(proptest::sample::select(&DisputeStatus::ALL[..]), 1..12),
        ) {
            let mut dispute = dispute();
            for status in &told {
                let before = dispute.status;
                let moved = dispute.follow(&news(*status, None));
                prop_assert_eq!(moved, dispute.status != before);
                prop_assert!(dispute.status.rank() >= before.rank());
                prop_assert!(!before.is_final() || !moved);
            }
            let verdict = told.iter().find(|status| status.is_final());
            prop_assert_eq!(verdict, Some(&dispute.status).filter(|status| status.is_final()));
        }
    }
}
