//! How far a rollout is, and since when it comes no further.

use jiff::{SignedDuration, Timestamp};
use longshore_crds::EcsServiceStatus;
use longshore_crds::ecs_service::DeploymentStatus;

use crate::kinds::ecs::service::{Deployment, RolloutState, ServiceDetail};

/// As long as a Deployment of Kubernetes waits for its own (`spec.progressDeadlineSeconds`).
const DEADLINE: SignedDuration = SignedDuration::from_secs(600);

/// By what a rollout's progress is judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// The time of day.
    pub now: Timestamp,
    /// The spec's `progressDeadlineSeconds`.
    pub deadline_seconds: Option<i32>,
}

/// Adds to what a status tells of a deployment how far it is, by what the status told before. It has come further when more
/// tasks of it run than ever, or fewer of the others.
pub(super) fn follow(
    told: &mut DeploymentStatus,
    before: Option<&DeploymentStatus>,
    (primary, detail): (&Deployment, &ServiceDetail),
    pace: Pace,
) {
    if primary.rollout_state != Some(RolloutState::InProgress) {
        return;
    }
    let before = before.filter(|before| before.id == told.id);
    let others = detail.deployments.iter().filter(|other| other.id != primary.id);
    let old: i32 = others.map(|other| other.running).sum();
    let furthest = before.and_then(|before| before.furthest);
    let further = furthest.is_none_or(|furthest| primary.running > furthest)
        || before.and_then(|before| before.old).is_some_and(|before| old < before);
    let further = further || before.is_some_and(|before| before.stage != told.stage || before.traffic != told.traffic);
    let since = before.and_then(|before| before.progressed_at.as_deref()?.parse().ok()).filter(|_| !further);
    let since: Timestamp = since.unwrap_or_else(|| whole(pace.now));
    let deadline = pace.deadline_seconds.map_or(DEADLINE, |seconds| SignedDuration::from_secs(seconds.into()));
    told.old = Some(old);
    told.progress = Some(words(primary, old, told));
    told.furthest = Some(furthest.map_or(primary.running, |furthest| furthest.max(primary.running)));
    told.progressed_at = Some(since.to_string());
    let deadline = since.checked_add(deadline).ok().filter(|_| !waits_on_purpose(detail));
    told.progress_deadline = deadline.map(|deadline| deadline.to_string());
}

/// Whether ECS lets time pass as the spec has it: between two shifts of the traffic, after the last, or for a hook, which it
/// waits for no longer than the hook says.
fn waits_on_purpose(detail: &ServiceDetail) -> bool {
    let shifting = detail.service_deployment.as_ref().filter(|deployment| deployment.is_open());
    shifting.is_some_and(|deployment| {
        ["PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME"].contains(&deployment.stage.as_str())
            || deployment.hooks.iter().any(|hook| hook.awaits_action() || hook.status == "IN_PROGRESS")
    })
}

/// `2/3 new, 1 old, 66 %`: the share of the new ones in all that run; where traffic is shifted, their share of that, and the
/// stage.
fn words(primary: &Deployment, old: i32, told: &DeploymentStatus) -> String {
    if let (Some(stage), Some(traffic)) = (&told.stage, &told.traffic) {
        return format!("{}/{} new, {old} old, {traffic}, {stage}", primary.running, primary.desired);
    }
    let running = i64::from(primary.running);
    let share = (running * 100).checked_div(running + i64::from(old)).unwrap_or_default();
    format!("{}/{} new, {old} old, {share} %", primary.running, primary.desired)
}

