//! What was sold, as administrators see it.

use chrono::{Days, NaiveDate};
use config::money::{Amount, Currency, Money};
use config::problem::Fields;
use poem_openapi::Object;

use super::request::day;
use crate::application::{DaySales, Figures, ProductSales};

/// Days in a summary when nobody says how many.
const USUAL: u64 = 30;
const MOST: i64 = 366;

/// What was sold in a period, counted on the days on which the orders were placed (UTC).
#[derive(Debug, Clone, Object)]
pub struct SummaryDto {
    pub from: NaiveDate,
    /// Included.
    pub to: NaiveDate,
    pub currency: String,
    /// Orders placed, whatever became of them.
    pub orders: u64,
    pub paid_orders: u64,
    /// What was paid less what was given back.
    pub revenue: Amount,
    pub refunded: Amount,
    /// What was paid by the paid orders, on average.
    pub average_order_value: Amount,
    /// Paid orders of all orders, 0 to 1.
    pub conversion: f64,
    /// The products with the most revenue, refunds not counted.
    pub top_products: Vec<ProductSalesDto>,
    /// Days with orders.
    pub days: Vec<DayDto>,
}

/// What was sold of a product.
#[derive(Debug, Clone, Object)]
pub struct ProductSalesDto {
    pub product_id: String,
    pub product_name: String,
    pub units: u64,
    pub revenue: Amount,
}

/// A day.
#[derive(Debug, Clone, Object)]
pub struct DayDto {
    pub date: NaiveDate,
    pub orders: u64,
    pub paid_orders: u64,
    pub revenue: Amount,
    pub refunded: Amount,
    pub average_order_value: Amount,
    pub conversion: f64,
    pub top_products: Vec<ProductSalesDto>,
}

impl SummaryDto {
    pub fn new(
        (from, to): (NaiveDate, NaiveDate),
        currency: Currency,
        days: &[DaySales],
        top: &[ProductSales],
    ) -> Self {
        let sum = days.iter().fold(Figures::default(), |sum, DaySales { figures, .. }| Figures {
            orders: sum.orders + figures.orders,
            paid_orders: sum.paid_orders + figures.paid_orders,
            paid: sum.paid + figures.paid,
            refunded: sum.refunded + figures.refunded,
        });
        let amount = |minor| Amount::from(Money::from_minor(minor, currency));
        let products = |day: Option<NaiveDate>| -> Vec<ProductSalesDto> {
            let of_day = top.iter().filter(|product| product.day == day);
            let product = |product: &ProductSales| ProductSalesDto {
                product_id: product.product_id.clone(),
                product_name: product.product_name.clone(),
                units: product.units,
                revenue: amount(product.revenue),
            };
            of_day.map(product).collect()
        };
        let day = |DaySales { day, figures }: &DaySales| DayDto {
            date: *day,
            orders: figures.orders,
            paid_orders: figures.paid_orders,
            revenue: amount(figures.paid - figures.refunded),
            refunded: amount(figures.refunded),
            average_order_value: amount(average(figures)),
            conversion: conversion(figures),
            top_products: products(Some(*day)),
        };
        Self {
            from,
            to,
            currency: currency.to_string(),
            orders: sum.orders,
            paid_orders: sum.paid_orders,
            revenue: amount(sum.paid - sum.refunded),
            refunded: amount(sum.refunded),
            average_order_value: amount(average(&sum)),
            conversion: conversion(&sum),
            top_products: products(None),
            days: days.iter().map(day).collect(),
        }
    }
}

/// To the nearest minor unit.
fn average(figures: &Figures) -> i64 {
    match i64::try_from(figures.paid_orders) {
        Ok(orders @ 1..) => (figures.paid + orders / 2) / orders,
        _ => 0,
    }
}

fn conversion(figures: &Figures) -> f64 {
    match figures.orders {
        0 => 0.0,
        // Four digits say enough.
        orders => (figures.paid_orders as f64 / orders as f64 * 10_000.0).round() / 10_000.0,
    }
}

/// The days of a summary: the last thirty unless said otherwise.
pub fn period(
    fields: &mut Fields,
    from: Option<&str>,
    to: Option<&str>,
    today: NaiveDate,
) -> Option<(NaiveDate, NaiveDate)> {
    let date = |text: &str| day(text).ok_or("must be a date as 2025-12-31");
    let to = fields.check("to", to.map(date).transpose());
    let from = fields.check("from", from.map(date).transpose());
    let period = from.zip(to).map(|(from, to)| {
        let to = to.unwrap_or(today);
        (from.or_else(|| to.checked_sub_days(Days::new(USUAL - 1))).unwrap_or(to), to)
    });
    if let Some((from, to)) = period
        && !(0..MOST).contains(&(to - from).num_days())
    {
        fields.reject("from", "invalid", format!("must be up to {MOST} days before `to`"));
    }
    period
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_rounded_and_nothing_is_divided_by_zero() {
        let figures = Figures { orders: 3, paid_orders: 2, paid: 1001, refunded: 0 };
        assert_eq!((average(&figures), conversion(&figures)), (501, 0.6667));
        assert_eq!((average(&Figures::default()), conversion(&Figures::default())), (0, 0.0));
    }

    #[test]
    fn a_period_is_a_month_by_default_and_a_year_at_most() {
        let today = "2025-06-30".parse().unwrap();
        let period = |from: Option<&str>, to: Option<&str>| {
            let mut fields = Fields::default();
            let period = super::period(&mut fields, from, to, today);
            fields.finish(|| period)
        };
        assert_eq!(period(None, None).unwrap(), ("2025-06-01".parse().unwrap(), today));
        assert!(period(Some("2024-01-01"), Some("2024-12-31")).is_ok());
        assert!(period(Some("2024-01-01"), Some("2025-01-01")).is_err());
        assert!(period(Some("2025-02-01"), Some("2025-01-01")).is_err());
        assert_eq!(period(Some("x"), Some("y")).unwrap_err().all().len(), 2);
    }
}
