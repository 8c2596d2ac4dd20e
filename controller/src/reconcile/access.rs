//! What an environment opens for its services. It alone makes and takes away, in its own turn: no two can disagree.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kube::{Api, Resource, ResourceExt};
use longshore_aws::{Aws, Fault, Read, Session, find};
use longshore_crds::aws_environment::AccessStatus;
use longshore_crds::{AwsEnvironment, AwsEnvironmentStatus};
use longshore_planner::desired::{Fact, Need, Opening, Scope, access_entries, access_graph, is_due, opened};
use longshore_planner::engine::{Graph, Id, Inventory, Options, Plan, Step, World, plan};
use longshore_planner::report::{Failure, Remedy};

use super::Reconciler;
use super::failure::unheeded;
use super::inventory;
use super::outcome::Outcome;
use super::report::json;
use super::rounds::{look, take};
use crate::kubernetes::{WriteError, write_status};
use crate::object::ObjectKind;

/// Group and rule are made one after the other, and taken away so; the rest comes next turn.
const MOST: usize = 6;

/// An environment's turn, as far as access is concerned.
pub(super) struct Access<'a> {
    pub(super) shell: &'a Reconciler,
    pub(super) api: &'a Api<AwsEnvironment>,
    pub(super) session: &'a Session,
    /// As it was last read or written.
    pub(super) environment: AwsEnvironment,
    /// What is told at the end.
    pub(super) status: AwsEnvironmentStatus,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) environment: AwsEnvironment,
    pub(super) status: AwsEnvironmentStatus,
}

/// The last look, and what AWS refused.
#[derive(Default)]
struct Round {
    world: World,
    plan: Plan,
    failures: Vec<Failure>,
}

/// The environment's own scope: it is no namespace's.
pub(crate) fn scope_of(environment: &AwsEnvironment, installation: &str) -> Scope {
    Scope {
        installation: installation.to_owned(),
        environment_name: environment.name_any(),
        environment: environment.spec.clone(),
        namespace: String::new(),
        namespace_labels: BTreeMap::new(),
        object_kind: ObjectKind::AwsEnvironment.name(),
        name: environment.name_any(),
        base: None,
    }
}

/// What an environment has opened and its status does not tell of, because that was lost.
pub(super) async fn forgotten(reader: &Aws<Read>, scope: &Scope) -> Result<Vec<AccessStatus>, Fault> {
    let found = find(reader, &Need::SecurityGroupsOf { ownership: scope.ownership() }).await?;
    let ids = if let Fact::SecurityGroupsOf(ids) = found { ids } else { BTreeSet::new() };
    Ok(ids.iter().filter_map(|id| Opening::of_key(&id.key)).map(|opening| opening.entry()).collect())
}

