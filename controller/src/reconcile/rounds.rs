//! Observe, plan, act, and again until nothing more can be done now.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use longshore_aws::{Aws, Fault, Read, Write, act, observe};
use longshore_crds::status::{ConditionedStatus, OwnerStatus};
use longshore_planner::desired::{Memory, Obstacle, learn};
use longshore_planner::engine::{
    Action, Entry, Graph, Id, Inventory, Kind, Ownership, Plan, Step, Unreadable, Verified, World, plan, upheld,
};
use longshore_planner::kinds::eventbridge::rule::Rule;
use longshore_planner::kinds::scheduler::schedule::Schedule;
use longshore_planner::report::{Failure, Intent, Pace, Round, Situation, deployment_line};

use super::failure::{failure, unheeded};
use super::halt::Halt;
use super::inventory;
use super::ledger::progress;
use super::outcome::{Outcome, judge};
use super::pass::{Pass, Work};
use super::reliance::Mark;
use crate::kubernetes::{Events, WriteError};
use crate::object::{Beside, Key, Object};
use crate::queue::Urgency;
use crate::sweep::settled;

/// A graph converges in as many rounds as it is deep; the deepest has six levels. What is left then comes next turn.
const MOST: usize = 20;

/// So many turns in a row may fail to read before the object tells of it: one lost read is no news, and would flip
/// its conditions to and fro.
const QUIET_FAILURES: u32 = 3;

