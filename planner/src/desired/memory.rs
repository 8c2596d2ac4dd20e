//! What was learnt and must outlive the process: which revision succeeded last, which one ECS rolled back, the priorities
//! of listener rules, and what caution goes by.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use longshore_crds::status::{GoodRevision, Memory as Stored, RejectedRevision};

use super::ecs_service::{ALTERNATE, INFRASTRUCTURE_KEY, SERVICE_KEY, TASK_KEY};
use super::said::{ROLL_BACK, Said};
use crate::caution::Record;
use crate::engine::{Graph, Id, Kind, Node, Thing, World, known_as};
use crate::kinds::ecs::service::{Continuation, Deployment, FailedTask, RolloutState, Service, ServiceDetail};
use crate::kinds::ecs::task_definition::TaskDefinition;
use crate::kinds::elbv2::listener_rule::ListenerRule;
use crate::kinds::elbv2::target_group::TargetGroup;
use crate::kinds::iam::role::{Role, RoleOutput};
use crate::report::Failure;

/// What was learnt of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Not tried again until the spec or `restartedAt` changes.
    pub rejected: Option<Rejected>,
    /// What runs while the spec's revision is rejected.
    pub last_good: Option<LastGood>,
    /// What ran before that: where a rollback by hand goes back to.
    pub good_before: Option<LastGood>,
    /// Of each listener rule, chosen or given, by its printed identity; what is remembered is not chosen again.
    pub priorities: BTreeMap<String, i32>,
    /// Of each load balancer's entry whose tasks are behind its second target group: that one's key.
    pub live: BTreeMap<String, String>,
    /// A pause of a deployment that somebody says is over. It is told anew by every look, and stored nowhere.
    pub proceed: Option<Continuation>,
    /// What was looked up outside the spec, by name; what is remembered is not looked up again.
    pub pins: BTreeMap<String, String>,
    /// What caution remembers.
    pub caution: Record,
}

/// A revision that was rolled back, by ECS or by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Hash of its content: the `fixed` of its identity.
    pub content_hash: String,
    /// Its ARN.
    pub arn: String,
    /// Why, in ECS's words; or that somebody wanted it so.
    pub reason: String,
    /// The spec's `restartedAt` at that time.
    pub restarted_at: Option<String>,
}

/// A revision that completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastGood {
    /// Hash of its content; empty for a revision that Longshore did not make.
    pub content_hash: String,
    /// Its ARN.
    pub arn: String,
    /// Its tasks have no role, without which ECS runs no commands in them, or it is not known whether they have one.
    pub roleless: bool,
}

impl LastGood {
    fn read(stored: &GoodRevision) -> Self {
        Self {
            content_hash: stored.content_hash.clone(),
            arn: stored.task_definition_arn.clone(),
            roleless: stored.roleless,
        }
    }

    fn stored(&self) -> GoodRevision {
        GoodRevision {
            content_hash: self.content_hash.clone(),
            task_definition_arn: self.arn.clone(),
            roleless: self.roleless,
        }
    }
}

impl Memory {
    /// From an object's status.
    pub fn read(stored: Option<&Stored>) -> Self {
        let Some(stored) = stored else { return Self::default() };
        Self {
            rejected: stored.rejected.as_ref().map(|revision| Rejected {
                content_hash: revision.content_hash.clone(),
                arn: revision.task_definition_arn.clone(),
                reason: revision.reason.clone(),
                restarted_at: revision.restarted_at.clone(),
            }),
            last_good: stored.last_good.as_ref().map(LastGood::read),
            good_before: stored.good_before.as_ref().map(LastGood::read),
            priorities: stored.priorities.clone(),
            live: stored.live_target_groups.clone(),
            proceed: None,
            pins: stored.pins.clone(),
            caution: Record::read(stored),
        }
    }

