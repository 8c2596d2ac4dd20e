//! What keeps a turn from doing what the plan says: `planner::caution` decides, with the facts handed in here.

use kube::ResourceExt;
use longshore_crds::{AwsEnvironment, Mode};
use longshore_planner::caution::wave::Turn;
use longshore_planner::caution::{ALLOW_SCALE_IN, Look, PAUSED_UNTIL, Pause, hold_scale_in, pause};
use longshore_planner::desired::Refusal;
use longshore_planner::engine::{Plan, Step, World};
use longshore_planner::report::Intent;

use super::halt::Halt;
use super::pass::{Pass, Work, consent};
use crate::clock::Clock;
use crate::object::{Key, Object, ObjectKind};

impl<O: Object> Pass<'_, O> {
    /// Whether the object, or its whole environment, is paused just now.
    pub(super) fn pause(&self, environment: &AwsEnvironment) -> Result<Option<Pause>, Halt> {
        pause_on(&self.object, environment, &self.shell.clock).map_err(|refusal| Halt::refused(&[refusal]))
    }

    /// What a look tells is remembered; the answer is the plan, less what is not done though it is right.
    pub(super) async fn restrain(&self, work: &mut Work, world: &World, plan: Plan) -> Result<Plan, Halt> {
        if work.intent == Intent::Delete {
            return Ok(plan);
        }
        let kinds = &self.shell.kinds;
        let look = self.look_of(work, world, &plan);
        work.memory.caution = work.memory.caution.after(&look);
        if work.intent == Intent::Observe {
            return Ok(plan);
        }
        let consent = consent(&self.object, ALLOW_SCALE_IN);
        let plan = hold_scale_in(&self.look_of(work, world, &plan), plan.clone(), &consent);
        let plan = work.memory.caution.restrain(&self.look_of(work, world, &plan), kinds);
        work.ahead = None;
        if !work.memory.caution.needs_slot(&self.look_of(work, world, &plan), kinds) {
            return Ok(plan);
        }
        match self.ask_for_slot(work).await? {
            Turn::Go => {
                work.began = true;
                Ok(plan)
            }
            Turn::Wait { ahead, why } => {
                work.ahead = Some(ahead);
                Ok(work.memory.caution.without_slot(&self.look_of(work, world, &plan), kinds, &why))
            }
        }
    }

    /// A step was taken.
    pub(super) fn note_taken(&self, work: &mut Work, world: &World, plan: &Plan, step: &Step) {
        if work.intent == Intent::Manage {
            work.memory.caution = work.memory.caution.taken(&self.look_of(work, world, plan), step);
        }
    }

    fn look_of<'a>(&self, work: &'a Work, world: &'a World, plan: &'a Plan) -> Look<'a> {
        let now = self.shell.clock.timestamp();
        Look { asked: &work.asked, graph: &work.desired.graph, world, plan, now }
    }

    /// A deletion waits as well: there is no way back from it.
    pub(super) fn no_deletion_while_paused(&self, environment: &AwsEnvironment) -> Result<(), Halt> {
        match self.pause(environment)? {
            None => Ok(()),
            Some(pause) => Err(Halt::paused(
                format!("is being deleted, and waits: {pause}"),
                pause.left(self.shell.clock.timestamp()),
            )),
        }
    }
}

/// What caution has to do with an object that says that it has converged, and only a turn can tell or mend: a pause that
/// began while nobody watched, or a slot that was kept by a process that ended before it gave it back.
pub(crate) fn unfinished<O: Object>(object: &O, environment: &AwsEnvironment, clock: &Clock) -> Option<String> {
    let held = match pause_on(object, environment, clock) {
        Ok(pause) => pause.filter(|_| object.managed().mode() == Mode::Manage).map(|pause| pause.to_string()),
        Err(refusal) => Some(refusal.to_string()),
    };
    held.or_else(|| {
        let (me, generation) = (Key::of(O::KIND, object).to_string(), object.meta().generation);
        let rollouts = environment.status.iter().flat_map(|status| &status.rollouts);
        let mut of_mine = rollouts.filter(|slot| slot.object == me && Some(slot.generation) == generation);
        of_mine.next().map(|_| "it has converged, and still has a slot of its AwsEnvironment".to_owned())
    })
}

fn pause_on<O: Object>(object: &O, environment: &AwsEnvironment, clock: &Clock) -> Result<Option<Pause>, Refusal> {
    let (own, whole) = (Key::of(O::KIND, object).in_kubectl(), of_environment(environment));
    pause(&[(&own, value(object)), (&whole, value(environment))], clock.timestamp())
}

/// Whether everything of an environment is paused.
pub(super) fn pause_of(environment: &AwsEnvironment, clock: &Clock) -> Result<Option<Pause>, Refusal> {
    pause(&[(&of_environment(environment), value(environment))], clock.timestamp())
}

fn of_environment(environment: &AwsEnvironment) -> String {
    Key::of(ObjectKind::AwsEnvironment, environment).in_kubectl()
}

fn value(object: &impl ResourceExt) -> Option<&str> {
    object.annotations().get(PAUSED_UNTIL).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_crds::EcsService;
    use serde_json::json;

    const NOW: &str = "2026-11-24T22:00:00Z";
    const MORNING: &str = "2026-11-25T06:00:00Z";

    fn service(mode: &str, paused_until: Option<&str>) -> EcsService {
        let annotations = json!({PAUSED_UNTIL: paused_until});
        let task = json!({"containerDefinitions": [{"name": "web", "image": "nginx"}]});
        let object = json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService",
            "metadata": {"namespace": "shop", "name": "hello", "generation": 2,
                "annotations": paused_until.map(|_| annotations)},
            "spec": {"mode": mode, "cluster": {"name": "main"}, "task": task},
        });
        serde_json::from_value(object).unwrap()
    }

    fn environment(paused_until: Option<&str>, slot: Option<(&str, i64)>) -> AwsEnvironment {
        let slots =
            slot.map(|(object, generation)| json!([{"object": object, "generation": generation, "since": NOW}]));
        let object = json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "AwsEnvironment",
            "metadata": {"name": "prod", "annotations": paused_until.map(|until| json!({PAUSED_UNTIL: until}))},
            "spec": {"accountId": "123456789012", "region": "eu-west-1", "network": {"vpcId": "vpc-1"}},
            "status": {"rollouts": slots.unwrap_or_else(|| json!([]))},
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn what_has_converged_and_is_paused_or_keeps_a_slot_is_not_left_to_itself() {
        let now = NOW.parse().unwrap();
        let clock = Clock::of(move || now);
        let me = "EcsService/shop/hello";
        let cases = vec![
            (service("Manage", None), environment(None, None), None),
            (service("Manage", Some(MORNING)), environment(None, None), Some("paused until 2026-11-25T06:00:00Z")),
            (service("Manage", Some(NOW)), environment(None, None), None),
            (service("Manage", None), environment(Some(MORNING), None), Some("kubectl annotate awsenvironment prod")),
            (service("Observe", None), environment(Some(MORNING), None), None),
            (service("Manage", Some("tonight")), environment(None, None), Some("\"tonight\" is no time")),
            (service("Manage", None), environment(None, Some((me, 2))), Some("still has a slot")),
            (service("Manage", None), environment(None, Some((me, 1))), None),
            (service("Manage", None), environment(None, Some(("EcsService/shop/other", 2))), None),
        ];
        for (service, environment, expected) in cases {
            let found = unfinished(&service, &environment, &clock);
            let right = match (&found, expected) {
                (Some(found), Some(words)) => found.contains(words),
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(right, "{expected:?}, not {found:?}");
        }
    }
}