impl Access<'_> {
    /// Makes what services ask for, and takes away what none has used for a while and no network interface is in.
    pub(super) async fn keep(mut self) -> Result<Ended, WriteError> {
        let (name, now) = (self.environment.name_any(), self.shell.clock.timestamp());
        let demand = self.shell.stores.access_demand(&name, &self.environment.spec, &self.shell.installation);
        self.status.access = access_entries(&self.status.access, &demand, now);
        if self.status.access.is_empty() && self.status.resources.is_empty() {
            return Ok(self.ended(Outcome::Resting));
        }
        let (closing, mut refused) = self.closing(now).await;
        let all: BTreeSet<Opening> = self.status.access.iter().map(Opening::told).collect();
        let scope = scope_of(&self.environment, &self.shell.installation);
        let open = all.difference(&closing).cloned().collect();
        let (Ok(look_at), Ok(graph)) = (access_graph(&scope, &all), access_graph(&scope, &open)) else {
            // Keys of different openings differ.
            return Ok(self.ended(Outcome::Stalled));
        };
        let round = self.rounds(&scope, &look_at, &graph).await?;
        refused.extend(refusals(&round));
        let known = inventory::read(&self.status.resources);
        let left = |opening: &Opening| known.0.keys().any(|id| id.key == opening.key());
        let entries = self.status.access.iter().filter(|entry| {
            let opening = Opening::told(entry);
            !closing.contains(&opening) || left(&opening)
        });
        self.status.access = entries.map(|entry| opened(entry, &graph, &round.world, &refused)).collect();
        let outcome = self.outcome(&round);
        Ok(self.ended(outcome))
    }

    fn ended(self, outcome: Outcome) -> Ended {
        Ended { outcome, environment: self.environment, status: self.status }
    }

    /// What may go now, and why the rest of what nobody uses stays.
    async fn closing(&self, now: Timestamp) -> (BTreeSet<Opening>, BTreeMap<String, String>) {
        let (mut closing, mut staying) = (BTreeSet::new(), BTreeMap::new());
        for entry in self.status.access.iter().filter(|entry| is_due(entry, now)) {
            let opening = Opening::told(entry);
            let why = match &entry.clients_security_group_id {
                Some(id) => interfaces_in(&self.session.reader(), id).await,
                None => None,
            };
            match why {
                Some(why) => drop(staying.insert(opening.key(), why)),
                None => drop(closing.insert(opening)),
            }
        }
        (closing, staying)
    }

    async fn rounds(&mut self, scope: &Scope, look_at: &Graph, graph: &Graph) -> Result<Round, WriteError> {
        let (reader, ownership) = (self.session.reader(), scope.ownership());
        let mut known = inventory::read(&self.status.resources);
        let (mut round, mut taken): (Round, Vec<Step>) = (Round::default(), vec![]);
        for _ in 0..MOST {
            round.world = look(&reader, &ownership, &known, look_at, World::default()).await;
            round.plan = plan(graph, &known.ids(), &round.world, &self.shell.kinds, &Options::default());
            known = known.with(graph, &round.world, &round.plan);
            let more = unheeded(&round.plan, &taken, &round.failures);
            round.failures.extend(more);
            let steps = self.steps(&round);
            self.write_ahead(&known, !steps.is_empty()).await?;
            if !self.act(scope, &mut known, &mut round, &steps).await? {
                break;
            }
            taken.extend(steps);
        }
        self.status.resources = inventory::write(&known, &self.status.resources);
        Ok(round)
    }

    fn steps(&self, round: &Round) -> Vec<Step> {
        if self.shell.stop.is_cancelled() {
            return vec![];
        }
        let refused: BTreeSet<&Id> = round.failures.iter().map(|failure| &failure.id).collect();
        round.plan.runnable().filter(|step| !refused.contains(&step.id)).cloned().collect()
    }

    /// Where to find what is made, and what is no longer to be relied on, stands in the status before the first call.
    async fn write_ahead(&mut self, known: &Inventory, acts: bool) -> Result<(), WriteError> {
        self.status.resources = inventory::write(known, &self.status.resources);
        if !acts {
            return Ok(());
        }
        let (old, new) = (json(self.environment.status.as_ref()), json(Some(&self.status)));
        if let Some(written) = write_status(self.api, &self.environment, &old, &new).await? {
            self.environment = written;
        }
        Ok(())
    }

    /// Takes the steps; whether any succeeded.
    async fn act(
        &self,
        scope: &Scope,
        known: &mut Inventory,
        round: &mut Round,
        steps: &[Step],
    ) -> Result<bool, WriteError> {
        let (writer, ownership, object) = (self.session.writer(), scope.ownership(), self.environment.object_ref(&()));
        let told = (&self.shell.events, &object);
        let taken = take(told, &writer, &ownership, known, &round.world, steps).await?;
        round.failures.extend(taken.failures);
        Ok(!taken.done.is_empty())
    }

    /// Its conditions tell of the account; what is wrong with an opening its entry tells, and the services that ask for it.
    fn outcome(&self, round: &Round) -> Outcome {
        match round.failures.iter().map(|failure| failure.remedy).max() {
            Some(Remedy::Fix) => Outcome::Stalled,
            Some(Remedy::Retry) => Outcome::Failed { retry_after: None },
            Some(Remedy::Wait) => Outcome::TooEarly,
            None if !round.world.unknown.is_empty() => Outcome::Failed { retry_after: None },
            None if round.plan.blocked().next().is_some() => Outcome::Stalled,
            None if !round.plan.converged() || self.status.access.iter().any(|entry| entry.unused_since.is_some()) => {
                Outcome::Waiting
            }
            None => Outcome::Resting,
        }
    }
}

/// What is in a group, or why that is not known.
async fn interfaces_in(reader: &Aws<Read>, security_group_id: &str) -> Option<String> {
    match find(reader, &Need::Interfaces { security_group_id: security_group_id.to_owned() }).await {
        Ok(Fact::Interfaces(ids)) if ids.is_empty() => None,
        Ok(Fact::Interfaces(ids)) => Some(format!("no service uses it, but {} is still in its group", ids.join(", "))),
        Ok(_) => None,
        Err(fault) => Some(fault.to_string()),
    }
}

/// Why AWS does not open something, by key.
fn refusals(round: &Round) -> BTreeMap<String, String> {
    let failed = round.failures.iter().filter(|failure| failure.remedy == Remedy::Fix);
    let failed = failed.map(|failure| (failure.id.key.clone(), failure.message.clone()));
    let unread = &round.world.unknown;
    let blocked = round.plan.blocked().filter(|step| !unread.contains_key(&step.id));
    failed.chain(blocked.map(|step| (step.id.key.clone(), step.reason.clone()))).collect()
}