impl<O: Object> Pass<'_, O> {
    /// Goes on as long as something comes of it, and reports the last look.
    pub(super) async fn rounds(&mut self, mut work: Work) -> Result<Outcome, Halt> {
        let mut failures: Vec<Failure> = work.refused.take().into_iter().collect();
        let mut taken: Vec<Step> = vec![];
        let mut last = (World::default(), Plan::default());
        let (mut verified, mark) = self.relied_on(&work);
        for _ in 0..MOST {
            let (world, plan) = self.look_and_plan(&mut work, &mut verified).await;
            work.inventory =
                work.inventory.with(&work.desired.graph, &world, &plan).located(&work.desired.otherwise, &world);
            let plan = self.restrain(&mut work, &world, plan).await?;
            failures.extend(unheeded(&plan, &taken, &failures));
            let steps = self.steps(&work, &plan, &failures);
            // What runs once holds neither data nor traffic, and may go by the dozen.
            if work.intent == Intent::Delete && !steps.is_empty() && self.object.run_policy().is_none() {
                self.admit_deletion(&mut work).await?;
            }
            if !steps.is_empty() && self.write_ahead(&work) {
                self.report(&work, &world, &plan, &failures).await?;
            }
            verified.touch(&work.desired.graph, steps.iter().map(|step| &step.id), self.shell.clock.now().0);
            let progress = self.act(&mut work, &world, &plan, &steps, &mut failures).await?;
            if !failures.is_empty() {
                verified.forget();
            }
            taken.extend(steps);
            last = (world, plan);
            if !progress {
                break;
            }
        }
        let (world, plan) = last;
        work.memory = work.memory.after(&failures);
        if !world.unknown.is_empty() || plan.blocked().next().is_some() {
            verified.forget();
        }
        self.shell.reliance.keep(&self.key(), mark, verified);
        let outcome = self.outcome(&work, &world, &plan, &failures);
        if let (Outcome::Converged | Outcome::Paused { .. }, Some(order), Intent::Manage | Intent::Observe) =
            (&outcome, work.desired.order.clone(), work.intent)
        {
            return self.run(&work, &world, &order).await;
        }
        if work.intent != Intent::Delete {
            work.triggered = self.look_at_triggered(&work).await;
        }
        let unread_only = failures.is_empty() && !world.unknown.is_empty();
        let released = work.intent == Intent::Delete && outcome == Outcome::Converged;
        if released || (unread_only && self.failures < QUIET_FAILURES) {
            return Ok(outcome);
        }
        self.report(&work, &world, &plan, &failures).await?;
        if work.intent != Intent::Delete {
            self.note_progress(&work, &progress(&plan, &failures, &outcome)).await?;
        }
        Ok(outcome)
    }

    /// What the turn came to, by its last look.
    fn outcome(&self, work: &Work, world: &World, plan: &Plan, failures: &[Failure]) -> Outcome {
        match judge(work.intent, plan, failures, !world.unknown.is_empty()) {
            Outcome::Converged if let Some(pause) = &work.pause => {
                Outcome::Paused { left: pause.left(self.shell.clock.timestamp()) }
            }
            // Whoever is waited for wakes it.
            Outcome::Converged | Outcome::Progressing if work.desired.held.is_some() && !plan.changes_aws() => {
                Outcome::Waiting
            }
            Outcome::Progressing if let (Some(ahead), false) = (work.ahead, plan.changes_aws()) => {
                Outcome::InLine { ahead }
            }
            outcome => outcome,
        }
    }

    /// What there is, and what is to be done about it.
    async fn look_and_plan(&self, work: &mut Work, verified: &mut Verified) -> (World, Plan) {
        let now = self.shell.clock.now().0;
        let (ownership, known) = (work.scope.ownership(), verified.recall(&work.look_at, now));
        let mut world = look(&work.reader, &ownership, &work.inventory, &work.look_at, known).await;
        // Nobody needs the right to read what they may never have asked for. What passes leaves it open whether it is there.
        let asked_for = |id: &Id| work.desired.graph.get(id).is_some() || work.desired.otherwise.get(id).is_none();
        world.unknown.retain(|id, unreadable| unreadable.passes || asked_for(id));
        self.distrust(work, &mut world);
        self.learn(work, &world);
        if work.intent == Intent::Delete {
            work.desired.graph = upheld(&work.look_at, &world);
        }
        let plan = plan(&work.desired.graph, &work.inventory.ids(), &world, &self.shell.kinds, &work.options);
        *verified = verified.after(&work.desired.graph, &world, &plan, now);
        (world, plan)
    }

    /// What needs not be read again. Who looks only, deletes, or comes for no change of the spec is told what there is.
    fn relied_on(&self, work: &Work) -> (Verified, Mark) {
        let (mut verified, mark) = self.shell.reliance.begin(&self.key());
        let told = self.status().observed_generation() == self.object.meta().generation;
        if work.intent != Intent::Manage || self.failures > 0 || (told && self.urgency == Urgency::Edit) {
            verified.forget();
        }
        (verified, mark)
    }

    pub(super) fn key(&self) -> Key {
        Key::of(O::KIND, &self.object)
    }

    /// An answer of AWS that is older than an earlier one is as good as none.
    fn distrust(&self, work: &Work, world: &mut World) {
        let now = self.shell.clock.now().0;
        if let Some((id, why)) = self.object.outdated(&work.desired.graph, world, now) {
            world.things.remove(&id);
            world.unknown.insert(id, Unreadable::for_now(why));
        }
    }

    /// What is learnt from a look may change what is wanted: a revision that was rolled back is not tried again.
    fn learn(&self, work: &mut Work, world: &World) {
        if work.intent == Intent::Delete {
            return;
        }
        let learnt = learn(&work.memory, &work.desired.graph, world, self.said());
        if learnt == work.memory {
            return;
        }
        work.memory = learnt;
        match self.object.desired(&work.scope, &work.facts, &self.shell.stores, &work.memory) {
            Ok(desired) => work.desired = desired,
            // What it refers to changed this moment; the next turn, which that causes, tells.
            Err(Obstacle::Needs(_) | Obstacle::Refused(_) | Obstacle::Waiting { .. }) => {}
        }
    }

    /// What to do now. What AWS refused in this turn is not tried again before the next one.
    fn steps(&self, work: &Work, plan: &Plan, failures: &[Failure]) -> Vec<Step> {
        if work.writer.is_none() || self.shell.stop.is_cancelled() {
            return vec![];
        }
        let refused: BTreeSet<&Id> = failures.iter().map(|failure| &failure.id).collect();
        let starts = |step: &&Step| [Schedule::NAME, Rule::NAME].contains(&step.id.kind.as_str());
        let steps = plan.runnable().filter(|step| !refused.contains(&step.id));
        steps.filter(|step| !work.still_used || starts(step)).cloned().collect()
    }

    /// Whether something must be in the status before the next call: where to find what it makes, what was learnt, and
    /// that the object has not converged. A process that ends half-way leaves it to a turn, which reads everything, and not
    /// to the sweep, which leaves out what costs a call each.
    fn write_ahead(&self, work: &Work) -> bool {
        if settled(&self.object) {
            return true;
        }
        let status = self.status();
        inventory::read(status.resources()) != work.inventory || Memory::read(status.memory()) != work.memory
    }

    /// Takes the steps, and remembers them; whether any succeeded.
    async fn act(
        &self,
        work: &mut Work,
        world: &World,
        plan: &Plan,
        steps: &[Step],
        failures: &mut Vec<Failure>,
    ) -> Result<bool, Halt> {
        let Some(writer) = &work.writer else { return Ok(false) };
        let (ownership, object) = (work.scope.ownership(), self.object.object_ref(&()));
        let told = (&self.shell.events, &object);
        let taken = take(told, writer, &ownership, &mut work.inventory, world, steps).await?;
        for step in &taken.done {
            self.note_taken(work, world, plan, step);
        }
        failures.extend(taken.failures);
        Ok(!taken.done.is_empty())
    }

    async fn report(&mut self, work: &Work, world: &World, plan: &Plan, failures: &[Failure]) -> Result<(), Halt> {
        let now = self.shell.clock.timestamp();
        let told = self.told(work, world, plan, now);
        let overdue = O::overdue(&told, now);
        let deployment = deployment_line(&work.desired.graph, world);
        let rolled_back = work.desired.rolled_back.clone();
        let situation = match &work.pause {
            Some(pause) => Situation::Paused { message: pause.tell(plan) },
            None => Situation::Planned(Round {
                plan,
                failures,
                intent: work.intent,
                rolled_back,
                held: work.desired.held.clone(),
                deployment,
                overdue,
            }),
        };
        self.tell_with(&situation, |status| *status = told).await.map_err(Halt::from)
    }

    /// The status with what was seen, and what is to be done about it.
    fn told(&self, work: &Work, world: &World, plan: &Plan, now: Timestamp) -> O::Status {
        let mut status = self.status();
        status.pending_mut().clone_from(&longshore_planner::report::pending(plan));
        if work.intent != Intent::Observe {
            *status.resources_mut() = inventory::write(&work.inventory, status.resources());
        }
        // A rollout that began before the pause may end, and be learnt of, in it.
        if work.intent != Intent::Observe || work.pause.is_some() {
            *status.memory_mut() = work.memory.write(status.memory());
        }
        if work.intent != Intent::Delete {
            let users = self.object.users(&self.shell.stores);
            let pace = Pace { now, deadline_seconds: self.object.progress_deadline_seconds() };
            let beside = Beside { rolled_back: work.desired.rolled_back.as_ref(), users: &users, pace };
            O::fill(&mut status, &work.desired.graph, world, &beside);
        }
        if let Some(runs) = &work.triggered {
            O::tell_triggered(&mut status, runs.clone());
        }
        status
    }
}

