//! Quotes, as order-service asks for them.

use config::money::{Amount, Currency};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use super::number::Exact;
use super::parse;
use crate::application::{Assessment, TaxRequest};
use crate::domain::{Basket, BasketLine, Sum, TaxLine};

const MOST_LINES: usize = 500;
const LONGEST_ID: usize = 100;

/// A basket, and where it goes.
#[derive(Debug, Object)]
pub struct QuoteRequest {
    /// ISO 3166 code or English name; null when the address doesn't say.
    pub country: Option<String>,
    pub state: Option<String>,
    pub user_id: Option<i64>,
    /// ISO 4217; the shop's when not given.
    pub currency: Option<String>,
    /// Whether the amounts include the taxes; false when not given.
    pub prices_include_tax: Option<bool>,
    /// 500 at most.
    pub lines: Vec<QuoteLine>,
    /// What sending costs; 0 when not given.
    pub shipping: Option<Amount>,
}

/// A line of a basket.
#[derive(Debug, Object)]
pub struct QuoteLine {
    /// What the answer calls the line; 1 to 100 bytes.
    pub id: String,
    /// The product's category.
    pub product_type: Option<String>,
    /// What the line costs, after discounts.
    pub amount: Amount,
}

impl QuoteRequest {
    pub fn parse(&self, shop: Currency) -> Result<TaxRequest, InvalidFields> {
        let mut fields = Fields::default();
        let place = parse::place(&mut fields, self.country.as_deref(), None, self.state.as_deref());
        let user_id = self.user_id.map_or(Some(None), |id| parse::user(&mut fields, id).map(Some));
        let currency = parse::currency(&mut fields, self.currency.as_deref(), shop);
        let basket = currency.and_then(|currency| self.basket(&mut fields, currency));
        fields.finish(|| Some(TaxRequest { basket: basket?, place: place?, user_id: user_id? }))
    }

    fn basket(&self, fields: &mut Fields, currency: Currency) -> Option<Basket> {
        if self.lines.len() > MOST_LINES {
            fields.reject("lines", "length", format!("must be {MOST_LINES} at most"));
            return None;
        }
        let lines = self.lines.iter().enumerate();
        let lines: Vec<_> =
            lines.map(|(index, line)| line.parse(fields, &format!("lines[{index}]"), currency)).collect();
        let shipping = self.shipping.unwrap_or(config::money::Money::zero(currency).into());
        let shipping = parse::amount(fields, "shipping", shipping, currency);
        let lines = lines.into_iter().collect::<Option<Vec<_>>>()?;
        let includes_tax = self.prices_include_tax.unwrap_or(false);
        Some(Basket { currency, includes_tax, lines, shipping: shipping? })
    }
}

impl QuoteLine {
    fn parse(&self, fields: &mut Fields, path: &str, currency: Currency) -> Option<BasketLine> {
        if !(1..=LONGEST_ID).contains(&self.id.len()) {
            fields.reject(format!("{path}.id"), "length", format!("must be 1 to {LONGEST_ID} bytes"));
        }
        let product_type =
            parse::label_if_any(fields, &format!("{path}.product_type"), self.product_type.as_deref());
        let amount = parse::amount(fields, &format!("{path}.amount"), self.amount, currency);
        Some(BasketLine { product_type: product_type?, amount: amount? })
    }
}

/// A basket's taxes: net and tax are gross, and the tax lines are the tax, on every level.
#[derive(Debug, Object)]
pub struct QuoteDto {
    pub currency: String,
    pub prices_include_tax: bool,
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
    pub lines: Vec<QuotedLine>,
    pub shipping: SumDto,
    pub tax_lines: Vec<TaxLineDto>,
    /// Whether the customer pays no tax. Prices that include tax are then all net.
    pub exempt: bool,
}

/// A line with its tax.
#[derive(Debug, Object)]
pub struct QuotedLine {
    pub id: String,
    #[oai(flatten)]
    pub sum: SumDto,
}

/// What is paid, in its parts.
#[derive(Debug, Object)]
pub struct SumDto {
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
}

/// One of the taxes.
#[derive(Debug, Object)]
pub struct TaxLineDto {
    pub name: String,
    /// `US-CA`, or `DE`.
    pub jurisdiction: String,
    pub percent: Exact,
    /// What the percentage is taken of.
    pub taxable: Amount,
    pub tax: Amount,
}

impl QuoteDto {
    pub fn new(request: &QuoteRequest, assessment: Assessment) -> Self {
        let Assessment { assessed, exempt, .. } = assessment;
        let sums = assessed.lines.iter().map(|line| line.sum.into());
        let lines = request.lines.iter().zip(sums);
        let SumDto { net, tax, gross } = assessed.total.into();
        Self {
            currency: assessed.total.net.currency().to_string(),
            prices_include_tax: request.prices_include_tax.unwrap_or(false),
            net,
            tax,
            gross,
            lines: lines.map(|(line, sum)| QuotedLine { id: line.id.clone(), sum }).collect(),
            shipping: assessed.shipping.sum.into(),
            tax_lines: assessed.tax_lines.into_iter().map(TaxLineDto::from).collect(),
            exempt,
        }
    }
}

impl From<Sum> for SumDto {
    fn from(sum: Sum) -> Self {
        Self { net: sum.net.into(), tax: sum.tax.into(), gross: sum.gross.into() }
    }
}

impl From<TaxLine> for TaxLineDto {
    fn from(line: TaxLine) -> Self {
        Self {
            name: line.name.to_string(),
            jurisdiction: line.jurisdiction,
            percent: Exact(line.percent.number()),
            taxable: line.taxable.into(),
            tax: line.tax.into(),
        }
    }
}
