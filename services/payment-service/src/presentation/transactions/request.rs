//! What a client wants to be sent: read, checked, and made such that it can be kept.

use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Utc};
use config::money::{Amount, Currency, Money};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use crate::application::transactions::Wanted;
use crate::domain::transactions::{
    Detail, Details, HouseRules, MaskedIban, Party, PaymentType, reveals_account,
};
use crate::domain::{Card, CardSummary};
use crate::presentation::wrong::word;

/// The longest reference, in characters: SEPA's.
const LONGEST_REFERENCE: usize = 140;

/// Money to be sent.
#[derive(Clone, Object)]
pub struct NewTransaction {
    /// Whose account the money leaves: 1 to 64 visible ASCII characters, such as `user123`, or an IBAN. Of an IBAN only
    /// the country and the last four characters are kept.
    pub sender: String,
    /// Whose account it comes to, in the same form.
    pub receiver: String,
    /// In major units.
    pub amount: Amount,
    /// ISO 4217; the shop's when not given.
    pub currency: Option<String>,
    /// `ACH`, `WIRE`, `RTP`, `SEPA`, `CARD`, `DIRECT_DEBIT` or `CHECK`. When not given: `ACH` for USD, `SEPA` for EUR,
    /// `WIRE` for others.
    pub payment_type: Option<String>,
    /// What it is for: up to 140 characters, without any number of a card or account.
    pub reference: Option<String>,
    /// Of the receiver (`SEPA`, `WIRE`), or of the account that is debited (`DIRECT_DEBIT`). Kept masked.
    pub iban: Option<String>,
    /// Of the receiver's bank (`SEPA`, `WIRE`).
    pub bic: Option<String>,
    /// ABA number of the bank (`ACH`, `RTP`, `WIRE`, `CHECK`, `DIRECT_DEBIT`).
    pub routing_number: Option<String>,
    /// 4 to 17 digits, at the bank of the routing number. The last four are kept.
    pub account_number: Option<String>,
    /// The sender's (`CARD`). Brand and last four digits are kept.
    pub card: Option<TransactionCard>,
    /// The leave to debit (`DIRECT_DEBIT`).
    pub mandate_id: Option<String>,
    /// `CHECK`
    pub check_number: Option<String>,
}

/// A card. Its security code is not asked for, and refused.
#[derive(Clone, Object)]
pub struct TransactionCard {
    /// 12 to 19 digits with their check digit.
    pub number: String,
    pub exp_month: i64,
    /// Two or four digits.
    pub exp_year: i64,
    /// Must not be sent.
    pub cvc: Option<String>,
    /// Must not be sent.
    pub cvv: Option<String>,
}

impl NewTransaction {
    pub fn parse(
        self,
        shop: Currency,
        rules: &HouseRules,
        now: DateTime<Utc>,
    ) -> Result<Wanted, InvalidFields> {
        let mut fields = Fields::default();
        let sender = fields.check("sender", Party::parse(&self.sender));
        let receiver = fields.check("receiver", Party::parse(&self.receiver));
        if sender.is_some() && sender == receiver && self.sender.trim() == self.receiver.trim() {
            fields.reject("receiver", "same-account", "must be another account than the sender's");
        }
        let currency = self.currency.as_deref().map_or(Ok(shop), Currency::from_str);
        let currency = fields.check("currency", currency);
        let payment_type = match (&self.payment_type, currency) {
            (Some(name), _) => {
                word(&mut fields, "payment_type", name.to_ascii_uppercase().parse::<PaymentType>())
            }
            (None, currency) => currency.map(PaymentType::usual),
        };
        let amount = currency.and_then(|currency| fields.check("amount", self.amount.in_currency(currency)));
        if let (Some(currency), Some(payment_type)) = (currency, payment_type) {
            check_scheme(&mut fields, payment_type, currency);
            if let Some(amount) = amount {
                check_amount(&mut fields, amount, rules.limit(payment_type, currency));
            }
        }
        let reference = self.reference.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if reference.is_some_and(|text| text.chars().count() > LONGEST_REFERENCE) {
            fields.reject("reference", "length", format!("must be at most {LONGEST_REFERENCE} characters"));
        } else if reference.is_some_and(reveals_account) {
            fields.reject("reference", "secret", "must not contain the number of a card or account");
        }
        let reference = reference.map(str::to_owned);
        let details = self.details(&mut fields, payment_type, now);
        fields.finish(|| {
            Some(Wanted {
                sender: sender?,
                receiver: receiver?,
                amount: amount?,
                payment_type: payment_type?,
                reference,
                details,
            })
        })
    }