/// What came of steps.
pub(super) struct Taken<'a> {
    pub(super) done: Vec<&'a Step>,
    pub(super) failures: Vec<Failure>,
}

/// Takes steps side by side, tells of them, and writes into the inventory where what they made is.
pub(super) async fn take<'a>(
    (events, object): (&Events, &ObjectReference),
    writer: &Aws<Write>,
    ownership: &Ownership,
    inventory: &mut Inventory,
    world: &World,
    steps: &'a [Step],
) -> Result<Taken<'a>, WriteError> {
    let calls = steps.iter().map(|step| {
        let at = inventory::look_up(inventory, &step.id);
        async move { (step, act(writer, ownership, step, world, &at).await) }
    });
    let mut taken = Taken { done: vec![], failures: vec![] };
    for (step, result) in join_all(calls).await {
        tell_step(events, object, step, &result).await;
        match result {
            Ok(physical) => {
                taken.done.push(step);
                if let (Some(physical), Some(entry)) = (physical, inventory.0.get_mut(&step.id)) {
                    entry.physical = Some(physical);
                }
            }
            // No news of the object: whoever leads goes on.
            Err(fault) if fault.is(Fault::NOT_LEADER) => return Err(WriteError::NotLeader),
            Err(fault) => taken.failures.push(failure(step, &fault)),
        }
    }
    Ok(taken)
}

/// An Event for what was done, and for what was refused for want of a person; the rest passes by itself.
async fn tell_step(events: &Events, object: &ObjectReference, step: &Step, result: &Result<Option<String>, Fault>) {
    let (reason, verb) = match step.action {
        Action::Create { .. } => ("Created", "create"),
        Action::Update { .. } => ("Updated", "update"),
        Action::Delete => ("Deleted", "delete"),
        Action::Wait | Action::Blocked => return,
    };
    let action = format!("{verb} {}", step.id);
    match result {
        Ok(physical) => {
            let what = physical.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
            let note = format!("{} ({}){what}", step.id, step.reason);
            events.tell(object, false, reason, &action, note).await;
        }
        Err(fault) if fault.class == longshore_aws::Class::Fix => {
            events.tell(object, true, "Refused", &action, format!("{}: {fault}", step.id)).await;
        }
        Err(_) => {}
    }
}

/// Reads everything that is not known already. Some addresses are known only once another resource was seen: those are
/// looked up then, so that nothing that exists is taken for missing.
pub(super) async fn look(
    reader: &Aws<Read>,
    ownership: &Ownership,
    inventory: &Inventory,
    look_at: &Graph,
    known: World,
) -> World {
    let recalled: BTreeSet<Id> = known.things.keys().cloned().collect();
    let mut world = known;
    let mut asked: BTreeMap<Id, Entry> = BTreeMap::new();
    // As deep as the graph at most: each time round an address became known, and none becomes unknown again.
    loop {
        let mut look_ups = inventory.look_ups(look_at, &world);
        look_ups.retain(|at| !recalled.contains(&at.id) && asked.get(&at.id) != Some(&at.entry));
        if look_ups.is_empty() {
            return world;
        }
        asked.extend(look_ups.iter().map(|at| (at.id.clone(), at.entry.clone())));
        let more = observe(reader, ownership, &look_ups).await;
        for at in &look_ups {
            world.unknown.remove(&at.id);
        }
        world.things.extend(more.things);
        world.unknown.extend(more.unknown);
    }
}
