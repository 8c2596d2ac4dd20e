//! What is no longer wanted, and when it may go. No edges are stored for this: what was observed says who uses what.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{FieldPath, Graph};
use super::identity::Id;
use super::kind::{Kinds, Replacement, Rules};
use super::ownership::Owner;
use super::plan::{Options, Progress};
use super::step::{Action, Plan, Step};
use super::uses::{GIVEN, anywhere, mentions, names, uses};
use super::world::{State, Thing, World};

/// What is still wanted of a graph while everything of it goes: what is there and this object's, and must be right as long
/// as something uses it. The rights by which AWS takes a user's things away are such.
pub fn upheld(graph: &Graph, world: &World) -> Graph {
    graph.only(|id, node| {
        let Some(thing) = world.get(id).filter(|thing| thing.is_ours()) else { return false };
        let mut others = world.things.iter().filter(|(other, _)| *other != id);
        node.upheld && node.needs.is_empty() && others.any(|(_, other)| uses(other, thing))
    })
}

pub(super) struct Prune<'a> {
    pub(super) graph: &'a Graph,
    pub(super) inventory: &'a BTreeSet<Id>,
    pub(super) world: &'a World,
    pub(super) kinds: &'a Kinds,
    pub(super) options: &'a Options,
    pub(super) settled: &'a BTreeMap<Id, Progress<'a>>,
}

