//! How traffic reaches a service: what is wanted, and what is refused.

use std::collections::BTreeSet;

use longshore_crds::application_load_balancer::ListenerProtocol;
use longshore_planner::desired::{
    Claim, Facts, Memory, Need, Obstacle, Reference, Said, ServiceReference, TakenPriority, learn,
};
use longshore_planner::engine::{Graph, Id, Kind, World};
use longshore_planner::kinds::ec2::security_group_rule::{Peer, SecurityGroupRule};
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::elbv2::listener_rule::ListenerRule;
use longshore_planner::kinds::elbv2::target_group::TargetGroup;
use longshore_planner::report::{Failure, Remedy};
use serde_json::{Value, json};

use crate::balanced::{Asked, LISTENER, OTHER_LISTENER, balance, behind, entry, listener, vpc};
use crate::cloud::Cloud;
use crate::objects::{environment, value};

fn of<K: Kind>(graph: &Graph) -> Vec<(Id, K)> {
    let nodes = graph.iter().filter(|(id, _)| id.kind == K::NAME);
    nodes.map(|(id, node)| (id.clone(), serde_json::from_value(node.want.clone()).unwrap())).collect()
}

#[test]
fn example_20s_service_is_behind_its_load_balancer() {
    let desired = Asked::orders(&json!({})).desired();
    let order: Vec<&str> = desired.graph.iter().map(|(id, _)| id.kind.as_str()).collect();
    let at = |kind: &str| order.iter().position(|one| *one == kind).unwrap();
    assert!(at("elbv2/target-group") < at("elbv2/listener-rule") && at("elbv2/listener-rule") < at("ecs/service"));

    let group: TargetGroup = value(&desired, "web");
    assert_eq!((group.vpc_id.as_str(), group.port), ("vpc-0a1b2c3d", 80));
    assert!(group.name.starts_with("orders-web-") && group.name.len() <= 32);
    let check = &group.health_check;
    assert_eq!((check.path.as_str(), check.interval_seconds, check.healthy_threshold_count), ("/healthz", 10, 2));
    assert_eq!((check.timeout_seconds, check.unhealthy_threshold_count, check.codes.as_str()), (5, 2, "200"));
    assert_eq!(group.attributes["deregistration_delay.timeout_seconds"], "30");

    let rules = of::<ListenerRule>(&desired.graph);
    let [(rule_id, rule)] = rules.as_slice() else { panic!("one rule") };
    assert_eq!(rule.listener, LISTENER.into());
    assert_eq!(rule.conditions.paths, ["/orders", "/orders/*"]);

    let port: SecurityGroupRule = value(&desired, "traffic-web");
    assert_eq!((port.from_port, port.to_port, port.protocol.as_str()), (8080, 8080, "tcp"));
    assert_eq!(port.peer, Peer::Group("sg-0public".into()));
    assert!(port.group.known().is_none() && port.description.contains("EcsService/shop/orders"));

    let service: Service = value(&desired, "service");
    assert_eq!(service.health_check_grace_period_seconds, Some(60));
    assert_eq!((service.load_balancers.len(), service.load_balancers[0].container_port), (1, 8080));
    let node = desired.graph.iter().find(|(id, _)| id.kind == Service::NAME).unwrap().1;
    assert!(node.needs.contains(rule_id), "ECS takes only a target group that a load balancer uses");
    assert!(node.needs.iter().any(|id| id.key == "traffic-web"));
}

