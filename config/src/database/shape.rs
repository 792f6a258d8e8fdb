//! Statements of few shapes.
//!
//! A statement with five values is another one than that with six, and each has to be prepared, kept by the server
//! (`max_prepared_stmt_count`), and closed when a connection has too many, which costs more than it should
//! (ADR 187). So a list is filled up to a power of two where saying its last value again changes nothing.

use sqlx::{Encode, MySql, QueryBuilder, Type};

/// The values, and the last one again until their number is a power of two.
pub fn padded<T>(values: &[T]) -> impl Iterator<Item = &T> {
    let missing = values.len().next_power_of_two() - values.len();
    values.iter().chain(values.last().into_iter().cycle().take(missing))
}

/// Pushes `(?, ?, …)`, for `IN`: the values, at least one, [`padded`].
pub fn push_list<'t, T>(query: &mut QueryBuilder<MySql>, values: impl IntoIterator<Item = T>)
where
    T: Copy + Encode<'t, MySql> + Type<MySql>,
{
    let values: Vec<T> = values.into_iter().collect();
    let mut list = query.push("(").separated(", ");
    padded(&values).for_each(|value| {
        list.push_bind(*value);
    });
    query.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_lengths_and_no_other_values() {
        for (values, filled) in [
            (vec![], vec![]),
            (vec![7], vec![7]),
            (vec![7, 8], vec![7, 8]),
            (vec![7, 8, 9], vec![7, 8, 9, 9]),
            (vec![1, 2, 3, 4, 5], vec![1, 2, 3, 4, 5, 5, 5, 5]),
        ] {
            assert_eq!(padded(&values).copied().collect::<Vec<i32>>(), filled);
        }
        let mut query = QueryBuilder::new("DELETE FROM outbox WHERE seq IN ");
        push_list(&mut query, [1_u64, 2, 3]);
        assert_eq!(query.sql().as_str(), "DELETE FROM outbox WHERE seq IN (?, ?, ?, ?)");
    }
}
