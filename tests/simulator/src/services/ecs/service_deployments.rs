//! The record of every service deployment and revision: `ListServiceDeployments` and its kin.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, Fault};
use crate::clock::wire_time;
use crate::services::ecs::alarms;
use crate::services::ecs::circuit_breaker;
use crate::services::ecs::container;
use crate::services::ecs::service_config::Revision;
use crate::services::ecs::services::{self, Service};
use crate::services::ecs::shifting::{self, Groups};
use crate::services::ecs::{hooks, invalid, names, task_definitions};
use crate::world::World;

/// A service deployment's status (API reference, `ServiceDeploymentStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Outcome {
    InProgress,
    Successful,
    Stopped,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

/// One service deployment.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Record {
    pub(super) arn: String,
    /// The deployment's id in `DescribeServices`.
    deployment: String,
    /// The revisions that ran when it began.
    sources: Vec<String>,
    target: String,
    status: Outcome,
    reason: Option<String>,
    created_at: i64,
    updated_at: i64,
    finished_at: Option<i64>,
    stopped_at: Option<i64>,
    rollback: Option<Rollback>,
    configuration: Value,
    breaker_enabled: bool,
    failures: u32,
    threshold: u32,
}

#[derive(Clone, Debug, Serialize)]
struct Rollback {
    reason: String,
    started_at: i64,
    revision: String,
}

/// One service revision.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RevisionRecord {
    arn: String,
    created_at: i64,
    revision: Revision,
    groups: Groups,
}

impl Record {
    /// Whether it is under way, and not being rolled back.
    pub(super) fn is_in_progress(&self) -> bool {
        self.status == Outcome::InProgress
    }
}

/// The ARN of the service revision that a deployment brings: it has the deployment's number.
pub(super) fn revision_arn(world: &World, service: &Service, deployment: &str) -> String {
    let number = deployment.trim_start_matches("ecs-svc/");
    world.arn("ecs", &format!("service-revision/{}/{}/{number}", service.cluster, service.name))
}

/// Opens a record for the primary deployment; the one before, if it still ran, has stopped.
pub(super) fn open(world: &mut World, key: &str) {
    supersede(world, key, "Service deployment stopped because a new service deployment was started.");
    let number = world.ids.unique("");
    let Some(service) = world.ecs.services.get(key) else { return };
    let Some(primary) = service.primary() else { return };
    let target = revision_arn(world, service, &primary.id);
    let record = Record {
        arn: world.arn("ecs", &format!("service-deployment/{}/{}/{number}", service.cluster, service.name)),
        deployment: primary.id.clone(),
        sources: service.deployments.iter().skip(1).map(|old| revision_arn(world, service, &old.id)).collect(),
        target: target.clone(),
        status: Outcome::InProgress,
        reason: None,
        created_at: world.now,
        updated_at: world.now,
        finished_at: None,
        stopped_at: None,
        rollback: None,
        configuration: service.configuration.view(),
        breaker_enabled: service.configuration.breaker.enable,
        failures: 0,
        threshold: circuit_breaker::threshold(&service.configuration.breaker, service.desired),
    };
    let (revision, groups) = (primary.revision.clone(), primary.groups.clone());
    let revision = RevisionRecord { arn: target, created_at: world.now, revision, groups };
    if let Some(service) = world.ecs.services.get_mut(key) {
        service.records.push(record);
        service.revisions.push(revision);
    }
}

/// The newest record, if it is still open; its failure count is taken from its deployment first.
fn change(world: &mut World, key: &str, change: impl FnOnce(&mut Record, i64)) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    let Some(record) = service.records.last_mut() else { return };
    if !matches!(record.status, Outcome::InProgress | Outcome::RollbackInProgress) {
        return;
    }
    if let Some(deployment) = service.deployments.iter().find(|deployment| deployment.id == record.deployment) {
        record.failures = deployment.failed_tasks;
    }
    record.updated_at = now;
    change(record, now);
}

/// The deployment ended before it was done.
pub(super) fn supersede(world: &mut World, key: &str, why: &str) {
    change(world, key, |record, now| {
        record.status = Outcome::Stopped;
        record.reason = Some(why.to_owned());
        record.stopped_at = Some(now);
        record.finished_at = Some(now);
    });
}

