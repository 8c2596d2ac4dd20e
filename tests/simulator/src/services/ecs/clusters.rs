//! Clusters.

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::services::ecs::services::Status;
use crate::services::ecs::tags::{self, Tags};
use crate::services::ecs::{capacity_providers, client, instances, invalid, names};
use crate::services::servicediscovery;
use crate::world::World;

/// A cluster; an inactive one is a deleted one that can still be described.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) active: bool,
    pub(super) tags: Tags,
    settings: Value,
    configuration: Option<Value>,
    service_connect_defaults: Option<Value>,
    pub(super) capacity_providers: Vec<String>,
    pub(super) default_strategy: Vec<Value>,
    /// Until when providers are attached and taken off.
    pub(super) updating_until: i64,
}

/// How long that takes, in milliseconds; AWS gives no figure.
const ATTACHES: i64 = 10_000;

/// The active cluster of this name.
pub(super) fn active<'a>(world: &'a World, name: &str) -> Result<&'a Cluster, Fault> {
    world.ecs.clusters.get(name).filter(|cluster| cluster.active).ok_or_else(names::cluster_not_found)
}

/// The active cluster that a call names.
fn named<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Cluster, Fault> {
    let name = names::cluster_name(world, call)?;
    world.ecs.clusters.get_mut(&name).filter(|cluster| cluster.active).ok_or_else(names::cluster_not_found)
}

/// The namespace of services that name none.
pub(super) fn default_namespace(cluster: &Cluster) -> Option<String> {
    let defaults = cluster.service_connect_defaults.as_ref()?;
    defaults.get("namespace").and_then(Value::as_str).filter(|arn| !arn.is_empty()).map(str::to_owned)
}

/// The defaults as they read back. API reference, `ClusterServiceConnectDefaultsRequest`: a name that is new makes a
/// namespace; an ARN must be there; an empty one takes the default away.
fn defaults(world: &mut World, given: Option<&Value>) -> Result<Option<Value>, Fault> {
    let Some(given) = given.and_then(|defaults| defaults.get("namespace")).and_then(Value::as_str) else {
        return Ok(None);
    };
    if given.starts_with("arn:") && servicediscovery::namespace(world, given).is_none() {
        let message = format!("The specified namespace {given} wasn't found.");
        return Err(Fault::bad_request("NamespaceNotFoundException", message));
    }
    let arn = if given.is_empty() { String::new() } else { servicediscovery::namespace_or_new(world, given) };
    Ok(Some(json!({"namespace": arn})))
}

/// `CreateCluster`: one that is there already is answered as it is.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.input.get("clusterName").and_then(Value::as_str).unwrap_or("default").to_owned();
    if !names::is_plain(&name) {
        return Err(invalid("Identifier was not valid: cluster name contains invalid characters."));
    }
    if active(world, &name).is_err() {
        let capacity_providers = call.texts("capacityProviders");
        check_providers(world, &capacity_providers)?;
        check_managed(world, &name, &capacity_providers)?;
        capacity_providers::attach(world, &capacity_providers);
        let default_strategy = strategy(world, call, "defaultCapacityProviderStrategy", &capacity_providers)?;
        let cluster = Cluster {
            arn: world.arn("ecs", &format!("cluster/{name}")),
            name: name.clone(),
            active: true,
            tags: tags::parse(&call.input)?,
            settings: settings(call.input.get("settings"))?,
            configuration: call.input.get("configuration").cloned(),
            service_connect_defaults: defaults(world, call.input.get("serviceConnectDefaults"))?,
            capacity_providers,
            default_strategy,
            updating_until: 0,
        };
        world.ecs.clusters.insert(name.clone(), cluster);
    }
    Ok(json!({"cluster": view(world, &name, &["TAGS", "SETTINGS", "CONFIGURATIONS"])}))
}

