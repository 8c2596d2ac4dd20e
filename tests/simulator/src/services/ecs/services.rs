//! Services: what they are, how answers show them, how they end.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, Fault};
use crate::clock::wire_time;
use crate::services::ecs::deployments::{self, Deployment};
use crate::services::ecs::events::Events;
use crate::services::ecs::service_config::{DeploymentConfiguration, Revision};
use crate::services::ecs::service_deployments::{Record, RevisionRecord};
use crate::services::ecs::tags::{self, Tags};
use crate::services::ecs::tasks::Task;
use crate::services::ecs::{clusters, invalid, names};
use crate::world::World;

/// Whether a service is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Active,
    /// Deleted, its tasks still stopping: its name is taken.
    Draining,
    /// Gone, but still described.
    Inactive,
}

/// A service.
#[derive(Clone, Debug, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "three of them are members of the API that are booleans there too")]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) cluster: String,
    pub(super) cluster_arn: String,
    pub(super) status: Status,
    pub(super) desired: u32,
    pub(super) revision: Revision,
    pub(super) configuration: DeploymentConfiguration,
    /// Placement, grace period, rebalancing and the like: kept as given, filled with defaults.
    pub(super) plain: Map<String, Value>,
    pub(super) daemon: bool,
    pub(super) enable_managed_tags: bool,
    pub(super) propagate_tags: String,
    pub(super) enable_execute_command: bool,
    pub(super) created_at: i64,
    pub(super) created_by: String,
    pub(super) tags: Tags,
    pub(super) events: Events,
    /// The newest first: that one is PRIMARY.
    pub(super) deployments: Vec<Deployment>,
    /// What a rollback goes back to.
    pub(super) last_completed: Option<Deployment>,
    /// Every service deployment there was, the newest last.
    pub(super) records: Vec<Record>,
    pub(super) revisions: Vec<RevisionRecord>,
    /// Its tasks that have not stopped.
    pub(super) tasks: BTreeSet<String>,
    /// The input of `CreateService`: creating it again with the same is no error.
    pub(super) creation: Value,
    #[serde(skip)]
    pub(super) wake_at: Option<i64>,
    /// No task is launched before this time.
    pub(super) launch_after: i64,
    /// How many rounds of launches in a row have failed.
    pub(super) failed_rounds: u32,
    /// Whether the last thing told was that it is steady.
    pub(super) steady: bool,
}

impl Service {
    /// The deployment that the service is moving to.
    pub(super) fn primary(&self) -> Option<&Deployment> {
        self.deployments.first()
    }
}

/// The tasks of a service that have not stopped.
pub(super) fn tasks<'a>(world: &'a World, service: &'a Service) -> impl Iterator<Item = &'a Task> {
    service.tasks.iter().filter_map(|id| world.ecs.tasks.get(id))
}

/// The key of the service that a call names by `member`, in a cluster that must be active.
pub(super) fn named(world: &World, call: &Call, member: &str) -> Result<String, Fault> {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let given = call.text(member).ok_or_else(|| invalid("Service can not be blank."))?;
    let key = names::service_key(world, &cluster, given);
    if key.split('/').next() == Some(cluster.as_str()) && world.ecs.services.contains_key(&key) {
        Ok(key)
    } else {
        Err(names::service_not_found())
    }
}

/// Like [`named`], for a service that is active.
pub(super) fn named_active(world: &World, call: &Call, member: &str) -> Result<String, Fault> {
    let key = named(world, call, member)?;
    if world.ecs.services.get(&key).is_some_and(|service| service.status == Status::Active) {
        Ok(key)
    } else {
        Err(Fault::bad_request("ServiceNotActiveException", "Service was not ACTIVE."))
    }
}