    /// Into an object's status; what is stored there beside it stays.
    pub fn write(&self, stored: Option<&Stored>) -> Option<Stored> {
        let mut stored = stored.cloned().unwrap_or_default();
        stored.rejected = self.rejected.as_ref().map(|revision| RejectedRevision {
            content_hash: revision.content_hash.clone(),
            task_definition_arn: revision.arn.clone(),
            reason: revision.reason.clone(),
            generation: None,
            restarted_at: revision.restarted_at.clone(),
        });
        stored.last_good = self.last_good.as_ref().map(LastGood::stored);
        stored.good_before = self.good_before.as_ref().map(LastGood::stored);
        stored.priorities.clone_from(&self.priorities);
        stored.live_target_groups.clone_from(&self.live);
        stored.pins.clone_from(&self.pins);
        self.caution.write(&mut stored);
        (stored != Stored::default()).then_some(stored)
    }

    /// The memory after calls that AWS refused: a priority that turned out to be taken is forgotten, so that the next
    /// turn reads the listener afresh and takes another one, or the same if the rule there is the object's own.
    pub fn after(mut self, failures: &[Failure]) -> Self {
        for failure in failures.iter().filter(|failure| failure.reason == PRIORITY_IN_USE) {
            self.priorities.remove(&failure.id.to_string());
        }
        self
    }

    /// Whether a revision was rejected and nothing has changed since.
    pub fn rejects(&self, content_hash: &str, restarted_at: Option<&str>) -> Option<&Rejected> {
        let rejected = self.rejected.as_ref()?;
        let same = rejected.content_hash == content_hash && rejected.restarted_at.as_deref() == restarted_at;
        same.then_some(rejected)
    }
}

/// AWS's word for a priority that another rule of the listener has (API reference, `CreateRule`).
const PRIORITY_IN_USE: &str = "PriorityInUse";

/// The priorities of all wanted rules, so that they are written down before a rule is made.
fn priorities(graph: &Graph) -> BTreeMap<String, i32> {
    let rules = graph.iter().filter(|(id, _)| id.kind == ListenerRule::NAME);
    let priority = |node: &Node| i32::try_from(node.want.get("priority")?.as_i64()?).ok();
    rules.filter_map(|(id, node)| Some((id.to_string(), priority(node)?))).collect()
}

/// Behind which of its two target groups each entry's tasks are. While a deployment is under way nothing is learnt: the
/// tasks that a rule which is made anew must lead to are those that were live before.
fn live(graph: &Graph, world: &World, detail: &ServiceDetail) -> Option<BTreeMap<String, String>> {
    let alternates = graph.iter().map(|(id, _)| id).filter(|id| id.kind == TargetGroup::NAME);
    let live = alternates.filter_map(|id| {
        let entry = id.key.strip_suffix(ALTERNATE)?;
        let arn = world.get(id)?.outputs.get("arn")?;
        detail.live.contains(arn).then(|| (entry.to_owned(), id.key.clone()))
    });
    (!detail.live.is_empty()).then(|| live.collect())
}

fn service_detail(graph: &Graph, world: &World) -> Option<ServiceDetail> {
    let service = graph.iter().map(|(id, _)| id).find(|id| id.kind == Service::NAME && id.key == SERVICE_KEY)?;
    world.seen::<Service>(service)?.detail()
}

/// The pause that is over, where the deployment under way has one and somebody names it.
fn continued(detail: &ServiceDetail, said: Said<'_>) -> Option<Continuation> {
    let deployment = detail.service_deployment.as_ref().filter(|deployment| Some(deployment.id()) == said.proceed)?;
    let hook = deployment.hooks.iter().find(|hook| hook.awaits_action())?;
    Some(Continuation { deployment: deployment.arn.clone(), hook: hook.id.clone() })
}

/// What a look at AWS adds to the memory: the wanted revision was rolled back, or a revision completed. A rejection of
/// another revision is forgotten. What the graph chose is remembered too.
pub fn learn(memory: &Memory, graph: &Graph, world: &World, said: Said<'_>) -> Memory {
    let detail = service_detail(graph, world);
    let live = detail.as_ref().and_then(|detail| live(graph, world, detail)).unwrap_or_else(|| memory.live.clone());
    let proceed = detail.as_ref().and_then(|detail| continued(detail, said));
    let memory = Memory { priorities: priorities(graph), live, proceed, ..memory.clone() };
    learn_of_revisions(&memory, graph, world, said).unwrap_or(memory)
}

