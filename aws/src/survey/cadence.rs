//! What is not read every time.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Which part of what is read rarely is read this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    round: u64,
    rounds_a_day: u64,
}

impl Cadence {
    /// The n-th of so many surveys a day; any n does to begin with.
    pub fn new(round: u64, rounds_a_day: u64) -> Self {
        Self { round, rounds_a_day: rounds_a_day.max(1) }
    }

    /// Everything is read this time.
    pub fn everything() -> Self {
        Self::new(0, 1)
    }

    /// Whether it is the turn of what is read about once an hour.
    pub(crate) fn hourly(self) -> bool {
        self.round.is_multiple_of((self.rounds_a_day / 24).max(1))
    }

    /// Those whose turn it is, of things that are read once a day: each has a round of the day that its name gives it,
    /// and all rounds have equally many, so that no survey costs more than another. Where things come and go in between,
    /// one of them may be left out for a day.
    pub(crate) fn daily<'a>(self, names: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let spread: BTreeSet<(u64, &str)> = names.into_iter().map(|name| (hash(name), name)).collect();
        let round = self.round % self.rounds_a_day;
        let up_to = |round: u64| usize::try_from(spread.len() as u64 * round / self.rounds_a_day).unwrap_or(usize::MAX);
        let (begin, end) = (up_to(round), up_to(round + 1));
        spread.iter().skip(begin).take(end - begin).map(|(_, name)| *name).collect()
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_its_turn_once_a_day_no_round_has_more_and_each_hour_has_one() {
        let rounds: Vec<Cadence> = (1000..1144).map(|round| Cadence::new(round, 144)).collect();
        for n in [1, 143, 144, 1000_usize] {
            let names: BTreeSet<String> = (0..n).map(|n| format!("/longshore/shop-hello-{n}")).collect();
            let turns: Vec<BTreeSet<&str>> =
                rounds.iter().map(|round| round.daily(names.iter().map(String::as_str))).collect();
            assert!(turns.iter().all(|turn| (n / 144..=n.div_ceil(144)).contains(&turn.len())), "{n}: {turns:?}");
            assert_eq!(turns.iter().map(BTreeSet::len).sum::<usize>(), n);
            assert_eq!(turns.into_iter().flatten().collect::<BTreeSet<_>>().len(), n);
        }
        assert_eq!(rounds.iter().filter(|round| round.hourly()).count(), 24);
        assert!(Cadence::everything().hourly());
        assert_eq!(Cadence::everything().daily(["any", "other"]), ["any", "other"].into());
    }
}
