//! A file system that services mount by the interface of their instance, and the rules that a cluster has for that.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_ec2::operation::revoke_security_group_ingress::builders::RevokeSecurityGroupIngressInputBuilder;
use futures::future::LocalBoxFuture;
use longshore_crds::{EcsClusterSpec, EcsClusterStatus};
use longshore_planner::desired::{
    ClusterReference, FileSystemReference, MountAccess, Obstacle, Reference, References, ecs_cluster, ecs_service,
    instance_mounts, let_instances_mount,
};
use longshore_planner::engine::World;
use longshore_planner::report::fill_cluster;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::account::Account;
use crate::examples::{self, scope};
use crate::instances::on_instances;
use crate::mounting::{file_system, service_detail};
use crate::object::{Object, cluster_of, thing, words};
use crate::survey::{judged, subject, suspicion};

fn spec() -> EcsClusterSpec {
    serde_json::from_value(json!({
        "ec2Capacity": [{"name": "general", "instanceType": "m7g.large", "minSize": 3, "maxSize": 3}],
        "defaultCapacityProviderStrategy": [{"capacityProvider": "general", "weight": 1}],
    }))
    .unwrap()
}

/// Example 20's mount in a network mode, by instances of the cluster's own.
fn mounting(mode: &str, further: &Value) -> Value {
    let mut patch = on_instances(&json!({"desiredCount": 3}));
    patch["launchType"] = Value::Null;
    patch["task"]["networkMode"] = json!(mode);
    patch["task"]["containerDefinitions"][0]["portMappings"] = json!([]);
    patch["task"]["containerDefinitions"][0]["mountPoints"] =
        json!([{"sourceVolume": "shared", "containerPath": "/data"}]);
    patch["task"]["volumes"] = json!([{"name": "shared", "efsVolumeConfiguration": {
        "fileSystemRef": {"name": "shared"}, "authorizationConfig": {"accessPointRef": "orders"}}}]);
    examples::merge(&mut patch, further);
    patch
}

/// A file system, and a cluster with instances that goes by the services that it knows.
struct Host {
    account: Account,
    shared: Object,
    cluster: Object,
    known: Rc<RefCell<BTreeSet<MountAccess>>>,
    /// What the file system alone has made.
    files: Vec<String>,
}

impl Host {
    fn new() -> LocalBoxFuture<'static, Self> {
        Box::pin(Self::made())
    }

    async fn made() -> Self {
        let account = Account::new().await;
        let mut shared = file_system(&json!({}));
        shared.converge(&account).await;
        let files = account.ours();
        let known: Rc<RefCell<BTreeSet<MountAccess>>> = Rc::default();
        let mounts = known.clone();
        let mut cluster = Object::needing(scope("EcsCluster", "ec2"), move |scope, memory, facts| {
            let cluster = ecs_cluster(scope, &spec(), facts, memory)?;
            Ok(let_instances_mount(cluster, scope, &spec(), &mounts.borrow(), &BTreeSet::new())?)
        });
        cluster.converge(&account).await;
        sleep(Duration::from_mins(3)).await;
        Self { account, shared, cluster, known, files }
    }

    /// The cluster hears of its services.
    async fn knows(&mut self, patches: &[&Value]) {
        let seen = self.cluster.planned(&self.account).await.0;
        let (reference, group) = (self.reference(&seen), self.group().await);
        let asked = |patch: &&Value| instance_mounts(&examples::service(patch), &reference, &[group.clone()].into());
        let all: BTreeSet<MountAccess> = patches.iter().flat_map(asked).collect();
        *self.known.borrow_mut() = all;
        self.cluster.converge(&self.account).await;
    }

    /// How services see the cluster, by what its status tells.
    fn reference(&self, seen: &World) -> ClusterReference {
        let mut status = EcsClusterStatus::default();
        fill_cluster(&mut status, &self.cluster.graph(), seen);
        let reference = cluster_of(seen).of_spec(&self.cluster.scope.base(), &spec());
        reference.with_instances(&spec(), &status.ec2_capacity)
    }

    /// The security group of the mount targets.
    async fn group(&mut self) -> String {
        thing(&self.shared.planned(&self.account).await.0, "security-group").outputs["id"].clone()
    }

    async fn references(&mut self) -> References {
        let seen = self.cluster.planned(&self.account).await.0;
        let files = self.shared.planned(&self.account).await.0;
        let output = |key: &str| thing(&files, key).outputs["id"].clone();
        let known = FileSystemReference {
            file_system_id: output("file-system"),
            clients_security_group_id: output("clients"),
            security_group_id: Some(output("security-group")),
            access_points: [("orders".to_owned(), Some(output("orders")))].into(),
        };
        let file_systems = [(("shop".to_owned(), "shared".to_owned()), Reference::Ready(known))].into();
        References { file_systems, ..References::to_cluster(Reference::Ready(self.reference(&seen))) }
    }

    async fn service(&mut self, name: &str, patch: &Value) -> Object {
        let (spec, references) = (examples::service(patch), self.references().await);
        Object::needing(scope("EcsService", name), move |scope, memory, facts| {
            ecs_service(scope, &spec, facts, &references, memory)
        })
    }

    /// Somebody closes the mount targets to the instances.
    async fn close(&mut self) {
        let seen = self.cluster.planned(&self.account).await.0;
        let (id, _) = seen.things.iter().find(|(id, _)| MountAccess::of_id(id).is_some()).unwrap();
        let rule = thing(&seen, &id.key).outputs["id"].clone();
        let request = RevokeSecurityGroupIngressInputBuilder::default().group_id(self.group().await);
        self.account.session.writer().write(request.security_group_rule_ids(rule)).await.unwrap();
        sleep(Duration::from_mins(2)).await;
    }

    /// Why tasks of a service that goes by what was told before stopped, within some minutes.
    async fn failures(&self, service: &mut Object) -> Vec<String> {
        let mut reasons = vec![];
        for _ in 0..10 {
            let round = service.round(&self.account).await;
            if round.world.things.keys().any(|id| id.key == "service") {
                let failed = service_detail(&round.world).failed_tasks.into_iter();
                reasons.extend(failed.map(|task| task.stopped_reason));
            }
            sleep(Duration::from_secs(20)).await;
        }
        reasons
    }
}

