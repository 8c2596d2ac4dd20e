//! What a service refers to, as the other objects stand: its cluster, the listeners that it stands behind, the services
//! that it lets in, the file systems that it mounts.

mod after;
mod file_systems;
mod instances;
mod task_source;

pub(crate) use file_systems::may_mount;
pub(crate) use instances::{cluster_in_aws, instance_listeners};
pub(crate) use task_source::{is_behind, runs_spec_of, task_source};

use std::collections::BTreeMap;

use kube::{Resource, ResourceExt};
use longshore_crds::ecs_service::ServiceLoadBalancer;
use longshore_crds::{ApplicationLoadBalancer, ClusterRef, EcsCluster, EcsService, LoadBalancerRef};
use longshore_planner::desired::{
    Address, Claim, ClusterReference, ListenerName, ListenerReference, Reference, References, Scope, ServiceReference,
    claimable, claims, counting, load_balancer_admits,
};

use crate::kubernetes::{ANNOTATION_BASE, Stores};
use crate::object::{Key, ObjectKind};

/// Everything that a service refers to.
pub(crate) fn references(service: &EcsService, scope: &Scope, stores: &Stores) -> References {
    let cluster = if is_going(service) {
        Reference::Ready(cluster_to_look_in(&service.spec.cluster, scope, stores))
    } else {
        cluster_reference(&service.spec.cluster, scope, stores)
    };
    let listener = |entry: &ServiceLoadBalancer| {
        Some((entry.name.clone(), listener_reference(service, Named::production(entry), scope, stores)?))
    };
    let test_listener = |entry: &ServiceLoadBalancer| {
        let named = Named { entry, listener: entry.test_listener.as_deref()?, at: "testListener" };
        let reference = listener_reference(service, named, scope, stores)?;
        // Whoever goes does not wait for a listener that is no more.
        let counts = !is_going(service) || reference.ready().is_some();
        counts.then(|| (entry.name.clone(), reference))
    };
    let entries = &service.spec.load_balancers;
    let file_systems = file_systems::references(service, scope, stores);
    let environment = stores.environment(&scope.environment_name);
    let access = environment.and_then(|environment| environment.status.as_ref().map(|status| status.access.clone()));
    References {
        cluster,
        listeners: entries.iter().filter_map(listener).collect(),
        test_listeners: entries.iter().filter_map(test_listener).collect(),
        services: service_references(service, scope, stores),
        file_systems,
        access: access.unwrap_or_default(),
        tasks: after::tasks(service, scope, stores),
        revisions: after::revisions(service),
        deployed: service.status.as_ref().and_then(|status| status.deployment.as_ref()?.task_definition.clone()),
    }
}

fn is_going(service: &EcsService) -> bool {
    service.meta().deletion_timestamp.is_some()
}

fn waiting<T>(reason: &str, message: String) -> Reference<T> {
    Reference::Waiting { reason: reason.to_owned(), message }
}

/// Where a service is that is being deleted: its cluster may be going, too, or have lost its status.
fn cluster_to_look_in(reference: &ClusterRef, scope: &Scope, stores: &Stores) -> ClusterReference {
    if let Some(arn) = &reference.arn {
        return cluster_of(arn);
    }
    let namespace = reference.namespace.as_deref().unwrap_or(&scope.namespace);
    let name = reference.name.as_deref().unwrap_or_default();
    let object = stores.cluster(namespace, name);
    let base = object.as_ref().and_then(|object| object.annotations().get(ANNOTATION_BASE).cloned());
    let given = object.as_ref().and_then(|object| object.spec.cluster_name.clone());
    let cluster = ClusterReference::of_object(scope, namespace, name, base, given);
    match object {
        Some(object) => cluster.of_spec(&base_of(&object, scope), &object.spec),
        None => cluster,
    }
}

/// What the names of a cluster's own things begin with.
fn base_of(cluster: &EcsCluster, scope: &Scope) -> String {
    let pinned = cluster.annotations().get(ANNOTATION_BASE).cloned();
    let namespace = cluster.namespace().unwrap_or_default();
    ClusterReference::base(scope, &namespace, &cluster.name_any(), pinned)
}

fn cluster_of(arn: &str) -> ClusterReference {
    ClusterReference {
        arn: arn.to_owned(),
        name: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        ..ClusterReference::default()
    }
}

