//! Capacity providers of ECS Managed Instances: what they are, and what ECS refuses of them.
//!
//! API reference, `CreateManagedInstancesProviderConfiguration`, `InstanceLaunchTemplate`; developer guide, "Amazon ECS Managed
//! Instances capacity providers" and, for what is refused, "Troubleshooting Amazon ECS Managed Instances errors".

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{CapacityProvider, fleet, look_after, requirements};
use crate::call::{Answer, Call, Fault, texts};
use crate::services::ecs::tags;
use crate::services::ecs::{client, clusters, invalid, names};
use crate::world::World;

/// Until a provider that is new can be used, in milliseconds; AWS gives no figure.
const PROVISIONS: i64 = 20_000;
/// The most tags of one.
const TAGS: usize = 45;

/// What a provider of Managed Instances has beside its name and tags.
#[derive(Clone, Debug, Serialize)]
pub(in crate::services::ecs) struct Managed {
    /// Its one cluster, by name.
    pub(super) cluster: String,
    /// ARN.
    pub(super) infrastructure_role: String,
    /// `instanceLaunchTemplate`, with ECS's defaults.
    pub(super) template: Map<String, Value>,
    propagate_tags: String,
    /// Seconds; -1: never; none: as ECS judges.
    pub(super) scale_in_after: Option<i64>,
    auto_repair: Option<Value>,
    pub(super) stage: Stage,
    /// When it can be used.
    ready_at: i64,
    /// EC2's ids of the instances that it has launched and that are there.
    pub(super) instances: Vec<String>,
    /// Since when those have no task that have none.
    pub(super) idle: BTreeMap<String, i64>,
    /// Why the last launch failed.
    pub(super) failed: Option<String>,
}

/// How a provider stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::services::ecs) enum Stage {
    Provisioning,
    Active,
    Deprovisioning,
}

impl Managed {
    /// A text of the template, such as an ARN.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.template.get(member).and_then(Value::as_str)
    }

    /// A list of the template's network.
    pub(super) fn network(&self, member: &str) -> Vec<String> {
        texts(self.template.get("networkConfiguration").and_then(|network| network.get(member)))
    }

    /// Whether its instances carry its tags.
    pub(super) fn propagates_tags(&self) -> bool {
        self.propagate_tags == "CAPACITY_PROVIDER"
    }
}

/// `CreateCapacityProvider` with `managedInstancesProvider`.
pub(super) fn create(world: &mut World, call: &Call, name: &str, given: &Value) -> Answer {
    let Some(cluster) = call.text("cluster") else {
        return Err(invalid("Amazon ECS Managed Instances Provider is not supported without a Cluster Name."));
    };
    let cluster = names::short_cluster(world, cluster)?;
    clusters::active(world, &cluster)?;
    let tags = tags::parse(&call.input)?;
    if tags.len() > TAGS {
        let message = "Amazon ECS Managed Instances capacity provider cannot have number of tags exceeding maximum allowed value.";
        return Err(invalid(message));
    }
    let mut managed = Managed {
        cluster,
        infrastructure_role: String::new(),
        template: Map::new(),
        propagate_tags: "NONE".to_owned(),
        scale_in_after: None,
        auto_repair: None,
        stage: Stage::Provisioning,
        ready_at: world.now + PROVISIONS,
        instances: Vec::new(),
        idle: BTreeMap::new(),
        failed: None,
    };
    let template = [
        ("capacityOptionType", json!("ON_DEMAND")),
        ("monitoring", json!("BASIC")),
        ("storageConfiguration", json!({"storageSizeGiB": 80})),
        ("instanceMetadataTagsPropagation", json!(true)),
    ];
    managed.template.extend(template.map(|(member, value)| (member.to_owned(), value)));
    change(&mut managed, given, true)?;
    let provider = CapacityProvider {
        arn: world.arn("ecs", &format!("capacity-provider/{name}")),
        tags,
        managed: Some(managed),
        ..CapacityProvider::named(name)
    };
    world.ecs.providers.insert(name.to_owned(), provider);
    look_after(world, name, PROVISIONS);
    Ok(json!({"capacityProvider": super::shown(world, name)}))
}