/// Times in a status have whole seconds.
fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// Since when a rollout has come no further, if that is longer ago than it may be.
pub fn overdue_service(status: &EcsServiceStatus, now: Timestamp) -> Option<String> {
    let deployment = status.deployment.as_ref()?;
    let deadline: Timestamp = deployment.progress_deadline.as_deref()?.parse().ok()?;
    let (since, progress) = (deployment.progressed_at.as_deref()?, deployment.progress.as_deref()?);
    (deadline <= now).then(|| {
        format!(
            "{progress}: no progress since {since}, and spec.progressDeadlineSeconds ended at {deadline}; ECS goes on trying. \
             What it says stands in status.deployment.events and tasks; correct the spec, or raise progressDeadlineSeconds"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::ecs::service::{LifecycleHook, ServiceDeployment, Traffic};
    use crate::report::service::shifting;

    /// A deployment of three tasks, and what of it and of those before it runs.
    fn seen(id: &str, running: i32, old: i32) -> ServiceDetail {
        let one = |id: &str, status: &str, running| Deployment {
            id: id.to_owned(),
            status: status.to_owned(),
            desired: 3,
            running,
            rollout_state: Some(RolloutState::InProgress),
            ..Deployment::default()
        };
        let deployments = vec![one(id, "PRIMARY", running), one("ecs-svc/0", "ACTIVE", old)];
        ServiceDetail { deployments, ..ServiceDetail::default() }
    }

    fn told(status: &mut EcsServiceStatus, detail: &ServiceDetail, now: &str) {
        let primary = detail.primary().unwrap();
        let pace = Pace { now: now.parse().unwrap(), deadline_seconds: None };
        let mut told = DeploymentStatus { id: Some(primary.id.clone()), ..shifting(detail) };
        follow(&mut told, status.deployment.as_ref(), (primary, detail), pace);
        status.deployment = Some(told);
    }

    #[test]
    fn what_starts_and_fails_again_and_again_is_no_progress() {
        let mut status = EcsServiceStatus::default();
        let looks = [
            ("the first look", seen("ecs-svc/1", 0, 3), "12:00:00", "12:00:00", "0/3 new, 3 old, 0 %"),
            ("one has started", seen("ecs-svc/1", 1, 3), "12:01:00", "12:01:00", "1/3 new, 3 old, 25 %"),
            ("it failed", seen("ecs-svc/1", 0, 3), "12:02:00", "12:01:00", "0/3 new, 3 old, 0 %"),
            ("and has started again", seen("ecs-svc/1", 1, 3), "12:03:00", "12:01:00", "1/3 new, 3 old, 25 %"),
            ("an old one has gone", seen("ecs-svc/1", 1, 2), "12:04:00", "12:04:00", "1/3 new, 2 old, 33 %"),
            ("two run", seen("ecs-svc/1", 2, 2), "12:05:00", "12:05:00", "2/3 new, 2 old, 50 %"),
            ("another deployment", seen("ecs-svc/2", 0, 4), "12:06:00", "12:06:00", "0/3 new, 4 old, 0 %"),
        ];
        for (what, detail, now, since, words) in looks {
            told(&mut status, &detail, &format!("2026-11-28T{now}.5Z"));
            let deployment = status.deployment.as_ref().unwrap();
            assert_eq!(deployment.progressed_at.as_deref(), Some(format!("2026-11-28T{since}Z").as_str()), "{what}");
            assert_eq!(deployment.progress.as_deref(), Some(words), "{what}");
        }
    }

    #[test]
    fn a_stage_is_progress_and_what_is_waited_for_on_purpose_is_never_overdue() {
        let stage = |stage: &str, percent: &str| {
            let traffic = Some(Traffic { production: percent.to_owned(), test: percent.to_owned() });
            let deployment = ServiceDeployment {
                arn: "arn/EZe5".to_owned(),
                status: "IN_PROGRESS".to_owned(),
                stage: stage.to_owned(),
                traffic,
                ..ServiceDeployment::default()
            };
            ServiceDetail { service_deployment: Some(deployment), ..seen("ecs-svc/1", 3, 3) }
        };
        let looks = [
            (stage("SCALE_UP", "0"), "12:00:00", Some("12:10:00"), "3/3 new, 3 old, 0 % of production, SCALE_UP"),
            (
                stage("POST_SCALE_UP", "0"),
                "12:09:00",
                Some("12:19:00"),
                "3/3 new, 3 old, 0 % of production, POST_SCALE_UP",
            ),
            (stage("BAKE_TIME", "100"), "12:20:00", None, "3/3 new, 3 old, 100 % of production, BAKE_TIME"),
            (stage("CLEAN_UP", "100"), "20:00:00", Some("20:10:00"), "3/3 new, 3 old, 100 % of production, CLEAN_UP"),
        ];
        let mut status = EcsServiceStatus::default();
        for (detail, now, deadline, words) in looks {
            told(&mut status, &detail, &format!("2026-11-28T{now}Z"));
            let deployment = status.deployment.as_ref().unwrap();
            assert_eq!(deployment.progress_deadline, deadline.map(|at| format!("2026-11-28T{at}Z")), "{words}");
            assert_eq!(deployment.progress.as_deref(), Some(words));
        }
    }

    #[test]
    fn who_waits_for_a_hook_is_not_overdue() {
        for (status, waits) in [("IN_PROGRESS", true), ("AWAITING_ACTION", true), ("SUCCEEDED", false)] {
            let hook = LifecycleHook { status: status.to_owned(), ..LifecycleHook::default() };
            let deployment = ServiceDeployment {
                status: "IN_PROGRESS".to_owned(),
                stage: "POST_SCALE_UP".to_owned(),
                hooks: vec![hook],
                ..ServiceDeployment::default()
            };
            let detail = ServiceDetail { service_deployment: Some(deployment), ..seen("ecs-svc/1", 3, 3) };
            let mut status_told = EcsServiceStatus::default();
            told(&mut status_told, &detail, "2026-11-28T12:00:00Z");
            assert_eq!(status_told.deployment.unwrap().progress_deadline.is_none(), waits, "{status}");
        }
    }

    #[test]
    fn it_is_overdue_once_the_deadline_has_passed_and_not_when_it_is_done() {
        let mut status = EcsServiceStatus::default();
        told(&mut status, &seen("ecs-svc/1", 1, 3), "2026-11-28T12:00:00Z");
        let at = |time: &str| format!("2026-11-28T{time}Z").parse().unwrap();
        assert_eq!(overdue_service(&status, at("12:09:59")), None);
        let words = overdue_service(&status, at("12:10:00")).unwrap();
        assert!(words.contains("1/3 new, 3 old, 25 %: no progress since 2026-11-28T12:00:00Z"), "{words}");
        let mut done = seen("ecs-svc/1", 3, 0);
        done.deployments[0].rollout_state = Some(RolloutState::Completed);
        told(&mut status, &done, "2026-11-28T12:11:00Z");
        assert_eq!(overdue_service(&status, at("13:00:00")), None);
    }
}
