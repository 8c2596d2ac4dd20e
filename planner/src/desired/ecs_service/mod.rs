//! `EcsService` -> graph: log group, roles, security group and rules, target groups and listener rules, task
//! definition, service.

mod after;
mod allow_from;
mod autoscaling;
mod connect;
mod dns;
mod exec;
mod ignored;
mod images;
mod infrastructure;
mod instance_mounts;
mod instance_ports;
mod keys;
mod listener_rules;
mod load_balancers;
mod logs;
mod managed;
mod network;
mod pins;
mod registries;
mod roles;
mod secrets;
mod service;
mod shifting;
mod target_groups;
mod task;
mod unsupported;
mod volumes;
mod warnings;

pub use dns::records_of_gone;
pub(super) use infrastructure::{INFRASTRUCTURE_KEY, trust as infrastructure_trust};
pub use instance_mounts::instance_mounts;
pub use instance_ports::{instance_access, refused_balancers};
pub(crate) use keys::{ALIASES, DECRYPT};
pub use logs::retained_by;
pub(crate) use roles::POLICY_OF_TASK;
pub(crate) use secrets::{SecretSource, named, source};
pub(crate) use shifting::ALTERNATE;

use std::collections::{BTreeMap, BTreeSet};

use longshore_crds::ecs_service::LaunchType;
use longshore_crds::task_definition::{Compatibility, NetworkMode, Volume};
use longshore_crds::{ClusterRef, EcsServiceSpec};

use self::ignored::with_deployed;
use self::load_balancers::{is_named, listener_arn};
use self::logs::OwnLogGroup;
use self::network::ServiceNetwork;
use self::pins::Pins;
use self::service::Parts;
use self::task::TaskRoles;
use super::access::refused_openings;
use super::grants::authorise;
use super::memory::Memory;
use super::obstacle::{ClusterReference, Desired, Facts, Need, Obstacle, Reference, References, Refusal, Warning};
use super::scope::Scope;
use crate::engine::{Graph, Text};
use crate::kinds::ecs::service::Network;
use crate::report::RolledBack;

/// The key of the service in its object's graph.
pub const SERVICE_KEY: &str = "service";
/// The key of the service's own security group in its object's graph.
pub const SECURITY_GROUP_KEY: &str = "security-group";
/// The key of the task definition in its object's graph.
pub const TASK_KEY: &str = "task";

/// What an `EcsService` wants. A graph that comes out is authorised: nothing in it is outside of the grants.
pub fn ecs_service(
    scope: &Scope,
    spec: &EcsServiceSpec,
    facts: &Facts,
    references: &References,
    memory: &Memory,
) -> Result<Desired, Obstacle> {
    let capacity = capacity(spec, references.cluster.ready());
    let refusals = unsupported::refusals(spec, capacity, references.cluster.ready());
    if !refusals.is_empty() {
        return Err(Obstacle::Refused(refusals));
    }
    check_cluster(scope, &spec.cluster)?;
    let cluster = match &references.cluster {
        Reference::Ready(cluster) => cluster,
        Reference::Waiting { reason, message } => {
            return Err(Obstacle::Waiting { reason: reason.clone(), message: message.clone() });
        }
    };
    let base = scope.base();
    let name = spec.service_name.as_ref().unwrap_or(&base);
    let (spec, deployed) = with_deployed(spec, cluster, name, facts)?;
    let spec = spec.as_ref();
    let builder = Builder { scope, spec, base, facts, references, memory, deployed, capacity };
    let shared = if builder.has_interfaces() { vec![] } else { refused_balancers(scope, spec) };
    let denied: Vec<Refusal> = refused_openings(scope, spec).into_iter().chain(shared).collect();
    let (desired, needs) = match builder.build(cluster) {
        // What is never opened is not waited for.
        Err(Obstacle::Waiting { .. }) if !denied.is_empty() => return Err(Obstacle::Refused(denied)),
        built => built?,
    };
    // What may not be named is not asked about either.
    let refusals: Vec<Refusal> = denied.into_iter().chain(authorise(&desired.graph, scope, &builder.lent())).collect();
    match (refusals.is_empty(), needs.is_empty()) {
        (false, _) => Err(Obstacle::Refused(refusals)),
        (true, false) => Err(Obstacle::Needs(needs)),
        (true, true) => Ok(desired),
    }
}

