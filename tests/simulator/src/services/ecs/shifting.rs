//! Deployments that shift traffic from one target group to another: blue/green, linear and canary, stage by stage.
//!
//! Developer guide, "Amazon ECS blue/green service deployments workflow", "Amazon ECS linear deployments" and "Amazon ECS
//! canary deployments"; API reference, `ServiceDeployment.lifecycleStage`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::services::ecs::circuit_breaker::{self, Cause};
use crate::services::ecs::deployments::{self, Deployment, Rollout};
use crate::services::ecs::hooks::{self, Hook, Verdict};
use crate::services::ecs::rolling::{self, Bounds};
use crate::services::ecs::service_config::Revision;
use crate::services::ecs::services::{Service, tasks};
use crate::services::ecs::tasks::Task;
use crate::services::ecs::{agenda, ebs, events, strategy};
use crate::services::elbv2;
use crate::services::iam::{self, Access};
use crate::world::World;

/// How long a stage takes in which nothing is waited for, in milliseconds; AWS gives no figures.
const MOMENT: i64 = 5_000;

/// All of the traffic, in thousandths.
const ALL: u32 = 1000;

/// A stage in the life of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Stage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

/// How far a deployment has shifted the traffic.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Shift {
    pub(super) stage: Stage,
    /// The stage doesn't end before this time.
    until: i64,
    /// How many of the strategy's steps are done.
    done: usize,
    /// In thousandths: what the new revision gets.
    pub(super) production: u32,
    pub(super) test: u32,
    pub(super) hooks: Vec<Hook>,
}

/// The target group of each load balancer's entry, by its `targetGroupArn`: one of its two.
pub(super) type Groups = BTreeMap<String, String>;

/// Where tasks of a new deployment are registered: in the group that those before are not in. A service's very first
/// deployment goes to the alternate one too, as seen of the real one.
pub(super) fn groups(revision: &Revision, shifts: bool, before: Option<&Groups>) -> Groups {
    let choose = |balancer: &Value| {
        let group = text(balancer, "/targetGroupArn")?;
        let alternate = text(balancer, "/advancedConfiguration/alternateTargetGroupArn").filter(|_| shifts);
        let live = before.and_then(|before| before.get(&group)).unwrap_or(&group);
        let chosen = alternate.filter(|alternate| alternate != live).unwrap_or_else(|| group.clone());
        Some((group, chosen))
    };
    balancers(revision).iter().filter_map(choose).collect()
}

