//! Blue/green, linear and canary: ECS shifts the traffic, and what it shifts is its own.

use longshore_planner::desired::{Claim, ListenerReference, Memory, Obstacle, Reference, Said, TakenPriority, learn};
use longshore_planner::engine::{Action, Graph, Id, Kind, Step};
use longshore_planner::kinds::ecs::service::{
    Deployment, LifecycleHook, RolloutState, Service, ServiceDeployment, ServiceDetail,
};
use longshore_planner::kinds::elbv2::listener_rule::{ListenerRule, Weight};
use longshore_planner::kinds::elbv2::target_group::TargetGroup;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::balanced::{Asked, LISTENER, OTHER_LISTENER, behind, entry, listener};
use crate::cloud::Cloud;
use crate::objects::{environment, value};

fn by(strategy: &str, more: &Value) -> Value {
    let mut patch = json!({"deploymentConfiguration": {"strategy": strategy}});
    crate::objects::merge(&mut patch, more);
    patch
}

fn blue_green() -> Value {
    by("BLUE_GREEN", &json!({}))
}

/// A service that has converged, and its cloud.
fn converged(patch: &Value) -> (Asked, Cloud) {
    let (mut asked, mut cloud) = (Asked::orders(patch), Cloud::default());
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    (asked, cloud)
}

fn ids<K: Kind>(cloud: &Cloud) -> Vec<Id> {
    cloud.things.keys().filter(|id| id.kind == K::NAME).cloned().collect()
}

fn arn(cloud: &Cloud, key: &str) -> String {
    cloud.things.iter().find(|(id, _)| id.key == key).unwrap().1.outputs["arn"].clone()
}

/// The rule as AWS tells it: both groups, with these weights.
fn tell(cloud: &mut Cloud, groups: &[(&str, i32)]) {
    let groups: Vec<(String, i32)> = groups.iter().map(|(key, weight)| (arn(cloud, key), *weight)).collect();
    let rule = cloud.things.iter_mut().find(|(id, _)| id.kind == ListenerRule::NAME).unwrap().1;
    let mut told = rule.typed::<ListenerRule>().unwrap().value;
    told.alternate = None;
    told.target_groups = groups.iter().map(|(arn, _)| arn.as_str().into()).collect();
    told.weights =
        groups.iter().map(|(arn, weight)| Weight { target_group: arn.as_str().into(), weight: *weight }).collect();
    rule.value = serde_json::to_value(told).unwrap();
}

fn detail(cloud: &mut Cloud, change: impl FnOnce(&mut ServiceDetail)) {
    let service = cloud.things.iter_mut().find(|(id, _)| id.kind == Service::NAME).unwrap().1;
    let mut detail: ServiceDetail = serde_json::from_value(service.detail.clone()).unwrap();
    change(&mut detail);
    service.detail = serde_json::to_value(detail).unwrap();
}

fn updates(cloud: &Cloud, graph: &Graph) -> Vec<(String, String)> {
    let word = |step: Step| matches!(step.action, Action::Update { .. }).then_some((step.id.key, step.reason));
    cloud.plan(graph).steps.into_iter().filter_map(word).collect()
}

#[test]
fn each_entry_has_two_target_groups_and_one_rule_that_leads_to_both() {
    let desired = Asked::orders(&blue_green()).desired();
    let (one, two) = (value::<TargetGroup>(&desired, "web"), value::<TargetGroup>(&desired, "web.alternate"));
    assert_ne!(one.name, two.name);
    assert_eq!(TargetGroup { name: one.name.clone(), ..two }, one, "they differ in nothing else");
    let service: Service = value(&desired, "service");
    assert_eq!(service.deployment_configuration.bake_time_in_minutes, Some(5), "ECS wants one to be given");
    let [target] = service.load_balancers.as_slice() else { panic!("{service:?}") };
    let shift = target.advanced_configuration.as_ref().unwrap();
    assert!(shift.test_listener_rule.is_none());
    let rule: ListenerRule = desired
        .graph
        .iter()
        .find(|(id, _)| id.kind == ListenerRule::NAME)
        .map(|(_, node)| serde_json::from_value(node.want.clone()).unwrap())
        .unwrap();
    assert_eq!(
        (rule.target_groups.as_slice(), rule.alternate.as_ref()),
        (&[target.target_group_arn.clone()][..], Some(&shift.alternate_target_group_arn))
    );
    let weights: Vec<i32> = rule.weights.iter().map(|weight| weight.weight).collect();
    assert_eq!(weights, [100, 0]);
    let infrastructure: Role = value(&desired, "infrastructure-role");
    assert_eq!(
        infrastructure.attached,
        ["arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers".to_owned()].into()
    );
    let rolling = Asked::orders(&json!({})).desired();
    let keys: Vec<&str> = rolling.graph.iter().map(|(id, _)| id.key.as_str()).collect();
    assert!(!keys.contains(&"web.alternate") && !keys.contains(&"infrastructure-role"), "{keys:?}");
}