/// The deployment, or its rollback, has completed.
pub(super) fn succeed(world: &mut World, key: &str) {
    change(world, key, |record, now| {
        record.status = if record.rollback.is_some() { Outcome::RollbackSuccessful } else { Outcome::Successful };
        record.finished_at = Some(now);
    });
}

/// The deployment is being rolled back to the revision of an earlier one.
pub(super) fn begin_rollback(world: &mut World, key: &str, to: &str, why: &str) {
    let Some(service) = world.ecs.services.get(key) else { return };
    let revision = revision_arn(world, service, to);
    change(world, key, |record, now| {
        record.status = Outcome::RollbackInProgress;
        record.reason = Some(why.to_owned());
        record.rollback = Some(Rollback { reason: why.to_owned(), started_at: now, revision });
    });
}

/// There was nothing to roll back to.
pub(super) fn fail_rollback(world: &mut World, key: &str) {
    change(world, key, |record, now| {
        record.status = Outcome::RollbackFailed;
        record.reason = Some("No rollback candidate was found to run the rollback.".to_owned());
        record.finished_at = Some(now);
    });
}

/// `ListServiceDeployments`: the newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let key = services::named(world, call, "service")?;
    let service = world.ecs.services.get(&key).ok_or_else(names::service_not_found)?;
    let statuses = call.texts("status");
    let wanted =
        |record: &&Record| statuses.is_empty() || statuses.iter().any(|status| json!(record.status) == json!(status));
    let brief = |record: &Record| {
        json!({
            "serviceDeploymentArn": record.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "startedAt": wire_time(record.created_at),
            "createdAt": wire_time(record.created_at),
            "finishedAt": record.finished_at.map(wire_time),
            "targetServiceRevisionArn": record.target,
            "status": record.status,
            "statusReason": record.reason,
        })
    };
    let all: Vec<Value> = service.records.iter().rev().filter(wanted).map(brief).collect();
    let (page, next) = world.page(&all, names::page_size(call, 20)?, call.text("nextToken"))?;
    Ok(json!({"serviceDeployments": page, "nextToken": next}))
}

/// The service that a deployment's or revision's ARN belongs to, by key.
pub(super) fn owner(world: &World, arn: &str, kind: &str) -> Option<String> {
    let (key, _) = names::of_arn(world, arn, kind)?.rsplit_once('/')?;
    Some(key.to_owned())
}