fn balancers(revision: &Revision) -> &[Value] {
    revision.attached.get("loadBalancers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value, at: &str) -> Option<String> {
    value.pointer(at).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// What a deployment that begins now shifts, if it does.
pub(super) fn begin(world: &mut World, key: &str) {
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    let shifts = service.configuration.shifts();
    let Some(primary) = service.deployments.first_mut().filter(|_| shifts) else { return };
    let hooks = vec![];
    let shift = Shift { stage: Stage::ReconcileService, until: 0, done: 0, production: 0, test: 0, hooks };
    primary.shift = Some(shift);
    // "only happens when you start a new service deployment with more than 1 service revision in an ACTIVE state"
    let several = service.deployments.len() > 2;
    enter(world, key, if several { Stage::ReconcileService } else { Stage::PreScaleUp });
}

/// The scheduler looks at a service whose deployment shifts traffic.
pub(super) fn schedule(world: &mut World, key: &str) {
    staff(world, key);
    while let Some(next) = next(world, key) {
        enter(world, key, next);
        staff(world, key);
    }
}

/// Whether a service has such a deployment under way.
pub(super) fn is_under_way(service: &Service) -> bool {
    service.primary().is_some_and(|primary| primary.shift.is_some())
}

/// The deployment that the traffic comes from.
fn source(service: &Service) -> Option<&Deployment> {
    service.last_completed.as_ref().filter(|last| service.primary().is_none_or(|primary| primary.id != last.id))
}

/// Both revisions have their tasks as long as both are needed; what was superseded has none.
fn staff(world: &mut World, key: &str) {
    let Some(service) = world.ecs.services.get(key) else { return };
    let Some((primary, shift)) = service.primary().and_then(|one| Some((one, one.shift.as_ref()?))) else { return };
    if primary.state == Rollout::Failed {
        return;
    }
    let source = source(service).map(|source| source.id.clone());
    let ids: Vec<(String, bool)> = service
        .deployments
        .iter()
        .map(|one| {
            let new = one.id == primary.id;
            let staffed = if new {
                shift.stage >= Stage::ScaleUp
            } else {
                shift.stage < Stage::CleanUp && source.as_ref() == Some(&one.id)
            };
            (one.id.clone(), staffed)
        })
        .collect();
    for (id, staffed) in ids {
        let Some(service) = world.ecs.services.get(key) else { return };
        let desired = if staffed { service.desired } else { 0 };
        let (own, _) = deployments::seen(world, service, &id);
        let moves = rolling::moves(Bounds::of(desired, 100, 200), &own, &[]);
        deployments::stop_tasks(world, key, &moves.stop);
        deployments::launch_when_due(world, key, &id, moves.start);
    }
}

/// The stage that comes now, if the present one is over.
fn next(world: &mut World, key: &str) -> Option<Stage> {
    let service = world.ecs.services.get(key)?;
    let primary = service.primary().filter(|primary| primary.state == Rollout::InProgress)?;
    let shift = primary.shift.clone()?;
    let mut of_stage = shift.hooks.clone();
    let verdict = hooks::judge(world, &mut of_stage);
    if let Some(shift) = shift_mut(world, key) {
        shift.hooks = of_stage;
    }
    match verdict {
        Verdict::RollBack => {
            circuit_breaker::trip(world, key, true, Cause::Hook);
            return None;
        }
        Verdict::Wait(until) => {
            agenda::wake_service(world, key, until);
            return None;
        }
        Verdict::GoOn => {}
    }
    if world.now < shift.until {
        agenda::wake_service(world, key, shift.until);
        return None;
    }
    let service = world.ecs.services.get(key)?;
    let steps = service.configuration.steps();
    match shift.stage {
        Stage::ReconcileService => superseded_are_gone(world, service).then_some(Stage::PreScaleUp),
        Stage::PreScaleUp => Some(Stage::ScaleUp),
        Stage::ScaleUp => is_staffed(world, service).then_some(Stage::PostScaleUp),
        Stage::PostScaleUp => Some(Stage::TestTrafficShift),
        Stage::TestTrafficShift => Some(Stage::PostTestTrafficShift),
        Stage::PostTestTrafficShift => Some(Stage::PreProductionTrafficShift),
        Stage::PreProductionTrafficShift => Some(Stage::ProductionTrafficShift),
        Stage::ProductionTrafficShift if shift.done < steps.len() => Some(Stage::PreProductionTrafficShift),
        Stage::ProductionTrafficShift => Some(Stage::PostProductionTrafficShift),
        Stage::PostProductionTrafficShift => Some(Stage::BakeTime),
        Stage::BakeTime => Some(Stage::CleanUp),
        Stage::CleanUp => {
            if others_have_ended(world, service) {
                finish(world, key);
            }
            None
        }
    }
}

fn shift_mut<'a>(world: &'a mut World, key: &str) -> Option<&'a mut Shift> {
    world.ecs.services.get_mut(key)?.deployments.first_mut()?.shift.as_mut()
}

fn superseded_are_gone(world: &World, service: &Service) -> bool {
    let kept = [service.primary(), source(service)].map(|one| one.map(|one| one.id.clone()));
    tasks(world, service).filter(|task| !kept.contains(&task.deployment)).all(|task| task.stopping)
}

fn is_staffed(world: &World, service: &Service) -> bool {
    let primary = service.primary().map(|primary| primary.id.clone());
    let own = tasks(world, service).filter(|task| task.deployment == primary && !task.stopping);
    let healthy = own.filter(|task| task.counted && task.failing.is_none()).count();
    healthy >= usize::try_from(service.desired).unwrap_or_default()
}

fn others_have_ended(world: &World, service: &Service) -> bool {
    let primary = service.primary().map(|primary| primary.id.clone());
    tasks(world, service).filter(|task| task.deployment != primary).all(Task::has_ended)
}

fn enter(world: &mut World, key: &str, stage: Stage) {
    let Some(service) = world.ecs.services.get(key) else { return };
    let (steps, bake) = (service.configuration.steps(), service.configuration.bake());
    let configuration = service.configuration.view();
    let hooks = hooks::begin(world, &configuration, stage);
    let now = world.now;
    let Some(shift) = shift_mut(world, key) else { return };
    shift.stage = stage;
    shift.hooks = hooks;
    shift.until = now + if stage == Stage::BakeTime { bake } else { MOMENT };
    let moved = match stage {
        Stage::ReconcileService => route_to_source(world, key),
        Stage::CleanUp => {
            keep(world, key);
            Ok(())
        }
        Stage::TestTrafficShift => {
            shift.test = ALL;
            route(world, key, Rule::Test, ALL)
        }
        Stage::ProductionTrafficShift => {
            let (share, looked_at) = steps.get(shift.done).copied().unwrap_or((ALL, 0));
            shift.done += 1;
            shift.production = share;
            shift.until += looked_at;
            route(world, key, Rule::Production, share)
        }
        _ => Ok(()),
    };
    if let Err(why) = moved {
        events::add(world, key, &why);
        circuit_breaker::trip(world, key, true, Cause::Traffic);
    }
    deployments::look_soon(world, key);
}

