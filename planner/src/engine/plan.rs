//! The one planning function: graph and world in, steps out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::diff::{Change, differences};
use super::graph::{Graph, Node};
use super::identity::Id;
use super::kind::{KindError, Kinds, Ready, Replacement};
use super::ownership::Owner;
use super::prune::Prune;
use super::resolve::{Resolution, resolve};
use super::step::{Action, Plan, Step};
use super::world::{State, Thing, World};

/// What the object says about how it wants to be dealt with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Untagged resources of the wanted name may be taken over.
    pub adopt: bool,
    /// The object is being deleted: the graph is empty, and everything goes in order of teardown ranks.
    pub deleting: bool,
    /// Keys whose replacement a person has consented to.
    pub allow_replace: BTreeSet<String>,
    /// Keys of what stays in AWS when nothing wants it any more.
    pub retain: BTreeSet<String>,
}

/// The steps between what is wanted and what was observed. `inventory` is every identity that the object's
/// status remembers: what is in it, or in the world, and no longer wanted, is taken away.
///
/// The function is pure; the controller, the command line, drift detection and Observe mode all use it.
pub fn plan(graph: &Graph, inventory: &BTreeSet<Id>, world: &World, kinds: &Kinds, options: &Options) -> Plan {
    let mut planner = Planner { graph, world, options, settled: BTreeMap::new(), plan: Plan::default() };
    for (id, node) in graph.iter() {
        planner.decide(id, node);
    }
    let Planner { settled, mut plan, .. } = planner;
    Prune { graph, inventory, world, kinds, options, settled: &settled }.extend(&mut plan);
    plan
}

/// Where wanted resources exist under another identity: see [`Plan::known_as`].
pub fn known_as(graph: &Graph, world: &World) -> BTreeMap<Id, Id> {
    let options = Options::default();
    let mut planner = Planner { graph, world, options: &options, settled: BTreeMap::new(), plan: Plan::default() };
    for (id, node) in graph.iter() {
        planner.decide(id, node);
    }
    planner.plan.known_as
}

/// How far a wanted resource is.
pub(super) enum Progress<'a> {
    /// It exists, equals what is wanted and is ready.
    Settled(&'a Thing),
    /// It exists, but something is to be done or waited for.
    Exists(&'a Thing),
    /// It does not exist.
    Absent,
}

struct Planner<'a> {
    graph: &'a Graph,
    world: &'a World,
    options: &'a Options,
    settled: BTreeMap<Id, Progress<'a>>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn decide(&mut self, id: &Id, node: &'a Node) {
        let want = self.resolve(&node.want);
        let found = self.find(id, node, &want);
        let unsettled = node.needs.iter().filter(|need| !self.is_settled(need));
        let absent = node.beside.iter().filter(|other| !self.exists(other));
        let needs: BTreeSet<Id> = unsettled.chain(absent).cloned().collect();
        let verdict = match (self.world.unknown.get(id), found) {
            (Some(why), _) => Err(Verdict::Blocked(format!("Unreadable: {why}"))),
            (None, Some(thing)) => self.judge_existing(node, &want, thing, &needs),
            (None, None) => Err(self.judge_absent(id, node, &want)),
        };
        let progress = match (found, &verdict) {
            (Some(thing), Ok(())) => Progress::Settled(thing),
            (Some(thing), Err(_)) => Progress::Exists(thing),
            (None, _) => Progress::Absent,
        };
        self.settled.insert(id.clone(), progress);
        if let Err(verdict) = verdict {
            let verdict = verdict.unless(node.held.as_deref());
            self.plan.steps.push(verdict.into_step(id, node, needs));
        }
    }

    fn is_settled(&self, id: &Id) -> bool {
        matches!(self.settled.get(id), Some(Progress::Settled(_)))
    }

    fn exists(&self, id: &Id) -> bool {
        matches!(self.settled.get(id), Some(Progress::Settled(_) | Progress::Exists(_)))
    }

    /// Outputs are known as soon as the resource exists, so that an existing one downstream can be compared;
    /// acting on them waits until it is settled.
    fn resolve(&self, want: &Value) -> Resolution {
        resolve(want, &|id, output| match self.settled.get(id)? {
            Progress::Settled(thing) | Progress::Exists(thing) => thing.outputs.get(output).cloned(),
            Progress::Absent => None,
        })
    }

    /// The observed resource: by identity, or else one of the same kind and key whose fixed fields are equal
    /// though their hash is not, because an older normaliser made it. The fields decide.
    fn find(&mut self, id: &Id, node: &Node, want: &Resolution) -> Option<&'a Thing> {
        if let Some(thing) = self.world.get(id) {
            return Some(thing);
        }
        if !want.open.is_empty() || node.rules.fixed.is_empty() {
            return None;
        }
        let fixed = node.rules.fixed_members(&node.rules.normalise(&want.value).ok()?);
        let (other, thing) = self.world.things.iter().find(|(other, thing)| {
            other.same_place(id)
                && self.graph.get(other).is_none()
                && node.rules.normalise(&thing.value).is_ok_and(|value| node.rules.fixed_members(&value) == fixed)
        })?;
        self.plan.known_as.insert(id.clone(), other.clone());
        Some(thing)
    }

    fn judge_existing(
        &self,
        node: &Node,
        want: &Resolution,
        thing: &Thing,
        needs: &BTreeSet<Id>,
    ) -> Result<(), Verdict> {
        if let State::Deleting(why) = &thing.state {
            return Err(Verdict::Wait(format!("is being deleted: {why}")));
        }
        self.judge_owner(&thing.owner)?;
        // What anybody may have made satisfies by being there; its description and tags are not ours to compare.
        let mut changes = if thing.owner == Owner::Shared { vec![] } else { compare(node, want, thing)? };
        if thing.owner == Owner::Nobody {
            // Equal or not, it is ours only once it carries our tags.
            changes.push(Change { path: "ownership".to_owned(), from: Value::Null, to: "Longshore".into() });
        }
        if !changes.is_empty() {
            return Err(Verdict::Update { want: want.value.clone(), changes });
        }
        if let State::Pending(why) = &thing.state {
            return Err(Verdict::Wait(why.clone()));
        }
        if !needs.is_empty() {
            // It equals what is wanted as far as one can tell; what it needs is not settled, so neither is it.
            return Err(Verdict::Wait("waits for what it needs".to_owned()));
        }
        match node.rules.ready(&want.value, thing)? {
            Ready::Ready => Ok(()),
            Ready::Wait(why) => Err(Verdict::Wait(why)),
            Ready::Broken(why) => Err(Verdict::Blocked(why)),
        }
    }

    fn judge_owner(&self, owner: &Owner) -> Result<(), Verdict> {
        let whose = match owner {
            Owner::This | Owner::Parent | Owner::Shared | Owner::Stray => return Ok(()),
            Owner::Nobody if self.options.adopt => return Ok(()),
            Owner::Nobody => {
                "not made by Longshore; to take it over set spec.adoption: Adopt (with spec.mode: Observe \
                              it first shows what that would change), or give this one another name"
                    .to_owned()
            }
            Owner::OtherObject { object } => format!("{object}'s; give this one another name, or delete that object"),
            Owner::OtherInstallation { installation } => {
                format!("the Longshore installation {installation}'s; give this one another name")
            }
        };
        Err(Verdict::Blocked(format!("AlreadyExists: something of this name exists and is {whose}")))
    }

    fn judge_absent(&self, id: &Id, node: &Node, want: &Resolution) -> Verdict {
        let predecessor = self.world.things.iter().find(|(other, thing)| other.same_place(id) && thing.is_ours());
        if let Some((_, thing)) = predecessor
            && node.rules.replacement == Replacement::OnConsent
            && !self.options.allow_replace.contains(&id.key)
        {
            let fixed = fixed_differences(node, &want.value, &thing.value);
            let fields: Vec<&str> = fixed.iter().map(|change| change.path.as_str()).collect();
            return Verdict::Blocked(format!(
                "ReplacementNeedsConsent: AWS cannot change {} in place, and a replacement would lose what the old one holds; change it back, \
                 or consent with the annotation ecs.longshore.dev/allow-replace: {}@GENERATION (the old one is kept)",
                fields.join(", "),
                id.key
            ));
        }
        let reason =
            if predecessor.is_some() { "a field changed that AWS cannot change in place" } else { "does not exist" };
        Verdict::Create { want: want.value.clone(), reason }
    }
}

