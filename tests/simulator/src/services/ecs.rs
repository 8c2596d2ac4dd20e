//! Elastic Container Service: clusters, task definitions, services that roll out over time, tasks that run.
//!
//! Behaviour follows the API reference and the developer guide; where they are silent, what is reported of the
//! real service. Durations are constants beside their use.

mod account;
mod agenda;
mod alarms;
mod capacity_providers;
mod census;
mod circuit_breaker;
mod clusters;
mod connect;
mod container;
mod control;
mod deployments;
mod ebs;
mod events;
mod exec;
mod failing;
mod fargate;
mod hooks;
mod instances;
mod launch;
mod lifecycle;
mod list_tasks;
mod listening;
mod load_balancing;
mod names;
mod network;
mod on_behalf;
mod reach;
mod registration;
mod registries;
mod rolling;
mod run_task;
mod service_config;
mod service_create;
mod service_deployments;
mod service_update;
mod services;
mod shifting;
mod start_checks;
mod strategy;
mod tags;
mod task_definitions;
mod tasks;
mod validation;
mod volumes;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::agenda::Agenda;
use crate::call::{Answer, Call, Fault};
use crate::world::World;

use agenda::Wake;

pub use alarms::changed as alarm_changed;
pub use census::{Census, census, desired, running};
pub use control::stop_task_from_outside;
pub use hooks::set_hook_answer;
pub use instances::{drain_by_agent, drain_instance, instance_is_gone, register_agent};
pub use listening::{Listener, listener};
pub use load_balancing::target_changed;
pub use on_behalf::{Behalf, run_on_behalf};

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    clusters: BTreeMap<String, clusters::Cluster>,
    families: BTreeMap<String, task_definitions::Family>,
    /// By cluster and service name, `main/hello`.
    services: BTreeMap<String, services::Service>,
    /// By task id.
    tasks: BTreeMap<String, tasks::Task>,
    /// Capacity providers of Auto Scaling groups, by name.
    providers: BTreeMap<String, capacity_providers::CapacityProvider>,
    /// Container instances, by id.
    instances: BTreeMap<String, instances::ContainerInstance>,
    /// EBS volumes that were made for tasks, by id.
    volumes: BTreeMap<String, ebs::Volume>,
    /// What functions answer that are called at stages of deployments, by their ARNs.
    hook_answers: BTreeMap<String, String>,
    account_settings: BTreeMap<String, String>,
    run_tokens: BTreeMap<String, run_task::RunToken>,
    #[serde(skip)]
    agenda: Agenda<Wake>,
    /// The task that each network interface belongs to, both by id.
    #[serde(skip)]
    interfaces: BTreeMap<String, String>,
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    let answer = match call.operation.as_str() {
        "CreateCluster" => clusters::create(world, call),
        "DescribeClusters" => clusters::describe(world, call),
        "ListClusters" => clusters::list(world, call),
        "UpdateCluster" => clusters::update(world, call),
        "UpdateClusterSettings" => clusters::update_settings(world, call),
        "PutClusterCapacityProviders" => clusters::put_capacity_providers(world, call),
        "DeleteCluster" => clusters::delete(world, call),
        "RegisterTaskDefinition" => registration::register(world, call),
        "DescribeTaskDefinition" => task_definitions::describe(world, call),
        "ListTaskDefinitions" => task_definitions::list(world, call),
        "ListTaskDefinitionFamilies" => task_definitions::list_families(world, call),
        "DeregisterTaskDefinition" => task_definitions::deregister(world, call),
        "DeleteTaskDefinitions" => task_definitions::delete(world, call),
        "CreateService" => service_create::create(world, call),
        "UpdateService" => service_update::update(world, call),
        "DescribeServices" => services::describe(world, call),
        "ListServices" => services::list(world, call),
        "DeleteService" => services::delete(world, call),
        "ListServiceDeployments" => service_deployments::list(world, call),
        "DescribeServiceDeployments" => service_deployments::describe(world, call),
        "DescribeServiceRevisions" => service_deployments::describe_revisions(world, call),
        "StopServiceDeployment" => service_deployments::stop(world, call),
        "ContinueServiceDeployment" => hooks::proceed(world, call),
        "RunTask" => run_task::run(world, call),
        "StopTask" => run_task::stop(world, call),
        "UpdateContainerInstancesState" => instances::update_state(world, call),
        "CreateCapacityProvider" => capacity_providers::create(world, call),
        "UpdateCapacityProvider" => capacity_providers::update(world, call),
        "DeleteCapacityProvider" => capacity_providers::delete(world, call),
        "DescribeCapacityProviders" => capacity_providers::describe(world, call),
        "RegisterContainerInstance" => instances::register(world, call),
        "DeregisterContainerInstance" => instances::deregister(world, call),
        "DescribeContainerInstances" => instances::describe(world, call),
        "ListContainerInstances" => instances::list(world, call),
        "ExecuteCommand" => exec::execute(world, call),
        "DescribeTasks" => list_tasks::describe(world, call),
        "ListTasks" => list_tasks::list(world, call),
        "TagResource" => tags::tag(world, call),
        "UntagResource" => tags::untag(world, call),
        "ListTagsForResource" => tags::list(world, call),
        "ListAccountSettings" => account::list(world, call),
        "PutAccountSetting" | "PutAccountSettingDefault" => account::put(world, call),
        _ => Err(Fault::unknown_operation(call.service, &call.operation)),
    };
    answer.map(without_nulls)
}

/// When the next thing is due.
pub fn next_due(world: &World) -> Option<i64> {
    world.ecs.agenda.next()
}

/// Lets everything happen that is due until `now`, in the order in which it is due.
pub fn advance_to(world: &mut World, now: i64) {
    while let Some((due, wake)) = world.ecs.agenda.take_due(now) {
        world.now = world.now.max(due);
        match wake {
            Wake::Task(id) => lifecycle::wake(world, &id),
            Wake::Service(key) => deployments::wake(world, &key),
            Wake::Provider(name) => capacity_providers::look(world, &name),
        }
    }
}

/// Whether there is an active cluster of this name.
pub fn is_cluster(world: &World, name: &str) -> bool {
    clusters::active(world, name).is_ok()
}

/// An error in the caller's parameters.
fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("InvalidParameterException", message)
}

/// An error of the kind that ECS calls the client's.
fn client(message: impl Into<String>) -> Fault {
    Fault::bad_request("ClientException", message)
}

/// Drops null members: AWS leaves out what isn't set.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