#[test]
fn what_an_entry_asks_for_is_in_its_target_group() {
    let group = |more: Value| value::<TargetGroup>(&Asked::orders(&behind(&more)).desired(), "web");
    let sticky = json!({"type": "app_cookie", "cookieName": "session", "durationSeconds": 60});
    let all =
        group(json!({"protocol": "HTTPS", "protocolVersion": "HTTP2", "slowStartSeconds": 30, "stickiness": sticky}));
    assert_eq!((all.protocol.as_str(), all.protocol_version.as_str(), all.port), ("HTTPS", "HTTP2", 443));
    assert_eq!(all.health_check.protocol.as_str(), "HTTPS");
    assert_eq!(all.attributes["slow_start.duration_seconds"], "30");
    assert_eq!(all.attributes["stickiness.type"], "app_cookie");
    assert_eq!(all.attributes["stickiness.app_cookie.cookie_name"], "session");
    let plain = group(json!({}));
    assert_eq!(plain.attributes["stickiness.enabled"], "false");
    assert_eq!(plain.attributes["deregistration_delay.timeout_seconds"], "60");
    let grpc = group(json!({"protocolVersion": "GRPC"}));
    assert_eq!((grpc.health_check.path.as_str(), grpc.health_check.codes.as_str()), ("/AWS.ALB/healthcheck", "12"));
    let quick = group(json!({"healthCheck": {"intervalSeconds": 5}}));
    assert_eq!(quick.health_check.timeout_seconds, 4, "a check ends before the next begins");
}

#[test]
fn each_rule_has_its_conditions_for_a_key() {
    let keys = |rules: Value| -> BTreeSet<String> {
        let graph = Asked::orders(&behind(&json!({"rules": rules}))).desired().graph;
        of::<ListenerRule>(&graph).into_iter().map(|(id, _)| id.key).collect()
    };
    let (a, b) = (json!({"hosts": ["a.example.com"]}), json!({"hosts": ["b.example.com"], "paths": ["/x", "/y"]}));
    let both = keys(json!([a, b]));
    assert_eq!(both.len(), 2, "several rules on one target group");
    assert!(keys(json!([b])).is_subset(&both), "taking the first out leaves the second what it was");
    assert_eq!(keys(json!([{"hosts": ["B.example.com"], "paths": ["/y", "/x"]}])), keys(json!([b])));
}

#[test]
fn a_health_check_on_another_port_is_let_in_too() {
    let graph = Asked::orders(&behind(&json!({"healthCheck": {"port": "9090"}}))).desired().graph;
    let ports: Vec<(String, i32)> =
        of::<SecurityGroupRule>(&graph).into_iter().map(|(id, rule)| (id.key, rule.from_port)).collect();
    assert!(ports.contains(&("traffic-web".into(), 8080)) && ports.contains(&("check-web".into(), 9090)), "{ports:?}");
}

