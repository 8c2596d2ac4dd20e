//! Which of several is served at a turn, by weights: over any whole round each is served by its weight, spread
//! evenly. The real load balancer decides by chance; here every run comes out the same.

/// The index of who is served at this turn (counting from 0), and how often it was served before. None when no
/// weight is above zero.
pub(super) fn chosen(weights: &[u32], turn: u64) -> Option<(usize, u64)> {
    let divisor = weights.iter().copied().fold(0, greatest_common_divisor);
    let shares: Vec<i64> = weights.iter().map(|weight| i64::from(weight.checked_div(divisor).unwrap_or(0))).collect();
    let round: i64 = shares.iter().sum();
    let length = u64::try_from(round).ok().filter(|length| *length > 0)?;
    let mut credit = vec![0_i64; shares.len()];
    let mut served = vec![0_u64; shares.len()];
    let mut last = 0;
    for _ in 0..=turn % length {
        credit.iter_mut().zip(&shares).for_each(|(credit, share)| *credit += share);
        // The first of those with the most credit.
        let best = credit.iter().enumerate().max_by_key(|(index, credit)| (**credit, std::cmp::Reverse(*index)));
        last = best.map_or(0, |(index, _)| index);
        if let (Some(credit), Some(served)) = (credit.get_mut(last), served.get_mut(last)) {
            *credit -= round;
            *served += 1;
        }
    }
    let own = |list: &[i64]| list.get(last).and_then(|share| u64::try_from(*share).ok()).unwrap_or_default();
    let before = served.get(last).copied().unwrap_or(1) - 1;
    Some((last, (turn / length) * own(&shares) + before))
}

fn greatest_common_divisor(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_served_by_its_weight_in_every_round() {
        let cases: [(&[u32], u64); 6] =
            [(&[1], 1), (&[1, 1], 2), (&[90, 10], 10), (&[0, 5], 1), (&[3, 2, 1], 6), (&[999, 1], 1000)];
        for (weights, round) in cases {
            let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
            let mut counts = vec![0; weights.len()];
            for turn in 0..3 * round {
                let (index, before) = chosen(weights, turn).unwrap();
                assert_eq!(before, counts[index], "{weights:?} at turn {turn}");
                counts[index] += 1;
            }
            let expected: Vec<u64> = weights.iter().map(|weight| 3 * round * u64::from(*weight) / total).collect();
            assert_eq!(counts, expected, "{weights:?}");
        }
        assert_eq!(chosen(&[0, 0], 0), None);
        assert_eq!(chosen(&[], 0), None);
    }

    #[test]
    fn turns_are_spread_over_the_round() {
        let indices: Vec<usize> = (0..6).map(|turn| chosen(&[2, 1], turn).unwrap().0).collect();
        assert_eq!(indices, [0, 1, 0, 0, 1, 0]);
    }
}
