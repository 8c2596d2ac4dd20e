//! What caution remembers of an object, in its `status.memory`.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use longshore_crds::status::{CorrectionStatus, Memory as Stored, SettledStatus};

use super::contention::{self, Correction};
use super::settled::{Look, Settled};
use crate::engine::{Action, Kinds, Plan, Step};

/// What caution remembers of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What it last converged to.
    pub settled: Option<Settled>,
    /// What it is on the way to, once a step has been taken for it: a deployment that AWS rolls back must not be started
    /// for ever, though the object never converges.
    pub pursued: Option<Settled>,
    /// What was put right since, and may be undone again.
    pub corrections: Vec<Correction>,
    /// Since when what it owns may go, once it is being deleted.
    pub deletion_admitted_at: Option<Timestamp>,
}

impl Record {
    /// With what a look tells.
    #[must_use]
    pub fn after(&self, look: &Look<'_>) -> Self {
        let here = Settled::of(look);
        let known = self.aim() == Some(&here);
        let corrections = if known { contention::watch(&self.corrections, look) } else { vec![] };
        if look.plan.converged() {
            let corrections = contention::counted(corrections);
            return Self { settled: Some(here), pursued: None, corrections, ..self.clone() };
        }
        Self { pursued: self.pursued.clone().filter(|_| known), corrections, ..self.clone() }
    }

    /// What the corrections belong to.
    fn aim(&self) -> Option<&Settled> {
        self.pursued.as_ref().or(self.settled.as_ref())
    }

    /// The plan, less what is not done though it is right: what something else keeps undoing, and what would start a
    /// deployment that nobody asked for while another one runs.
    pub fn restrain(&self, look: &Look<'_>, kinds: &Kinds) -> Plan {
        let mut plan = look.plan.clone();
        let known = self.aim() == Some(&Settled::of(look));
        for step in &mut plan.steps {
            let why = contention::contended(&self.corrections, step, kinds, look.now).filter(|_| known);
            if let Some(why) = why {
                (step.action, step.reason) = (Action::Blocked, why);
            } else if self.deploys_unasked(look, step, kinds) && deploying(look, step, kinds) {
                let reason = format!(
                    "{}, and waits until the deployment that runs has ended; a change of the spec goes at once",
                    step.reason
                );
                (step.action, step.reason) = (Action::Wait, reason);
            }
        }
        plan
    }

    /// Whether a step of the look's plan needs a slot: it would start a deployment that nobody asked for.
    pub fn needs_slot(&self, look: &Look<'_>, kinds: &Kinds) -> bool {
        look.plan.steps.iter().any(|step| self.deploys_unasked(look, step, kinds))
    }

    /// The look's plan while there is no slot.
    pub fn without_slot(&self, look: &Look<'_>, kinds: &Kinds, why: &str) -> Plan {
        let mut plan = look.plan.clone();
        for step in plan.steps.iter_mut().filter(|step| self.deploys_unasked(look, step, kinds)) {
            (step.action, step.reason) = (Action::Wait, why.to_owned());
        }
        plan
    }

    /// Whether a step would start a deployment though the object asks for nothing new.
    fn deploys_unasked(&self, look: &Look<'_>, step: &Step, kinds: &Kinds) -> bool {
        let unasked = self.settled.as_ref().is_some_and(|settled| settled.asked == look.asked);
        let Action::Update { changes, .. } = &step.action else { return false };
        let Some(rules) = kinds.get(&step.id.kind).filter(|_| unasked) else { return false };
        changes.iter().any(|change| rules.deploys.contains(&member(&change.path)))
    }

    /// With a step of the look's plan that was taken. It corrects what something else has changed where neither the
    /// object, nor what it refers to, nor Longshore has changed since AWS was as it should be.
    #[must_use]
    pub fn taken(&self, look: &Look<'_>, step: &Step) -> Self {
        let here = Settled::of(look);
        let mut next = self.clone();
        if self.aim() != Some(&here) {
            next.corrections.clear();
            next.pursued = Some(here);
        }
        if next.pursued.is_none() {
            contention::note(&mut next.corrections, step, look.now);
        } else {
            contention::note_first(&mut next.corrections, step, look.now);
        }
        next
    }

    /// From an object's status.
    pub fn read(stored: &Stored) -> Self {
        Self {
            settled: stored.settled.as_ref().map(read),
            pursued: stored.pursued.as_ref().map(read),
            corrections: stored
                .corrections
                .iter()
                .map(|it| Correction {
                    resource: it.resource.clone(),
                    field: it.field.clone(),
                    times: it.times.iter().map(|time| time.0).collect(),
                    seen: it.seen,
                    contended_since: it.contended_since.as_ref().map(|time| time.0),
                })
                .collect(),
            deletion_admitted_at: stored.deletion_admitted_at.as_ref().map(|time| time.0),
        }
    }

    /// Into an object's status.
    pub fn write(&self, stored: &mut Stored) {
        stored.settled = self.settled.as_ref().map(write);
        stored.pursued = self.pursued.as_ref().map(write);
        let time = |at: &Timestamp| Time(*at);
        let corrections = self.corrections.iter().map(|it| CorrectionStatus {
            resource: it.resource.clone(),
            field: it.field.clone(),
            times: it.times.iter().map(time).collect(),
            seen: it.seen,
            contended_since: it.contended_since.as_ref().map(time),
        });
        stored.corrections = corrections.collect();
        stored.deletion_admitted_at = self.deletion_admitted_at.as_ref().map(time);
    }
}

fn read(stored: &SettledStatus) -> Settled {
    Settled { asked: stored.asked.clone(), wanted: stored.wanted.clone() }
}

fn write(settled: &Settled) -> SettledStatus {
    SettledStatus { asked: settled.asked.clone(), wanted: settled.wanted.clone() }
}

/// The first member of a path: `network` of `network.subnets`.
fn member(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn deploying(look: &Look<'_>, step: &Step, kinds: &Kinds) -> bool {
    let thing = look.plan.known_as.get(&step.id).or(Some(&step.id)).and_then(|id| look.world.get(id));
    let rules = kinds.get(&step.id.kind);
    // What does not read as its kind is told by the plan.
    thing.zip(rules).is_some_and(|(thing, rules)| rules.deploying(thing).unwrap_or(false))
}
