//! What the objects of an environment must agree on stands in its status: which may be deleted, and which deploy what
//! their specs did not ask for.

use std::collections::{BTreeMap, BTreeSet};

use kube::{Api, ResourceExt};
use longshore_crds::{AwsEnvironment, AwsEnvironmentStatus};
use longshore_planner::caution::wave::{self, Asking, DEFAULT_SLOTS, Progress, Slot, Turn, Wave};
use longshore_planner::caution::{ALLOW_DELETIONS_UNTIL, Deleting, Deletions};
use longshore_planner::engine::Plan;
use longshore_planner::report::{Failure, Remedy, RolledBack};

use super::Reconciler;
use super::halt::Halt;
use super::outcome::Outcome;
use super::pass::{Pass, Work};
use super::report::json;
use crate::clock::Clock;
use crate::kubernetes::{Member, WriteError, read, write_status};
use crate::object::Object;

/// So many times in a row another turn may be first; then this one is taken again from its beginning.
const TRIES: usize = 5;

/// The objects of an environment, as far as such decisions go by them.
pub(super) struct Fleet {
    objects: BTreeSet<String>,
    generations: BTreeMap<String, i64>,
    waiting: BTreeSet<String>,
}

impl Fleet {
    pub(super) fn of(members: Vec<Member>) -> Self {
        let waiting = members.iter().filter(|member| member.waits_for_wave).map(|member| member.key.to_string());
        Self {
            waiting: waiting.collect(),
            objects: members.iter().map(|member| member.key.to_string()).collect(),
            generations: members.into_iter().map(|member| (member.key.to_string(), member.generation)).collect(),
        }
    }

    /// What decisions about deletions depend on.
    pub(super) fn deleting<'a>(
        &'a self,
        environment: &'a AwsEnvironment,
        name: &'a str,
        clock: &Clock,
    ) -> Deleting<'a> {
        let allowed = environment.annotations().get(ALLOW_DELETIONS_UNTIL).map(String::as_str);
        Deleting { environment: name, allowed, objects: &self.objects, now: clock.timestamp() }
    }

    /// The slots that still are.
    pub(super) fn current(&self, status: &AwsEnvironmentStatus) -> Vec<Slot> {
        wave::current(&wave::read(&status.rollouts), &self.generations)
    }

    fn wave(&self, environment: &AwsEnvironment, clock: &Clock) -> Wave<'_> {
        let asked = environment.spec.rollouts.as_ref().and_then(|rollouts| rollouts.max_concurrent);
        let slots = asked.and_then(|slots| usize::try_from(slots).ok()).unwrap_or(DEFAULT_SLOTS);
        Wave { slots, generations: &self.generations, waiting: &self.waiting, now: clock.timestamp() }
    }
}