/// `DescribeServiceDeployments`: at most twenty.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let arns = call.texts("serviceDeploymentArns");
    if arns.is_empty() || arns.len() > 20 {
        return Err(invalid("You must specify between 1 and 20 service deployment ARNs."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        let service = owner(world, &arn, "service-deployment").and_then(|key| world.ecs.services.get(&key));
        match service
            .and_then(|service| service.records.iter().find(|record| record.arn == arn).map(|record| (service, record)))
        {
            Some((service, record)) => found.push(view(world, service, record)),
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok(json!({"serviceDeployments": found, "failures": failures}))
}

fn view(world: &World, service: &Service, record: &Record) -> Value {
    let own = service.deployments.iter().find(|deployment| deployment.id == record.deployment);
    let shift = own.and_then(|own| own.shift.as_ref());
    let summary = |arn: &String| {
        let deployment =
            service.deployments.iter().find(|deployment| revision_arn(world, service, &deployment.id) == *arn);
        let counts = deployment.map(|deployment| deployment.view(world, service)).unwrap_or_default();
        let count = |member: &str| counts.get(member).cloned().unwrap_or(json!(0));
        let mut summary = json!({
            "arn": arn,
            "requestedTaskCount": count("desiredCount"),
            "runningTaskCount": count("runningCount"),
            "pendingTaskCount": count("pendingCount"),
        });
        let shares = shift.map(|shift| shifting::shares(shift, *arn == record.target));
        if let (Some(summary), Some(Value::Object(shares))) = (summary.as_object_mut(), shares) {
            summary.extend(shares);
        }
        summary
    };
    let triggered = record.reason.as_ref().is_some_and(|reason| reason.contains("CloudWatch alarm"));
    let rollback = record.rollback.as_ref().map(|rollback| {
        json!({"reason": rollback.reason, "startedAt": wire_time(rollback.started_at), "serviceRevisionArn": rollback.revision})
    });
    json!({
        "serviceDeploymentArn": record.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": wire_time(record.created_at),
        "startedAt": wire_time(record.created_at),
        "updatedAt": wire_time(record.updated_at),
        "finishedAt": record.finished_at.map(wire_time),
        "stoppedAt": record.stopped_at.map(wire_time),
        "sourceServiceRevisions": record.sources.iter().map(summary).collect::<Vec<_>>(),
        "targetServiceRevision": summary(&record.target),
        "status": record.status,
        "statusReason": record.reason,
        "lifecycleStage": shift.map(|shift| shift.stage),
        "lifecycleHookDetails": shift.map(|shift| hooks::view(&shift.hooks)),
        "deploymentConfiguration": record.configuration,
        "rollback": rollback,
        "deploymentCircuitBreaker": {
            "status": monitor(record),
            "failureCount": own.map_or(record.failures, |deployment| deployment.failed_tasks),
            "threshold": record.threshold,
        },
        "alarms": alarms::view(&record.configuration, triggered, record.finished_at.is_some()),
    })
}

/// What the circuit breaker is doing about a deployment.
fn monitor(record: &Record) -> &'static str {
    match record.status {
        _ if !record.breaker_enabled => "DISABLED",
        _ if record.failures >= record.threshold => "TRIGGERED",
        Outcome::InProgress => "MONITORING",
        _ => "MONITORING_COMPLETE",
    }
}

/// `DescribeServiceRevisions`: at most twenty.
pub(super) fn describe_revisions(world: &mut World, call: &Call) -> Answer {
    let arns = call.texts("serviceRevisionArns");
    if arns.is_empty() || arns.len() > 20 {
        return Err(invalid("You must specify between 1 and 20 service revision ARNs."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        let service = owner(world, &arn, "service-revision").and_then(|key| world.ecs.services.get(&key));
        match service.and_then(|service| {
            service.revisions.iter().find(|record| record.arn == arn).map(|record| (service, record))
        }) {
            Some((service, record)) => found.push(revision_view(world, service, record)),
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok(json!({"serviceRevisions": found, "failures": failures}))
}

fn revision_view(world: &World, service: &Service, record: &RevisionRecord) -> Value {
    let definition = task_definitions::find(world, &record.revision.task_definition);
    let containers = definition.map(|definition| definition.containers().to_vec()).unwrap_or_default();
    let images =
        containers.iter().map(|one| json!({"containerName": container::name(one), "image": container::image(one)}));
    let mut view = json!({
        "serviceRevisionArn": record.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": wire_time(record.created_at),
        "containerImages": images.collect::<Vec<_>>(),
        "guardDutyEnabled": false,
        "resolvedConfiguration": shifting::resolved(&record.revision, &record.groups),
    });
    if let Some(members) = view.as_object_mut() {
        members.extend(record.revision.view());
        members.extend(record.revision.attached.clone().into_iter().collect::<Map<_, _>>());
    }
    view
}

/// `StopServiceDeployment`: only a rollback can be asked for.
pub(super) fn stop(world: &mut World, call: &Call) -> Answer {
    let arn = call.text("serviceDeploymentArn").unwrap_or_default().to_owned();
    if call.text("stopType").is_some_and(|stop| stop != "ROLLBACK") {
        return Err(invalid("The only supported stop type is ROLLBACK."));
    }
    let missing = || Fault::bad_request("ServiceDeploymentNotFoundException", "Service deployment not found.");
    let key = owner(world, &arn, "service-deployment").ok_or_else(missing)?;
    let service = world.ecs.services.get(&key).ok_or_else(missing)?;
    let record = service.records.iter().find(|record| record.arn == arn).ok_or_else(missing)?;
    if record.status != Outcome::InProgress {
        let message = "The service deployment cannot be stopped because it is not in progress.";
        return Err(Fault::bad_request("ConflictException", message));
    }
    circuit_breaker::stopped_by_user(world, &key);
    Ok(json!({"serviceDeploymentArn": arn}))
}