#[tokio::test(start_paused = true)]
async fn services_that_share_their_instances_interface_mount_once_the_cluster_has_it_let_in() {
    let mut host = Host::new().await;
    let modes = ["bridge", "host", "none"];
    let patches = modes.map(|mode| mounting(mode, &json!({})));
    let waiting = host.service("bridge", &patches[0]).await;
    let asked = ecs_service(
        &waiting.scope,
        &examples::service(&patches[0]),
        &[].into(),
        &host.references().await,
        &waiting.memory,
    );
    assert!(matches!(&asked, Err(Obstacle::Waiting { reason, .. }) if reason == "InstancesNotLetIn"), "{asked:?}");

    host.knows(&patches.each_ref()).await;
    let rules = host.known.borrow().len();
    assert_eq!(rules, 1, "one rule for all of them");
    let mut services = vec![];
    for (mode, patch) in modes.iter().zip(&patches) {
        let mut service = host.service(mode, patch).await;
        let detail = service_detail(&service.converge(&host.account).await);
        assert!(detail.running == 3 && detail.failed_tasks.is_empty(), "{mode}: {detail:?}");
        services.push(service);
    }
    sleep(Duration::from_mins(1)).await;
    let since = host.account.now();
    for object in services.iter_mut().chain([&mut host.shared, &mut host.cluster]) {
        let (_, plan) = object.planned(&host.account).await;
        assert_eq!(plan.steps.iter().map(words).collect::<Vec<_>>(), [""; 0]);
    }
    let all: Vec<_> = services.iter().chain([&host.shared, &host.cluster]).map(subject).collect();
    let found = judged(&host.account, &all).await;
    assert_eq!(found.iter().filter_map(suspicion).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(host.account.writes(since), [].into());
}

#[tokio::test(start_paused = true)]
async fn where_it_is_closed_again_tasks_say_so_in_docker_s_words_until_it_is_put_right() {
    let mut host = Host::new().await;
    let patch = mounting("bridge", &json!({}));
    host.knows(&[&patch]).await;
    // It goes by what the cluster told while it was open.
    let mut early = host.service("early", &patch).await;
    host.close().await;
    let reasons = host.failures(&mut early).await;
    let (begins, ends) = ("Error response from daemon: create ecs-", "mount.nfs4: Connection timed out");
    let expected = |reason: &String| reason.starts_with(begins) && reason.ends_with(ends);
    assert!(reasons.iter().any(expected), "{reasons:?}");
    early.remove(&host.account).await;

    let found = judged(&host.account, &[subject(&host.cluster)]).await;
    assert!(suspicion(&found[0]).is_some(), "{found:?}");
    host.cluster.converge(&host.account).await;
    let found = judged(&host.account, &[subject(&host.cluster)]).await;
    assert_eq!(suspicion(&found[0]), None, "it is put right");
    let mut late = host.service("late", &patch).await;
    let detail = service_detail(&late.converge(&host.account).await);
    assert!(detail.running == 3 && detail.failed_tasks.is_empty(), "{detail:?}");
}

/// In which order the file system and the cluster go once nothing mounts any more, and whether the cluster hears before that it
/// has nothing to keep open.
#[tokio::test(start_paused = true)]
async fn file_system_and_cluster_go_in_any_order_and_leave_nothing() {
    for (files_first, hears) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut host = Host::new().await;
        let patch = mounting("bridge", &json!({}));
        host.knows(&[&patch]).await;
        let mut service = host.service("uploads", &patch).await;
        service.converge(&host.account).await;
        service.remove(&host.account).await;
        if hears {
            host.knows(&[]).await;
        }
        let Host { account, mut shared, mut cluster, .. } = host;
        let order = if files_first { [&mut shared, &mut cluster] } else { [&mut cluster, &mut shared] };
        for object in order {
            object.remove(&account).await;
        }
        assert_eq!(account.ours(), [""; 0], "the file system first: {files_first}, the cluster hears: {hears}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_system_that_stays_keeps_nobody_from_going() {
    let mut host = Host::new().await;
    let patch = mounting("bridge", &json!({}));
    host.knows(&[&patch]).await;
    let mut service = host.service("uploads", &patch).await;
    service.converge(&host.account).await;
    // The object of the file system is gone, and all that it made is still there.
    service.remove(&host.account).await;
    host.cluster.remove(&host.account).await;
    assert_eq!(host.account.ours(), host.files);
}
