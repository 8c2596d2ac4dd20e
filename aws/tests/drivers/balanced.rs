//! Example 20's load balancer with example 10's service behind it: whatever happens to a call, there is no second of
//! anything, a sweep tells what a turn's own look tells, and in the end nothing is left.

use std::collections::BTreeMap;

use aws_sdk_ec2::operation::authorize_security_group_ingress::builders::AuthorizeSecurityGroupIngressInputBuilder;
use aws_sdk_ec2::types::{IpPermission, IpRange};
use aws_sdk_elasticloadbalancingv2::operation::create_rule::builders::CreateRuleInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::delete_rule::builders::DeleteRuleInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::modify_listener::builders::ModifyListenerInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group::builders::ModifyTargetGroupInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group_attributes::builders::ModifyTargetGroupAttributesInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::remove_tags::builders::RemoveTagsInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::set_rule_priorities::builders::SetRulePrioritiesInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, HostHeaderConditionConfig, RuleCondition, RulePriorityPair,
    TargetGroupAttribute,
};
use longshore_aws::Cadence;
use longshore_crds::application_load_balancer::IpAddressType;
use longshore_crds::aws_environment::Grant;
use longshore_planner::desired::{
    Address, ListenerReference, Reference, References, application_load_balancer, ecs_service,
};
use longshore_planner::engine::Kind as _;
use longshore_planner::engine::{Subject, World};
use longshore_planner::kinds::ec2::security_group::SecurityGroup;
use longshore_planner::kinds::elbv2::listener::Listener;
use longshore_planner::kinds::elbv2::listener_rule::ListenerRule;
use longshore_planner::kinds::elbv2::load_balancer::LoadBalancer;
use longshore_planner::kinds::elbv2::target_group::TargetGroup;
use longshore_planner::kinds::route53::record_set::RecordSet;
use longshore_simulator::faults::Kind;
use longshore_simulator::services::elbv2::{Question, request};
use serde_json::{Value, json};

use crate::account::Account;
use crate::examples::{self, scope};
use crate::kinds::delete_record;
use crate::object::{Object, cluster_of, thing, words};
use crate::survey::law::same;
use crate::survey::{judged, subject, suspicion};

pub(crate) const ZONE: &str = "Z0EXAMPLECOM";

/// The service's patch.
pub(crate) fn behind() -> Value {
    json!({"tags": [{"key": "Team", "value": "shop"}], "loadBalancers": [{
        "name": "web", "loadBalancer": {"name": "public"}, "listener": "https", "containerName": "web",
        "containerPort": 80, "rules": [{"hosts": ["shop.example.com"], "paths": ["/orders", "/orders/*"]}],
        "healthCheck": {"intervalSeconds": 10, "healthyThresholdCount": 2},
    }]})
}

/// The same, with a name in DNS.
fn named() -> Value {
    let mut patch = behind();
    patch["loadBalancers"][0]["dns"] = json!({"hostedZoneId": ZONE});
    patch
}

pub(crate) struct Balanced {
    pub(crate) balancer: Object,
    cluster: Object,
    service: Option<Object>,
    pub(crate) references: Option<References>,
}

impl Balanced {
    pub(crate) fn new() -> Self {
        let spec = examples::load_balancer();
        let balancer = Object::needing(scope("ApplicationLoadBalancer", "public"), move |scope, _, facts| {
            application_load_balancer(scope, &spec, facts)
        });
        Self { balancer, cluster: Object::cluster(&json!({})), service: None, references: None }
    }

    pub(crate) async fn converged(account: &Account) -> Self {
        let mut balanced = Self::new();
        balanced.converge(account).await;
        balanced
    }

    pub(crate) async fn begin(&mut self, account: &Account) {
        let seen = self.balancer.converge(account).await;
        let cluster = self.cluster.converge(account).await;
        let references = self.references.insert(references(&seen, &cluster)).clone();
        self.service.get_or_insert_with(|| orders("orders", references, &named()));
    }