/// The cluster that a service names: an object here, or an ARN.
fn cluster_reference(reference: &ClusterRef, scope: &Scope, stores: &Stores) -> Reference<ClusterReference> {
    if let Some(arn) = &reference.arn {
        return Reference::Ready(cluster_of(arn));
    }
    let namespace = reference.namespace.as_deref().unwrap_or(&scope.namespace);
    let name = reference.name.as_deref().unwrap_or_default();
    let Some(cluster) = stores.cluster(namespace, name) else {
        let message = format!(
            "spec.cluster: there is no EcsCluster {name} in namespace {namespace}; make it, or correct the name"
        );
        return waiting("ClusterNotFound", message);
    };
    if let Err(message) = stores.may_use_cluster(&cluster, scope) {
        return waiting("ClusterNotAllowed", message);
    }
    if cluster.metadata.deletion_timestamp.is_some() {
        return waiting("ClusterDeleting", format!("spec.cluster: EcsCluster {namespace}/{name} is being deleted"));
    }
    match cluster.status.as_ref().and_then(|status| status.cluster_arn.as_ref()) {
        Some(_) => Reference::Ready(cluster_in_aws(&cluster, scope)),
        None => {
            waiting("ClusterNotReady", format!("spec.cluster: EcsCluster {namespace}/{name} has no cluster in AWS yet"))
        }
    }
}

/// A listener, by the member of an entry that names it.
#[derive(Clone, Copy)]
struct Named<'a> {
    entry: &'a ServiceLoadBalancer,
    listener: &'a str,
    at: &'static str,
}

impl<'a> Named<'a> {
    fn production(entry: &'a ServiceLoadBalancer) -> Self {
        Self { entry, listener: entry.listener.as_deref().unwrap_or_default(), at: "listener" }
    }
}

/// The listener that an entry names; `None` where there is no such ApplicationLoadBalancer, which the planner tells.
fn listener_reference(
    service: &EcsService,
    named: Named<'_>,
    scope: &Scope,
    stores: &Stores,
) -> Option<Reference<ListenerReference>> {
    let Named { entry, listener: wanted, at } = named;
    let reference = entry.load_balancer.as_ref()?;
    if let Some(foreign) = foreign_listener(reference) {
        let name = ListenerName::Foreign(foreign.listener_arn.clone());
        let claims = claims_on(&name, &scope.environment_name, stores);
        return Some(Reference::Ready(ListenerReference { claims, ..foreign }));
    }
    let (namespace, name) = (home(reference, scope), reference.name.as_deref()?);
    let balancer = stores.load_balancer(namespace, name)?;
    if is_going(service) {
        // It goes whatever the load balancer says by now.
        return Some(known_listener(&balancer, named, vec![], None));
    }
    if let Some(refused) = in_the_way(&balancer, entry, scope, stores) {
        return Some(refused);
    }
    let Some(listener) = balancer.spec.listeners.iter().find(|listener| listener.name == wanted) else {
        let there: Vec<&str> = balancer.spec.listeners.iter().map(|listener| listener.name.as_str()).collect();
        let message = format!(
            "spec.loadBalancers[{}].{at}: ApplicationLoadBalancer {namespace}/{name} has no listener {wanted}; it has {}",
            entry.name,
            there.join(", ")
        );
        return Some(waiting("LoadBalancerNotFound", message));
    };
    let on = ListenerName::Ours {
        namespace: namespace.to_owned(),
        load_balancer: name.to_owned(),
        listener: wanted.to_owned(),
    };
    let all = claims_on(&on, &scope.environment_name, stores);
    let labels = |namespace: &str| stores.namespace_labels(namespace);
    let claims = counting(namespace, &balancer.spec, listener, all, labels);
    let hosts = claimable(namespace, listener, &scope.namespace, &scope.namespace_labels);
    Some(known_listener(&balancer, named, claims, hosts))
}

/// One that Longshore does not own, without what is claimed there.
fn foreign_listener(reference: &LoadBalancerRef) -> Option<ListenerReference> {
    Some(ListenerReference {
        listener_arn: reference.listener_arn.clone()?,
        security_group_id: reference.security_group_id.clone()?,
        protocol: None,
        address: None,
        hosts: None,
        claims: vec![],
    })
}

/// The namespace of the load balancer that a reference names.
fn home<'a>(reference: &'a LoadBalancerRef, scope: &'a Scope) -> &'a str {
    reference.namespace.as_ref().unwrap_or(&scope.namespace)
}

/// Why the object may not stand behind the load balancer: it admits its own namespace, and those that it allows, in the
/// same environment.
fn in_the_way(
    balancer: &ApplicationLoadBalancer,
    entry: &ServiceLoadBalancer,
    scope: &Scope,
    stores: &Stores,
) -> Option<Reference<ListenerReference>> {
    let namespace = balancer.namespace().unwrap_or_default();
    let what = format!(
        "spec.loadBalancers[{}].loadBalancer: ApplicationLoadBalancer {namespace}/{}",
        entry.name,
        balancer.name_any()
    );
    if !load_balancer_admits(&namespace, &balancer.spec, &scope.namespace, &scope.namespace_labels) {
        let message = format!(
            "{what} does not admit the namespace {}; its owner can add it to spec.allowedNamespaces",
            scope.namespace
        );
        return Some(waiting("LoadBalancerNotAllowed", message));
    }
    let its_environment = stores.environment_of(balancer);
    if its_environment != scope.environment_name {
        let message = format!(
            "{what} is in the AwsEnvironment {its_environment}, this object in {}; nothing reaches across",
            scope.environment_name
        );
        return Some(waiting("LoadBalancerNotAllowed", message));
    }
    if balancer.meta().deletion_timestamp.is_some() {
        return Some(waiting("LoadBalancerDeleting", format!("{what} is being deleted")));
    }
    None
}