/// A cluster by ARN must be in the environment's account and region: nothing reaches across.
pub(super) fn check_cluster(scope: &Scope, cluster: &ClusterRef) -> Result<(), Refusal> {
    let here = scope.arn("ecs", "cluster/");
    match &cluster.arn {
        Some(arn) if !arn.starts_with(&here) => Err(Refusal::new(
            "OtherEnvironment",
            "spec.cluster.arn",
            format!(
                "{arn} is not in the account and region of the AwsEnvironment {}: its clusters start with {here}",
                scope.environment_name
            ),
        )),
        _ => Ok(()),
    }
}

/// What every part of the graph is built from.
struct Builder<'a> {
    scope: &'a Scope,
    spec: &'a EcsServiceSpec,
    base: String,
    facts: &'a Facts,
    references: &'a References,
    memory: &'a Memory,
    /// The revision that the service runs, where images are its to say.
    deployed: Option<String>,
    capacity: Capacity,
}

impl Builder<'_> {
    /// The graph, and what must be asked before it holds.
    fn build(&self, cluster: &ClusterReference) -> Result<(Desired, Vec<Need>), Obstacle> {
        let memory = self.memory;
        let mut graph = Graph::default();
        let mut ground = self.ground(&mut graph)?;
        let infrastructure = ground.infrastructure.clone();
        let attached = self.load_balancers(&mut graph, &mut ground.network, infrastructure.as_ref())?;
        let hook_role = self.hook_role(&mut graph)?;
        let registrations = self.registrations(&mut graph, &mut ground.pins)?;
        let restarted_at = self.spec.restarted_at.as_deref();
        let is_rejected = |hash: &str| memory.rejects(hash, restarted_at).is_some();
        let revision = self.task_definition(&mut graph, &mut ground, is_rejected)?;
        let rejected = memory.rejects(&revision.id.fixed, restarted_at);
        let held = self.held(&revision.id).filter(|_| rejected.is_none());
        let (task_definition, rolled_back) = match (rejected, &memory.last_good) {
            (Some(rejected), Some(good)) => (
                Text::from(good.arn.clone()),
                Some(RolledBack { revision: short(&rejected.arn).to_owned(), why: rejected.reason.clone() }),
            ),
            (None, Some(good)) if held.is_some() => (Text::from(good.arn.clone()), None),
            _ => (revision.arn.clone(), None),
        };
        let parts = Parts {
            cluster,
            task_definition,
            reverted: memory.last_good.as_ref().filter(|_| rolled_back.is_some() || held.is_some()),
            network: ground.network,
            attached: &attached,
            registrations,
            connect: self.service_connect(infrastructure.as_ref())?,
            volumes: self.volume_configurations(infrastructure.as_ref()),
            hook_role,
        };
        let service = self.service(&mut graph, parts)?;
        if let (Some(held), None) = (&held, &memory.last_good) {
            // Nothing is known that could run meanwhile.
            graph.hold(&service, &held.message);
        }
        self.autoscaling(&mut graph, cluster, (&self.service_name(), &service), &attached)?;
        let of_ports = instance_ports::warnings(self.spec, self.capacity, cluster);
        let warnings = warnings::warnings(self.spec).into_iter().chain(of_ports).chain(ground.warnings).collect();
        let needs = attached.needs.into_iter().chain(ground.pins.needs).collect();
        let (pins, endpoints) = (ground.pins.pins, attached.endpoints);
        Ok((Desired { graph, warnings, rolled_back, pins, held, endpoints, ..Desired::default() }, needs))
    }

    /// Everything that a task definition names.
    fn ground(&self, graph: &mut Graph) -> Result<Ground, Obstacle> {
        let mounts = self.mounts()?;
        let log_group = self.log_group(graph)?;
        let mut pins = Pins::default();
        let execution = self.execution_role(graph, log_group.as_ref(), &mut pins)?;
        let task = self.task_role(graph, &mounts)?;
        let infrastructure = self.infrastructure_role(graph)?;
        let mut network = self.network(graph, &mounts, self.facts)?;
        let mut warnings = self.allow_from(graph, &mut network)?;
        warnings.extend(self.warnings_of_mounts());
        let of_volumes = infrastructure.clone().filter(|_| !self.spec.volume_configurations.is_empty());
        let roles = TaskRoles { task, execution, infrastructure: of_volumes };
        Ok(Ground { roles, volumes: mounts.volumes, log_group, pins, network, infrastructure, warnings })
    }

    /// What other objects let this one use, and no grant need cover. A listener that is also named by its ARN is not:
    /// nobody said for that entry which hosts it may claim.
    fn lent(&self) -> BTreeSet<String> {
        let entries = &self.spec.load_balancers;
        let by_arn = |arn: &String| entries.iter().any(|entry| listener_arn(entry) == Some(arn));
        let named = entries.iter().filter(|entry| is_named(entry));
        let References { listeners, test_listeners, .. } = self.references;
        let of_entry = |name: &String| [listeners.get(name), test_listeners.get(name)];
        let listeners = named.flat_map(|entry| of_entry(&entry.name)).filter_map(|reference| reference?.ready());
        let of_listeners = listeners
            .filter(|listener| !by_arn(&listener.listener_arn))
            .flat_map(|listener| [listener.listener_arn.clone(), listener.security_group_id.clone()]);
        let services = self.references.services.values().filter_map(Reference::ready);
        let file_systems = self.references.file_systems.values().filter_map(Reference::ready);
        let of_file_systems = file_systems.flat_map(|known| {
            let arn = self.scope.arn("elasticfilesystem", &format!("file-system/{}", known.file_system_id));
            [arn, known.clients_security_group_id.clone()]
        });
        let of_services = services.map(|service| service.security_group_id.clone());
        let of_access = self.clients_groups().unwrap_or_default();
        of_listeners.chain(of_services).chain(of_file_systems).chain(of_access).collect()
    }

    /// Whether each task has a network interface of its own.
    fn has_interfaces(&self) -> bool {
        has_interfaces(self.spec, self.capacity)
    }
}

