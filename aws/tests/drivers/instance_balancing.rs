//! Services that share their instances' interface, behind one load balancer: on ports that nobody chose, and through the rules
//! that a cluster has for all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::future::LocalBoxFuture;
use longshore_aws::Class;
use longshore_planner::desired::{BalancerAccess, Desired, References, Scope, balancer_rules, instance_access};
use longshore_planner::engine::{Graph, Id, Kind};
use longshore_planner::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};
use longshore_planner::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};
use longshore_planner::kinds::elbv2::target_group::TargetGroup;
use longshore_simulator::services::elbv2::{Question, request};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::account::Account;
use crate::balanced::{Balanced, orders};
use crate::examples::{self, scope};
use crate::instances::on_instances;
use crate::object::{Object, thing};

/// A service behind the load balancer, with the paths of its own.
fn behind(name: &str, mode: &str, mapping: &Value) -> Value {
    let mut patch = on_instances(&json!({"desiredCount": 1, "loadBalancers": [{
        "name": "web", "loadBalancer": {"name": "public"}, "listener": "https", "containerName": "web",
        "containerPort": 80, "rules": [{"hosts": ["shop.example.com"], "paths": [format!("/{name}"), format!("/{name}/*")]}],
        "healthCheck": {"intervalSeconds": 10, "healthyThresholdCount": 2},
        // Two tasks with a port that is named do not fit on one instance.
        }], "deploymentConfiguration": {"minimumHealthyPercent": 0}}));
    patch["task"]["networkMode"] = json!(mode);
    patch["task"]["containerDefinitions"][0]["portMappings"] = json!([mapping]);
    patch
}

/// A load balancer, a cluster with one instance, and the group of that instance, which is what a cluster makes of an entry of
/// `ec2Capacity`.
struct Host {
    account: Account,
    balanced: Balanced,
    references: References,
    group: Object,
}

/// The instance's security group as the cluster wants it, by the services that it knows.
fn lets_in(accesses: BTreeSet<BalancerAccess>) -> impl Fn(&Scope) -> Desired {
    move |scope| {
        let mut graph = Graph::default();
        let group = SecurityGroup {
            name: "general".into(),
            vpc_id: scope.environment.network.vpc_id.clone(),
            description: "instances".into(),
            tags: [].into(),
        };
        let group = graph.add("general", group, "spec", &[]).unwrap().out(SecurityGroupOutput::Id);
        let way_out = SecurityGroupRule {
            group: group.clone(),
            direction: Direction::Egress,
            protocol: "-1".into(),
            from_port: -1,
            to_port: -1,
            peer: Peer::CidrIpv4("0.0.0.0/0".into()),
            description: String::new(),
            tags: [].into(),
        };
        graph.add("general-egress-all", way_out, "spec", &[]).unwrap();
        balancer_rules(&mut graph, scope, "general", &group, &accesses).unwrap();
        Desired { graph, ..Desired::default() }
    }
}

impl Host {
    fn new() -> LocalBoxFuture<'static, Self> {
        Box::pin(Self::made())
    }

    async fn made() -> Self {
        let account = Account::new().await;
        let mut balanced = Balanced::new();
        balanced.begin(&account).await;
        let references = balanced.references.clone().unwrap();
        let wants = lets_in([].into());
        let mut group = Object::of(scope("EcsCluster", "group"), move |scope, _| wants(scope));
        let group_id = thing(&group.converge(&account).await, "general").outputs["id"].clone();
        let cluster = &references.cluster.ready().unwrap().name;
        add_instance(&account, cluster, &group_id);
        sleep(Duration::from_mins(5)).await;
        Self { account, balanced, references, group }
    }

    /// The cluster hears of its services.
    async fn knows(&mut self, patches: &[&Value]) -> BTreeSet<BalancerAccess> {
        let cluster = self.references.cluster.ready().unwrap();
        let specs = patches.iter().map(|patch| examples::service(patch));
        let asked: BTreeSet<BalancerAccess> =
            specs.flat_map(|spec| instance_access(&spec, cluster, &self.references.listeners)).collect();
        let wants = lets_in(asked.clone());
        self.group.desires(move |scope, _| wants(scope));
        self.group.converge(&self.account).await;
        asked
    }

    fn service(&self, name: &str, patch: &Value) -> Object {
        orders(name, self.references.clone(), patch)
    }

    async fn question(&mut self, path: &str) -> Question {
        let balancer = self.balanced.balancer.planned(&self.account).await.0;
        let name = &thing(&balancer, "load-balancer").outputs["dnsName"];
        let question = json!({"url": format!("https://{name}{path}"), "host": "shop.example.com"});
        serde_json::from_value(question).unwrap()
    }

    /// Every port of the instance that a container's is bound to.
    fn ports(&self) -> Vec<i64> {
        let world = self.account.simulator.with_world(|world| serde_json::to_value(&world.ecs).unwrap());
        let tasks = world["tasks"].as_object().unwrap().values().filter(|task| task["phase"] == "RUNNING");
        let mut ports: Vec<i64> = tasks
            .flat_map(|task| task["host"]["bindings"].as_array().unwrap().clone())
            .map(|bound| bound["host"].as_i64().unwrap())
            .collect();
        ports.sort_unstable();
        ports
    }
}