#[test]
fn what_cannot_be_is_refused_by_field_before_anything_is_asked() {
    let own = |patch: Value| Asked::orders(&patch);
    let unlisted = |patch: Value| {
        let mut asked = Asked::orders(&patch).foreign();
        asked.facts = Facts::new();
        asked
    };
    let foreign = |arn: &str| {
        json!({"loadBalancers": [entry(&json!({
            "loadBalancer": {"name": null, "listenerArn": arn, "securityGroupId": "sg-0theirs"}, "listener": null}))]})
    };
    let by_arn = |arn: &str| json!({"loadBalancers": [{"name": "web", "targetGroupArn": arn, "containerName": "web", "containerPort": 8080}]});
    let oidc = json!({"issuer": "i", "authorizationEndpoint": "a", "tokenEndpoint": "t", "userInfoEndpoint": "u",
        "clientId": "c", "clientSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:other/oidc-AbCdEf"});
    let rules = |rule: Value| behind(&json!({"rules": [rule]}));
    let elsewhere = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/x/1/2";
    let group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/theirs/1";
    let six = json!(["a", "b", "c"]);
    let cases: Vec<(&str, Asked, &str, &str)> = vec![
        ("another's host", own(rules(json!({"hosts": ["shop.example.org"]}))), "HostNotAllowed", "rules.hosts"),
        ("any host", own(rules(json!({"paths": ["/orders"]}))), "HostNotAllowed", "rules.hosts"),
        ("a wider wildcard", own(rules(json!({"hosts": ["*.com"]}))), "HostNotAllowed", "rules.hosts"),
        ("a listener without a grant", unlisted(foreign(OTHER_LISTENER)), "NotGranted", "loadBalancer.listenerArn"),
        ("a target group without a grant", unlisted(by_arn(group)), "NotGranted", "spec.loadBalancers"),
        ("a listener elsewhere", unlisted(foreign(elsewhere)), "OtherEnvironment", "loadBalancer.listenerArn"),
        ("a target group elsewhere", unlisted(by_arn("arn:x")), "OtherEnvironment", "targetGroupArn"),
        ("a port that is not mapped", own(behind(&json!({"containerPort": 81}))), "PortNotMapped", "containerPort"),
        (
            "too many values",
            own(rules(json!({"hosts": ["a.example.com", "b.example.com", "c.example.com"],
                             "headers": [{"name": "x", "values": six}]}))),
            "TooManyConditions",
            "rules",
        ),
        (
            "a secret without a grant",
            own(rules(json!({"hosts": ["a.example.com"], "authenticateOidc": oidc}))),
            "NotGranted",
            "authenticateOidc.clientSecretArn",
        ),
        (
            "a log-in without TLS",
            own(rules(json!({"hosts": ["a.example.com"], "authenticateCognito": {
                "userPoolArn": "a", "userPoolClientId": "b", "userPoolDomain": "c"}})))
            .listener(|listener| {
                listener.protocol = Some(ListenerProtocol::Http);
            }),
            "NeedsHttps",
            "rules",
        ),
        (
            "traffic that is shifted",
            own(behind(&json!({"advancedConfiguration": {"roleArn": "arn:x"}}))),
            "NothingShifts",
            "[web]",
        ),
    ];
    for (what, asked, reason, field) in cases {
        let refusals = asked.refused();
        let found = refusals.iter().any(|(word, at)| word == reason && at.ends_with(field));
        assert!(found, "{what}: {refusals:?}");
    }
    // The same with what is granted.
    let grant = json!({"iam": {"grants": [{"namespaces": {}, "listenerArns": [OTHER_LISTENER], "targetGroupArns": [group],
        "actions": ["*"], "managedPolicyArns": ["*"]}]}});
    for patch in [foreign(OTHER_LISTENER), by_arn(group)] {
        let mut asked = Asked::orders(&patch).foreign();
        asked.scope.environment = environment(&grant);
        assert_eq!(asked.refused(), vec![], "{patch}");
    }
}

#[test]
fn a_load_balancer_that_admits_needs_no_grant() {
    let mut asked = Asked::orders(&json!({"taskRole": null, "networkConfiguration": {"access": null}}));
    asked.scope.namespace_labels.clear();
    assert_eq!(asked.refused(), vec![]);
}

#[test]
fn what_is_lent_can_be_used_only_as_it_was_lent() {
    // The same listener once more by its ARN, which would claim any host; and the load balancer's group opened.
    let again = json!({"name": "again", "loadBalancer": {"name": null, "listenerArn": LISTENER, "securityGroupId": "sg-1"},
                       "listener": null, "rules": [{"hosts": ["anything.example.org"]}]});
    let twice = json!({"loadBalancers": [entry(&json!({})), entry(&again)]});
    let opened = json!({"networkConfiguration": {"access": [{"securityGroup": {"id": "sg-0public"}, "port": 1}]}});
    for (patch, field) in [(twice, "loadBalancer.listenerArn"), (opened, "access[sg-0public]")] {
        let mut asked = Asked::orders(&patch);
        asked.scope.environment = environment(&json!({"iam": {"grants": [
            {"namespaces": {}, "securityGroupIds": ["sg-1"], "actions": ["*"], "managedPolicyArns": ["*"]}]}}));
        let refused = asked.refused();
        assert!(refused.iter().any(|(reason, at)| reason == "NotGranted" && at.ends_with(field)), "{refused:?}");
    }
}