    /// The service's spec is edited.
    fn change(&mut self, patch: &Value) {
        let changed = orders("orders", self.references.clone().unwrap(), patch);
        let service = self.service();
        let before = std::mem::replace(service, changed);
        (service.inventory, service.memory) = (before.inventory, before.memory);
    }

    async fn converge(&mut self, account: &Account) -> World {
        self.begin(account).await;
        self.service().converge(account).await
    }

    fn service(&mut self) -> &mut Object {
        self.service.as_mut().unwrap()
    }

    fn objects(&mut self) -> impl Iterator<Item = &mut Object> {
        [Some(&mut self.balancer), Some(&mut self.cluster), self.service.as_mut()].into_iter().flatten()
    }

    async fn steps(&mut self, account: &Account) -> Vec<String> {
        let mut steps = vec![];
        for object in self.objects() {
            steps.extend(object.planned(account).await.1.steps.iter().map(words));
        }
        steps
    }

    async fn remove(&mut self, account: &Account) {
        if let Some(service) = &mut self.service {
            service.remove(account).await;
        }
        self.balancer.remove(account).await;
        self.cluster.remove(account).await;
        assert_eq!(account.ours(), [""; 0]);
    }

    /// The same, without a service of its own ever having been made.
    pub(crate) async fn remove_empty(&mut self, account: &Account) {
        self.service = None;
        self.remove(account).await;
    }

    fn subjects(&mut self) -> Vec<Subject> {
        self.objects().map(|object| subject(object)).collect()
    }
}

pub(crate) fn orders(name: &str, references: References, patch: &Value) -> Object {
    let spec = examples::service(patch);
    let mut scope = scope("EcsService", name);
    let zones = Grant { hosted_zone_ids: vec![ZONE.to_owned()], ..Grant::default() };
    scope.environment.iam.as_mut().unwrap().grants.push(zones);
    Object::needing(scope, move |scope, memory, facts| ecs_service(scope, &spec, facts, &references, memory))
}

fn references(balancer: &World, cluster: &World) -> References {
    let output = |world: &World, key: &str, name: &str| thing(world, key).outputs[name].clone();
    let listener = ListenerReference {
        listener_arn: output(balancer, "https", "arn"),
        security_group_id: output(balancer, "security-group", "id"),
        protocol: None,
        address: Some(Address::new(
            output(balancer, "load-balancer", "dnsName"),
            output(balancer, "load-balancer", "hostedZoneId"),
            Some(IpAddressType::Dualstack),
        )),
        hosts: None,
        claims: vec![],
    };
    let cluster = cluster_of(cluster);
    let listeners = BTreeMap::from([("web".to_owned(), Reference::Ready(listener))]);
    References { listeners, ..References::to_cluster(Reference::Ready(cluster)) }
}

/// Operation, how often, whether it writes.
async fn undisturbed() -> (Vec<String>, Vec<(String, u32, bool)>) {
    let account = Account::new().await;
    Balanced::converged(&account).await;
    let mut calls: Vec<(String, u32, bool)> = vec![];
    for call in account.calls(0) {
        match calls.iter_mut().find(|(operation, ..)| *operation == call.operation) {
            Some((_, times, _)) => *times += 1,
            None => calls.push((call.operation, 1, call.write)),
        }
    }
    (ours(&account), calls)
}

/// Listeners have other ARNs in each account, and so their rules other identities.
fn ours(account: &Account) -> Vec<String> {
    let alike = |line: String| match line.split_once("listener-rule:") {
        Some(_) => line.split('@').next().unwrap().to_owned(),
        None => line,
    };
    account.ours().into_iter().map(alike).collect()
}

async fn check(account: &Account, balanced: &mut Balanced, expected: &[String], what: &str) {
    assert_eq!(ours(account), expected, "{what}");
    assert_eq!(balanced.steps(account).await, [""; 0], "{what}");
    balanced.remove(account).await;
}