/// What differs of what cannot change. What AWS filled in is none of it, unless there is nothing else: it was asked for
/// once, then.
fn fixed_differences(node: &Node, want: &Value, seen: &Value) -> Vec<Change> {
    let between = |seen: &Value| differences(&node.rules.fixed_members(seen), &node.rules.fixed_members(want));
    let compared = node.rules.comparable(want, seen).map(|seen| between(&seen)).unwrap_or_default();
    if compared.is_empty() { between(seen) } else { compared }
}

fn compare(node: &Node, want: &Resolution, thing: &Thing) -> Result<Vec<Change>, Verdict> {
    if want.open.is_empty() {
        let want = node.rules.normalise(&want.value)?;
        Ok(differences(&node.rules.comparable(&want, &thing.value)?, &want))
    } else {
        // What it refers to does not exist yet; that field differs for certain.
        Ok(differences(&node.rules.comparable(&want.value, &thing.value)?, &want.value))
    }
}

/// What was found out about a resource that is not settled.
enum Verdict {
    Create { want: Value, reason: &'static str },
    Update { want: Value, changes: Vec<Change> },
    Wait(String),
    Blocked(String),
}

impl From<KindError> for Verdict {
    fn from(error: KindError) -> Self {
        Self::Blocked(error.to_string())
    }
}

impl Verdict {
    /// What would change something waits where its node is held.
    fn unless(self, held: Option<&str>) -> Self {
        match (self, held) {
            (Self::Create { .. } | Self::Update { .. }, Some(why)) => Self::Wait(why.to_owned()),
            (verdict, _) => verdict,
        }
    }

    fn into_step(self, id: &Id, node: &Node, needs: BTreeSet<Id>) -> Step {
        let (action, reason) = match self {
            Self::Create { want, reason } => (Action::Create { want }, reason.to_owned()),
            Self::Update { want, changes } => {
                let fields: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
                let reason = format!("differs in {}", fields.join(", "));
                (Action::Update { want, changes }, reason)
            }
            Self::Wait(why) => (Action::Wait, why),
            Self::Blocked(why) => (Action::Blocked, why),
        };
        Step { id: id.clone(), action, reason, at: node.at.clone(), needs }
    }
}
