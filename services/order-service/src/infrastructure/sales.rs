//! What was sold, by days, in MySQL.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::NaiveDate;
use config::database::{Db, StoreError, Tx};
use config::money::Currency;
use sqlx::{MySql, QueryBuilder};

use crate::application::{DaySales, Figures, ProductSales, SalesBook, SalesReader};
use crate::domain::Order;

/// Orders of a day that don't wait for one another.
const SHARDS: u64 = 16;
/// How many of the best-selling products are shown.
const TOP: u32 = 10;

#[async_trait]
impl SalesBook for Tx {
    async fn book(&mut self, order: &Order, figures: Figures) -> Result<(), StoreError> {
        let (day, currency) = (order.created_at.date_naive(), order.totals.currency());
        add(self, BTreeMap::from([((day, currency.code()), figures)]), order.id.get() % SHARDS).await
    }

    async fn book_placed(&mut self, orders: &[Order]) -> Result<(), StoreError> {
        let mut days: BTreeMap<_, Figures> = BTreeMap::new();
        for order in orders {
            let day = (order.created_at.date_naive(), order.totals.currency().code());
            days.entry(day).or_default().orders += 1;
        }
        // Where the first belongs: which part of a day has which orders is all the same to their sum.
        let shard = orders.first().map_or(0, |order| order.id.get() % SHARDS);
        add(self, days, shard).await
    }

    async fn book_products(&mut self, order: &Order) -> Result<(), StoreError> {
        let mut lines = Vec::with_capacity(order.lines.len());
        for line in &order.lines {
            lines.push((line, line.discounted().map_err(StoreError::corrupt)?));
        }
        // Rows are locked in one order.
        lines.sort_by(|(a, _), (b, _)| a.product_id.cmp(&b.product_id));
        let day = order.created_at.date_naive();
        let mut insert = QueryBuilder::<MySql>::new(
            "INSERT INTO daily_product_sales (day, currency, product_id, product_name, units, revenue) ",
        );
        insert.push_values(lines, |mut row, (line, total)| {
            row.push_bind(day)
                .push_bind(total.currency().code())
                .push_bind(line.product_id.as_str())
                .push_bind(&line.product_name)
                .push_bind(line.quantity.get())
                .push_bind(total.minor());
        });
        insert.push(
            " ON DUPLICATE KEY UPDATE product_name = VALUES(product_name), units = units + VALUES(units), \
             revenue = revenue + VALUES(revenue)",
        );
        insert.build().execute(self.connection()).await?;
        Ok(())
    }
}

async fn add(
    tx: &mut Tx,
    days: BTreeMap<(NaiveDate, &'static str), Figures>,
    shard: u64,
) -> Result<(), StoreError> {
    let mut insert = QueryBuilder::<MySql>::new(
        "INSERT INTO daily_sales (day, currency, shard, orders, paid_orders, paid, refunded) ",
    );
    insert.push_values(days, |mut row, ((day, currency), figures)| {
        row.push_bind(day)
            .push_bind(currency)
            .push_bind(shard)
            .push_bind(figures.orders)
            .push_bind(figures.paid_orders)
            .push_bind(figures.paid)
            .push_bind(figures.refunded);
    });
    insert.push(
        " ON DUPLICATE KEY UPDATE orders = orders + VALUES(orders), \
         paid_orders = paid_orders + VALUES(paid_orders), paid = paid + VALUES(paid), \
         refunded = refunded + VALUES(refunded)",
    );
    insert.build().execute(tx.connection()).await?;
    Ok(())
}

#[async_trait]
impl SalesReader for Db {
    async fn days(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        currency: Currency,
    ) -> Result<Vec<DaySales>, StoreError> {
        type Row = (NaiveDate, u64, u64, i64, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT day, CAST(SUM(orders) AS UNSIGNED), CAST(SUM(paid_orders) AS UNSIGNED), \
             CAST(SUM(paid) AS SIGNED), CAST(SUM(refunded) AS SIGNED) \
             FROM daily_sales WHERE day BETWEEN ? AND ? AND currency = ? GROUP BY day ORDER BY day",
        )
        .bind(from)
        .bind(to)
        .bind(currency.code())
        .fetch_all(self.pool())
        .await?;
        let day = |(day, orders, paid_orders, paid, refunded): Row| DaySales {
            day,
            figures: Figures { orders, paid_orders, paid, refunded },
        };
        Ok(rows.into_iter().map(day).collect())
    }

    async fn top_products(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        currency: Currency,
    ) -> Result<Vec<ProductSales>, StoreError> {
        type Row = (Option<NaiveDate>, String, String, u64, i64);
        let period: Vec<Row> = sqlx::query_as(
            "SELECT NULL, product_id, MAX(product_name), CAST(SUM(units) AS UNSIGNED), CAST(SUM(revenue) AS SIGNED) AS total \
             FROM daily_product_sales WHERE day BETWEEN ? AND ? AND currency = ? \
             GROUP BY product_id ORDER BY total DESC, product_id LIMIT ?",
        )
        .bind(from)
        .bind(to)
        .bind(currency.code())
        .bind(TOP)
        .fetch_all(self.pool())
        .await?;
        let by_day: Vec<Row> = sqlx::query_as(
            "SELECT day, product_id, product_name, units, revenue FROM ( \
               SELECT day, product_id, product_name, units, revenue, \
                 ROW_NUMBER() OVER (PARTITION BY day ORDER BY revenue DESC, product_id) AS place \
               FROM daily_product_sales WHERE day BETWEEN ? AND ? AND currency = ? \
             ) AS ranked WHERE place <= ? ORDER BY day, place",
        )
        .bind(from)
        .bind(to)
        .bind(currency.code())
        .bind(TOP)
        .fetch_all(self.pool())
        .await?;
        let product = |(day, product_id, product_name, units, revenue): Row| ProductSales {
            day,
            product_id,
            product_name,
            units,
            revenue,
        };
        Ok(period.into_iter().chain(by_day).map(product).collect())
    }
}
