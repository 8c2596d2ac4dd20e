//! Which load balancers reach the instances of a cluster, and on which ports: by all services that share their interface.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::Resource;
use longshore_crds::ecs_service::LaunchType;
use longshore_crds::task_definition::NetworkMode;
use longshore_crds::{EcsCluster, EcsService, Managed, Mode};
use longshore_planner::desired::{BalancerAccess, Reference, Scope, instance_access, refused_balancers};
use longshore_planner::engine::Id;

use super::dependants::cluster_named;
use super::index::{Stores, keys};
use crate::object::{Key, ObjectKind};
use crate::references::{cluster_in_aws, instance_listeners};
use crate::sweep::settled;

impl Stores {
    /// What a cluster's instances let in. `scope` is the cluster's. What was let in stays while a service that asks for it is
    /// only looked at, suspended or on its way out, and while any service of the cluster is not where it wants to be: tasks
    /// may still be on the ports that it had before.
    pub(crate) fn balancer_access(&self, cluster: &EcsCluster, scope: &Scope) -> BTreeSet<BalancerAccess> {
        let (mut open, mut kept, mut moving) = (BTreeSet::new(), BTreeSet::new(), false);
        let reference = cluster_in_aws(cluster, scope);
        for service in self.services_in(cluster, scope) {
            let own = self.scope(service.as_ref(), &scope.installation, &scope.environment_name, &scope.environment);
            let listeners = instance_listeners(&service, &own, self);
            moving |=
                is_moving(&service) || listeners.values().any(|listener| matches!(listener, Reference::Waiting { .. }));
            let asked = instance_access(&service.spec, &reference, &listeners);
            let may = is_managed(&service) && refused_balancers(&own, &service.spec).is_empty();
            if may { &mut open } else { &mut kept }.extend(asked);
        }
        let stays = |access: &BalancerAccess| {
            kept.iter().any(|one| access.covers(one)) || moving && !self.is_going(&access.security_group_id)
        };
        open.extend(let_in(cluster).filter(stays));
        open
    }

    /// The services of a cluster. `scope` is the cluster's.
    pub(super) fn services_in(&self, cluster: &EcsCluster, scope: &Scope) -> Vec<Arc<EcsService>> {
        let key = Key::of(ObjectKind::EcsCluster, cluster);
        let mut services = self.services.state();
        services.retain(|service| {
            cluster_named(&service.spec.cluster, service.as_ref()).as_ref() == Some(&key)
                && self.environment_of(service.as_ref()) == scope.environment_name
        });
        services
    }

    /// Whether the load balancer of a security group is being deleted: it waits until nothing names its group.
    fn is_going(&self, security_group_id: &str) -> bool {
        self.load_balancers.state().iter().any(|balancer| {
            let group = balancer.status.as_ref().and_then(|status| status.security_group_id.as_deref());
            balancer.meta().deletion_timestamp.is_some() && group == Some(security_group_id)
        })
    }

    /// The clusters whose instances a load balancer reaches.
    pub(super) fn clusters_behind(&self, load_balancer: &Key) -> BTreeSet<Key> {
        let services = self.services_behind(load_balancer).into_iter();
        let services = services.filter_map(|key| self.service(&key.namespace, &key.name));
        let shared = services.filter(|service| may_share(service));
        let named: BTreeSet<Key> =
            shared.filter_map(|service| cluster_named(&service.spec.cluster, service.as_ref())).collect();
        let group = self.load_balancer(&load_balancer.namespace, &load_balancer.name);
        let group = group.and_then(|balancer| balancer.status.as_ref()?.security_group_id.clone());
        let lets_in = |cluster: &EcsCluster| let_in(cluster).any(|one| Some(one.security_group_id) == group);
        named.into_iter().chain(keys(&self.clusters, lets_in)).collect()
    }

    /// The clusters that let load balancers in, of which a service that is gone may have been one's last.
    pub(super) fn clusters_that_let_in(&self) -> Vec<Key> {
        keys(&self.clusters, |cluster| let_in(cluster).next().is_some())
    }
}