/// `UpdateCapacityProvider`: what is left out stays; it counts for instances that are launched from then on.
pub(super) fn update(world: &mut World, call: &Call, name: &str) -> Answer {
    check_cluster(world, call, name)?;
    let given = call.input.get("managedInstancesProvider").cloned().unwrap_or(json!({}));
    let Some(mut provider) = world.ecs.providers.get(name).cloned() else { return Ok(Value::Null) };
    if let Some(managed) = &mut provider.managed {
        if managed.stage == Stage::Deprovisioning {
            return Err(client("The specified capacity provider is being deleted."));
        }
        change(managed, &given, false)?;
        managed.failed = None;
    }
    world.ecs.providers.insert(name.to_owned(), provider);
    Ok(json!({"capacityProvider": super::shown(world, name)}))
}

/// A call names the cluster of such a provider, and of no other.
pub(super) fn check_cluster(world: &World, call: &Call, name: &str) -> Result<(), Fault> {
    let given = call.text("cluster").map(|given| names::short_cluster(world, given)).transpose()?;
    let own = world.ecs.providers.get(name).and_then(|provider| provider.managed.as_ref());
    match (own.map(|managed| &managed.cluster), given) {
        (Some(_), None) => Err(client(
            "The specified capacity provider already exists with cluster scope. Specify the cluster and try again.",
        )),
        (None, Some(_)) => Err(client(
            "The specified capacity provider already exists with account or a different cluster. Specify a different name and try again.",
        )),
        (Some(own), Some(given)) if *own != given => {
            Err(client("Capacity provider active cluster name does not match the cluster name in the request."))
        }
        _ => Ok(()),
    }
}

fn change(managed: &mut Managed, given: &Value, new: bool) -> Result<(), Fault> {
    let text = |member: &str| given.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    match text("infrastructureRoleArn") {
        Some(arn) if arn.starts_with("arn:") && arn.contains(":role/") => {
            arn.clone_into(&mut managed.infrastructure_role);
        }
        Some(_) => return Err(invalid("The specified infrastructure role arn is invalid.")),
        None => {
            return Err(invalid("Amazon ECS Managed Instances capacity provider must specify an InfrastructureRole."));
        }
    }
    if let Some(propagate) = text("propagateTags") {
        if !["CAPACITY_PROVIDER", "NONE"].contains(&propagate) {
            return Err(invalid("Invalid value for propagateTags."));
        }
        propagate.clone_into(&mut managed.propagate_tags);
    }
    if let Some(optimization) = given.get("infrastructureOptimization") {
        managed.scale_in_after = optimization.get("scaleInAfter").and_then(Value::as_i64);
        if managed.scale_in_after.is_some_and(|seconds| !(-1..=3600).contains(&seconds)) {
            return Err(invalid("Invalid value for scaleInAfter: it must be between -1 and 3600."));
        }
    }
    if let Some(repair) = given.get("autoRepairConfiguration") {
        managed.auto_repair = Some(repair.clone());
    }
    let template = given.get("instanceLaunchTemplate").and_then(Value::as_object).cloned().unwrap_or_default();
    // API reference, `InstanceLaunchTemplateUpdate`, has neither.
    if let Some(fixed) = ["capacityOptionType", "fipsEnabled"].into_iter().find(|it| !new && template.contains_key(*it))
    {
        return Err(invalid(format!("Unknown parameter in instanceLaunchTemplate: {fixed}")));
    }
    managed.template.extend(template.into_iter().filter(|(_, value)| !value.is_null()));
    check(managed)
}

fn check(managed: &Managed) -> Result<(), Fault> {
    match managed.text("ec2InstanceProfileArn") {
        Some(arn) if arn.contains(":instance-profile/") => {}
        Some(_) => return Err(invalid("The specified instance profile role arn is invalid.")),
        None => {
            let message = "Amazon ECS Managed Instances capacity provider must specify an instance profile.";
            return Err(invalid(message));
        }
    }
    if managed.network("subnets").is_empty() {
        let message = "Amazon ECS Managed Instances capacity provider must specify a Network Configuration with non empty subnets.";
        return Err(invalid(message));
    }
    for (member, prefix, what) in [("subnets", "subnet-", "subnet"), ("securityGroups", "sg-", "security group")] {
        if managed.network(member).iter().any(|id| !id.starts_with(prefix)) {
            return Err(invalid(format!("The specified {what} id is invalid.")));
        }
    }
    let storage = managed.template.get("storageConfiguration").and_then(|it| it.get("storageSizeGiB")?.as_i64());
    if storage.is_some_and(|size| !(30..=16_384).contains(&size)) {
        return Err(invalid("Invalid value for storageSizeGiB: it must be between 30 and 16384."));
    }
    requirements::check(managed.template.get("instanceRequirements"))
}

