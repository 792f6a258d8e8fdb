//! Spreading an amount over lines, exactly.

/// Spreads `amount` over the weights in proportion, the rest by the largest remainders. All are in minor units, none
/// is negative; nobody gets more than its weight. What is over the sum of the weights goes nowhere.
pub(super) fn spread(amount: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().copied().map(i128::from).sum();
    let amount = i128::from(amount).clamp(0, sum);
    if amount == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: &i64| i128::from(*weight) * amount;
    let mut shares: Vec<i64> = weights.iter().map(|weight| small(exact(weight) / sum)).collect();
    let given: i128 = shares.iter().copied().map(i128::from).sum();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    // A stable sort: of equal remainders the earlier line's is first.
    by_remainder.sort_by_key(|index| std::cmp::Reverse(exact(&weights[*index]) % sum));
    // There are fewer units left than lines with a remainder.
    let left = usize::try_from(amount - given).unwrap_or_default();
    for index in by_remainder.into_iter().take(left) {
        shares[index] += 1;
    }
    shares
}

/// A share is at most its weight, so it fits.
fn small(share: i128) -> i64 {
    i64::try_from(share).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_rest_goes_to_the_largest_remainders() {
        assert_eq!(spread(100, &[1_000, 1_000, 1_000]), [34, 33, 33]);
        assert_eq!(spread(10, &[10, 5, 85]), [1, 1, 8]);
        assert_eq!(spread(7, &[0, 3]), [0, 3]);
        assert_eq!(spread(5, &[]), [0; 0]);
        assert_eq!(spread(-3, &[4]), [0]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_share_is_above_its_weight_or_far_from_its_proportion(
            weights in prop::collection::vec(0_i64..1_000_000_000_000_000, 0..100),
            amount in 0_i64..1_000_000_000_000_000,
        ) {
            let sum: i128 = weights.iter().copied().map(i128::from).sum();
            let shares = spread(amount, &weights);
            let given: i128 = shares.iter().copied().map(i128::from).sum();
            prop_assert_eq!(given, i128::from(amount).min(sum));
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!((0..=*weight).contains(share));
                let distance = i128::from(*share) * sum - i128::from(*weight) * given;
                prop_assert!(distance.abs() < sum.max(1));
            }
        }
    }
}