impl Prune<'_> {
    pub(super) fn extend(&self, plan: &mut Plan) {
        let unwanted = self.unwanted(plan);
        let mut steps: Vec<(u8, Step)> = vec![];
        for id in &unwanted {
            let rank = self.rank(id);
            match self.decide(id, &unwanted) {
                Fate::Gone => {
                    plan.gone.insert(id.clone());
                }
                Fate::Kept => {}
                Fate::Step(action, reason) => steps.push((
                    rank,
                    Step { id: id.clone(), action, reason, at: FieldPath::default(), needs: BTreeSet::new() },
                )),
            }
        }
        plan.gone.extend(plan.known_as.values().filter(|id| self.inventory.contains(*id)).cloned());
        steps.sort_by_key(|(rank, _)| *rank);
        plan.steps.extend(steps.into_iter().map(|(_, step)| step));
    }

    fn unwanted(&self, plan: &Plan) -> BTreeSet<Id> {
        let matched: BTreeSet<&Id> = plan.known_as.values().collect();
        self.inventory
            .iter()
            .chain(self.world.things.keys())
            .filter(|id| self.graph.get(id).is_none() && !matched.contains(id))
            .cloned()
            .collect()
    }

    fn decide(&self, id: &Id, unwanted: &BTreeSet<Id>) -> Fate {
        if let Some(why) = self.world.unknown.get(id) {
            return Fate::Step(
                Action::Blocked,
                format!("Unreadable: it is not deleted while it cannot be read: {why}"),
            );
        }
        let Some(thing) = self.world.get(id) else {
            // An entry of a kind that this version cannot read is not gone: it is unknown.
            return match self.kinds.get(&id.kind) {
                Some(_) => Fate::Gone,
                None => Fate::Step(Action::Blocked, unknown_kind(id)),
            };
        };
        let Some(rules) = self.kinds.get(&id.kind) else {
            return Fate::Step(Action::Blocked, unknown_kind(id));
        };
        if thing.owner == Owner::Stray {
            return self.stray(id, thing, rules);
        }
        // Status is a hint where to look, never a licence: without our tags nothing is deleted.
        if !thing.is_ours() {
            return Fate::Gone;
        }
        if let State::Deleting(why) = &thing.state {
            return Fate::Step(Action::Wait, why.clone());
        }
        if self.stays(id, thing, unwanted, &mut vec![]) {
            return Fate::Kept;
        }
        match self.in_the_way(id, thing, rules, unwanted) {
            Some(why) => Fate::Step(Action::Wait, why),
            None => Fate::Step(Action::Delete, "no longer wanted".to_owned()),
        }
    }

    /// It may be what satisfies whoever wants it, under another identity; so it goes once all of its kind are there that
    /// are wanted. With what it is a part of it goes anyway.
    fn stray(&self, id: &Id, thing: &Thing, rules: &Rules) -> Fate {
        let whole = rules.part_of.and_then(|member| thing.value.get(member)?.as_str());
        let is_whole = |other: &Thing| {
            let names = |name: &str| other.outputs.get(name).map(String::as_str) == whole;
            whole.is_some() && other.is_ours() && GIVEN.iter().any(|name| names(name))
        };
        let is_known = |(other, known): (&Id, &Thing)| {
            let same = |name: &str| known.outputs.get(name).is_some_and(|it| thing.outputs.get(name) == Some(it));
            other.kind == id.kind && known.owner != Owner::Stray && GIVEN.iter().any(|name| same(name))
        };
        let mut alike = self.settled.iter().filter(|(other, _)| other.kind == id.kind);
        let stays = self.options.deleting
            || !self.world.things.values().any(is_whole)
            || self.world.things.iter().any(is_known)
            || !alike.all(|(_, progress)| settled(progress));
        if stays { Fate::Kept } else { Fate::Step(Action::Delete, NOT_WANTED_THERE.to_owned()) }
    }

    /// Why it cannot go yet.
    fn in_the_way(&self, id: &Id, thing: &Thing, rules: &Rules, unwanted: &BTreeSet<Id>) -> Option<String> {
        let used = || self.user_of(id, thing, rules).or_else(|| self.lower_rank(id, rules));
        let whole = || self.unwanted_whole(thing, rules, unwanted);
        self.unready_successor(id).or_else(whole).or_else(|| self.wrong_support(thing)).or_else(used)
    }

    /// What it is a part of, where that is to go as well: who still uses the whole needs its parts, and they go with it.
    fn unwanted_whole(&self, thing: &Thing, rules: &Rules, unwanted: &BTreeSet<Id>) -> Option<String> {
        let whole = thing.value.get(rules.part_of?)?.as_str()?;
        let is_whole = |other: &Thing| GIVEN.iter().any(|name| other.outputs.get(*name).is_some_and(|it| it == whole));
        let goes = |id: &Id, other: &Thing| other.is_ours() && !self.stays(id, other, unwanted, &mut vec![]);
        let mut wholes = unwanted.iter().filter_map(|id| Some((id, self.world.get(id)?)));
        let (id, _) = wholes.find(|(id, other)| !self.options.deleting && is_whole(other) && goes(id, other))?;
        Some(format!("goes with {id}"))
    }

    /// What it cannot go without is put right first.
    fn wrong_support(&self, thing: &Thing) -> Option<String> {
        let upheld = self.graph.iter().filter(|(_, node)| self.options.deleting && node.upheld);
        let mut wrong = upheld.filter(|(id, _)| !self.settled.get(id).is_some_and(settled));
        let (id, _) = wrong.find(|(id, _)| self.world.get(id).is_some_and(|support| uses(thing, support)))?;
        Some(format!("cannot go without {id}, which is put right first"))
    }

    /// A successor takes over only once what follows it does too: tasks of a service still answer on the old port, and
    /// are registered in the old target group, until its deployment is done, though nothing names those any more.
    fn unready_successor(&self, id: &Id) -> Option<String> {
        let (successor, progress) = self.settled.iter().find(|(other, _)| other.same_place(id))?;
        if !settled(progress) {
            return Some(format!("stays until its successor {successor} is ready"));
        }
        let followers = self.graph.iter().filter(|(_, node)| node.needs.contains(successor));
        let mut behind = followers.filter(|(other, _)| !self.settled.get(other).is_some_and(settled));
        behind.next().map(|(other, _)| format!("stays until {other} has moved to its successor {successor}"))
    }

    /// In a full deletion the ranks say which of two goes first: a role that names a log group in its policy waits for
    /// that, and not that for it.
    fn user_of(&self, id: &Id, thing: &Thing, rules: &Rules) -> Option<String> {
        let goes_later = |other: &Id| self.options.deleting && self.rank(other) > rules.teardown;
        let user = self.users(id, thing).find(|(other, user)| !(user.is_ours() && goes_later(other)));
        user.map(|(other, _)| format!("still used by {other}"))
    }

    /// Everything that mentions what AWS gave it to be referred to by: its ARN or its id. Its other outputs (a name, the
    /// number of a revision) stand in too much that is none of its users.
    fn users(&self, id: &Id, thing: &Thing) -> impl Iterator<Item = (&Id, &Thing)> {
        let given = GIVEN.iter().filter_map(|name| thing.outputs.get(*name)).filter(|text| !text.is_empty());
        let given: Vec<&String> = given.collect();
        self.world.things.iter().filter(move |(other, user)| {
            *other != id
                && given.iter().any(|output| self.mentions(other, user, output))
                && !self.goes_with(other, user, &given)
        })
    }

    /// Whether it is a part of what was given these names, and goes with that: nobody's, or wanted no more either.
    fn goes_with(&self, id: &Id, thing: &Thing, given: &[&String]) -> bool {
        let part_of = self.kinds.get(&id.kind).and_then(|rules| thing.value.get(rules.part_of?)?.as_str());
        let unwanted = !self.options.deleting && thing.is_ours() && self.graph.get(id).is_none();
        (matches!(thing.owner, Owner::Shared | Owner::Stray) || unwanted)
            && part_of.is_some_and(|whole| given.iter().any(|output| names(whole, output)))
    }

    /// Whether a thing names an output, but in members that AWS keeps, and that mean nothing any more once it is what is wanted.
    fn mentions(&self, id: &Id, thing: &Thing, output: &str) -> bool {
        if !mentions(thing, output) || !self.settled.get(id).is_some_and(settled) {
            return mentions(thing, output);
        }
        let compared = self.graph.get(id).zip(self.kinds.get(&id.kind));
        let compared = compared.and_then(|(node, rules)| rules.comparable(&node.want, &thing.value).ok());
        let (Some(compared), Some(members)) = (compared, thing.value.as_object()) else { return true };
        let means = |name: &str| compared.get(name).is_some_and(|value| !value.is_null());
        thing.mentions.iter().any(|text| names(text, output))
            || members.iter().any(|(name, value)| means(name) && anywhere(value, output))
    }

    fn lower_rank(&self, id: &Id, rules: &Rules) -> Option<String> {
        if !self.options.deleting {
            return None;
        }
        self.world
            .things
            .iter()
            .filter(|(other, _)| *other != id && !self.options.retain.contains(&other.key))
            .find(|(other, thing)| thing.is_ours() && self.rank(other) < rules.teardown)
            .map(|(other, _)| format!("waits until {other} is gone"))
    }

    fn rank(&self, id: &Id) -> u8 {
        self.kinds.get(&id.kind).map_or(u8::MAX, |rules| rules.teardown)
    }

    /// Whether it stays though nothing wants it: because people want it to, as a predecessor that is kept, or because only
    /// such things use it. A revision that is kept to go back to is of no use without its role. `above`: what asks, so that a circle ends.
    fn stays<'a>(&'a self, id: &'a Id, thing: &Thing, unwanted: &BTreeSet<Id>, above: &mut Vec<&'a Id>) -> bool {
        if !unwanted.contains(id) || !thing.is_ours() || above.contains(&id) {
            return false;
        }
        if self.kinds.get(&id.kind).is_some_and(|rules| self.retained(id, rules, unwanted)) {
            return true;
        }
        above.push(id);
        let mut users = self.users(id, thing).peekable();
        let stays = users.peek().is_some() && users.all(|(other, user)| self.stays(other, user, unwanted, above));
        above.pop();
        stays
    }

    /// What people want to stay, and predecessors that do: one that a person agreed to replace, and the newest few of kinds that keep some.
    fn retained(&self, id: &Id, rules: &Rules, unwanted: &BTreeSet<Id>) -> bool {
        if self.options.retain.contains(&id.key) {
            return true;
        }
        if self.options.deleting {
            return false;
        }
        let has_successor = self.graph.iter().any(|(other, _)| other.same_place(id));
        if rules.replacement == Replacement::OnConsent && has_successor {
            return true;
        }
        if rules.keep == 0 || !has_successor {
            return false;
        }
        let mut siblings: Vec<(&Id, u64)> = unwanted
            .iter()
            .filter(|other| other.same_place(id))
            .filter_map(|other| Some((other, age_rank(self.world.get(other)?))))
            .collect();
        siblings.sort_by_key(|(other, revision)| (std::cmp::Reverse(*revision), (*other).clone()));
        siblings.iter().take(rules.keep).any(|(other, _)| *other == id)
    }
}

/// Why a stray goes.
const NOT_WANTED_THERE: &str = "somebody put it where nothing may be but what Longshore's objects ask for";

fn settled(progress: &Progress<'_>) -> bool {
    matches!(progress, Progress::Settled(_))
}

enum Fate {
    /// Nothing is left of it, or it is not ours: forget it.
    Gone,
    /// It stays, knowingly.
    Kept,
    Step(Action, String),
}

fn unknown_kind(id: &Id) -> String {
    format!(
        "NewerVersion: {} was made by a newer version of Longshore, which alone can delete it: install that version",
        id.kind
    )
}

/// The output `revision` of kinds that count their revisions: higher is newer.
fn age_rank(thing: &Thing) -> u64 {
    thing.outputs.get("revision").and_then(|text| text.parse().ok()).unwrap_or_default()
}