#[test]
fn a_load_balancer_that_is_not_there_is_waited_for() {
    let asked = Asked::orders(&json!({})).foreign();
    assert!(matches!(asked.desire(), Err(Obstacle::Waiting { reason, .. }) if reason == "LoadBalancerNotFound"));
}

fn claim(object: &str, since: &str, host: &str, rest: &str) -> Claim {
    let namespace = object.split('/').nth(1).unwrap().to_owned();
    Claim { since: since.into(), object: object.into(), namespace, host: host.into(), rest: rest.into() }
}

#[test]
fn the_older_claim_wins_and_the_newer_is_told_who_has_it() {
    let mine = claim("EcsService/shop/orders", "2026-02-02T00:00:00Z", "shop.example.com", "/orders ");
    let (before, after) = ("2026-01-01T00:00:00Z", "2026-03-03T00:00:00Z");
    let cases = [
        (claim("EcsService/apps/a", before, "shop.example.com", "/other "), true),
        (claim("EcsService/apps/a", after, "shop.example.com", "/orders "), false),
        (claim("EcsService/shop/a", before, "shop.example.com", "/other "), false),
        (claim("EcsService/shop/a", before, "shop.example.com", "/orders "), true),
        (claim("EcsService/apps/a", before, "other.example.com", "/orders "), false),
        // Of the same second, the name decides, on both sides alike.
        (claim("EcsService/shop/a", &mine.since, "shop.example.com", "/orders "), true),
        (claim("EcsService/shop/z", &mine.since, "shop.example.com", "/orders "), false),
    ];
    for (other, refused) in cases {
        let asked = Asked::orders(&json!({})).listener(|listener| listener.claims = vec![other.clone(), mine.clone()]);
        let outcome = asked.desire();
        match outcome {
            Ok(_) => assert!(!refused, "{other:?}"),
            Err(Obstacle::Refused(refusals)) => {
                assert!(refused, "{other:?}: {refusals:?}");
                assert_eq!(refusals[0].reason, "AlreadyClaimed");
                assert!(refusals[0].message.contains(&other.object) && refusals[0].message.contains(&other.since));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_priority_is_chosen_once_and_remembered() {
    let mut asked = Asked::orders(&json!({}));
    asked.facts = Facts::new();
    let Err(Obstacle::Needs(needs)) = asked.desire() else { panic!("the listener is not read") };
    assert_eq!(needs, [Need::ListenerRules { listener_arn: LISTENER.into() }]);
    asked.taken(&[]);
    let mut cloud = Cloud::default();
    cloud.settle_service(&mut asked);
    let chosen = asked.memory.priorities.clone();
    assert_eq!(chosen.len(), 1);
    asked.facts = Facts::new();
    let graph = asked.desired().graph;
    assert_eq!(of::<ListenerRule>(&graph)[0].1.priority, *chosen.values().next().unwrap(), "and nothing is read again");
    assert!(cloud.plan(&graph).converged());
}

fn priority_in_use(id: &str) -> Failure {
    Failure { id: id.parse().unwrap(), remedy: Remedy::Retry, reason: "PriorityInUse".into(), message: String::new() }
}

#[test]
fn a_priority_that_somebody_took_meanwhile_is_passed_by() {
    let mut asked = Asked::orders(&json!({}));
    let graph = asked.desired().graph;
    asked.memory = learn(&Memory::default(), &graph, &World::default(), Said::default());
    let (id, chosen) = asked.memory.priorities.clone().into_iter().next().unwrap();
    asked.memory = asked.memory.after(&[priority_in_use(&id)]);
    asked.facts = Facts::new();
    assert!(matches!(asked.desire(), Err(Obstacle::Needs(_))), "read afresh");
    let mut taken = TakenPriority { priority: chosen, object: None, resource: None };
    asked.taken(std::slice::from_ref(&taken));
    assert_eq!(of::<ListenerRule>(&asked.desired().graph)[0].1.priority, chosen + 1);
    // The reply to its own call was lost: the rule there is its own.
    taken.object = Some("EcsService/shop/orders".into());
    taken.resource = Some(id.parse().unwrap());
    asked.taken(&[taken]);
    assert_eq!(of::<ListenerRule>(&asked.desired().graph)[0].1.priority, chosen);
}

#[test]
fn a_priority_that_is_given_is_taken_or_refused() {
    let rules = |rules: Value| Asked::orders(&behind(&json!({"rules": rules})));
    let seven = |host: &str| json!({"hosts": [host], "priority": 7});
    let mut asked = rules(json!([seven("a.example.com")]));
    assert_eq!(of::<ListenerRule>(&asked.desired().graph)[0].1.priority, 7);
    asked.taken(&[TakenPriority { priority: 7, object: Some("EcsService/shop/a".into()), resource: None }]);
    assert_eq!(asked.refused()[0].0, "PriorityTaken");
    let twice = rules(json!([seven("a.example.com"), seven("b.example.com")]));
    assert_eq!(twice.refused()[0].0, "PriorityTaken");
}

#[test]
fn two_listeners_may_have_the_same_priority() {
    let rule = json!([{"hosts": ["a.example.com"], "priority": 7}]);
    let other = json!({"name": "other", "rules": rule, "containerPort": 9090});
    let mut asked = Asked::orders(&json!({"loadBalancers": [entry(&json!({"rules": rule})), entry(&other)]}));
    let mut second = listener();
    second.listener_arn = OTHER_LISTENER.into();
    asked.references.listeners.insert("other".into(), Reference::Ready(second));
    let mut cloud = Cloud::default();
    for _ in 0..2 {
        assert_eq!(cloud.settle_service(&mut asked), vec![]);
        assert_eq!(asked.memory.priorities.values().collect::<Vec<_>>(), [&7, &7]);
    }
}

/// What is in one group of many services: their own group's rules, and the load balancer's.
#[test]
fn seventy_services_behind_one_load_balancer_fill_no_group() {
    let load_balancer = balance(&json!({}), &vpc()).unwrap();
    assert!(of::<SecurityGroupRule>(&load_balancer.graph).len() < 10, "however many services there are");
    let mut taken: Vec<TakenPriority> = vec![];
    for number in 0..70 {
        let path = format!("/service-{number}");
        let mut asked = Asked::orders(&behind(&json!({"rules": [{"hosts": ["shop.example.com"], "paths": [path]}]})));
        asked.scope.name = format!("service-{number}");
        asked.taken(&taken);
        let graph = asked.desired().graph;
        let rules = of::<SecurityGroupRule>(&graph);
        let in_own = rules.iter().filter(|(_, rule)| rule.group.known().is_none()).count();
        let elsewhere: Vec<_> = rules.iter().filter_map(|(_, rule)| rule.group.known()).collect();
        assert_eq!(in_own, 2, "out, and in from the load balancer");
        assert_eq!(elsewhere, [""; 0], "only what the spec asks for: not the load balancer's group");
        for (id, rule) in of::<ListenerRule>(&graph) {
            assert!(!taken.iter().any(|one| one.priority == rule.priority), "no two priorities alike");
            let object = Some(asked.scope.ownership().object);
            taken.push(TakenPriority { priority: rule.priority, object, resource: Some(id) });
        }
    }
    assert_eq!(taken.len(), 70);
}

#[test]
fn four_services_that_come_at_once_sort_themselves_out() {
    // None knows of the others when it chooses; then each is refused what another took, and looks again.
    let paths = ["/", "/api/*", "/api/v1/*", "/search"];
    let mut objects: Vec<Asked> = paths
        .iter()
        .enumerate()
        .map(|(number, path)| {
            let mut asked =
                Asked::orders(&behind(&json!({"rules": [{"hosts": ["shop.example.com"], "paths": [path]}]})));
            asked.scope.name = format!("s{number}");
            asked
        })
        .collect();
    let mut made: Vec<TakenPriority> = vec![];
    let mut refused = 0;
    for _ in 0..4 {
        for asked in &mut objects {
            let graph = asked.desired().graph;
            asked.memory = learn(&asked.memory, &graph, &World::default(), Said::default());
            let (id, rule) = of::<ListenerRule>(&graph).remove(0);
            let object = Some(asked.scope.ownership().object);
            let mine = TakenPriority { priority: rule.priority, object, resource: Some(id.clone()) };
            if made.contains(&mine) {
                continue;
            }
            if made.iter().any(|one| one.priority == mine.priority) {
                refused += 1;
                asked.memory = std::mem::take(&mut asked.memory).after(&[priority_in_use(&id.to_string())]);
                asked.taken(&made);
            } else {
                made.push(mine);
            }
        }
    }
    assert_eq!(made.len(), 4, "each has a priority of its own");
    assert!(refused <= 3, "no storm: {refused}");
}

#[test]
fn services_let_each_other_in_once_they_are_there() {
    let allow = json!({"networkConfiguration": {"access": null, "allowFrom": [
        {"service": {"name": "web"}, "port": 8080},
        {"service": {"name": "orders"}, "port": 8081},
        {"securityGroup": {"id": "sg-0vpn"}, "port": 8080, "toPort": 8090},
        {"cidr": "10.0.0.0/8", "port": 53, "protocol": "udp"},
    ]}});
    let mut asked = Asked::orders(&allow);
    let desired = asked.desired();
    assert!(desired.warnings.iter().any(|warning| warning.message.contains("there is no EcsService shop/web")));
    let own: SecurityGroupRule = value(&desired, "allow-shop/orders-tcp-8081-8081");
    assert_eq!(own.peer, Peer::Group(own.group.clone()), "its own tasks");
    let range: SecurityGroupRule = value(&desired, "allow-sg-0vpn-tcp-8080-8090");
    assert_eq!((range.from_port, range.to_port), (8080, 8090));
    let clients: SecurityGroupRule = value(&desired, "allow-10.0.0.0/8-udp-53-53");
    assert_eq!(clients.peer, Peer::CidrIpv4("10.0.0.0/8".into()));

    let there = Reference::Ready(ServiceReference { security_group_id: "sg-0web".into() });
    asked.references.services.insert(("shop".into(), "web".into()), there);
    let desired = asked.desired();
    assert!(desired.warnings.is_empty(), "{:?}", desired.warnings);
    let rule: SecurityGroupRule = value(&desired, "allow-shop/web-tcp-8080-8080");
    assert_eq!(rule.peer, Peer::Group("sg-0web".into()));
    // That other service's group is lent; one that nobody lends needs a grant.
    asked.scope.namespace_labels.clear();
    asked.spec.task_role = None;
    let refused = asked.refused();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].1.contains("sg-0vpn"));
}

#[test]
fn two_entries_on_one_port_are_let_in_by_one_rule() {
    let second = json!({"name": "api", "rules": [{"hosts": ["api.example.com"]}]});
    for (port, expected) in [(8080, 1), (9090, 2)] {
        let mut other = entry(&second);
        other["containerPort"] = json!(port);
        let mut asked = Asked::orders(&json!({"loadBalancers": [entry(&json!({})), other]}));
        asked.references.listeners.insert("api".into(), Reference::Ready(listener()));
        let rules = of::<SecurityGroupRule>(&asked.desired().graph);
        let let_in = rules.iter().filter(|(_, rule)| rule.peer == Peer::Group("sg-0public".into())).count();
        assert_eq!(let_in, expected, "{port}");
    }
}

#[test]
fn a_rule_that_comes_takes_no_priority_that_is_remembered_for_another() {
    let rule = |path: &str| json!({"hosts": ["shop.example.com"], "paths": [path]});
    let alone = Asked::orders(&behind(&json!({"rules": [rule("/a")]})));
    let [(first, made)] = &of::<ListenerRule>(&alone.desired().graph)[..] else { panic!("one rule") };
    let mut both = Asked::orders(&behind(&json!({"rules": [rule("/a"), rule("/b")]})));
    let graph = both.desired().graph;
    let second = of::<ListenerRule>(&graph).into_iter().find(|(id, _)| id != first).unwrap().0;
    both.memory.priorities = [(second.to_string(), made.priority)].into();
    let rules = of::<ListenerRule>(&both.desired().graph);
    let priority = |id: &Id| rules.iter().find(|(other, _)| other == id).unwrap().1.priority;
    assert_eq!(priority(&second), made.priority, "it was there before");
    assert_ne!(priority(first), made.priority);
}

#[test]
fn a_rule_of_as_many_values_as_aws_takes_is_taken() {
    let hosts = |count: usize| (0..count).map(|n| format!("h{n}.example.com")).collect::<Vec<_>>();
    for (count, expected) in
        [(5, vec![]), (6, vec![("TooManyConditions".to_owned(), "spec.loadBalancers[web].rules".to_owned())])]
    {
        assert_eq!(Asked::orders(&behind(&json!({"rules": [{"hosts": hosts(count)}]}))).refused(), expected);
    }
}

#[test]
fn whose_a_given_priority_is_stands_in_the_refusal() {
    let mut asked = Asked::orders(&behind(&json!({"rules": [{"hosts": ["a.example.com"], "priority": 7}]})));
    let other = Id::new("elbv2/listener-rule", "web-0a1b2c3d");
    let cases = [
        (Some("EcsService/shop/a"), Some(other), "EcsService/shop/a's (web-0a1b2c3d)"),
        (Some("EcsService/shop/a"), None, "a rule's that Longshore did not make"),
        (None, None, "a rule's that Longshore did not make"),
    ];
    for (object, resource, expected) in cases {
        asked.taken(&[TakenPriority { priority: 7, object: object.map(Into::into), resource }]);
        let Err(Obstacle::Refused(refusals)) = asked.desire() else { panic!("it is taken") };
        assert!(refusals[0].message.contains(expected), "{}", refusals[0].message);
    }
}

#[test]
fn a_claim_that_stands_in_the_way_twice_is_told_once() {
    let before = "2026-01-01T00:00:00Z";
    let mine = |rest: &str| claim("EcsService/shop/orders", "2026-02-02T00:00:00Z", "shop.example.com", rest);
    let theirs = claim("EcsService/apps/a", before, "shop.example.com", "/other ");
    let asked = Asked::orders(&json!({})).listener(|listener| {
        listener.claims = vec![theirs, mine("/orders a"), mine("/orders b"), mine("/carts a")];
    });
    let Err(Obstacle::Refused(refusals)) = asked.desire() else { panic!("it is claimed") };
    let told: Vec<&str> = refusals.iter().map(|it| it.message.split(' ').next().unwrap()).collect();
    assert_eq!(told, ["shop.example.com/orders", "shop.example.com/carts"]);
}

#[test]
fn a_given_priority_that_the_rule_has_is_not_asked_about_again() {
    let mut asked = Asked::orders(&behind(&json!({"rules": [{"hosts": ["a.example.com"], "priority": 7}]})));
    let id = of::<ListenerRule>(&asked.desired().graph).remove(0).0;
    asked.facts = Facts::new();
    for (remembered, expected) in [(7, true), (8, false)] {
        asked.memory.priorities = [(id.to_string(), remembered)].into();
        assert_eq!(asked.desire().is_ok(), expected, "{remembered}");
    }
}

/// Another name would be another group, to which every service moves with the next version.
#[test]
fn target_groups_keep_their_names() {
    let patch = json!({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}});
    let desired = Asked::orders(&patch).desired();
    let name = |key: &str| value::<TargetGroup>(&desired, key).name;
    assert_eq!([name("web"), name("web.alternate")], ["orders-web-e0c9543a", "orders-web-972ec3bd"]);
}
