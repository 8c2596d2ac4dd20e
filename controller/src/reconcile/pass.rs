//! One turn of an object that owns things in AWS: the page to read first.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::{Api, ResourceExt};
use longshore_aws::{Aws, Read, Write, find};
use longshore_crds::ecs_task_trigger::TriggeredRun;
use longshore_crds::status::OwnerStatus;
use longshore_crds::{Adoption, AwsEnvironment, AwsEnvironmentSpec, DeletionPolicy, Mode};
use longshore_planner::caution::{Pause, asked};
use longshore_planner::desired::{
    CONTINUE, Desired, Fact, Facts, Memory, Need, Obstacle, ROLL_BACK, Said, Scope, Warning, environment,
};
use longshore_planner::engine::{Graph, Inventory, Options};
use longshore_planner::report::{Failure, Intent, Situation};

use super::halt::Halt;
use super::outcome::Outcome;
use super::{Reconciler, inventory};
use crate::kubernetes::{ANNOTATION_BASE, ANNOTATION_ENVIRONMENT, FINALIZER, WriteError, pin, read, release};
use crate::object::Object;
use crate::queue::{Turn, Urgency};
use crate::sweep::settled;

/// Consent to replace what is never replaced by itself: `KEY@GENERATION`, several joined by commas.
const ANNOTATION_ALLOW_REPLACE: &str = "ecs.longshore.dev/allow-replace";

/// Observe -> plan -> act -> report, once.
pub(super) async fn reconcile<O: Object>(shell: &Reconciler, turn: &Turn) -> Result<Outcome, WriteError> {
    let api: Api<O> = Api::namespaced(shell.client.clone(), &turn.key.namespace);
    let Some(object) = read(&api, &turn.key.name).await? else {
        shell.reliance.remove(&turn.key);
        return Ok(Outcome::Gone);
    };
    let deleting = object.meta().deletion_timestamp.is_some();
    let mut pass: Pass<'_, O> = Pass { shell, api, object, failures: turn.failures, urgency: turn.urgency };
    let ended = if deleting { pass.delete().await } else { pass.manage().await };
    let outcome = match ended {
        Ok(outcome) => outcome,
        Err(Halt::Told(situation, outcome)) => {
            pass.tell(&situation).await?;
            if let (Situation::Stalled { message, .. }, false) = (&*situation, deleting) {
                pass.note_stall(message).await?;
            }
            outcome
        }
        Err(Halt::Write(error)) => return Err(error),
    };
    // What the sweep does not look after comes back by itself.
    let alone = outcome == Outcome::Converged && !settled(&pass.object);
    Ok(if alone { pass.watched(Outcome::Resting) } else { outcome })
}

/// The turn's object, as it was last read or written.
pub(super) struct Pass<'a, O: Object> {
    pub(super) shell: &'a Reconciler,
    pub(super) api: Api<O>,
    pub(super) object: O,
    /// How many turns in a row failed before this one.
    pub(super) failures: u32,
    /// Why it has its turn.
    pub(super) urgency: Urgency,
}

/// What a turn works on, once it is clear what that is.
pub(super) struct Work {
    pub(super) intent: Intent,
    pub(super) scope: Scope,
    pub(super) facts: Facts,
    pub(super) memory: Memory,
    pub(super) desired: Desired,
    /// Where to look beside the inventory: what the spec asks for, also while everything of it goes, and what else it may
    /// have made.
    pub(super) look_at: Graph,
    pub(super) inventory: Inventory,
    pub(super) options: Options,
    /// What people ask for by the object itself.
    pub(super) asked: String,
    /// What Kubernetes refused before AWS was asked anything, and holds up nothing else.
    pub(super) refused: Option<Failure>,
    pub(super) reader: Aws<Read>,
    /// While it holds, what would change is told and not done.
    pub(super) pause: Option<Pause>,
    /// It took a slot in this turn, for what its spec did not ask for.
    pub(super) began: bool,
    /// How many waves go before it, while it waits for a slot.
    pub(super) ahead: Option<usize>,
    /// What AWS started for it, by the last look.
    pub(super) triggered: Option<Vec<TriggeredRun>>,
    /// Tasks that AWS started are still running: nothing goes but what would start more.
    pub(super) still_used: bool,
    /// None in Observe and while paused: what only looks has nothing to change with.
    pub(super) writer: Option<Aws<Write>>,
}