fn learn_of_revisions(memory: &Memory, graph: &Graph, world: &World, said: Said<'_>) -> Option<Memory> {
    let restarted_at = said.restarted_at;
    let wanted = |kind: &str, key: &str| graph.iter().map(|(id, _)| id).find(|id| id.kind == kind && id.key == key);
    let (service, task) = (wanted(Service::NAME, SERVICE_KEY)?, wanted(TaskDefinition::NAME, TASK_KEY)?);
    let known_as = known_as(graph, world);
    let observed = |id| known_as.get(id).unwrap_or(id);
    let seen = world.seen::<Service>(observed(service))?;
    let detail = seen.detail::<ServiceDetail>()?;
    // What ECS says of a rollback stays after it. It speaks of this attempt only once that was begun: a new
    // `restartedAt` that the service does not carry yet asks for another one.
    let begun = seen.value.restarted_at.as_deref() == restarted_at && !began_too_early(graph, world, &detail);
    let revision = Revision { content_hash: &task.fixed, seen: world.get(observed(task)) };
    let by_hand = by_hand(memory, &revision, (world, &detail), said);
    let rejected = memory
        .rejects(&task.fixed, restarted_at)
        .cloned()
        .or_else(|| rejected_before(memory, &revision, restarted_at))
        .or_else(|| by_hand.as_ref().map(|(rejected, _)| rejected.clone()))
        .or_else(|| begun.then(|| rejection(&revision, &detail, restarted_at)).flatten());
    // One that was gone back from by hand has completed, and is not good for that.
    let is_rejected = |good: &LastGood| rejected.as_ref().is_some_and(|rejected| rejected.arn == good.arn);
    let completed = completed(&detail).and_then(|deployment| good(world, &deployment.task_definition));
    let last_good = completed
        .filter(|good| !is_rejected(good))
        .or_else(|| by_hand.map(|(_, back_to)| back_to))
        .or_else(|| memory.last_good.clone())
        .or_else(|| rejected.as_ref().and_then(|rejected| gone_back_to(world, &detail, rejected)));
    let good_before = good_before(memory, last_good.as_ref()).filter(|good| !is_rejected(good));
    Some(Memory { rejected, last_good, good_before, ..memory.clone() })
}

/// What ran before the last good revision.
fn good_before(memory: &Memory, last_good: Option<&LastGood>) -> Option<LastGood> {
    let another = |good: &&LastGood| last_good.is_some_and(|last| last.arn != good.arn);
    memory.last_good.iter().chain(&memory.good_before).find(another).cloned()
}

/// Somebody says that the wanted revision is to be gone back from, and there is one to go back to. Whoever lost the memory
/// of it finds the service there already, or its deployment still under way.
fn by_hand(
    memory: &Memory,
    revision: &Revision<'_>,
    (world, detail): (&World, &ServiceDetail),
    said: Said<'_>,
) -> Option<(Rejected, LastGood)> {
    let arn = revision.arn().filter(|arn| arn.rsplit('/').next() == said.roll_back)?;
    let there = detail.deployments.iter().map(|deployment| good_or_foreign(world, &deployment.task_definition));
    let known = memory.last_good.iter().chain(&memory.good_before).cloned();
    let back_to = known.chain(there).find(|good| good.arn != *arn)?;
    let rejected = Rejected {
        content_hash: revision.content_hash.to_owned(),
        arn: arn.clone(),
        reason: format!("the annotation {ROLL_BACK} says so"),
        restarted_at: said.restarted_at.map(ToOwned::to_owned),
    };
    Some((rejected, back_to))
}

/// The revision that ECS went back to, where none was ever seen to complete: one of an adopted service, or one that
/// completed while nobody looked. Without it the rejected one would be tried again.
fn gone_back_to(world: &World, detail: &ServiceDetail, rejected: &Rejected) -> Option<LastGood> {
    let arn = &detail.primary()?.task_definition;
    (*arn != rejected.arn).then(|| good_or_foreign(world, arn))
}

/// A revision that ECS runs, whoever made it.
fn good_or_foreign(world: &World, arn: &str) -> LastGood {
    let foreign = || LastGood { content_hash: String::new(), arn: arn.to_owned(), roleless: true };
    good(world, arn).unwrap_or_else(foreign)
}

