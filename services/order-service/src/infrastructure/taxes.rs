//! Taxes: tax-service.

use std::time::Duration;

use async_trait::async_trait;
use config::BoxError;
use config::money::{Amount, Currency, Money};
use config::registry::{CallError, Registry, ServiceClient};
use serde::Deserialize;
use serde_json::{Number, Value, json};

use crate::application::{Taxable, Taxes};
use crate::domain::{OrderLine, TaxLine, TaxQuote};

/// A shopper who waits for this gets no order without it.
const PATIENCE: Duration = Duration::from_secs(2);
const NAME: &str = "tax-service";

/// Asks tax-service.
pub struct TaxService {
    service: ServiceClient,
    /// Whether the catalogue's prices contain the tax.
    included: bool,
}

#[derive(Deserialize)]
struct Quote {
    tax: Amount,
    gross: Amount,
    lines: Vec<Line>,
    shipping: Charge,
    tax_lines: Vec<Rule>,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    tax: Amount,
}

#[derive(Deserialize)]
struct Charge {
    tax: Amount,
}

#[derive(Deserialize)]
struct Rule {
    name: String,
    jurisdiction: String,
    percent: Number,
    taxable: Amount,
    tax: Amount,
}

impl TaxService {
    pub fn new(registry: &Registry, included: bool) -> Self {
        Self { service: registry.client(NAME), included }
    }
}

#[async_trait]
impl Taxes for TaxService {
    fn included(&self) -> bool {
        self.included
    }

    async fn tax(&self, taxable: &Taxable<'_>) -> Result<TaxQuote, CallError> {
        let invalid = |source| CallError::Invalid { service: NAME, source };
        let currency = taxable.shipping.currency();
        let mut asked = taxable.shipping;
        let mut lines = Vec::with_capacity(taxable.lines.len());
        for line in taxable.lines {
            let amount = line.discounted().map_err(|error| invalid(error.into()))?;
            asked = asked.plus(amount).map_err(|error| invalid(error.into()))?;
            lines.push(json!({
                "id": line.product_id.as_str(),
                "product_type": line.category,
                "amount": Amount::from(amount),
            }));
        }
        let body = json!({
            "country": taxable.place.map(|place| place.country.code()),
            "state": taxable.place.and_then(|place| place.state.as_ref()).map(|state| state.as_str()),
            "user_id": taxable.user.map(|user| user.get()),
            "currency": currency.code(),
            "prices_include_tax": self.included,
            "lines": Value::from(lines),
            "shipping": Amount::from(taxable.shipping),
        });
        let call = self.service.post("/internal/tax/quote").json(&body);
        let quote: Quote = call.retry_safe().timeout(PATIENCE).send().await?;
        quote.parse(taxable.lines, currency, asked, self.included).map_err(invalid)
    }
}

impl Quote {
    /// Believed only if it adds up: what is wrong here would be charged.
    fn parse(
        self,
        asked: &[OrderLine],
        currency: Currency,
        amount: Money,
        included: bool,
    ) -> Result<TaxQuote, BoxError> {
        let money = |amount: Amount| amount.in_currency(currency);
        let mut lines = Vec::with_capacity(asked.len());
        for line in asked {
            let id = line.product_id.as_str();
            let found = self.lines.iter().find(|line| line.id == id).ok_or("it left a line out")?;
            lines.push(money(found.tax)?);
        }
        let mut tax_lines = Vec::with_capacity(self.tax_lines.len());
        for rule in self.tax_lines {
            tax_lines.push(TaxLine {
                name: rule.name.chars().take(200).collect(),
                jurisdiction: rule.jurisdiction.chars().take(50).collect(),
                percent: rule.percent.to_string().parse()?,
                taxable: money(rule.taxable)?,
                tax: money(rule.tax)?,
            });
        }
        let total = money(self.tax)?;
        let of_lines = Money::sum(lines.iter().copied(), currency)?.plus(money(self.shipping.tax)?)?;
        let of_rules = Money::sum(tax_lines.iter().map(|line| line.tax), currency)?;
        let gross = if included { amount } else { amount.plus(total)? };
        let negative = total.minor() < 0 || lines.iter().any(|tax| tax.minor() < 0);
        if negative || of_lines != total || of_rules != total || money(self.gross)? != gross {
            return Err("its taxes don't add up".into());
        }
        Ok(TaxQuote { lines, total, tax_lines })
    }
}