impl<O: Object> Pass<'_, O> {
    /// Asks that what the object owns may go; written down before the first of it does.
    pub(super) async fn admit_deletion(&self, work: &mut Work) -> Result<(), Halt> {
        if work.memory.caution.deletion_admitted_at.is_some() {
            return Ok(());
        }
        let (me, name, clock) = (self.me(), &work.scope.environment_name, &self.shell.clock);
        let fleet = Fleet::of(self.shell.stores.members_of(name));
        let answer = amend(self.shell, name, |environment, status| {
            let deleting = fleet.deleting(environment, name, clock);
            let (deletions, answer) = Deletions::read(status.deletions.as_ref()).admit(&me, &deleting);
            status.deletions = deletions.write();
            answer
        });
        answer.await?.map_err(|refusal| {
            Halt::stalled(refusal.reason, format!("is being deleted, and waits: {}", refusal.message))
        })?;
        work.memory.caution.deletion_admitted_at = Some(clock.timestamp());
        Ok(())
    }

    /// Asks for a slot; written down before the deployment starts.
    pub(super) async fn ask_for_slot(&self, work: &Work) -> Result<Turn, Halt> {
        let (me, name, clock) = (self.me(), &work.scope.environment_name, &self.shell.clock);
        let fleet = Fleet::of(self.shell.stores.members_of(name));
        let asking = self.asking(&me, work.desired.rolled_back.as_ref());
        let ask = |environment: &AwsEnvironment, status: &AwsEnvironmentStatus| {
            let slots = wave::read(&status.rollouts);
            wave::ask(&slots, &asking, &fleet.wave(environment, clock))
        };
        // Most of a fleet waits: that is known without a call.
        if let Some(known) = self.shell.stores.environment(name) {
            let (_, turn) = ask(&known, &known.status.clone().unwrap_or_default());
            if turn != Turn::Go {
                return Ok(turn);
            }
        }
        let turn = amend(self.shell, name, |environment, status| {
            let (slots, turn) = ask(environment, status);
            status.rollouts = wave::write(&slots);
            turn
        });
        Ok(turn.await?)
    }

    /// Notes how far the object's deployment is, if it has a slot.
    pub(super) async fn note_progress(&self, work: &Work, progress: &Progress) -> Result<(), WriteError> {
        let name = &work.scope.environment_name;
        self.note(name, work.began, work.desired.rolled_back.as_ref(), progress).await
    }

    /// Whatever stalled it before there was a plan: what reaches it from outside its spec goes no further.
    pub(super) async fn note_stall(&self, why: &str) -> Result<(), WriteError> {
        let name = self.shell.stores.environment_of(&self.object);
        self.note(&name, false, None, &Progress::Failed(why.to_owned())).await
    }

    /// `begun`: it took its slot in this turn.
    async fn note(
        &self,
        name: &str,
        begun: bool,
        rolled_back: Option<&RolledBack>,
        progress: &Progress,
    ) -> Result<(), WriteError> {
        let me = self.me();
        let asking = self.asking(&me, rolled_back);
        let noted = |status: &AwsEnvironmentStatus| {
            let slots = wave::read(&status.rollouts);
            let next = wave::note(&slots, &asking, progress);
            (next != slots).then_some(next)
        };
        let known = self.shell.stores.environment(name).and_then(|environment| environment.status.clone());
        // The store may not have what this turn wrote.
        let unseen = begun && *progress != Progress::Underway;
        if !unseen && known.is_none_or(|status| noted(&status).is_none()) {
            return Ok(());
        }
        amend(self.shell, name, |_, status| {
            if let Some(slots) = noted(status) {
                status.rollouts = wave::write(&slots);
            }
        })
        .await
    }

    fn me(&self) -> String {
        self.key().to_string()
    }

    fn asking<'a>(&self, me: &'a str, rolled_back: Option<&'a RolledBack>) -> Asking<'a> {
        Asking { object: me, generation: self.object.meta().generation.unwrap_or_default(), rolled_back }
    }
}

/// How far an object's deployment is, by the last look.
pub(super) fn progress(plan: &Plan, failures: &[Failure], outcome: &Outcome) -> Progress {
    if *outcome == Outcome::Stalled {
        let refused = failures.iter().find(|failure| failure.remedy == Remedy::Fix).map(|it| it.message.as_str());
        let blocked = || plan.blocked().next().map(|step| step.reason.as_str());
        return Progress::Failed(refused.or_else(blocked).unwrap_or_default().to_owned());
    }
    if plan.converged() && failures.is_empty() { Progress::Done } else { Progress::Underway }
}

/// Changes an environment's status: read afresh, decided, and written only if nobody wrote in between.
async fn amend<T>(
    shell: &Reconciler,
    name: &str,
    decide: impl Fn(&AwsEnvironment, &mut AwsEnvironmentStatus) -> T,
) -> Result<T, WriteError> {
    let api: Api<AwsEnvironment> = Api::all(shell.client.clone());
    for _ in 0..TRIES {
        // The object is not gone when its environment is: it gets another turn, and tells.
        let Some(environment) = read(&api, name).await? else { return Err(WriteError::Conflict) };
        let mut status = environment.status.clone().unwrap_or_default();
        let decided = decide(&environment, &mut status);
        let written = write_status(&api, &environment, &json(environment.status.as_ref()), &json(Some(&status))).await;
        match written {
            Ok(_) => return Ok(decided),
            Err(WriteError::Conflict | WriteError::Gone) => {}
            Err(error) => return Err(error),
        }
    }
    Err(WriteError::Conflict)
}