/// The deployment that is the only one left and completed.
fn completed(detail: &ServiceDetail) -> Option<&Deployment> {
    let primary = detail.primary()?;
    (detail.deployments.len() == 1 && primary.rollout_state == Some(RolloutState::Completed)).then_some(primary)
}

fn good(world: &World, arn: &str) -> Option<LastGood> {
    let (id, thing) = revision(world, arn)?;
    let roleless = thing.value.get("taskRoleArn").is_none_or(serde_json::Value::is_null);
    Some(LastGood { content_hash: id.fixed.clone(), arn: arn.to_owned(), roleless })
}

fn revision<'a>(world: &'a World, arn: &str) -> Option<(&'a Id, &'a Thing)> {
    let is_it = |outputs: &BTreeMap<String, String>| outputs.get("arn").is_some_and(|a| a == arn);
    world.things.iter().find(|(id, thing)| id.kind == TaskDefinition::NAME && is_it(&thing.outputs))
}

/// The revision that the spec asks for, and what AWS has of it.
struct Revision<'a> {
    content_hash: &'a str,
    seen: Option<&'a Thing>,
}

impl Revision<'_> {
    fn arn(&self) -> Option<&String> {
        self.seen?.outputs.get("arn")
    }
}

/// The same revision was rejected under another hash of its content, which another version of Longshore came to: an
/// upgrade must not try it again.
fn rejected_before(memory: &Memory, revision: &Revision<'_>, restarted_at: Option<&str>) -> Option<Rejected> {
    let rejected = memory.rejected.as_ref()?;
    let same = revision.arn() == Some(&rejected.arn) && rejected.restarted_at.as_deref() == restarted_at;
    same.then(|| Rejected { content_hash: revision.content_hash.to_owned(), ..rejected.clone() })
}

/// IAM takes some seconds until ECS can assume a role that was made just now (user guide, "Changes that I make are not always
/// immediately visible"), and a deployment that shifts traffic by it is not tried again: that one failed says nothing of
/// the revision.
const ROLE_SPREADS: SignedDuration = SignedDuration::from_mins(1);

fn began_too_early(graph: &Graph, world: &World, detail: &ServiceDetail) -> bool {
    let role = graph.iter().map(|(id, _)| id).find(|id| id.kind == Role::NAME && id.key == INFRASTRUCTURE_KEY);
    let made = role.and_then(|id| world.get(id)?.outputs.get(RoleOutput::CreatedAt.into())?.parse::<Timestamp>().ok());
    let failed = detail.failed().map(|failed| &failed.created_at);
    let began = failed.or(detail.service_deployment.as_ref().map(|deployment| &deployment.created_at));
    let began = began.and_then(|began| began.parse::<Timestamp>().ok());
    made.zip(began).is_some_and(|(made, began)| began.duration_since(made) < ROLE_SPREADS)
}

/// The wanted revision was rolled back: ECS is on its way to another one, or has arrived there. A failed first
/// deployment is no rollback, since there is nothing to go back to.
fn rejection(revision: &Revision<'_>, detail: &ServiceDetail, restarted_at: Option<&str>) -> Option<Rejected> {
    let arn = revision.arn()?;
    if detail.primary()?.task_definition == *arn {
        return None;
    }
    let failed = detail.failed().filter(|deployment| deployment.task_definition == *arn);
    let by_deployment = failed.map(|deployment| deployment.rollout_state_reason.clone());
    let rolled_back = detail
        .service_deployment
        .as_ref()
        .filter(|deployment| deployment.task_definition == *arn && deployment.status.starts_with("ROLLBACK_"));
    let reason = by_deployment.or_else(|| rolled_back.map(|deployment| deployment.status_reason.clone()))?;
    let task_words = detail.failed_tasks.iter().find(|failed| failed.task_definition == *arn).map(FailedTask::words);
    // ECS ends its sentences; ours go on.
    let reason = Some(reason.trim_end_matches('.').to_owned()).filter(|text| !text.is_empty());
    let reason = [reason, task_words].into_iter().flatten().collect::<Vec<_>>().join("; ");
    Some(Rejected {
        content_hash: revision.content_hash.to_owned(),
        arn: arn.clone(),
        reason,
        restarted_at: restarted_at.map(ToOwned::to_owned),
    })
}
