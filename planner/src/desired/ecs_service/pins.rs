//! What is looked up outside the spec once and then remembered, so that it changes only when somebody asks for that.

use std::collections::{BTreeMap, BTreeSet};

use super::Builder;
use crate::desired::obstacle::{Fact, Need};

/// What is remembered, and what must be asked first.
#[derive(Clone, Debug, Default)]
pub(super) struct Pins {
    pub(super) needs: BTreeSet<Need>,
    pub(super) pins: BTreeMap<String, String>,
}

impl Pins {
    /// What was looked up under a name, or is now. A new `restartedAt` looks it up anew. `None`: it is not there, or not
    /// known yet.
    pub(super) fn of(
        &mut self,
        builder: &Builder<'_>,
        name: &str,
        need: Need,
        read: impl FnOnce(&Fact) -> Option<String>,
    ) -> Option<String> {
        let since = builder.spec.restarted_at.iter().map(|at| format!(" since {at}"));
        let name = std::iter::once(name.to_owned()).chain(since).collect::<String>();
        let found = match (builder.memory.pins.get(&name), builder.facts.get(&need)) {
            (Some(pinned), _) => Some(pinned.clone()),
            (None, Some(fact)) => read(fact),
            (None, None) => {
                self.needs.insert(need);
                None
            }
        };
        self.remember(name, found)
    }

    /// What is now, at each look; it is remembered for people, and for who cannot ask.
    pub(super) fn follow(
        &mut self,
        builder: &Builder<'_>,
        name: &str,
        need: Need,
        read: impl FnOnce(&Fact) -> Option<String>,
    ) -> Option<String> {
        let Some(fact) = builder.facts.get(&need) else {
            self.needs.insert(need);
            return builder.memory.pins.get(name).cloned();
        };
        self.remember(name.to_owned(), read(fact))
    }

    fn remember(&mut self, name: String, found: Option<String>) -> Option<String> {
        self.pins.extend(found.clone().map(|found| (name, found)));
        found
    }
}