/// What a task definition and its tasks stand on.
struct Ground {
    roles: TaskRoles,
    /// By ids.
    volumes: Vec<Volume>,
    log_group: Option<OwnLogGroup>,
    pins: Pins,
    network: ServiceNetwork,
    /// With which ECS makes what belongs to tasks.
    infrastructure: Option<Text>,
    warnings: Vec<Warning>,
}

/// A task definition and where its tasks run, without a service: what a one-off task is made of.
pub(super) struct Template {
    pub(super) graph: Graph,
    pub(super) revision: Text,
    /// `None` where tasks have their instance's.
    pub(super) network: Option<Network>,
    pub(super) pins: BTreeMap<String, String>,
    pub(super) needs: Vec<Need>,
    /// What needs no grant, since other objects let this one use it.
    pub(super) lent: BTreeSet<String>,
    pub(super) warnings: Vec<Warning>,
}

/// The template of an object that runs tasks without a service, its spec written as a service's.
pub(super) fn template(
    scope: &Scope,
    spec: &EcsServiceSpec,
    facts: &Facts,
    references: &References,
    memory: &Memory,
) -> Result<Template, Obstacle> {
    let capacity = capacity(spec, references.cluster.ready());
    let refusals = unsupported::refusals(spec, capacity, references.cluster.ready());
    if !refusals.is_empty() {
        return Err(Obstacle::Refused(refusals));
    }
    let builder = Builder { scope, spec, base: scope.base(), facts, references, memory, deployed: None, capacity };
    let mut graph = Graph::default();
    let mut ground = builder.ground(&mut graph)?;
    let revision = builder.task_definition(&mut graph, &mut ground, |_| false)?.arn;
    let Ground { network, pins, warnings, .. } = ground;
    let lent = builder.lent();
    Ok(Template {
        graph,
        revision,
        network: network.interfaces.map(|interfaces| interfaces.network),
        pins: pins.pins,
        needs: pins.needs.into_iter().collect(),
        lent,
        warnings,
    })
}