/// By what the status of the load balancer tells.
fn known_listener(
    balancer: &ApplicationLoadBalancer,
    Named { entry, listener: wanted, .. }: Named<'_>,
    claims: Vec<Claim>,
    hosts: Option<Vec<String>>,
) -> Reference<ListenerReference> {
    let status = balancer.status.as_ref();
    let arn = status.and_then(|status| status.listeners.iter().find(|listener| listener.name == wanted));
    let group = status.and_then(|status| status.security_group_id.clone());
    let spec = balancer.spec.listeners.iter().find(|listener| listener.name == wanted);
    let address = status.and_then(|status| {
        let (name, zone) = (status.dns_name.clone()?, status.hosted_zone_id.clone()?);
        Some(Address::new(name, zone, balancer.spec.ip_address_type))
    });
    if let (Some(listener), Some(security_group_id)) = (arn, group) {
        return Reference::Ready(ListenerReference {
            listener_arn: listener.listener_arn.clone(),
            security_group_id,
            protocol: spec.map(|spec| spec.protocol),
            address,
            hosts,
            claims,
        });
    }
    let (namespace, name) = (balancer.namespace().unwrap_or_default(), balancer.name_any());
    let message = format!(
        "spec.loadBalancers[{}].loadBalancer: ApplicationLoadBalancer {namespace}/{name} has no listener {wanted} in AWS \
         yet",
        entry.name
    );
    waiting("LoadBalancerNotReady", message)
}

/// All that is asked for of a listener by the services of an environment.
fn claims_on(listener: &ListenerName, environment: &str, stores: &Stores) -> Vec<Claim> {
    let mut found = vec![];
    for service in stores.services.state() {
        if !names(&service, listener) || stores.environment_of(service.as_ref()) != environment {
            continue;
        }
        let key = Key::of(ObjectKind::EcsService, service.as_ref());
        let since = service.meta().creation_timestamp.as_ref().map(|since| since.0.to_string()).unwrap_or_default();
        let mut all = claims(&key.to_string(), &key.namespace, &since, &service.spec);
        found.extend(all.remove(listener).unwrap_or_default());
    }
    found
}

/// Whether a service names a listener at all: most do not, and are passed by quickly.
fn names(service: &EcsService, listener: &ListenerName) -> bool {
    service.spec.load_balancers.iter().any(|entry| match listener {
        ListenerName::Foreign(arn) => {
            entry.load_balancer.as_ref().is_some_and(|reference| reference.listener_arn.as_ref() == Some(arn))
        }
        ListenerName::Ours { load_balancer, listener, .. } => {
            let name = entry.load_balancer.as_ref().and_then(|reference| reference.name.as_ref());
            let on = |named: &Option<String>| named.as_ref() == Some(listener);
            name == Some(load_balancer) && (on(&entry.listener) || on(&entry.test_listener))
        }
    })
}

/// The services that are let in, by namespace and name. One that is not there is told by the planner.
fn service_references(
    service: &EcsService,
    scope: &Scope,
    stores: &Stores,
) -> BTreeMap<(String, String), Reference<ServiceReference>> {
    let allowed = service.spec.network_configuration.iter().flat_map(|network| &network.allow_from);
    let named = allowed.filter_map(|allowed| allowed.service.as_ref());
    let found = named.filter_map(|named| {
        let namespace = named.namespace.clone().unwrap_or_else(|| scope.namespace.clone());
        let other = stores.service(&namespace, &named.name)?;
        let what = format!("EcsService {namespace}/{}", named.name);
        let its_environment = stores.environment_of(other.as_ref());
        let group = other.status.as_ref().and_then(|status| status.security_group_id.clone());
        let reference = match group {
            _ if its_environment != scope.environment_name => waiting(
                "OtherEnvironment",
                format!("{what} is in the AwsEnvironment {its_environment}; nothing reaches across"),
            ),
            Some(security_group_id) => Reference::Ready(ServiceReference { security_group_id }),
            None => waiting("ServiceNotReady", format!("{what} has no security group in AWS yet")),
        };
        Some(((namespace, named.name.clone()), reference))
    });
    found.collect()
}