/// `DescribeClusters`: the default one when none is named; at most a hundred.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let mut given = call.texts("clusters");
    if given.is_empty() {
        given.push("default".to_owned());
    }
    if given.len() > 100 {
        return Err(invalid("Clusters cannot have more than 100 elements."));
    }
    let include = call.texts("include");
    let include: Vec<&str> = include.iter().map(String::as_str).collect();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in given {
        let known = names::short_cluster(world, &given).ok().filter(|name| world.ecs.clusters.contains_key(name));
        if let Some(name) = known {
            found.push(view(world, &name, &include));
        } else {
            let arn = if given.starts_with("arn:") { given } else { world.arn("ecs", &format!("cluster/{given}")) };
            failures.push(json!({"arn": arn, "reason": "MISSING"}));
        }
    }
    Ok(json!({"clusters": found, "failures": failures}))
}

/// `ListClusters`
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let arns: Vec<String> =
        world.ecs.clusters.values().filter(|cluster| cluster.active).map(|cluster| cluster.arn.clone()).collect();
    let (page, next) = world.page(&arns, names::page_size(call, 100)?, call.text("nextToken"))?;
    Ok(json!({"clusterArns": page, "nextToken": next}))
}

/// `UpdateCluster`
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let changed = call.input.get("settings").map(|given| settings(Some(given))).transpose()?;
    named(world, call)?;
    let defaults = defaults(world, call.input.get("serviceConnectDefaults"))?;
    let cluster = named(world, call)?;
    if let Some(changed) = changed {
        cluster.settings = changed;
    }
    if let Some(configuration) = call.input.get("configuration") {
        cluster.configuration = Some(configuration.clone());
    }
    if let Some(defaults) = defaults {
        cluster.service_connect_defaults = Some(defaults);
    }
    let name = cluster.name.clone();
    Ok(json!({"cluster": view(world, &name, &["TAGS", "SETTINGS", "CONFIGURATIONS"])}))
}

/// `UpdateClusterSettings`
pub(super) fn update_settings(world: &mut World, call: &Call) -> Answer {
    if call.input.get("settings").is_none() {
        return Err(invalid("Settings should not be null."));
    }
    update(world, call)
}

/// `PutClusterCapacityProviders`: replaces the whole list.
pub(super) fn put_capacity_providers(world: &mut World, call: &Call) -> Answer {
    let providers = call.texts("capacityProviders");
    let name = named(world, call)?.name.clone();
    check_providers(world, &providers)?;
    check_managed(world, &name, &providers)?;
    let usable = usable(world, &name, &providers);
    let default_strategy = strategy(world, call, "defaultCapacityProviderStrategy", &usable)?;
    if named(world, call)?.updating_until > world.now {
        let message = "The specified cluster is in a busy state. Cluster attachments must be in UPDATE_COMPLETE or UPDATE_FAILED state before they can be updated. Wait and try again.";
        return Err(Fault::bad_request("UpdateInProgressException", message));
    }
    let used = |provider: &String| {
        world
            .ecs
            .tasks
            .values()
            .any(|task| task.cluster == name && task.is_live() && task.capacity_provider.as_ref() == Some(provider))
    };
    let mut dropped = active(world, &name)?.capacity_providers.iter().filter(|old| !providers.contains(old));
    if let Some(in_use) = dropped.find(|provider| used(provider)) {
        let message = format!("The specified capacity provider {in_use} is in use and cannot be removed.");
        return Err(Fault::bad_request("ResourceInUseException", message));
    }
    capacity_providers::attach(world, &providers);
    let until = world.now + ATTACHES;
    let cluster = named(world, call)?;
    let attaches = |all: &[String]| all.iter().any(|name| !capacity_providers::is_fargate(name));
    if attaches(&providers) || attaches(&cluster.capacity_providers) {
        cluster.updating_until = until;
    }
    cluster.capacity_providers = providers;
    cluster.default_strategy = default_strategy;
    instances::join_providers(world, &name);
    Ok(json!({"cluster": view(world, &name, &["TAGS", "SETTINGS", "CONFIGURATIONS"])}))
}