    fn details(self, fields: &mut Fields, payment_type: Option<PaymentType>, now: DateTime<Utc>) -> Details {
        let sent = [
            (Detail::Iban, self.iban.is_some()),
            (Detail::Bic, self.bic.is_some()),
            (Detail::RoutingNumber, self.routing_number.is_some()),
            (Detail::AccountNumber, self.account_number.is_some()),
            (Detail::Card, self.card.is_some()),
            (Detail::MandateId, self.mandate_id.is_some()),
            (Detail::CheckNumber, self.check_number.is_some()),
        ];
        for (detail, _) in sent.into_iter().filter(|(_, sent)| *sent) {
            if payment_type.is_some_and(|payment_type| !payment_type.is_told(detail)) {
                let welcome =
                    PaymentType::ALL.into_iter().filter(|it| it.is_told(detail)).map(PaymentType::as_str);
                let welcome = welcome.collect::<Vec<_>>().join(", ");
                fields.reject(detail.as_str(), "mismatch", format!("goes with {welcome} only"));
            }
        }
        if self.routing_number.is_some() != self.account_number.is_some() {
            let missing =
                if self.routing_number.is_some() { Detail::AccountNumber } else { Detail::RoutingNumber };
            fields.reject(missing.as_str(), "required", "is required beside the other");
        }
        let iban = self.iban.and_then(|text| fields.check("iban", MaskedIban::parse(&text)));
        if let (Some(iban), Some(payment_type)) = (&iban, payment_type)
            && !payment_type.reaches(iban.country())
        {
            fields.reject("iban", "out-of-reach", "must be of a country in the Single Euro Payments Area");
        }
        Details {
            iban,
            bic: self.bic.and_then(|text| fields.check("bic", text.parse())),
            routing_number: self.routing_number.and_then(|text| fields.check("routing_number", text.parse())),
            account: self.account_number.and_then(|text| fields.check("account_number", text.parse())),
            card: self.card.and_then(|card| card.parse(fields, now)),
            mandate_id: self.mandate_id.and_then(|text| fields.check("mandate_id", text.parse())),
            check_number: self.check_number.and_then(|text| fields.check("check_number", text.parse())),
        }
    }
}

impl TransactionCard {
    /// The number and the rest of it end here.
    fn parse(self, fields: &mut Fields, now: DateTime<Utc>) -> Option<CardSummary> {
        for (name, code) in [("card.cvc", &self.cvc), ("card.cvv", &self.cvv)] {
            if code.is_some() {
                fields.reject(name, "forbidden", "must not be sent");
            }
        }
        let number = fields.check("card.number", Card::number(&self.number));
        let month = fields.check("card.exp_month", Card::month(self.exp_month));
        let year = fields.check("card.exp_year", Card::year(self.exp_year));
        let card = Card::new(number?, month?, year?);
        if card.has_expired(now.year(), now.month()) {
            fields.reject("card.exp_year", "expired", "must not be over");
        }
        Some(card.summary())
    }
}

/// The request as it may be remembered by a digest, from which what is secret must not be guessed: without it.
impl From<&Wanted> for NewTransaction {
    fn from(wanted: &Wanted) -> Self {
        let details = &wanted.details;
        let card = details.card.as_ref().map(|card| TransactionCard {
            number: card.last4.clone(),
            exp_month: 0,
            exp_year: 0,
            cvc: None,
            cvv: None,
        });
        Self {
            sender: wanted.sender.as_str().to_owned(),
            receiver: wanted.receiver.as_str().to_owned(),
            amount: wanted.amount.into(),
            currency: Some(wanted.amount.currency().code().to_owned()),
            payment_type: Some(wanted.payment_type.as_str().to_owned()),
            reference: wanted.reference.clone(),
            iban: details.iban.as_ref().map(|it| it.as_str().to_owned()),
            bic: details.bic.as_ref().map(|it| it.as_str().to_owned()),
            routing_number: details.routing_number.as_ref().map(|it| it.as_str().to_owned()),
            account_number: details.account.as_ref().map(|it| it.as_str().to_owned()),
            card,
            mandate_id: details.mandate_id.as_ref().map(|it| it.as_str().to_owned()),
            check_number: details.check_number.as_ref().map(|it| it.as_str().to_owned()),
        }
    }
}

fn check_scheme(fields: &mut Fields, payment_type: PaymentType, currency: Currency) {
    if !payment_type.takes(currency) {
        let welcome = payment_type.currencies().unwrap_or_default().join(", ");
        let rule = format!("must be {welcome} for {}", payment_type.as_str());
        fields.reject("currency", "mismatch", rule);
    }
}

fn check_amount(fields: &mut Fields, amount: Money, limit: Money) {
    if !amount.is_positive() {
        fields.reject("amount", "invalid", "must be more than nothing");
    } else if amount.minor() > limit.minor() {
        fields.reject("amount", "limit", format!("must be at most {limit}"));
    }
}