#[test]
fn weights_are_never_drift_and_never_sent_over_those_of_ecs() {
    let (asked, mut cloud) = converged(&blue_green());
    let graph = asked.desired().graph;
    for weights in [
        [("web", 100), ("web.alternate", 0)],
        [("web", 0), ("web.alternate", 100)],
        [("web", 25), ("web.alternate", 975)],
    ] {
        tell(&mut cloud, &weights);
        assert_eq!(updates(&cloud, &graph), vec![], "{weights:?}");
    }
    // Somebody took a group out of the rule.
    tell(&mut cloud, &[("web", 100)]);
    assert_eq!(updates(&cloud, &graph).len(), 1);
}

#[test]
fn which_group_ecs_names_first_is_no_drift() {
    let (asked, mut cloud) = converged(&blue_green());
    let service = cloud.things.iter_mut().find(|(id, _)| id.kind == Service::NAME).unwrap().1;
    let mut told = service.typed::<Service>().unwrap().value;
    let target = told.load_balancers.first_mut().unwrap();
    let shift = target.advanced_configuration.as_mut().unwrap();
    std::mem::swap(&mut target.target_group_arn, &mut shift.alternate_target_group_arn);
    service.value = serde_json::to_value(told).unwrap();
    assert_eq!(updates(&cloud, &asked.desired().graph), vec![]);
}

#[test]
fn other_conditions_are_given_to_the_same_rule() {
    let rules = |path: &str| json!({"rules": [{"hosts": ["shop.example.com"], "paths": [path]}]});
    let with = |path: &str| by("BLUE_GREEN", &behind(&rules(path)));
    let (mut asked, mut cloud) = converged(&with("/a"));
    let before = ids::<ListenerRule>(&cloud);
    cloud.log.clear();
    asked.change(&with("/b"));
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    assert_eq!(ids::<ListenerRule>(&cloud), before);
    assert_eq!(cloud.log, [format!("update {}", before[0].key)], "no deployment for a path");
}

#[test]
fn from_rolling_updates_and_back_nothing_is_made_anew_but_the_second_group() {
    let (mut asked, mut cloud) = converged(&json!({}));
    let (rules, groups) = (ids::<ListenerRule>(&cloud), ids::<TargetGroup>(&cloud));
    asked.change(&blue_green());
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    assert_eq!((ids::<ListenerRule>(&cloud), ids::<TargetGroup>(&cloud).len()), (rules.clone(), 2));
    asked.change(&json!({}));
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    assert_eq!((ids::<ListenerRule>(&cloud), ids::<TargetGroup>(&cloud)), (rules, groups));
}

#[test]
fn while_tasks_are_behind_the_second_group_a_rolling_update_is_refused() {
    let (mut asked, mut cloud) = converged(&blue_green());
    let live = arn(&cloud, "web.alternate");
    detail(&mut cloud, |detail| detail.live = vec![live]);
    cloud.settle_service(&mut asked);
    asked.change(&json!({}));
    assert_eq!(
        asked.refused(),
        [("SecondTargetGroupLive".to_owned(), "spec.deploymentConfiguration.strategy".to_owned())]
    );
    asked.change(&blue_green());
    let live = arn(&cloud, "web");
    detail(&mut cloud, |detail| detail.live = vec![live]);
    cloud.settle_service(&mut asked);
    asked.change(&json!({}));
    assert_eq!(asked.refused(), vec![]);
}

