//! Where tasks are registered in Cloud Map: in a service of somebody else's, or in one that is made for them.

use std::collections::BTreeSet;

use longshore_crds::ecs_service::{Registry, RegistryRecordType, ServiceRegistry};
use longshore_crds::task_definition::NetworkMode;

use super::Builder;
use super::pins::Pins;
use crate::desired::grants::may_register;
use crate::desired::obstacle::{CloudMapNamespace, Fact, Need, Obstacle, Refusal};
use crate::engine::{FieldPath, Graph, GraphError, Text};
use crate::kinds::ecs::service::Registration;
use crate::kinds::service_discovery::service::{DESCRIBED, DiscoveryService, DiscoveryServiceOutput};

/// The key of the Cloud Map service in its object's graph.
const REGISTRY_KEY: &str = "registry";
/// What the developer guide's own examples have ("Creating an Amazon ECS service that uses Service Discovery").
const TTL_SECONDS: i32 = 60;

impl Builder<'_> {
    /// All but what is in a namespace that must be asked about first.
    pub(super) fn registrations(&self, graph: &mut Graph, pins: &mut Pins) -> Result<Vec<Registration>, Obstacle> {
        let mut registrations = vec![];
        for entry in &self.spec.service_registries {
            let arn = match &entry.registry {
                Some(registry) => self.made(graph, pins, entry, registry)?,
                None => entry.registry_arn.clone().map(Text::from),
            };
            registrations.extend(arn.map(|registry_arn| Registration {
                registry_arn,
                port: entry.port,
                container_name: entry.container_name.clone(),
                container_port: entry.container_port,
            }));
        }
        Ok(registrations)
    }

    /// The ARN of the Cloud Map service that is made; `None`: its namespace must be asked about first, which it is not
    /// where nobody may name it.
    fn made(
        &self,
        graph: &mut Graph,
        pins: &mut Pins,
        entry: &ServiceRegistry,
        registry: &Registry,
    ) -> Result<Option<Text>, Obstacle> {
        let at = FieldPath::from("spec.serviceRegistries.registry");
        let refused = may_register(self.scope, &registry.namespace, &at.member("namespace"));
        let refusals: Vec<Refusal> = refused.into_iter().chain(self.not_registrable(entry, registry)).collect();
        if !refusals.is_empty() {
            return Err(refusals.into());
        }
        let Some(namespace) = self.cloud_map_namespace(pins, &registry.namespace, &at)? else { return Ok(None) };
        if namespace.http && (!registry.record_types.is_empty() || registry.ttl_seconds.is_some()) {
            let message = format!(
                "{} is an HTTP namespace, in which names are not found by DNS but by DiscoverInstances: take recordTypes and \
                 ttlSeconds out, or name a DNS namespace",
                registry.namespace
            );
            return Err(Refusal::new("RegistrationNotPossible", at, message).into());
        }
        Ok(Some(self.discovery_service(graph, &namespace, entry, registry, &at)?))
    }

    fn discovery_service(
        &self,
        graph: &mut Graph,
        namespace: &CloudMapNamespace,
        entry: &ServiceRegistry,
        registry: &Registry,
        at: &FieldPath,
    ) -> Result<Text, GraphError> {
        let ttl = registry.ttl_seconds.unwrap_or(TTL_SECONDS);
        let service = DiscoveryService {
            namespace: namespace.id().to_owned(),
            name: registry.name.clone(),
            record_types: if namespace.http { BTreeSet::new() } else { record_types(entry, registry) },
            ttl_seconds: (!namespace.http).then_some(ttl.into()),
            description: format!("{DESCRIBED}{}", self.scope.ownership().object),
            tags: self.scope.tags(&self.spec.tags),
        };
        Ok(graph.add(REGISTRY_KEY, service, at.clone(), &[])?.out(DiscoveryServiceOutput::Arn))
    }

    /// Of this account and region, by name or ARN. `None`: it must be asked about first.
    fn cloud_map_namespace(
        &self,
        pins: &mut Pins,
        given: &str,
        at: &FieldPath,
    ) -> Result<Option<CloudMapNamespace>, Refusal> {
        let here = self.scope.arn("servicediscovery", "namespace/");
        if given.starts_with("arn:") && !given.starts_with(&here) {
            let message = format!(
                "{given} is not in the account and region of the AwsEnvironment {}: its namespaces start with {here}",
                self.scope.environment_name
            );
            return Err(Refusal::new("OtherEnvironment", at.member("namespace"), message));
        }
        let need = Need::CloudMapNamespaces { named: given.to_owned() };
        let found = |fact: &Fact| -> Vec<CloudMapNamespace> {
            let Fact::CloudMapNamespaces(all) = fact else { return vec![] };
            all.iter().filter(|one| one.arn.starts_with(&here)).cloned().collect()
        };
        let the_one = |fact: &Fact| match found(fact).as_slice() {
            [one] => Some(one.to_string()),
            _ => None,
        };
        let fact = self.facts.get(&need);
        match (pins.of(self, &format!("namespace {given}"), need, the_one), fact) {
            (Some(known), _) => Ok(Some(CloudMapNamespace::read(&known))),
            (None, None) => Ok(None),
            (None, Some(fact)) => Err(no_namespace(given, &found(fact), at)),
        }
    }

    /// Developer guide, "Use service discovery to connect Amazon ECS services with DNS names", considerations: `none` is not
    /// supported, and with `bridge` and `host` "the SRV record is the only supported DNS record type", which "must specify a
    /// container name and container port combination".
    fn not_registrable(&self, entry: &ServiceRegistry, registry: &Registry) -> Option<Refusal> {
        if self.has_interfaces() {
            return None;
        }
        let at = FieldPath::from("spec.serviceRegistries");
        let refuse = |at, message: &str| Some(Refusal::new("RegistrationNotPossible", at, message));
        let other = |asked: &RegistryRecordType| *asked != RegistryRecordType::Srv;
        if self.spec.task.network_mode == Some(NetworkMode::None) {
            return refuse(
                at,
                "with task.networkMode: none nobody reaches the tasks: take the entry out, or write awsvpc",
            );
        }
        if entry.container_port.is_none() {
            let message = "tasks without a network interface of their own are found by the port of their instance: write \
                           containerName and containerPort in place of port, or task.networkMode: awsvpc";
            return refuse(at.member("containerPort"), message);
        }
        if registry.record_types.iter().any(other) {
            let message = "tasks without a network interface of their own are found by SRV records alone: write [SRV], take \
                           recordTypes out, or write task.networkMode: awsvpc";
            return refuse(at.member("registry.recordTypes"), message);
        }
        None
    }
}

/// A port is told by no other record than SRV.
fn record_types(entry: &ServiceRegistry, registry: &Registry) -> BTreeSet<RegistryRecordType> {
    if !registry.record_types.is_empty() {
        return registry.record_types.iter().copied().collect();
    }
    let has_port = entry.port.is_some() || entry.container_port.is_some();
    [if has_port { RegistryRecordType::Srv } else { RegistryRecordType::A }].into()
}

fn no_namespace(given: &str, found: &[CloudMapNamespace], at: &FieldPath) -> Refusal {
    let message = if found.is_empty() {
        format!(
            "this account and region have no Cloud Map namespace {given}: correct the name, or have the platform team make it"
        )
    } else {
        let arns: Vec<&str> = found.iter().map(|one| one.arn.as_str()).collect();
        format!("{} namespaces have the name {given}: write the ARN of one of them, {}", found.len(), arns.join(" or "))
    };
    Refusal::new("NoNamespace", at.member("namespace"), message)
}