/// The old tasks go from now on: what comes later comes after the new revision, and none goes back behind it.
fn keep(world: &mut World, key: &str) {
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    let Some(primary) = service.deployments.first_mut() else { return };
    primary.alarms.clear();
    service.last_completed = Some(Deployment { state: Rollout::Completed, shift: None, ..primary.clone() });
}

/// Which of an entry's rules.
#[derive(Clone, Copy)]
enum Rule {
    Production,
    Test,
}

/// Gives the new revision so much of the traffic, and the one before the rest.
fn route(world: &mut World, key: &str, which: Rule, share: u32) -> Result<(), String> {
    let Some(primary) = world.ecs.services.get(key).and_then(Service::primary) else { return Ok(()) };
    let (revision, chosen) = (primary.revision.clone(), primary.groups.clone());
    for balancer in balancers(&revision) {
        let (Some(group), Some(alternate)) =
            (text(balancer, "/targetGroupArn"), text(balancer, "/advancedConfiguration/alternateTargetGroupArn"))
        else {
            continue;
        };
        let member = match which {
            Rule::Production => "productionListenerRule",
            Rule::Test => "testListenerRule",
        };
        let rule = text(balancer, &format!("/advancedConfiguration/{member}"));
        let Some((rule, by)) = rule.zip(text(balancer, "/advancedConfiguration/roleArn")) else { continue };
        let new = chosen.get(&group).cloned().unwrap_or_else(|| group.clone());
        let old = if new == group { alternate } else { group };
        set_weights(world, (&rule, &by), [(old, ALL - share), (new, share)])?;
    }
    Ok(())
}

fn set_weights(world: &mut World, (rule, by): (&str, &str), shares: [(String, u32); 2]) -> Result<(), String> {
    let action = "elasticloadbalancing:ModifyRule";
    let access = Access { role: Some(by), action, resource: rule, context: BTreeMap::new() };
    let may = iam::assumable(world, by, ebs::PRINCIPAL, world.now).is_ok() && iam::allowed(world, &access, None);
    if !may {
        return Err(format!("was unable to modify (rule {rule}): ECS cannot assume {by}, or that may not do so."));
    }
    // As percents where they are whole: weights go up to 999.
    let whole = shares.iter().all(|(_, share)| share % 10 == 0);
    let weights = shares.map(|(group, share)| (group, if whole { share / 10 } else { share }));
    elbv2::set_weights(world, rule, &weights)
        .map_err(|fault| format!("was unable to modify (rule {rule}): {}", fault.message))
}

/// Traffic goes back to where it came from: at once.
fn route_to_source(world: &mut World, key: &str) -> Result<(), String> {
    let Some(service) = world.ecs.services.get(key) else { return Ok(()) };
    if source(service).is_none() {
        return Ok(());
    }
    let both = [route(world, key, Rule::Production, 0), route(world, key, Rule::Test, 0)];
    both.into_iter().collect()
}

/// A deployment that is rolled back gives back what traffic it has.
pub(super) fn undo(world: &mut World, key: &str) {
    let Some(shift) = shift_mut(world, key) else { return };
    if shift.production == 0 && shift.test == 0 {
        return;
    }
    (shift.production, shift.test) = (0, 0);
    if let Err(why) = route_to_source(world, key) {
        events::add(world, key, &why);
    }
}

fn finish(world: &mut World, key: &str) {
    if let Some(primary) = world.ecs.services.get_mut(key).and_then(|service| service.deployments.first_mut()) {
        primary.shift = None;
    }
    deployments::complete(world, key);
}

/// What a deployment's summary tells of its traffic: the new revision's share, or what is left for the others.
pub(super) fn shares(shift: &Shift, new: bool) -> Value {
    let percent = |share: u32| f64::from(if new { share } else { ALL - share }) / 10.0;
    json!({"requestedProductionTrafficWeight": percent(shift.production), "requestedTestTrafficWeight": percent(shift.test)})
}

/// The target groups of a revision, as `DescribeServiceRevisions` resolves them.
pub(super) fn resolved(revision: &Revision, groups: &Groups) -> Value {
    let one = |balancer: &Value| {
        let group = text(balancer, "/targetGroupArn")?;
        let rule = text(balancer, "/advancedConfiguration/productionListenerRule");
        Some(json!({"targetGroupArn": groups.get(&group).unwrap_or(&group), "productionListenerRule": rule}))
    };
    json!({"loadBalancers": balancers(revision).iter().filter_map(one).collect::<Vec<_>>()})
}

/// Whether a strategy's configuration shifts traffic at all: told apart once, where it is read.
impl crate::services::ecs::service_config::DeploymentConfiguration {
    pub(super) fn shifts(&self) -> bool {
        strategy::shifts(self.others())
    }

    fn steps(&self) -> Vec<strategy::Step> {
        strategy::steps(self.others())
    }

    fn bake(&self) -> i64 {
        strategy::bake(self.others())
    }
}
