//! Lists of rows, in parts.

use sqlx::mysql::MySqlRow;
use sqlx::{FromRow, MySql, QueryBuilder};

use super::{Db, StoreError};
use crate::page::{Paging, Slice};

/// What comes first in a list; the name of the column with the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    Newest(&'static str),
    Oldest(&'static str),
}

impl Db {
    /// A part of a list by id, and how long the whole list is. `count` and `select` end with a condition; what
    /// `filter` adds to both begins with ` AND`.
    pub async fn part<Row>(
        &self,
        count: &'static str,
        select: &'static str,
        filter: impl Fn(&mut QueryBuilder<MySql>) + Send,
        first: First,
        paging: Paging,
    ) -> Result<Slice<Row>, StoreError>
    where
        Row: for<'r> FromRow<'r, MySqlRow> + Send + Unpin,
    {
        let (mut count, mut select) = (QueryBuilder::new(count), QueryBuilder::new(select));
        filter(&mut count);
        filter(&mut select);
        let (id, after, direction) = match first {
            First::Newest(id) => (id, "<", "DESC"),
            First::Oldest(id) => (id, ">", "ASC"),
        };
        if let Some(last) = paging.after {
            select.push(format!(" AND {id} {after} ")).push_bind(last);
        }
        select.push(format!(" ORDER BY {id} {direction} LIMIT ")).push_bind(paging.limit);
        select.push(" OFFSET ").push_bind(paging.skip);
        let items = select.build_query_as().fetch_all(self.pool()).await?;
        // Counted last: what was added meanwhile must not make a part look like the end.
        let total: i64 = count.build_query_scalar().fetch_one(self.pool()).await?;
        Ok(Slice { items, total: total.unsigned_abs() })
    }
}
