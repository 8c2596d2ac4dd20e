//! A task that runs to its end: followed where it was begun, and else begun once what it needs is there. What to do next
//! `longshore_planner::one_off` says.

use kube::api::{DeleteParams, Preconditions};
use kube::{Api, ResourceExt};
use longshore_aws::{
    Aws, Fault, Read, Started, Write, leave_trace, one_off_tasks, run_task, settle_traces, stop_task, traces,
};
use longshore_crds::ecs_task::RunStatus;
use longshore_crds::status::{ConditionType, ConditionedStatus, OwnerStatus};
use longshore_crds::{EcsService, Mode};
use longshore_planner::desired::Scope;
use longshore_planner::engine::World;
use longshore_planner::one_off::{
    ATTEMPT, Attempt, Next, Order, Sight, Trace, decide, is_live, left_behind, merged, ran_before, with_streams,
};
use longshore_planner::report::{Situation, task_situation};

use super::halt::Halt;
use super::inventory;
use super::outcome::Outcome;
use super::pass::{Pass, Work};
use crate::kubernetes::{CALL, WriteError, annotate, read};
use crate::object::Object;
use crate::references::is_behind;

/// The call was made before, and was not the same: what it started then is found by its tags.
const CONFLICT: &str = "ConflictException";

impl<O: Object> Pass<'_, O> {
    /// What was begun is looked at, whatever its references say by now. `None`: nothing was, or there is something to start,
    /// for which the resources must be there.
    pub(super) async fn follow(
        &mut self,
        scope: &Scope,
        reader: &Aws<Read>,
        writer: Option<&Aws<Write>>,
    ) -> Result<Option<Outcome>, Halt> {
        let Some(policy) = self.object.run_policy() else { return Ok(None) };
        let Some(attempt) = self.attempt()? else { return Ok(None) };
        // A status that is lost had told what was made for it: that is found again first.
        if self.object.has_template() && self.status().resources().is_empty() {
            return Ok(None);
        }
        let ended = attempt.outcome.is_some();
        let seen = if ended { vec![] } else { self.seen(scope, reader, &attempt.cluster).await? };
        let now = self.shell.clock.timestamp();
        let records = merged(self.object.told_runs(), &seen, attempt.at, now);
        match decide(&policy, Some(&attempt), &records, now) {
            Next::Begin { .. } | Next::Run => Ok(None),
            next => self.settle(scope, writer, attempt, records, next).await.map(Some),
        }
    }

    /// Before it is begun, the spec that it runs is seen as the API server has it. What a watch has told may be older: it lags
    /// while it begins anew.
    pub(super) async fn see_its_service(&self) -> Result<(), Halt> {
        let Some(name) = self.object.runs_spec_of().filter(|_| !self.object.annotations().contains_key(ATTEMPT)) else {
            return Ok(());
        };
        let namespace = self.namespace();
        let now = read(&Api::<EcsService>::namespaced(self.shell.client.clone(), &namespace), name).await?;
        if is_behind(self.shell.stores.service(&namespace, name).as_deref(), now.as_ref()) {
            let message = format!(
                "spec.taskFrom: EcsService {namespace}/{name} has just changed; the task waits until Longshore has looked \
                 at that"
            );
            return Err(Halt::waiting("ServiceNotReady", message));
        }
        Ok(())
    }

    /// All that it needs is there: it is started, unless it was.
    pub(super) async fn run(&mut self, work: &Work, world: &World, order: &Order) -> Result<Outcome, Halt> {
        let (Some(policy), Some(writer), Some(order)) = (self.object.run_policy(), &work.writer, order.resolved(world))
        else {
            return self.would_run(work).await;
        };
        self.remember(work).await?;
        let mut attempt = self.attempt()?;
        let cluster = attempt.as_ref().map_or(&order.cluster, |attempt| &attempt.cluster).clone();
        let mut seen = self.seen(&work.scope, &work.reader, &cluster).await?;
        let uid = self.object.uid().unwrap_or_default();
        if attempt.is_none() {
            attempt = self.ran_before(work, writer, &order, &seen).await?;
        }
        loop {
            let now = self.shell.clock.timestamp();
            let begun = attempt.as_ref().map_or(now, |attempt| attempt.at);
            let mut records = merged(self.object.told_runs(), &seen, begun, now);
            with_streams(&mut records, &order);
            match (decide(&policy, attempt.as_ref(), &records, now), attempt) {
                (Next::Begin { number, call }, last) => {
                    let begun = Attempt::next(last.as_ref(), &order, (number, call), &uid, now);
                    self.write_down(&begun).await?;
                    attempt = Some(begun);
                }
                (Next::Run, Some(begun)) => {
                    seen.extend(self.call(work, writer, &order, &begun).await?);
                    attempt = Some(begun);
                }
                (next, Some(begun)) => return self.settle(&work.scope, Some(writer), begun, records, next).await,
                // Nothing is decided of what was not begun but to begin it.
                (_, None) => return Ok(Outcome::Progressing),
            }
        }
    }

    /// What an object of this name ran before that is the same: an object that is made again does not run it again. Else
    /// this is the first run, and AWS is told before it is begun.
    async fn ran_before(
        &mut self,
        work: &Work,
        writer: &Aws<Write>,
        order: &Order,
        seen: &[Sight],
    ) -> Result<Option<Attempt>, Halt> {
        let (ownership, family) = (work.scope.ownership(), Trace::family(&work.scope.base()));
        let uid = self.object.uid().unwrap_or_default();
        let left = traces(&work.reader, &ownership, &family).await.map_err(|fault| Halt::fault(&fault))?;
        let left = left_behind(&left, order, &uid);
        // How it ended tells more than what is still seen of it.
        let before = match left {
            Some(left) if left.outcome.is_some() => Some(left),
            left => ran_before(seen, order, self.shell.clock.timestamp()).or(left),
        };
        if let Some(before) = &before {
            self.write_down(before).await?;
        } else {
            let first = Attempt::next(None, order, (1, 1), &uid, self.shell.clock.timestamp());
            self.leave_trace(writer, &work.scope, &first).await?;
        }
        Ok(before)
    }

    async fn leave_trace(&self, writer: &Aws<Write>, scope: &Scope, attempt: &Attempt) -> Result<(), Halt> {
        let trace = Trace::of(attempt, &self.object.uid().unwrap_or_default(), self.shell.clock.timestamp());
        let left = leave_trace(writer, &scope.ownership(), &Trace::family(&scope.base()), &trace).await;
        left.map_err(|fault| Halt::fault(&fault))
    }

    /// Makes the call of an attempt. That nothing was started is written down only where AWS has said so.
    async fn call(
        &mut self,
        work: &Work,
        writer: &Aws<Write>,
        order: &Order,
        attempt: &Attempt,
    ) -> Result<Vec<Sight>, Halt> {
        let refused = Attempt { refused: true, ..attempt.clone() };
        match run_task(writer, &work.scope.ownership(), &order.call(attempt)).await {
            Ok(Started { count: 0, failures, .. }) => {
                self.write_down(&refused).await?;
                let message = format!("ECS did not place the task: {}; it is tried again", failures.join("; "));
                Err(Halt::Told(
                    Box::new(Situation::Waiting { reason: "NotPlaced".to_owned(), message }),
                    Outcome::Failed { retry_after: None },
                ))
            }
            Ok(started) => {
                self.tell_started(&started).await;
                if started.tasks.is_empty() {
                    // It is found by its tags once those are known.
                    return Err(Halt::waiting("TaskStarting", "ECS has started the task, and does not show it yet"));
                }
                Ok(started.tasks)
            }
            Err(fault) if fault.is(Fault::NOT_LEADER) => Err(WriteError::NotLeader.into()),
            Err(fault) if fault.outcome_unknown() || fault.is(CONFLICT) => Err(Halt::fault(&fault)),
            Err(fault) => {
                self.write_down(&refused).await?;
                Err(Halt::fault(&fault))
            }
        }
    }

    async fn tell_started(&self, started: &Started) {
        for task in &started.tasks {
            let action = format!("attempt {}", task.record.attempt);
            let note = format!("task {}", task.record.task_arn);
            self.shell.events.tell(&self.object.object_ref(&()), false, "Started", &action, note).await;
        }
    }

    /// Does what is to be done about tasks that run or have ended, and tells of them.
    async fn settle(
        &mut self,
        scope: &Scope,
        writer: Option<&Aws<Write>>,
        mut attempt: Attempt,
        records: Vec<RunStatus>,
        next: Next,
    ) -> Result<Outcome, Halt> {
        if let (Next::Stop { tasks, why }, Some(writer)) = (&next, writer) {
            for task in tasks {
                stop_task(writer, &attempt.cluster, task, why).await.map_err(|fault| Halt::fault(&fault))?;
            }
        }
        if let (Next::Finished { phase, .. }, None, Some(writer)) = (&next, attempt.outcome, writer) {
            attempt.outcome = Some(*phase);
            self.leave_trace(writer, scope, &attempt).await?;
            self.write_down(&attempt).await?;
        }
        let now = self.shell.clock.timestamp();
        self.tell_with(&task_situation(&next), |status| {
            status.pending_mut().clear();
            O::tell_run(status, Some(&attempt), &records, &next, now);
        })
        .await?;
        match next {
            Next::Finished { .. } => self.rest(now).await,
            _ => Ok(Outcome::Progressing),
        }
    }

    /// It has ended. Where its object is not to stay, that goes in time.
    async fn rest(&self, now: jiff::Timestamp) -> Result<Outcome, Halt> {
        let Some(goes_at) = self.object.goes_at() else { return Ok(Outcome::Finished { again: None }) };
        let left = goes_at.duration_since(now);
        if left.is_positive() {
            return Ok(Outcome::Finished { again: Some(left.unsigned_abs()) });
        }
        let this = Preconditions { uid: self.object.uid(), resource_version: None };
        let (name, params) = (self.object.name_any(), DeleteParams::default().preconditions(this));
        let call = self.api.delete(&name, &params);
        match tokio::time::timeout(CALL, call).await.map_err(|_| WriteError::Timeout)? {
            Ok(_) => Ok(Outcome::Gone),
            Err(error) => match WriteError::from(error) {
                WriteError::Gone => Ok(Outcome::Gone),
                error => Err(error.into()),
            },
        }
    }

    /// The object is being deleted: what runs is stopped, and only then goes what it needs.
    pub(super) async fn stop_what_runs(
        &self,
        scope: &Scope,
        reader: &Aws<Read>,
        writer: &Aws<Write>,
    ) -> Result<(), Halt> {
        if self.object.run_policy().is_none() {
            return Ok(());
        }
        let family = Trace::family(&scope.base());
        settle_traces(writer, &scope.ownership(), &family).await.map_err(|fault| Halt::fault(&fault))?;
        // What the annotation lost the status may know.
        let cluster = self.attempt().ok().flatten().map(|attempt| attempt.cluster);
        let Some(cluster) = cluster.or_else(|| self.object.told_cluster()) else { return Ok(()) };
        let seen = self.seen(scope, reader, &cluster).await?;
        let live: Vec<&RunStatus> = seen.iter().map(|sight| &sight.record).filter(|record| is_live(record)).collect();
        if live.is_empty() {
            return Ok(());
        }
        for record in live.iter().filter(|record| !STOPPING.contains(&record.last_status.as_str())) {
            let stopped = stop_task(writer, &cluster, &record.task_arn, "its EcsTask was deleted").await;
            stopped.map_err(|fault| Halt::fault(&fault))?;
        }
        let message = format!("is being deleted, and waits: {} of its tasks are stopping", live.len());
        let situation = Situation::Waiting { reason: "Deleting".to_owned(), message };
        Err(Halt::Told(Box::new(situation), Outcome::Progressing))
    }

    async fn seen(&self, scope: &Scope, reader: &Aws<Read>, cluster: &str) -> Result<Vec<Sight>, Halt> {
        let known: Vec<String> = self.object.told_runs().iter().map(|record| record.task_arn.clone()).collect();
        let seen = one_off_tasks(reader, &scope.ownership(), cluster, &scope.base(), &known).await;
        seen.map_err(|fault| Halt::fault(&fault))
    }

    fn attempt(&self) -> Result<Option<Attempt>, Halt> {
        Attempt::read(self.object.annotations()).map_err(|refusal| Halt::refused(&[refusal]))
    }

    async fn write_down(&mut self, attempt: &Attempt) -> Result<(), Halt> {
        self.object = annotate(&self.api, &self.object, ATTEMPT, Some(&attempt.write())).await?;
        Ok(())
    }

    /// Nothing may be changed, so nothing is started.
    async fn would_run(&mut self, work: &Work) -> Result<Outcome, Halt> {
        let situation = match (&work.pause, self.object.managed().mode()) {
            (Some(pause), _) => Situation::Paused { message: pause.tell(&longshore_planner::engine::Plan::default()) },
            (None, Mode::Observe) => {
                Situation::WouldChange { message: "the task would be started; spec.mode is Observe".to_owned() }
            }
            (None, _) => Situation::Waiting {
                reason: "TaskStarting".to_owned(),
                message: "what the task needs is not all known yet".to_owned(),
            },
        };
        self.tell(&situation).await?;
        Ok(match &work.pause {
            Some(pause) => Outcome::Paused { left: pause.left(self.shell.clock.timestamp()) },
            None if self.object.managed().mode() == Mode::Observe => Outcome::Resting,
            None => Outcome::Progressing,
        })
    }

    /// What the task stands on is in the status before it is started.
    async fn remember(&mut self, work: &Work) -> Result<(), Halt> {
        let status = self.status();
        let known = inventory::read(status.resources()) == work.inventory;
        if known && status.condition(ConditionType::Reconciling).is_some_and(|condition| condition.status == "True") {
            return Ok(());
        }
        let situation =
            Situation::Waiting { reason: "TaskStarting".to_owned(), message: "the task is being started".to_owned() };
        self.tell_with(&situation, |status| {
            status.pending_mut().clear();
            *status.resources_mut() = inventory::write(&work.inventory, status.resources());
            *status.memory_mut() = work.memory.write(status.memory());
        })
        .await
        .map_err(Halt::from)
    }
}

/// ECS's words for a task that is on its way out.
pub(super) const STOPPING: [&str; 3] = ["DEACTIVATING", "STOPPING", "DEPROVISIONING"];