#[test]
fn a_rule_that_is_made_anew_leads_to_the_tasks() {
    let (mut asked, mut cloud) = converged(&blue_green());
    let live = arn(&cloud, "web.alternate");
    detail(&mut cloud, |detail| detail.live = vec![live.clone()]);
    cloud.settle_service(&mut asked);
    // During a deployment nothing is learnt.
    detail(&mut cloud, |detail| detail.live.clear());
    let graph = asked.desired().graph;
    let memory = learn(&asked.memory, &graph, &cloud.world(), Said::default());
    assert_eq!(memory.live, [("web".to_owned(), "web.alternate".to_owned())].into());
    assert_eq!(Memory::read(memory.write(None).as_ref()).live, memory.live, "a restart forgets nothing");
    let rule = ids::<ListenerRule>(&cloud).remove(0);
    cloud.things.remove(&rule);
    cloud.settle_service(&mut asked);
    let made = cloud.things[&rule].typed::<ListenerRule>().unwrap().value;
    let all = made.weights.iter().find(|weight| weight.weight == 100).unwrap();
    assert_eq!(all.target_group, live.as_str().into());
}

#[test]
fn a_test_rule_is_another_rule_to_the_same_groups() {
    let test = json!({"testRule": {"hosts": ["shop.example.com"], "paths": ["/orders", "/orders/*"], "headers": [{"name": "x-test", "values": ["1"]}]}});
    let (asked, cloud) = converged(&by("CANARY", &behind(&test)));
    assert_eq!((ids::<ListenerRule>(&cloud).len(), ids::<TargetGroup>(&cloud).len()), (2, 2));
    let priorities = |test: bool| {
        let rule = cloud
            .things
            .iter()
            .find(|(id, _)| id.kind == ListenerRule::NAME && id.key.starts_with("web.test-") == test);
        rule.unwrap().1.value["priority"].as_i64().unwrap()
    };
    assert!(priorities(true) < priorities(false), "what is more specific is asked first");
    let service: Service = value(&asked.desired(), "service");
    let shift = service.load_balancers[0].advanced_configuration.clone().unwrap();
    assert_ne!(shift.test_listener_rule, Some(shift.production_listener_rule));
}

#[test]
fn a_test_rule_may_be_on_a_listener_of_its_own() {
    let mut asked =
        Asked::orders(&by("BLUE_GREEN", &behind(&json!({"testRule": {"paths": ["/*"]}, "testListener": "test"}))));
    let test = ListenerReference { listener_arn: OTHER_LISTENER.into(), hosts: None, ..listener() };
    let claim = |object: &str, since: &str| Claim {
        since: since.into(),
        object: object.into(),
        namespace: "shop".into(),
        host: "*".into(),
        rest: "/* ".into(),
    };
    let mine = claim("EcsService/shop/orders", "2026-02-01T00:00:00Z");
    asked.references.test_listeners = [("web".into(), Reference::Ready(test.clone()))].into();
    let desired = asked.desired();
    let on = |prefix: &str| -> ListenerRule {
        let rules = desired.graph.iter().filter(|(id, _)| id.kind == ListenerRule::NAME);
        let mut its = rules.filter(|(id, _)| id.key.strip_prefix(prefix).is_some_and(|hash| !hash.contains('-')));
        serde_json::from_value(its.next().unwrap().1.want.clone()).unwrap()
    };
    assert_eq!(on("web-").listener, LISTENER.into());
    assert_eq!(on("web.test-").listener, OTHER_LISTENER.into());
    assert_eq!(on("web.test-").target_groups, on("web-").target_groups);

    let older = claim("EcsService/shop/returns", "2026-01-01T00:00:00Z");
    let claimed = ListenerReference { claims: vec![mine, older], ..test };
    asked.references.test_listeners = [("web".into(), Reference::Ready(claimed))].into();
    assert_eq!(asked.refused(), [("AlreadyClaimed".to_owned(), "spec.loadBalancers[web].testRule".to_owned())]);

    let (reason, message) = ("LoadBalancerNotFound".to_owned(), "no listener test".to_owned());
    asked.references.test_listeners = [("web".into(), Reference::Waiting { reason: reason.clone(), message })].into();
    assert!(matches!(asked.desire(), Err(Obstacle::Waiting { reason: waits, .. }) if waits == reason));
}

