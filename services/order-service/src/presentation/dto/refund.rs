//! Money that is given back by hand, as administrators tell of it.

use config::money::Amount;
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use crate::application::HandRefund;
use crate::domain::ReturnId;

/// Money that was given back by other means than a payment.
#[derive(Debug, Clone, Object)]
pub struct HandRefundRequest {
    /// In the order's currency; no more than was paid and not given back.
    pub amount: Amount,
    /// The return that it is for: one whose money is on its way (`refunding`).
    pub return_id: Option<u64>,
    /// What the money is found by, such as the bank transfer's text: 1 to 100 characters on one line.
    pub reference: String,
}

impl HandRefundRequest {
    pub fn parse(&self) -> Result<HandRefund, InvalidFields> {
        let mut fields = Fields::default();
        let number = self.amount.number();
        if number.is_zero() || number.is_sign_negative() {
            fields.reject("amount", "invalid", "must be positive");
        }
        let reference = fields.check("reference", self.reference.parse());
        let (amount, back) = (self.amount, self.return_id.map(ReturnId::new));
        fields.finish(|| Some(HandRefund { amount, back, reference: reference? }))
    }
}