impl<O: Object> Pass<'_, O> {
    /// The object lives: AWS is made to match it, or is compared with it.
    async fn manage(&mut self) -> Result<Outcome, Halt> {
        let mode = self.object.managed().mode();
        if mode == Mode::Suspend {
            return Err(Halt::suspended("spec.mode is Suspend: Longshore neither looks nor changes anything"));
        }
        self.said().check().map_err(|refusal| Halt::refused(&[refusal]))?;
        let (scope, environment) = self.scope()?;
        let pause = self.pause(&environment)?.filter(|_| mode == Mode::Manage);
        let changes = mode == Mode::Manage && pause.is_none();
        if self.object.run_policy().is_some() {
            let session = self.session(&scope).await?;
            let writer = changes.then(|| session.writer());
            if let Some(outcome) = self.follow(&scope, &session.reader(), writer.as_ref()).await? {
                return Ok(outcome);
            }
            self.see_its_service().await?;
        }
        let mut memory = Memory::read(self.status().memory());
        let (desired, facts) = self.desired_with_facts(&scope, &environment, &memory).await?;
        memory.pins.clone_from(&desired.pins);
        let session = self.session(&scope).await?;
        if changes {
            self.pin(&scope).await?;
        }
        let refused = if changes { self.publish(&desired.endpoints).await? } else { None };
        self.warn_of(&desired.warnings).await;
        let remembered = inventory::read(self.status().resources());
        let work = Work {
            intent: if changes { Intent::Manage } else { Intent::Observe },
            look_at: desired.look_at(&remembered),
            inventory: desired.remembered(remembered),
            // What waits for something has been asked for, also when that comes.
            asked: if desired.held.is_some() { format!("{}, which waits", self.asked()) } else { self.asked() },
            refused,
            options: options(&self.object),
            reader: session.reader(),
            pause,
            began: false,
            ahead: None,
            triggered: None,
            still_used: false,
            writer: changes.then(|| session.writer()),
            scope,
            facts,
            memory,
            desired,
        };
        self.rounds(work).await
    }

    /// The object is being deleted: what it owns goes first, unless it is meant to stay.
    async fn delete(&mut self) -> Result<Outcome, Halt> {
        if !self.object.finalizers().iter().any(|name| name == FINALIZER) {
            return Ok(Outcome::Gone);
        }
        // Also one that stays in AWS: whoever names the object would find it no more.
        self.no_deletion_while_used()?;
        let managed = self.object.managed();
        if managed.deletion_policy() == Some(DeletionPolicy::Retain) {
            return self.let_go().await;
        }
        let remembered = inventory::read(self.status().resources());
        match managed.mode() {
            Mode::Manage => {}
            Mode::Suspend => {
                return Err(Halt::suspended(
                    "is being deleted, and waits: spec.mode is Suspend; set it to Manage to delete what it owns in \
                     AWS, or spec.deletionPolicy to Retain to leave it there",
                ));
            }
            Mode::Observe => {
                return Err(Halt::suspended(
                    "is being deleted, and waits: spec.mode is Observe, in which nothing is changed; set it to Manage \
                     to delete what it owns in AWS, or spec.deletionPolicy to Retain to leave it there",
                ));
            }
        }
        let (scope, environment) = self.scope_of_what_was_made()?;
        self.no_deletion_while_paused(&environment)?;
        let session = self.session(&scope).await?;
        self.stop_what_runs(&scope, &session.reader(), &session.writer()).await?;
        let memory = Memory::read(self.status().memory());
        // A status that was lost, as by a restore, must not leave orphans: what the spec asks for is looked for too.
        let (mut desired, facts) = match self.desired_with_facts(&scope, &environment, &memory).await {
            Ok(found) => found,
            // With neither, nothing tells what it owns; that it owns nothing would be a guess.
            Err(halt) if remembered.0.is_empty() => return Err(halt.while_deleting()),
            Err(_) => (Desired::default(), facts_of(&environment)),
        };
        let (look_at, watch) = (desired.look_at(&remembered), desired.watch.take());
        let inventory = desired.remembered(remembered);
        let running = match &watch {
            Some(watch) => self.still_running(watch, &session.reader()).await?,
            None => vec![],
        };
        let work = Work {
            intent: Intent::Delete,
            desired: Desired { otherwise: desired.otherwise, ..Desired::default() },
            look_at,
            inventory,
            asked: self.asked(),
            refused: None,
            options: Options { deleting: true, ..options(&self.object) },
            reader: session.reader(),
            pause: None,
            began: false,
            ahead: None,
            triggered: None,
            still_used: !running.is_empty(),
            writer: Some(session.writer()),
            scope,
            facts,
            memory,
        };
        let outcome = self.rounds(work).await?;
        match watch.filter(|_| !running.is_empty()) {
            // By now nothing starts another.
            Some(watch) => {
                self.stop_triggered(&watch, &running, &session.writer()).await?;
                Ok(Outcome::Progressing)
            }
            None if outcome == Outcome::Converged => self.let_go().await,
            None => Ok(outcome),
        }
    }

    /// Users that are being deleted themselves go first.
    fn no_deletion_while_used(&self) -> Result<(), Halt> {
        let users = self.object.users(&self.shell.stores);
        if users.is_empty() {
            return Ok(());
        }
        let users: Vec<String> = users.iter().map(ToString::to_string).collect();
        let message = format!("is being deleted, and waits: in use by {}; delete them first", users.join(", "));
        Err(Halt::waiting("InUse", message))
    }

    /// Nothing is left, or it is meant to stay: Kubernetes may forget the object.
    async fn let_go(&mut self) -> Result<Outcome, Halt> {
        match release(&self.api, &self.object).await {
            Ok(_) | Err(WriteError::Gone) => Ok(Outcome::Gone),
            Err(error) => Err(error.into()),
        }
    }

    /// Which environment, and under which names.
    fn scope(&self) -> Result<(Scope, Arc<AwsEnvironment>), Halt> {
        let labels = self.shell.stores.namespace_labels(&self.namespace());
        let pinned = self.object.annotations().get(ANNOTATION_ENVIRONMENT);
        let name = environment::select(self.object.managed().aws_environment(), &labels, pinned.map(String::as_str))
            .map_err(|refusal| Halt::refused(&[refusal]))?;
        let Some(found) = self.shell.stores.environment(&name) else {
            let message = format!(
                "spec.awsEnvironment: there is no AwsEnvironment {name}; ask the platform team for it, or name another"
            );
            return Err(Halt::waiting("EnvironmentNotFound", message));
        };
        environment::admits(&name, &found.spec, &self.namespace(), &labels)
            .map_err(|refusal| Halt::refused(&[refusal]))?;
        Ok((self.scope_in(&name, &found.spec), found))
    }

    /// Whether it may be there is no question any more when it goes.
    fn scope_of_what_was_made(&self) -> Result<(Scope, Arc<AwsEnvironment>), Halt> {
        let name = self.shell.stores.environment_of(&self.object);
        match self.shell.stores.environment(&name) {
            Some(found) => Ok((self.scope_in(&name, &found.spec), found)),
            None => Err(Halt::stalled(
                "EnvironmentNotFound",
                format!(
                    "is being deleted, but the AwsEnvironment {name}, in which its resources are, is gone; apply that \
                     again, or set spec.deletionPolicy to Retain to leave them in AWS"
                ),
            )),
        }
    }

    fn scope_in(&self, name: &str, environment: &AwsEnvironmentSpec) -> Scope {
        self.shell.stores.scope(&self.object, &self.shell.installation, name, environment)
    }

    /// The graph; facts that it depends on are asked for until it is complete.
    async fn desired_with_facts(
        &self,
        scope: &Scope,
        environment: &AwsEnvironment,
        memory: &Memory,
    ) -> Result<(Desired, Facts), Halt> {
        let mut facts = facts_of(environment);
        loop {
            let needs = match self.object.desired(scope, &facts, &self.shell.stores, memory) {
                Ok(desired) => return Ok((desired, facts)),
                Err(Obstacle::Needs(needs)) => needs,
                Err(Obstacle::Refused(refusals)) => return Err(Halt::refused(&refusals)),
                Err(Obstacle::Waiting { reason, message }) => return Err(Halt::waiting(reason, message)),
            };
            if needs.iter().all(|need| facts.contains_key(need)) {
                return Err(Halt::stalled(
                    "InternalError",
                    "the same facts are asked for twice: a defect in Longshore",
                ));
            }
            let reader = self.session(scope).await?.reader();
            for need in needs {
                let fact = find(&reader, &need).await.map_err(|fault| Halt::fault(&fault))?;
                facts.insert(need, fact);
            }
        }
    }

    async fn session(&self, scope: &Scope) -> Result<longshore_aws::Session, Halt> {
        let opened = self.shell.sessions.of(&scope.environment_name, &scope.environment).await;
        opened.map(|opened| opened.session).map_err(|fault| Halt::fault(&fault))
    }

    /// Finalizer and pins are there before anything is made.
    async fn pin(&mut self, scope: &Scope) -> Result<(), Halt> {
        let base = scope.base();
        let wanted = [(ANNOTATION_ENVIRONMENT, scope.environment_name.as_str()), (ANNOTATION_BASE, base.as_str())];
        let annotations = self.object.annotations();
        let pinned = wanted.iter().all(|(key, value)| annotations.get(*key).is_some_and(|found| found == value));
        if !pinned || !self.object.finalizers().iter().any(|name| name == FINALIZER) {
            self.object = pin(&self.api, &self.object, &wanted).await?;
        }
        Ok(())
    }

    fn asked(&self) -> String {
        asked(self.object.meta().generation.unwrap_or_default(), &options(&self.object), self.said())
    }

    /// Warnings are told once per generation.
    async fn warn_of(&self, warnings: &[Warning]) {
        use longshore_crds::status::ConditionedStatus;
        if self.status().observed_generation() == self.object.meta().generation {
            return;
        }
        for warning in warnings {
            let note = format!("{}: {}", warning.at, warning.message);
            self.shell.events.tell(&self.object.object_ref(&()), true, "Unusual", &warning.at.0, note).await;
        }
    }

    /// What people say of its rollout.
    pub(super) fn said(&self) -> Said<'_> {
        let annotation = |name: &str| self.object.annotations().get(name).map(String::as_str);
        let (roll_back, proceed) = (annotation(ROLL_BACK), annotation(CONTINUE));
        Said { restarted_at: self.object.restarted_at(), roll_back, proceed }
    }

    pub(super) fn namespace(&self) -> String {
        self.object.namespace().unwrap_or_default()
    }

    pub(super) fn status(&self) -> O::Status {
        self.object.status().cloned().unwrap_or_default()
    }
}