#[test]
fn functions_are_called_by_a_role_that_may_call_them_alone() {
    let function = "arn:aws:lambda:eu-west-1:123456789012:function:smoke";
    let hooks = json!({"deploymentConfiguration": {"lifecycleHooks": [
        {"hookTargetArn": function, "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]},
        {"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]}]}});
    let mut asked = Asked::orders(&by("LINEAR", &hooks));
    let refused = asked.refused();
    assert!(
        refused.iter().any(|(reason, at)| reason == "NotGranted" && at.ends_with("lifecycleHooks.hookTargetArn")),
        "{refused:?}"
    );
    let grant = json!({"iam": {"grants": [{"namespaces": {}, "actions": ["*"], "managedPolicyArns": ["*"]}]}});
    asked.scope.environment = environment(&grant);
    let desired = asked.desired();
    let role: Role = value(&desired, "hook-role");
    assert_eq!(role.inline["hooks"]["Statement"][0]["Resource"], json!([function]));
    assert_eq!(role.trust["Statement"][0]["Principal"], json!({"Service": ["ecs.amazonaws.com"]}));
}

#[test]
fn what_cannot_be_shifted_is_refused() {
    let login = json!({"userPoolArn": "a", "userPoolClientId": "b", "userPoolDomain": "c"});
    let rule = json!({"hosts": ["shop.example.com"]});
    let theirs = json!({"loadBalancers": [{"name": "web", "targetGroupArn":
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/theirs/1", "containerName": "web", "containerPort": 8080}]});
    let requests = json!({"autoscaling": {"minCapacity": 1, "maxCapacity": 9, "predictiveScaling": null, "targetTracking": [
        {"name": "requests", "predefinedMetricType": "ALBRequestCountPerTarget", "loadBalancer": "web", "targetValue": 9}]}});
    let two = json!({"loadBalancers": [entry(&json!({"rules": [rule, {"hosts": ["b.example.com"]}]}))]});
    let cases = [
        ("two rules", by("BLUE_GREEN", &two), "OneRuleShifts"),
        (
            "a log-in",
            by("LINEAR", &behind(&json!({"rules": [{"hosts": ["shop.example.com"], "authenticateCognito": login}]}))),
            "NoLogInWhileShifting",
        ),
        ("one group of theirs", by("CANARY", &theirs), "NeedsSecondTargetGroup"),
        ("nothing shifts", behind(&json!({"testRule": rule})), "NothingShifts"),
        ("requests of one group", by("BLUE_GREEN", &requests), "NoRequestMetric"),
    ];
    for (what, patch, reason) in cases {
        let refused = Asked::orders(&patch).refused();
        assert!(refused.iter().any(|(word, _)| word == reason), "{what}: {refused:?}");
    }
}

#[test]
fn what_is_somebody_elses_is_named_by_its_arn_and_granted() {
    let elb = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";
    let shift = json!({"alternateTargetGroupArn": format!("{elb}:targetgroup/theirs/2"),
        "productionListenerRule": format!("{elb}:listener-rule/app/theirs/1/2/3"), "roleArn": "arn:aws:iam::123456789012:role/theirs"});
    let entries = json!([{"name": "web", "targetGroupArn": format!("{elb}:targetgroup/theirs/1"), "containerName": "web",
        "containerPort": 8080, "advancedConfiguration": shift}]);
    let mut asked = Asked::orders(&by("BLUE_GREEN", &json!({"loadBalancers": entries})));
    let refused: Vec<String> = asked.refused().into_iter().map(|(_, at)| at).collect();
    for member in ["alternateTargetGroupArn", "productionListenerRule", "roleArn"] {
        assert!(refused.iter().any(|at| at.ends_with(member)), "{member}: {refused:?}");
    }
    let grant = json!({"iam": {"grants": [{"namespaces": {}, "actions": ["*"], "managedPolicyArns": ["*"], "roleArns": ["*"],
        "targetGroupArns": [format!("{elb}:targetgroup/theirs/*")], "listenerArns": [format!("{elb}:listener/app/theirs/*")]}]}});
    asked.scope.environment = environment(&grant);
    assert_eq!(asked.refused(), vec![]);
    let service: Service = value(&asked.desired(), "service");
    assert!(service.load_balancers[0].advanced_configuration.is_some());
}

#[test]
fn a_pause_goes_on_once_somebody_names_the_deployment() {
    let (mut asked, mut cloud) = converged(&blue_green());
    let paused = ServiceDeployment {
        arn: "arn:aws:ecs:eu-west-1:123456789012:service-deployment/main/orders/EZe5".into(),
        status: "IN_PROGRESS".into(),
        stage: "POST_TEST_TRAFFIC_SHIFT".into(),
        hooks: vec![LifecycleHook {
            id: "ecs-pause-1".into(),
            status: "AWAITING_ACTION".into(),
            ..LifecycleHook::default()
        }],
        ..ServiceDeployment::default()
    };
    detail(&mut cloud, |detail| {
        detail.deployments[0].rollout_state = Some(RolloutState::InProgress);
        detail.service_deployment = Some(paused.clone());
    });
    let graph = asked.desired().graph;
    for (said, expected) in [(None, false), (Some("another"), false), (Some("EZe5"), true)] {
        let said = Said { proceed: said, ..Said::default() };
        asked.memory = learn(&asked.memory, &graph, &cloud.world(), said);
        let updates = updates(&cloud, &asked.desired().graph);
        assert_eq!(
            updates.iter().any(|(key, why)| key == "service" && why == "differs in proceed"),
            expected,
            "{said:?}: {updates:?}"
        );
    }
    let words = paused.words().unwrap();
    assert!(words.contains("ecs.longshore.dev/continue=EZe5"), "{words}");
    // It goes on: nothing is said any more.
    detail(&mut cloud, |detail| detail.service_deployment = Some(ServiceDeployment { hooks: vec![], ..paused }));
    asked.memory = learn(&asked.memory, &graph, &cloud.world(), Said { proceed: Some("EZe5"), ..Said::default() });
    assert_eq!(updates(&cloud, &asked.desired().graph), vec![]);
}

#[test]
fn a_hook_that_fails_rejects_the_revision() {
    let (mut asked, mut cloud) = converged(&blue_green());
    let (good, bad) = ("arn:made:task-definition/1".to_owned(), arn(&cloud, "task"));
    detail(&mut cloud, |detail| {
        detail.deployments = vec![Deployment {
            id: "ecs-svc/1".into(),
            status: "PRIMARY".into(),
            task_definition: good,
            rollout_state: Some(RolloutState::InProgress),
            ..Deployment::default()
        }];
        detail.service_deployment = Some(ServiceDeployment {
            status: "ROLLBACK_IN_PROGRESS".into(),
            task_definition: bad.clone(),
            status_reason: "Service deployment rolled back because of hook execution failure(s).".into(),
            ..ServiceDeployment::default()
        });
    });
    let graph = asked.desired().graph;
    asked.memory = learn(&asked.memory, &graph, &cloud.world(), Said::default());
    let rejected = asked.memory.rejected.clone().unwrap();
    assert_eq!(rejected.arn, bad);
    assert!(rejected.reason.contains("hook execution failure"), "{rejected:?}");
}

#[test]
fn hooks_that_name_their_role_or_only_pause_need_none_of_ours() {
    let function = "arn:aws:lambda:eu-west-1:123456789012:function:smoke";
    let lambda = |role: Option<&str>| json!({"hookTargetArn": function, "roleArn": role, "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]});
    let pause = json!({"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]});
    let named = "arn:aws:iam::123456789012:role/hooks";
    let grant = json!({"iam": {"grants": [{"namespaces": {}, "actions": ["*"], "managedPolicyArns": ["*"], "roleArns": ["*"]}]}});
    for (hooks, expected) in [
        (json!([pause]), false),
        (json!([lambda(Some(named))]), false),
        (json!([lambda(Some(named)), pause]), false),
        (json!([lambda(None)]), true),
        (json!([lambda(Some(named)), lambda(None)]), true),
    ] {
        let mut asked = Asked::orders(&by("LINEAR", &json!({"deploymentConfiguration": {"lifecycleHooks": hooks}})));
        asked.scope.environment = environment(&grant);
        let made = asked.desired().graph.iter().any(|(id, _)| id.key == "hook-role");
        assert_eq!(made, expected, "{hooks}");
    }
}

#[test]
fn a_target_group_that_is_given_shifts_with_a_second_one_and_a_rule_and_not_with_one_of_the_two() {
    let group = |which: &str| format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{which}/1");
    let rule = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/theirs/1/2/3";
    let second = json!({"alternateTargetGroupArn": group("green"), "roleArn": "arn:aws:iam::123456789012:role/ecs"});
    let only_rule = json!({"productionListenerRule": rule, "roleArn": "arn:aws:iam::123456789012:role/ecs"});
    let mut both = second.clone();
    both["productionListenerRule"] = json!(rule);
    for (given, expected) in [(second, true), (only_rule, true), (both, false)] {
        let entry = json!([{"name": "web", "targetGroupArn": group("blue"), "containerName": "web", "containerPort": 8080,
                            "advancedConfiguration": given}]);
        let asked = Asked::orders(&by("BLUE_GREEN", &json!({"loadBalancers": entry}))).foreign();
        let lacks = asked.refused().iter().any(|(reason, _)| reason == "NeedsSecondTargetGroup");
        assert_eq!(lacks, expected, "{given}");
    }
}

/// Of what is remembered only the entry's own rule is taken up again, by a key that is its name and a hash.
#[test]
fn a_rule_is_not_taken_up_from_an_entry_whose_name_begins_alike() {
    let of = |name: &str| {
        let patch = by("BLUE_GREEN", &json!({"loadBalancers": [entry(&json!({"name": name}))]}));
        let mut asked = Asked::orders(&patch);
        asked.references.listeners = [(name.to_owned(), Reference::Ready(listener()))].into();
        asked
    };
    let id =
        |asked: &Asked| asked.desired().graph.iter().find(|(id, _)| id.kind == ListenerRule::NAME).unwrap().0.clone();
    let own = id(&of("web"));
    let other = id(&of("web-api"));
    let mut asked = of("web");
    asked.memory.priorities = [(other.to_string(), 7)].into();
    assert_eq!(id(&asked), own);
    let short = Id { key: "web-0a1b".to_owned(), ..own.clone() };
    let no_hash = Id { key: "web-zzzzzzzz".to_owned(), ..own.clone() };
    let rest = Id { kind: TargetGroup::NAME.to_owned(), key: "web-0a1b2c3d".to_owned(), ..own.clone() };
    asked.memory.priorities = [short, no_hash, rest].map(|id| (id.to_string(), 7)).into();
    assert_eq!(id(&asked), own);
    let kept = Id { key: "web-0a1b2c3d".to_owned(), ..own.clone() };
    asked.memory.priorities = [kept.clone(), own.clone()].map(|id| (id.to_string(), 7)).into();
    assert_eq!(id(&asked), own, "of two the one with these conditions");
    asked.memory.priorities = [(kept.to_string(), 7)].into();
    assert_eq!(id(&asked).key, kept.key, "under whatever conditions");
}

#[test]
fn a_rule_is_known_again_by_its_listener_where_the_memory_was_lost() {
    let mut asked = Asked::orders(&blue_green());
    let id =
        |asked: &Asked| asked.desired().graph.iter().find(|(id, _)| id.kind == ListenerRule::NAME).unwrap().0.clone();
    let own = id(&asked);
    let kept = Id { key: "web-0a1b2c3d".to_owned(), ..own.clone() };
    for (object, expected) in [("EcsService/shop/orders", &kept), ("EcsService/shop/returns", &own)] {
        asked.taken(&[TakenPriority { priority: 7, object: Some(object.into()), resource: Some(kept.clone()) }]);
        assert_eq!(id(&asked), *expected, "{object}");
    }
}

/// IAM takes a while until ECS can assume a new role, and a deployment that begins before that fails.
#[test]
fn a_deployment_that_began_before_its_new_role_had_spread_says_nothing_of_the_revision() {
    let (asked, mut cloud) = converged(&blue_green());
    let role =
        cloud.things.iter_mut().find(|(id, _)| id.kind == Role::NAME && id.key == "infrastructure-role").unwrap().1;
    role.outputs.insert("createdAt".to_owned(), "2026-11-29T12:00:00Z".to_owned());
    let revision = arn(&cloud, "task");
    let graph = asked.desired().graph;
    for (began, expected) in [("2026-11-29T12:00:59Z", false), ("2026-11-29T12:01:00Z", true), ("", true)] {
        detail(&mut cloud, |detail| {
            detail.deployments = vec![Deployment {
                status: "PRIMARY".into(),
                task_definition: "another".into(),
                rollout_state: Some(RolloutState::Completed),
                ..Deployment::default()
            }];
            detail.service_deployment = Some(ServiceDeployment {
                status: "ROLLBACK_SUCCESSFUL".into(),
                task_definition: revision.clone(),
                created_at: began.into(),
                ..ServiceDeployment::default()
            });
        });
        let learnt = learn(&asked.memory, &graph, &cloud.world(), Said::default());
        assert_eq!(learnt.rejected.is_some(), expected, "{began}");
    }
}