/// An Auto Scaling group of one instance in a security group.
fn add_instance(account: &Account, cluster: &str, security_group_id: &str) {
    account.asks_of("iam", "CreateInstanceProfile", &json!({"InstanceProfileName": "agent"}));
    let role = json!({"InstanceProfileName": "agent", "RoleName": "ecsInstanceRole"});
    account.asks_of("iam", "AddRoleToInstanceProfile", &role);
    let data = json!({
        "ImageId": "ami-0ecsarm", "InstanceType": "m7g.large", "IamInstanceProfile": {"Name": "agent"},
        "SecurityGroupId": [security_group_id], "UserData": BASE64_STANDARD.encode(format!("ECS_CLUSTER={cluster}\n")),
    });
    let template = json!({"LaunchTemplateName": "general", "LaunchTemplateData": data});
    account.asks_of("ec2", "CreateLaunchTemplate", &template);
    let group = json!({
        "AutoScalingGroupName": "general", "MinSize": "1", "MaxSize": "1", "VPCZoneIdentifier": "subnet-0aaa",
        "LaunchTemplate": {"LaunchTemplateName": "general"},
    });
    account.asks_of("autoscaling", "CreateAutoScalingGroup", &group);
}

#[tokio::test(start_paused = true)]
async fn four_services_on_one_host_are_reached_on_ports_that_nobody_chose() {
    let mut host = Host::new().await;
    let dynamic = json!({"containerPort": 80});
    let names = ["api", "billing", "search", "stock"];
    let patches = names.map(|name| behind(name, "bridge", &dynamic));
    let mut api = host.service("api", &patches[0]);
    for _ in 0..6 {
        api.round(&host.account).await;
        sleep(Duration::from_secs(20)).await;
    }
    let question = host.question("/api/1").await;
    let outcome = host.account.simulator.with_world(|world| request(world, &question));
    assert!(!outcome.succeeded(), "the instance lets nobody in yet: {outcome:?}");

    let asked = host.knows(&patches.each_ref()).await;
    assert_eq!(asked.len(), 1, "one rule for all of them: {asked:?}");
    let mut services = vec![api];
    services.extend((1..4).map(|index| host.service(names[index], &patches[index])));
    for service in &mut services {
        let seen = service.converge(&host.account).await;
        let group = seen.things.iter().find(|(id, _)| id.kind == TargetGroup::NAME).unwrap().1;
        assert_eq!(group.value["targetType"], "instance");
    }
    assert_eq!(host.ports(), [32_768, 32_769, 32_770, 32_771]);
    for name in names {
        let question = host.question(&format!("/{name}/1")).await;
        let outcome = host.account.simulator.with_world(|world| request(world, &question));
        assert!(outcome.succeeded() && outcome.task.is_some(), "{name}: {outcome:?}");
    }

    sleep(Duration::from_mins(1)).await;
    let since = host.account.now();
    for service in services.iter_mut().chain([&mut host.group]) {
        service.converge(&host.account).await;
    }
    assert_eq!(host.account.writes(since), [].into());

    for service in &mut services {
        service.remove(&host.account).await;
    }
    assert_eq!(host.ports(), [0_i64; 0]);
    Box::pin(goes(host)).await;
}

/// A load balancer's security group goes once the cluster names it no more.
async fn goes(mut host: Host) {
    host.balanced.balancer.delete();
    let mut refused = vec![];
    for _ in 0..12 {
        let round = host.balanced.balancer.round(&host.account).await;
        refused.extend(round.faults);
        sleep(Duration::from_secs(20)).await;
    }
    let is_group = |id: &Id| id.kind == SecurityGroup::NAME;
    assert!(
        refused
            .iter()
            .any(|(id, fault)| is_group(id) && fault.code == "DependencyViolation" && fault.class != Class::Fix),
        "{refused:?}"
    );
    assert_eq!(host.knows(&[]).await, [].into());
    host.balanced.balancer.remove(&host.account).await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_named_is_the_only_one_that_is_open() {
    let cases =
        [("bridge", json!({"containerPort": 80, "hostPort": 8080}), 8080), ("host", json!({"containerPort": 80}), 80)];
    for (mode, mapping, port) in cases {
        let mut host = Host::new().await;
        let patch = behind("api", mode, &mapping);
        let asked = host.knows(&[&patch]).await;
        assert_eq!(asked.iter().map(|one| (one.from_port, one.to_port)).collect::<Vec<_>>(), [(port, port)], "{mode}");
        host.service("api", &patch).converge(&host.account).await;
        let question = host.question("/api").await;
        let outcome = host.account.simulator.with_world(|world| request(world, &question));
        assert!(outcome.succeeded(), "{mode}: {outcome:?}");
        assert_eq!(host.ports(), [i64::from(port)], "{mode}");
    }
}

/// An SRV record tells the port that the instance has for each task.
#[tokio::test(start_paused = true)]
async fn tasks_are_found_by_name_on_the_ports_of_their_instance() {
    let host = Host::new().await;
    let named = json!({"namespace": "shop.internal", "name": "shared"});
    let registry = json!({"registry": named, "containerName": "web", "containerPort": 80});
    let patch = on_instances(&json!({"desiredCount": 2, "serviceRegistries": [registry]}));
    let mut service = Object::service("shared", host.references.cluster.ready().unwrap(), &patch);
    let id = thing(&service.converge(&host.account).await, "registry").outputs["id"].clone();
    let found = host.account.asks_of("servicediscovery", "ListInstances", &json!({"ServiceId": id}));
    let attributes = found["Instances"].as_array().unwrap().iter().map(|one| one["Attributes"].clone());
    let mut ports: Vec<i64> =
        attributes.map(|one| one["AWS_INSTANCE_PORT"].as_str().unwrap().parse().unwrap()).collect();
    ports.sort_unstable();
    assert_eq!((ports.len(), ports), (2, host.ports()));
    service.remove(&host.account).await;
}