/// How an object wants to be dealt with, while it is not being deleted.
pub(crate) fn options<O: Object>(object: &O) -> Options {
    Options {
        adopt: object.managed().adoption() == Adoption::Adopt,
        deleting: false,
        allow_replace: consent(object, ANNOTATION_ALLOW_REPLACE),
        retain: object.retained(),
    }
}

/// What the environment has found out already: its subnets by tag are resolved once, for all objects.
pub(crate) fn facts_of(environment: &AwsEnvironment) -> Facts {
    let network = &environment.spec.network;
    let status = environment.status.clone().unwrap_or_default();
    let resolved =
        [(&network.private_subnets, status.private_subnet_ids), (&network.public_subnets, status.public_subnet_ids)];
    let by_tags = resolved.into_iter().filter_map(|(subnets, ids)| {
        let tags = subnets.as_ref().map(|subnets| subnets.tags.clone()).filter(|tags| !tags.is_empty())?;
        let need = Need::Subnets { vpc_id: network.vpc_id.clone(), tags };
        (!ids.is_empty()).then_some((need, Fact::Subnets(ids)))
    });
    by_tags.collect()
}

/// What people have consented to by an annotation.
pub(super) fn consent<O: Object>(object: &O, annotation: &str) -> BTreeSet<String> {
    let value = object.annotations().get(annotation).map(String::as_str);
    consented(value.unwrap_or_default(), object.meta().generation.unwrap_or_default())
}

/// What was consented to for this generation: consent does not outlive the spec it was given for.
fn consented(annotation: &str, generation: i64) -> BTreeSet<String> {
    let each = annotation.split(',').filter_map(|consent| consent.trim().rsplit_once('@'));
    each.filter(|(_, of)| of.parse() == Ok(generation)).map(|(key, _)| key.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_counts_for_the_generation_that_it_names_only() {
        let cases: [(&str, &[&str]); 5] = [
            ("", &[]),
            ("service@3", &["service"]),
            ("service@2", &[]),
            ("service@3, logs@3,x@1", &["logs", "service"]),
            ("service", &[]),
        ];
        for (annotation, expected) in cases {
            let keys = consented(annotation, 3);
            assert_eq!(keys.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{annotation}");
        }
    }
}
