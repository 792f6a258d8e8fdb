//! The parameters of a list.

use config::money::{Amount, Currency};
use config::page::Paging;
use config::problem::{Fields, InvalidFields};

use super::cursor;
use crate::application::{ListQuery, Sort};
use crate::domain::{Category, Status};

/// As they stand in the URL.
pub struct ListParameters {
    pub skip: Option<i64>,
    pub limit: Option<i64>,
    pub cursor: Option<String>,
    pub category: Option<String>,
    pub min_price: Option<Amount>,
    pub max_price: Option<Amount>,
    pub in_stock: Option<bool>,
    pub status: Option<String>,
    pub sort: Option<String>,
}

impl ListParameters {
    /// Prices are in the shop's `currency`.
    pub fn parse(self, currency: Currency) -> Result<ListQuery, InvalidFields> {
        let mut fields = Fields::default();
        // The cursor is of this list's own kind.
        let paging = Paging::check(&mut fields, self.skip, self.limit, None);
        let sort = fields.check("sort", self.sort.as_deref().map_or(Ok(Sort::default()), str::parse));
        let after = match (&self.cursor, sort) {
            (Some(text), Some(sort)) => fields.check("cursor", cursor::parse(text, sort)),
            _ => None,
        };
        let category = self.category.map(|name| name.parse::<Category>()).transpose();
        let category = fields.check("category", category);
        let mut minor = |field, amount: Option<Amount>| {
            let money = amount.map(|amount| amount.in_currency(currency)).transpose();
            fields.check(field, money.map(|money| money.map(|money| money.minor())))
        };
        let (min_price, max_price) = (minor("min_price", self.min_price), minor("max_price", self.max_price));
        if let (Some(Some(least)), Some(Some(most))) = (min_price, max_price)
            && least > most
        {
            fields.reject("max_price", "invalid", "must not be less than min_price");
        }
        let status = fields.check("status", self.status.as_deref().map_or(Ok(Status::Active), str::parse));
        fields.finish(|| {
            let paging = paging?;
            Some(ListQuery {
                category: category?.map(|category| category.to_string()),
                min_price: min_price?,
                max_price: max_price?,
                currency,
                in_stock: self.in_stock,
                status: status?,
                sort: sort?,
                after,
                skip: paging.skip,
                limit: paging.limit,
            })
        })
    }
}