/// What a cluster lets in already, by its inventory.
fn let_in(cluster: &EcsCluster) -> impl Iterator<Item = BalancerAccess> {
    let resources = cluster.status.iter().flat_map(|status| status.resources.keys());
    resources.filter_map(|id| BalancerAccess::of_id(&id.parse::<Id>().ok()?))
}

fn is_managed(service: &EcsService) -> bool {
    service.spec.mode() == Mode::Manage && service.meta().deletion_timestamp.is_none()
}

/// Whether tasks may run that are not what the spec asks for.
fn is_moving(service: &EcsService) -> bool {
    let made = service.status.as_ref().is_some_and(|status| status.service_arn.is_some());
    made && service.spec.launch_type != Some(LaunchType::Fargate) && !settled(service)
}

/// Whether its tasks may share their instance's interface: where they run its cluster may say.
fn may_share(service: &EcsService) -> bool {
    service.spec.launch_type != Some(LaunchType::Fargate) && service.spec.task.network_mode != Some(NetworkMode::Awsvpc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::index::tests::stored;
    use longshore_crds::AwsEnvironmentSpec;
    use serde_json::{Value, json};

    const PUBLIC: &str = "ec2/security-group-rule:general-balancer-sg-0public";

    /// A service of the cluster in front of which a load balancer is, with a patch.
    fn service(name: &str, patch: &Value) -> Value {
        let mut object = json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService",
            "metadata": {"namespace": "shop", "name": name, "generation": 1, "finalizers": [crate::kubernetes::FINALIZER]},
            "spec": {
                "cluster": {"name": "main"}, "launchType": "EC2",
                "loadBalancers": [{"name": "web", "loadBalancer": {"name": "public"}, "listener": "https",
                    "containerName": "web", "containerPort": 80}],
                "task": {"networkMode": "bridge", "containerDefinitions": [
                    {"name": "web", "image": "nginx", "portMappings": [{"containerPort": 80, "hostPort": 8080}]}]},
            },
            "status": {
                "serviceArn": "arn", "observedGeneration": 1,
                "conditions": [{"type": "Ready", "status": "True", "reason": "Converged", "message": "",
                    "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}],
            },
        });
        for (pointer, value) in patch.as_object().unwrap() {
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            object.pointer_mut(parent).unwrap()[member] = value.clone();
        }
        object
    }

    fn balancer(deleted: bool) -> Value {
        let deleted = if deleted { json!("2026-01-01T00:00:00Z") } else { Value::Null };
        json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "ApplicationLoadBalancer",
            "metadata": {"namespace": "shop", "name": "public", "deletionTimestamp": deleted},
            "spec": {"scheme": "internal", "listeners": [{"name": "https", "port": 443, "protocol": "HTTPS"}]},
            "status": {"securityGroupId": "sg-0public", "listeners": [
                {"name": "https", "port": 443, "listenerArn": "arn:listener"}]},
        })
    }

    fn cluster(told: &[&str]) -> Value {
        let resources = told.iter().map(|id| ((*id).to_owned(), json!({}))).collect::<serde_json::Map<_, _>>();
        json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsCluster",
            "metadata": {"namespace": "shop", "name": "main"}, "spec": {},
            "status": {"clusterArn": "arn:cluster/main", "resources": resources},
        })
    }

    fn stores(services: &[Value], told: &[&str], deleted: bool) -> Stores {
        Stores {
            services: stored(services),
            load_balancers: stored(&[balancer(deleted)]),
            clusters: stored(&[cluster(told)]),
            ..Stores::empty()
        }
    }

    /// What the cluster lets in, as `from-to`.
    fn open(stores: &Stores) -> Vec<String> {
        let cluster = stores.cluster("shop", "main").unwrap();
        let environment: AwsEnvironmentSpec = serde_json::from_value(json!({
            "accountId": "123456789012", "region": "eu-west-1", "network": {"vpcId": "vpc-0a1b2c3d"},
        }))
        .unwrap();
        let name = stores.environment_of(cluster.as_ref());
        let scope = stores.scope(cluster.as_ref(), "installation-1", &name, &environment);
        let open = stores.balancer_access(&cluster, &scope);
        open.iter().map(|one| format!("{}-{}", one.from_port, one.to_port)).collect()
    }

    #[test]
    fn a_cluster_lets_in_what_its_services_need_and_closes_it_once_nobody_does() {
        let before = format!("{PUBLIC}-7000-7000@0123abcd");
        let told = [before.as_str()];
        let moves = json!({"/metadata/generation": 2});
        let elsewhere = json!({"/spec/cluster": {"name": "other"}});
        let own = json!({"/spec/task/networkMode": "awsvpc"});
        let watched = json!({"/spec/mode": "Observe"});
        let unmade = json!({"/spec/mode": "Observe", "/status": {}});
        let asks_for_it = json!({
            "/spec/mode": "Observe",
            "/spec/task/containerDefinitions": [
                {"name": "web", "image": "nginx", "portMappings": [{"containerPort": 80, "hostPort": 7000}]}],
        });
        let fargate = json!({"/spec/launchType": "FARGATE", "/spec/task/networkMode": null, "/metadata/generation": 2});
        let cases: [(&str, &Value, bool, &[&str]); 9] = [
            ("its port, and no more what nobody needs", &json!({}), false, &["8080-8080"]),
            ("tasks may still be where they were", &moves, false, &["7000-7000", "8080-8080"]),
            ("which a load balancer that goes does not wait for", &moves, true, &["8080-8080"]),
            ("it runs in another cluster", &elsewhere, false, &[]),
            ("its tasks have interfaces of their own", &own, false, &[]),
            ("it is only looked at", &watched, false, &[]),
            ("it is only looked at, and is not there", &unmade, false, &[]),
            ("it is only looked at, and what it uses stays", &asks_for_it, false, &["7000-7000"]),
            ("it is on no instance", &fargate, false, &[]),
        ];
        for (what, patch, deleted, expected) in cases {
            assert_eq!(open(&stores(&[service("api", patch)], &told, deleted)), expected, "{what}");
        }
        let two = [service("api", &json!({})), service("web", &json!({"/spec/task/networkMode": "host"}))];
        assert_eq!(open(&stores(&two, &[], false)), ["80-80", "8080-8080"]);
        assert_eq!(open(&stores(&[], &told, false)), [""; 0]);
    }

    #[test]
    fn a_load_balancer_of_somebody_else_is_let_in_only_if_a_grant_covers_its_group() {
        let foreign = json!({"/spec/loadBalancers/0/loadBalancer": {"listenerArn": "arn:theirs", "securityGroupId": "sg-0theirs"},
            "/spec/loadBalancers/0/listener": null});
        assert_eq!(open(&stores(&[service("api", &foreign)], &[], false)), [""; 0]);
    }

    #[test]
    fn a_cluster_looks_again_when_a_load_balancer_in_front_of_its_instances_changes_or_a_service_of_it_is_gone() {
        let told = format!("{PUBLIC}-8080-8080@0123abcd");
        let keys = |keys: Vec<Key>| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
        let public = Key { kind: ObjectKind::ApplicationLoadBalancer, namespace: "shop".into(), name: "public".into() };
        let gone = Key { kind: ObjectKind::EcsService, namespace: "shop".into(), name: "gone".into() };
        let used = stores(&[service("api", &json!({}))], &[], false);
        assert_eq!(keys(used.dependants(&public)), ["EcsService/shop/api", "EcsCluster/shop/main"]);
        assert_eq!(keys(used.dependants_of_gone_service(&gone)), [""; 0]);
        let own = stores(&[service("api", &json!({"/spec/task/networkMode": "awsvpc"}))], &[], false);
        assert_eq!(keys(own.dependants(&public)), ["EcsService/shop/api"]);
        let lets_in = stores(&[], &[told.as_str()], false);
        assert_eq!(keys(lets_in.dependants(&public)), ["EcsCluster/shop/main"]);
        assert_eq!(keys(lets_in.dependants_of_gone_service(&gone)), ["EcsCluster/shop/main"]);
    }
}