/// What a deletion begins: the instances go, and then the provider (developer guide, "Deleting an Amazon ECS Managed Instances
/// capacity provider").
pub(super) fn delete(world: &mut World, name: &str) {
    let provider = world.ecs.providers.get_mut(name);
    if let Some(managed) = provider.and_then(|provider| provider.managed.as_mut()) {
        managed.stage = Stage::Deprovisioning;
    }
    for cluster in world.ecs.clusters.values_mut() {
        cluster.capacity_providers.retain(|it| it != name);
    }
    fleet::end_all(world, name);
    look_after(world, name, PROVISIONS);
}

/// A new provider is its cluster's from when it can be used.
pub(super) fn advance(world: &mut World, name: &str) {
    let now = world.now;
    let provider = world.ecs.providers.get_mut(name);
    let Some(managed) = provider.and_then(|provider| provider.managed.as_mut()) else { return };
    if managed.stage == Stage::Provisioning && managed.ready_at <= now {
        managed.stage = Stage::Active;
        let cluster = managed.cluster.clone();
        if let Some(cluster) = world.ecs.clusters.get_mut(&cluster).filter(|it| it.active) {
            cluster.capacity_providers.push(name.to_owned());
        }
    }
    fleet::look(world, name);
}

/// The members of an answer that are its own.
pub(super) fn view(world: &World, managed: &Managed, inactive: bool) -> Value {
    let (status, update) = match (inactive, managed.stage) {
        (true, _) => ("INACTIVE", "DELETE_COMPLETE"),
        (false, Stage::Provisioning) => ("PROVISIONING", "CREATE_IN_PROGRESS"),
        (false, Stage::Active) => ("ACTIVE", "UPDATE_COMPLETE"),
        (false, Stage::Deprovisioning) => ("DEPROVISIONING", "DELETE_IN_PROGRESS"),
    };
    json!({
        "cluster": world.arn("ecs", &format!("cluster/{}", managed.cluster)),
        "status": status,
        "updateStatus": update,
        "managedInstancesProvider": {
            "infrastructureRoleArn": managed.infrastructure_role,
            "instanceLaunchTemplate": managed.template,
            "propagateTags": managed.propagate_tags,
            "infrastructureOptimization": managed.scale_in_after.map(|seconds| json!({"scaleInAfter": seconds})),
            "autoRepairConfiguration": managed.auto_repair,
        },
        "type": "MANAGED_INSTANCES",
    })
}

/// Whether a cluster has such a provider, whatever its list says (seen of the real one: "The Cluster cannot be deleted while
/// Cluster Scoped Capacity Providers are attached to the cluster.").
pub(in crate::services::ecs) fn is_attached(world: &World, cluster: &str) -> bool {
    let mut all = world.ecs.providers.values().filter(|provider| !provider.inactive);
    all.any(|provider| provider.managed.as_ref().is_some_and(|managed| managed.cluster == cluster))
}

/// The providers of Managed Instances that a cluster can use, by name.
pub(in crate::services::ecs) fn active_of<'a>(world: &'a World, cluster: &'a str) -> impl Iterator<Item = String> + 'a {
    let all = world.ecs.providers.values().filter(|provider| !provider.inactive);
    let own = move |provider: &&CapacityProvider| {
        let managed = provider.managed.as_ref();
        managed.is_some_and(|it| it.cluster == cluster && it.stage == Stage::Active)
    };
    all.filter(own).map(|provider| provider.name.clone())
}

/// Whether a provider is of Managed Instances.
pub(in crate::services::ecs) fn is_managed(world: &World, name: &str) -> bool {
    world.ecs.providers.get(name).is_some_and(|provider| !provider.inactive && provider.managed.is_some())
}