/// `DescribeServices`: at most ten.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    if !world.ecs.clusters.contains_key(&cluster) {
        return Err(names::cluster_not_found());
    }
    let given = call.texts("services");
    if given.is_empty() {
        return Err(invalid("Services can not be empty."));
    }
    if given.len() > 10 {
        return Err(invalid("Services can not have more than 10 elements."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in given {
        let key = names::service_key(world, &cluster, &given);
        if key.split('/').next() == Some(cluster.as_str()) && world.ecs.services.contains_key(&key) {
            found.push(view(world, &key, tags::wanted(call)));
        } else {
            let arn =
                if given.starts_with("arn:") { given } else { world.arn("ecs", &format!("service/{cluster}/{given}")) };
            failures.push(json!({"arn": arn, "reason": "MISSING"}));
        }
    }
    Ok(json!({"services": found, "failures": failures}))
}

/// `ListServices`: those that aren't gone; ten a page unless asked otherwise.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let wanted = |service: &&Service| {
        let scheduling = if service.daemon { "DAEMON" } else { "REPLICA" };
        service.status != Status::Inactive
            && call.text("launchType").is_none_or(|wanted| service.revision.launch_type.as_deref() == Some(wanted))
            && call.text("schedulingStrategy").is_none_or(|wanted| wanted == scheduling)
    };
    let prefix = format!("{cluster}/");
    let in_cluster = world.ecs.services.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
    let arns: Vec<String> =
        in_cluster.map(|(_, service)| service).filter(wanted).map(|service| service.arn.clone()).collect();
    let (page, next) = world.page(&arns, names::page_size(call, 10)?, call.text("nextToken"))?;
    Ok(json!({"serviceArns": page, "nextToken": next}))
}

/// `DeleteService`: DRAINING until its tasks are stopping, then INACTIVE.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let key = named(world, call, "service")?;
    let force = call.input.get("force").and_then(Value::as_bool).unwrap_or_default();
    let Some(service) = world.ecs.services.get_mut(&key) else { return Err(names::service_not_found()) };
    if service.status == Status::Inactive {
        return Err(Fault::bad_request("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    if service.status == Status::Active {
        if service.desired > 0 && !force && !service.daemon {
            return Err(invalid("The service cannot be stopped while the primary deployment is scaled above 0."));
        }
        service.status = Status::Draining;
        service.desired = 0;
        deployments::drain(world, &key);
    }
    Ok(json!({"service": view(world, &key, true)}))
}

/// A service as answers show it.
pub(super) fn view(world: &World, key: &str, with_tags: bool) -> Value {
    let Some(service) = world.ecs.services.get(key) else { return Value::Null };
    let running = tasks(world, service).filter(|task| task.is_running()).count();
    let pending = tasks(world, service).filter(|task| task.is_pending()).count();
    let on_fargate = service.revision.on_fargate();
    let attached = |member: &str| service.revision.attached.get(member).cloned().unwrap_or(json!([]));
    let mut view = json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster_arn,
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": running,
        "pendingCount": pending,
        "platformVersion": service.revision.platform_version,
        "deploymentConfiguration": service.configuration.view(),
        "deployments": service.deployments.iter().map(|deployment| deployment.view(world, service)).collect::<Vec<_>>(),
        "events": service.events.view(),
        "loadBalancers": attached("loadBalancers"),
        "serviceRegistries": attached("serviceRegistries"),
        "roleArn": format!("arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", world.account_id),
        "createdAt": wire_time(service.created_at),
        "createdBy": service.created_by,
        "schedulingStrategy": if service.daemon { "DAEMON" } else { "REPLICA" },
        "enableECSManagedTags": service.enable_managed_tags,
        "propagateTags": service.propagate_tags,
        "enableExecuteCommand": service.enable_execute_command,
        "currentServiceDeployment": service.records.last().map(|record| record.arn.clone()),
        "currentServiceRevisions": deployments::revision_summaries(world, service),
        "tags": if with_tags { tags::view(&service.tags) } else { json!([]) },
    });
    if let Some(members) = view.as_object_mut() {
        members.extend(service.plain.clone());
        for (member, value) in service.revision.view() {
            // The service says LATEST where its deployments say what that is.
            members.entry(member).or_insert(value);
        }
        if !on_fargate {
            members.remove("platformFamily");
        }
    }
    view
}