#[tokio::test(start_paused = true)]
async fn each_resource_is_made_once_a_request_reaches_a_task_and_nothing_is_written_at_rest() {
    let account = Account::new().await;
    let mut balanced = Balanced::converged(&account).await;
    let made = account.writes(0);
    let count = |operation: &str| made.get(operation).copied().unwrap_or_default();
    let counts =
        ["CreateLoadBalancer", "CreateListener", "CreateTargetGroup", "CreateRule", "CreateService"].map(count);
    assert_eq!(counts, [1, 2, 1, 1, 1], "{made:?}");
    assert_eq!(
        ["ModifyRule", "SetRulePriorities", "ModifyTargetGroup", "ModifyListener"].map(count),
        [0; 4],
        "{made:?}"
    );

    let world = balanced.balancer.planned(&account).await.0;
    let question = question(&world);
    let outcome = account.simulator.with_world(|world| request(world, &question));
    assert!(outcome.succeeded() && outcome.task.is_some(), "{outcome:?}");

    tokio::time::sleep(std::time::Duration::from_mins(1)).await;
    let by_name = serde_json::from_value(json!({"url": "https://shop.example.com/orders/1"})).unwrap();
    let outcome = account.simulator.with_world(|world| request(world, &by_name));
    assert!(outcome.succeeded() && outcome.task.is_some(), "by its name: {outcome:?}");

    let since = account.now();
    assert_eq!(balanced.steps(&account).await, [""; 0]);
    assert_eq!(account.writes(since), [].into());
}