/// `DeleteCluster`: refused while services or tasks are there; inactive afterwards.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = named(world, call)?.name.clone();
    if world.ecs.services.values().any(|service| service.cluster == name && service.status != Status::Inactive) {
        let message = "The Cluster cannot be deleted while Services are active.";
        return Err(Fault::bad_request("ClusterContainsServicesException", message));
    }
    if instances::count(world, &name) > 0 {
        let message = "The Cluster cannot be deleted while Container Instances are active or draining.";
        return Err(Fault::bad_request("ClusterContainsContainerInstancesException", message));
    }
    if world.ecs.tasks.values().any(|task| task.cluster == name && task.is_live()) {
        let message = "The Cluster cannot be deleted while Tasks are active.";
        return Err(Fault::bad_request("ClusterContainsTasksException", message));
    }
    if capacity_providers::is_attached(world, &name) {
        let message =
            "The Cluster cannot be deleted while Cluster Scoped Capacity Providers are attached to the cluster.";
        return Err(client(message));
    }
    named(world, call)?.active = false;
    Ok(json!({"cluster": view(world, &name, &["SETTINGS"])}))
}

/// A capacity provider strategy in the input: its providers must be the cluster's.
pub(super) fn strategy(world: &World, call: &Call, member: &str, providers: &[String]) -> Result<Vec<Value>, Fault> {
    let items = call.input.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    let kind = |item: &Value| {
        let name = item.get("capacityProvider").and_then(Value::as_str).unwrap_or_default();
        (capacity_providers::is_fargate(name), capacity_providers::is_managed(world, name))
    };
    if items.iter().any(|item| items.first().map(kind) != Some(kind(item))) {
        let message = "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.";
        return Err(invalid(message));
    }
    let mut bases = 0;
    for item in &items {
        let name = item.get("capacityProvider").and_then(Value::as_str).unwrap_or_default();
        if !providers.iter().any(|provider| provider == name) {
            let message = format!(
                "The specified capacity provider '{name}' was not found. Specify a valid name or ARN and try again."
            );
            return Err(invalid(message));
        }
        bases += i32::from(item.get("base").and_then(Value::as_i64).unwrap_or_default() > 0);
    }
    if bases > 1 {
        return Err(invalid("Only one capacity provider in a capacity provider strategy can have a base value."));
    }
    Ok(items.into_iter().map(with_strategy_defaults).collect())
}

/// A strategy item reads back with base 0 and weight 0 where they were left out.
fn with_strategy_defaults(mut item: Value) -> Value {
    if let Some(item) = item.as_object_mut() {
        item.entry("base").or_insert(json!(0));
        item.entry("weight").or_insert(json!(0));
    }
    item
}

/// What strategies may name in a cluster that has these: its own providers of Managed Instances too, which are attached to it by
/// being made.
pub(super) fn usable(world: &World, cluster: &str, providers: &[String]) -> Vec<String> {
    providers.iter().cloned().chain(capacity_providers::active_of(world, cluster)).collect()
}

/// Seen of the real one (hashicorp/terraform-provider-aws#45693).
fn check_managed(world: &World, cluster: &str, providers: &[String]) -> Result<(), Fault> {
    let active: Vec<String> = capacity_providers::active_of(world, cluster).collect();
    let wrong = |name: &&String| capacity_providers::is_managed(world, name) && !active.contains(name);
    match providers.iter().find(wrong) {
        None => Ok(()),
        Some(name) => Err(invalid(format!(
            "The specified capacity provider '{name}' is not in an ACTIVE state. Specify a valid capacity provider and try again."
        ))),
    }
}

fn check_providers(world: &World, providers: &[String]) -> Result<(), Fault> {
    match providers.iter().find(|provider| !capacity_providers::is_there(world, provider)) {
        None => Ok(()),
        Some(unknown) => {
            let message = format!(
                "The specified capacity provider '{unknown}' was not found. Specify a valid name or ARN and try again."
            );
            Err(invalid(message))
        }
    }
}

