//! The parameters of a search.

use chrono::{DateTime, Utc};
use config::money::{Amount, Currency};
use config::page::within;
use config::problem::{Fields, InvalidFields};

use super::cursor;
use super::given::Given;
use crate::domain::{AttributeFilter, Filters, Keyword, Query, Sort, limits};

/// As they stand in the URL.
pub struct Parameters {
    pub keyword: Given<String>,
    pub category: Given<Vec<String>>,
    pub brand: Given<Vec<String>>,
    pub attribute: Given<Vec<String>>,
    pub min_price: Given<Amount>,
    pub max_price: Given<Amount>,
    pub in_stock: Given<bool>,
    pub min_rating: Given<f64>,
    pub created_after: Given<DateTime<Utc>>,
    pub sort: Given<String>,
    pub skip: Given<i64>,
    pub limit: Given<i64>,
    pub cursor: Given<String>,
}

impl Parameters {
    /// Prices are in the shop's `currency`.
    pub fn parse(self, currency: Currency) -> Result<Query, InvalidFields> {
        let mut fields = Fields::default();
        let f = &mut fields;
        let keyword = self.keyword.check("keyword", f).unwrap_or_default();
        let keyword = f.check("keyword", keyword.parse::<Keyword>());
        let categories = names(self.category, "category", f);
        let brands = names(self.brand, "brand", f);
        let attributes = attributes(&names(self.attribute, "attribute", f), &brands, f);
        let min_price = price(self.min_price, "min_price", currency, f);
        let max_price = price(self.max_price, "max_price", currency, f);
        if let (Some(least), Some(most)) = (min_price, max_price)
            && least > most
        {
            f.reject("max_price", "invalid", "must not be less than min_price");
        }
        let in_stock = self.in_stock.check("in_stock", f);
        let min_rating = self.min_rating.check("min_rating", f).and_then(|stars| {
            let legal = (0.0..=5.0).contains(&stars).then(|| (stars * 100.0).round() as u16);
            f.check("min_rating", legal.ok_or("must be from 0 to 5"))
        });
        let created_after = self.created_after.check("created_after", f);
        let sort = self.sort.check("sort", f);
        let given = sort.is_some();
        let sort = f.check("sort", sort.as_deref().map_or(Ok(Sort::default()), str::parse));
        let skip = self.skip.check("skip", f);
        let skip = f.check("skip", within(skip, 0, 0, limits::SKIP));
        let limit = self.limit.check("limit", f);
        let limit = f.check("limit", within(limit, limits::DEFAULT_LIMIT, 1, limits::LIMIT));
        // Of everything nothing is more relevant than another.
        let sort = sort.zip(keyword.as_ref()).map(|(sort, keyword)| match keyword.is_empty() {
            true if !given || sort == Sort::default() => Sort::NEWEST,
            _ => sort,
        });
        let cursor = self.cursor.check("cursor", f);
        let after = sort.zip(cursor).and_then(|(sort, text)| f.check("cursor", cursor::read(&text, sort)));
        fields.finish(|| {
            let filters =
                Filters { categories, min_price, max_price, in_stock, min_rating, attributes, created_after };
            let filters = filters.normalised();
            Some(Query { keyword: keyword?, filters, sort: sort?, after, skip: skip?, limit: limit? })
        })
    }
}

fn names(given: Given<Vec<String>>, field: &str, fields: &mut Fields) -> Vec<String> {
    let names = given.check(field, fields).unwrap_or_default();
    let legal = names.len() <= limits::VALUES
        && names.iter().all(|name| name.chars().count() <= limits::NAME && !name.contains('\0'));
    if !legal {
        let rule = format!("must be at most {} texts of at most {} characters", limits::VALUES, limits::NAME);
        fields.reject(field, "length", rule);
        return Vec::new();
    }
    names
}

/// `colour:Black`; several values of one attribute are alternatives.
fn attributes(pairs: &[String], brands: &[String], fields: &mut Fields) -> Vec<AttributeFilter> {
    let mut filters: Vec<AttributeFilter> = Vec::new();
    let mut add = |name: &str, value: &str| match filters.iter_mut().find(|filter| filter.name == name) {
        Some(filter) => filter.values.push(value.to_owned()),
        None => filters.push(AttributeFilter { name: name.to_owned(), values: vec![value.to_owned()] }),
    };
    for pair in pairs {
        match pair.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => add(name, value),
            _ => fields.reject("attribute", "invalid", "must be a name and a value, as colour:Black"),
        }
    }
    brands.iter().for_each(|brand| add("brand", brand));
    filters
}

fn price(given: Given<Amount>, field: &str, currency: Currency, fields: &mut Fields) -> Option<i64> {
    let amount = given.check(field, fields)?;
    let money = fields.check(field, amount.in_currency(currency))?;
    let legal = (money.minor() >= 0).then(|| money.minor());
    fields.check(field, legal.ok_or("must not be negative"))
}