/// A request of a client's.
fn question(balancer: &World) -> Question {
    let name = &thing(balancer, "load-balancer").outputs["dnsName"];
    let request = json!({"url": format!("https://{name}/orders/1"), "host": "shop.example.com"});
    serde_json::from_value(request).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_rollout_to_another_port_fails_no_request() {
    let account = Account::new().await;
    let mut balanced = Balanced::converged(&account).await;
    let question = question(&balanced.balancer.planned(&account).await.0);
    account.simulator.with_world(|world| world.probes.add("orders".to_owned(), question, world.now));
    let mut patch = named();
    patch["loadBalancers"][0]["containerPort"] = json!(9090);
    patch["task"] = json!({"containerDefinitions": [
        {"name": "web", "image": "public.ecr.aws/nginx/nginx:1.28", "portMappings": [{"containerPort": 9090}]}]});
    let since = account.now();
    balanced.change(&patch);
    balanced.converge(&account).await;
    tokio::time::sleep(std::time::Duration::from_mins(10)).await;
    let told = account.simulator.with_world(|world| world.probes.view()["probes"][0].clone());
    assert_eq!(told["secondsFailed"], 0, "{told:#}");
    assert!(told["secondsOk"].as_u64().unwrap() > 600, "{told:#}");
    assert_eq!(account.count(since, "CreateTargetGroup"), 0, "the target group is the same");
    assert_eq!(
        account.count(since, "RevokeSecurityGroupIngress"),
        1,
        "the old port is closed once nobody listens there"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_somebody_has_for_the_same_requests_answers_until_it_is_taken_away() {
    let account = Account::new().await;
    let mut balanced = Balanced::new();
    let world = balanced.balancer.converge(&account).await;
    let old = somebodys_rule(&account, &thing(&world, "https").outputs["arn"]).await;
    balanced.begin(&account).await;
    let mut patch = named();
    patch["loadBalancers"][0]["rules"][0]["priority"] = json!(11);
    balanced.change(&patch);
    let question = question(&world);
    account.simulator.with_world(|world| world.probes.add("orders".to_owned(), question.clone(), world.now));
    balanced.converge(&account).await;
    let outcome = account.simulator.with_world(|world| request(world, &question));
    assert!(outcome.succeeded() && outcome.task.is_none(), "the old rule answers: {outcome:?}");

    let aws = account.session.writer();
    aws.write(DeleteRuleInputBuilder::default().rule_arn(old)).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_mins(5)).await;
    let outcome = account.simulator.with_world(|world| request(world, &question));
    assert!(outcome.succeeded() && outcome.task.is_some(), "a task answers: {outcome:?}");
    let told = account.simulator.with_world(|world| world.probes.view()["probes"][0].clone());
    assert_eq!(told["secondsFailed"], 0, "{told:#}");
}

/// Somebody's rule, the tenth, which answers itself; its ARN.
async fn somebodys_rule(account: &Account, listener: &str) -> String {
    let host = HostHeaderConditionConfig::builder().values("shop.example.com").build();
    let answer = FixedResponseActionConfig::builder().status_code("200").build();
    let request = CreateRuleInputBuilder::default()
        .listener_arn(listener)
        .priority(10)
        .conditions(RuleCondition::builder().field("host-header").host_header_config(host).build())
        .actions(Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(answer).build());
    let made = account.session.writer().write(request).await.unwrap();
    made.rules().first().unwrap().rule_arn().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_makes_no_second_of_anything() {
    let (expected, calls) = undisturbed().await;
    for (operation, times, _) in calls.iter().filter(|(.., write)| *write) {
        for nth in 1..=*times {
            let account = Account::new().await;
            account.breaks(operation, nth, 1, Kind::LostReply);
            let mut balanced = Balanced::converged(&account).await;
            check(&account, &mut balanced, &expected, &format!("the reply of {operation} {nth} is lost")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_round_is_put_right() {
    let (expected, _) = undisturbed().await;
    for lost in [None, Some("CreateLoadBalancer"), Some("CreateTargetGroup"), Some("CreateRule")] {
        for rounds in 1..=8 {
            let mut account = Account::new().await;
            if let Some(operation) = lost {
                account.breaks(operation, 1, 1, Kind::LostReply);
            }
            let mut balanced = Balanced::new();
            for _ in 0..rounds {
                balanced.balancer.round(&account).await;
            }
            balanced.balancer.crash();
            account = account.after_a_crash().await;
            balanced.begin(&account).await;
            for _ in 0..rounds {
                balanced.service().round(&account).await;
            }
            balanced.service().crash();
            account = account.after_a_crash().await;
            balanced.converge(&account).await;
            check(&account, &mut balanced, &expected, &format!("crash after {rounds} rounds, {lost:?} lost")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_makes_no_second_of_anything() {
    let (expected, calls) = undisturbed().await;
    for (operation, times, _) in calls.iter().filter(|(.., write)| !*write) {
        for nth in 1..=(*times).min(8) {
            let account = Account::new().await;
            account.breaks(operation, nth, 2, Kind::Stale);
            let mut balanced = Balanced::converged(&account).await;
            check(&account, &mut balanced, &expected, &format!("{operation} {nth} is stale")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn many_reads_at_once_tell_what_one_read_tells() {
    let kinds = [LoadBalancer::NAME, Listener::NAME, TargetGroup::NAME, ListenerRule::NAME, RecordSet::NAME];
    for cadence in [Cadence::everything(), Cadence::new(1, 1_000_000_007)] {
        let account = Account::new().await;
        let mut balanced = Balanced::converged(&account).await;
        let mut compared = 0;
        for object in balanced.objects() {
            let subject = subject(object);
            let world = object.look(&account, &subject.graph).await;
            let survey = account.session.survey(3, cadence);
            let glance = survey.glance(std::slice::from_ref(&subject)).await.remove(0);
            assert_eq!(glance.unknown, [].into());
            for (id, glimpse) in glance.things.iter().filter(|(id, _)| kinds.contains(&id.kind.as_str())) {
                same(glimpse, &world.things[id], &id.to_string());
                compared += 1;
            }
        }
        assert_eq!(compared, 7);
    }
}

#[tokio::test(start_paused = true)]
async fn each_sort_of_drift_is_found_and_only_where_it_is() {
    type Happens = fn(&BTreeMap<String, String>) -> Drifted;
    let cases: [(&str, [bool; 3], Happens); 9] = [
        ("nothing", [false; 3], |_| Drifted::Nothing),
        ("a rule is deleted", [false, false, true], |at| Drifted::DeleteRule(at["rule"].clone())),
        ("a priority is changed", [false, false, true], |at| Drifted::Priority(at["rule"].clone())),
        ("a health check is changed", [false, false, true], |at| Drifted::HealthCheck(at["web"].clone())),
        ("an attribute is changed", [false, false, true], |at| Drifted::Attribute(at["web"].clone())),
        ("a tag is removed", [false, false, true], |at| Drifted::Tag(at["rule"].clone())),
        ("a record is deleted", [false, false, true], |_| Drifted::DeleteRecord("shop.example.com")),
        ("a listener is moved", [true, false, false], |at| Drifted::Port(at["http"].clone())),
        ("a port is opened", [true, false, false], |at| Drifted::Open(at["group"].clone())),
    ];
    for (what, drifts, happens) in cases {
        let account = Account::new().await;
        let mut balanced = Balanced::converged(&account).await;
        let arns = arns(&mut balanced);
        happens(&arns).happen(&account).await;
        let subjects = balanced.subjects();
        let found = judged(&account, &subjects).await;
        let suspected: Vec<bool> = found.iter().map(|drift| suspicion(drift).is_some()).collect();
        assert_eq!(suspected, drifts, "{what}: {found:?}");
        balanced.converge(&account).await;
        assert_eq!(balanced.steps(&account).await, [""; 0], "{what}: put right");
    }
}

/// The ARNs of what load balancing has of it, by key; the rule's is `rule`, the id of the load balancer's group `group`.
fn arns(balanced: &mut Balanced) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for object in balanced.objects() {
        for (id, entry) in object.inventory.0.iter().filter(|(id, _)| id.kind.starts_with("elbv2/")) {
            let key = if id.kind == ListenerRule::NAME { "rule" } else { &id.key };
            found.insert(key.to_owned(), entry.physical.clone().unwrap());
        }
    }
    let (_, group) = balanced.balancer.inventory.0.iter().find(|(id, _)| id.kind == SecurityGroup::NAME).unwrap();
    let arn = group.physical.clone().unwrap();
    found.insert("group".to_owned(), arn.rsplit('/').next().unwrap().to_owned());
    found
}

/// What somebody does behind Longshore's back.
enum Drifted {
    Nothing,
    DeleteRule(String),
    Priority(String),
    HealthCheck(String),
    Attribute(String),
    Tag(String),
    Port(String),
    Open(String),
    DeleteRecord(&'static str),
}

impl Drifted {
    async fn happen(self, account: &Account) {
        let aws = account.session.writer();
        match self {
            Self::Nothing => {}
            Self::DeleteRule(rule) => {
                aws.write(DeleteRuleInputBuilder::default().rule_arn(rule)).await.unwrap();
            }
            Self::Priority(rule) => {
                let pair = RulePriorityPair::builder().rule_arn(rule).priority(49_999).build();
                aws.write(SetRulePrioritiesInputBuilder::default().rule_priorities(pair)).await.unwrap();
            }
            Self::HealthCheck(group) => {
                let request = ModifyTargetGroupInputBuilder::default().target_group_arn(group);
                aws.write(request.health_check_path("/wrong")).await.unwrap();
            }
            Self::Attribute(group) => {
                let slow = TargetGroupAttribute::builder().key("slow_start.duration_seconds").value("30").build();
                let request = ModifyTargetGroupAttributesInputBuilder::default().target_group_arn(group);
                aws.write(request.attributes(slow)).await.unwrap();
            }
            Self::DeleteRecord(name) => delete_record(account, ZONE, name).await,
            Self::Tag(rule) => {
                let request = RemoveTagsInputBuilder::default().resource_arns(rule).tag_keys("Team");
                aws.write(request).await.unwrap();
            }
            Self::Port(listener) => {
                aws.write(ModifyListenerInputBuilder::default().listener_arn(listener).port(8080)).await.unwrap();
            }
            Self::Open(group) => {
                let everybody = IpRange::builder().cidr_ip("0.0.0.0/0").build();
                let ssh = IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(everybody);
                let request = AuthorizeSecurityGroupIngressInputBuilder::default().group_id(group);
                aws.write(request.ip_permissions(ssh.build())).await.unwrap();
            }
        }
    }
}