/// Cluster settings as they read back: `containerInsights` is always there.
fn settings(given: Option<&Value>) -> Result<Value, Fault> {
    let mut value = "disabled".to_owned();
    for setting in given.and_then(Value::as_array).into_iter().flatten() {
        let member = |name: &str| setting.get(name).and_then(Value::as_str).unwrap_or_default();
        match (member("name"), member("value")) {
            ("containerInsights", wanted @ ("enabled" | "disabled" | "enhanced")) => wanted.clone_into(&mut value),
            ("containerInsights", other) => {
                return Err(invalid(format!("Invalid value for containerInsights: {other}")));
            }
            (name, _) => return Err(client(format!("Invalid cluster setting: {name}"))),
        }
    }
    Ok(json!([{"name": "containerInsights", "value": value}]))
}

/// API reference, `Cluster.attachmentsStatus`: of clusters with providers of Auto Scaling groups.
fn attachments(world: &World, cluster: &Cluster) -> Option<&'static str> {
    let attached = cluster.capacity_providers.iter().any(|name| !capacity_providers::is_fargate(name));
    let busy = cluster.updating_until > world.now;
    (attached || busy).then_some(if busy { "UPDATE_IN_PROGRESS" } else { "UPDATE_COMPLETE" })
}

/// A cluster as answers show it.
fn view(world: &World, name: &str, include: &[&str]) -> Value {
    let Some(cluster) = world.ecs.clusters.get(name) else { return Value::Null };
    let included = |what: &str, value: Value| if include.contains(&what) { value } else { json!([]) };
    let tasks = || world.ecs.tasks.values().filter(|task| task.cluster == *name);
    let on = |fargate: bool| tasks().filter(move |task| task.on_fargate() == fargate);
    let all_services = |status: Status| {
        world.ecs.services.values().filter(move |service| service.cluster == *name && service.status == status)
    };
    let services = |status: Status| all_services(status).count();
    let services_on = |status: Status, fargate: bool| {
        all_services(status).filter(|service| service.revision.on_fargate() == fargate).count()
    };
    let statistics = || {
        let statistic = |name: &str, count: usize| json!({"name": name, "value": count.to_string()});
        json!([
            statistic("runningEC2TasksCount", on(false).filter(|task| task.is_running()).count()),
            statistic("runningFargateTasksCount", on(true).filter(|task| task.is_running()).count()),
            statistic("pendingEC2TasksCount", on(false).filter(|task| task.is_pending()).count()),
            statistic("pendingFargateTasksCount", on(true).filter(|task| task.is_pending()).count()),
            statistic("activeEC2ServiceCount", services_on(Status::Active, false)),
            statistic("activeFargateServiceCount", services_on(Status::Active, true)),
            statistic("drainingEC2ServiceCount", services_on(Status::Draining, false)),
            statistic("drainingFargateServiceCount", services_on(Status::Draining, true)),
        ])
    };
    json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": if cluster.active { "ACTIVE" } else { "INACTIVE" },
        "registeredContainerInstancesCount": instances::count(world, name),
        "runningTasksCount": tasks().filter(|task| task.is_running()).count(),
        "pendingTasksCount": tasks().filter(|task| task.is_pending()).count(),
        "activeServicesCount": services(Status::Active),
        "statistics": if include.contains(&"STATISTICS") { statistics() } else { json!([]) },
        "tags": included("TAGS", tags::view(&cluster.tags)),
        "settings": included("SETTINGS", cluster.settings.clone()),
        "configuration": if include.contains(&"CONFIGURATIONS") { cluster.configuration.clone() } else { None },
        "serviceConnectDefaults": cluster.service_connect_defaults,
        "attachmentsStatus": attachments(world, cluster),
        "capacityProviders": cluster.capacity_providers,
        "defaultCapacityProviderStrategy": cluster.default_strategy,
    })
}
