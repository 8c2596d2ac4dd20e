//! What is not read every time.

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

    /// Whether it is the turn of a thing that is read once a day: each has its own round of the day.
    pub(crate) fn daily(self, name: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        hasher.finish() % self.rounds_a_day == self.round % self.rounds_a_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_its_turn_once_a_day_and_each_hour_has_one() {
        let rounds: Vec<Cadence> = (1000..1144).map(|round| Cadence::new(round, 144)).collect();
        for n in 0..1000 {
            let name = format!("/longshore/shop-hello-{n}");
            assert_eq!(rounds.iter().filter(|round| round.daily(&name)).count(), 1);
        }
        assert_eq!(rounds.iter().filter(|round| round.hourly()).count(), 24);
        assert!(Cadence::everything().hourly() && Cadence::everything().daily("any"));
    }
}