/// What tasks run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Capacity {
    Fargate,
    /// Container instances of the cluster.
    Instances,
    /// Instances that ECS manages.
    Managed,
}

/// With neither a launch type nor a strategy the cluster's default decides; of a cluster whose default is not known it is
/// taken to be Fargate. Of a provider that is none of the cluster's entries only the task can say that ECS manages its instances.
fn capacity(spec: &EcsServiceSpec, cluster: Option<&ClusterReference>) -> Capacity {
    let default = cluster.and_then(|cluster| cluster.default_providers.first());
    let on_instances = match (spec.launch_type, spec.capacity_provider_strategy.first()) {
        (Some(launch_type), _) => launch_type != LaunchType::Fargate,
        (None, Some(item)) => !is_fargate_provider(&item.capacity_provider),
        (None, None) => cluster.is_some_and(|cluster| cluster.on_instances),
    };
    let provider = spec.capacity_provider_strategy.first().map(|item| &item.capacity_provider).or(default);
    let is_entry = provider.zip(cluster).is_some_and(|(name, cluster)| cluster.managed.contains(name));
    let says_so = spec.task.requires_compatibilities.contains(&Compatibility::ManagedInstances);
    match (on_instances, spec.launch_type) {
        (false, _) => Capacity::Fargate,
        (true, None) if is_entry || says_so => Capacity::Managed,
        (true, _) => Capacity::Instances,
    }
}

/// API reference, `CreateCluster.capacityProviders`: two are AWS's own, and the others an account's.
pub fn is_fargate_provider(name: &str) -> bool {
    matches!(name, "FARGATE" | "FARGATE_SPOT")
}

/// Whether each task has a network interface of its own: always on Fargate; on an instance where it says `awsvpc` (API
/// reference, `RegisterTaskDefinition.networkMode`: `bridge` where nothing is said), and on one that ECS manages where it says
/// nothing else.
fn has_interfaces(spec: &EcsServiceSpec, capacity: Capacity) -> bool {
    match capacity {
        Capacity::Fargate => true,
        Capacity::Instances => spec.task.network_mode == Some(NetworkMode::Awsvpc),
        Capacity::Managed => spec.task.network_mode.is_none_or(|mode| mode == NetworkMode::Awsvpc),
    }
}

/// The capacity providers that tasks may run by, as the spec or else its cluster names them; none with a launch type.
fn providers_of<'a>(spec: &'a EcsServiceSpec, cluster: &'a ClusterReference) -> Vec<&'a String> {
    match spec.capacity_provider_strategy.as_slice() {
        _ if spec.launch_type.is_some() => vec![],
        [] => cluster.default_providers.iter().collect(),
        items => items.iter().map(|item| &item.capacity_provider).collect(),
    }
}

/// Whether tasks run on nothing but instances that their cluster has made.
fn on_own_instances(spec: &EcsServiceSpec, cluster: &ClusterReference) -> bool {
    let is_own = |name: &String| cluster.providers.contains_key(name) && !cluster.foreign.contains(name);
    let named = providers_of(spec, cluster);
    spec.launch_type.is_none() && !cluster.providers.is_empty() && named.into_iter().all(is_own)
}

/// `hello:4` of an ARN.
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
