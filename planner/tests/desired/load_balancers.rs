//! What an `ApplicationLoadBalancer` asks for.

use longshore_crds::ApplicationLoadBalancerStatus;
use longshore_planner::desired::{Fact, Facts, Need, Obstacle};
use longshore_planner::engine::Kind;
use longshore_planner::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};
use longshore_planner::kinds::elbv2::listener::{DefaultAction, Listener};
use longshore_planner::kinds::elbv2::load_balancer::LoadBalancer;
use longshore_planner::report::fill_load_balancer;
use serde_json::{Value, json};

use crate::balanced::{balance, vpc};
use crate::cloud::Cloud;
use crate::objects::value;

fn keys(patch: &Value) -> Vec<String> {
    balance(patch, &vpc()).unwrap().graph.iter().map(|(id, _)| id.key.clone()).collect()
}

#[test]
fn example_20s_wants_these_resources_in_this_order() {
    let expected = [
        "security-group",
        "egress-10.0.0.0/16",
        "egress-2a05:d018::/56",
        "ingress-80-0.0.0.0/0",
        "ingress-443-0.0.0.0/0",
        "load-balancer",
        "http",
        "https",
    ];
    assert_eq!(keys(&json!({})), expected);
}

#[test]
fn its_group_lets_in_on_its_ports_and_out_to_the_vpc() {
    let patch = json!({"ingressPrefixListIds": ["pl-0cloudfront"], "ingressCidrs": ["2001:db8::/32"]});
    let desired = balance(&patch, &vpc()).unwrap();
    let rules = desired.graph.iter().filter(|(id, _)| id.kind == SecurityGroupRule::NAME);
    let rules: Vec<SecurityGroupRule> =
        rules.map(|(_, node)| serde_json::from_value(node.want.clone()).unwrap()).collect();
    let told = |direction| -> Vec<(i32, Peer)> {
        let of = rules.iter().filter(|rule| rule.direction == direction);
        of.map(|rule| (rule.from_port, rule.peer.clone())).collect()
    };
    let (ipv6, list) = (Peer::CidrIpv6("2001:db8::/32".into()), Peer::PrefixList("pl-0cloudfront".into()));
    let expected = vec![(80, ipv6.clone()), (80, list.clone()), (443, ipv6), (443, list)];
    assert_eq!(told(Direction::Ingress), expected);
    let vpc = vec![(-1, Peer::CidrIpv4("10.0.0.0/16".into())), (-1, Peer::CidrIpv6("2a05:d018::/56".into()))];
    assert_eq!(told(Direction::Egress), vpc);
    assert!(rules.iter().all(|rule| rule.description.contains("ApplicationLoadBalancer/shop/public")));
}

#[test]
fn it_is_where_its_scheme_says_unless_it_names_subnets() {
    let (private, public) =
        (["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"], ["subnet-0ddd", "subnet-0eee", "subnet-0fff"]);
    let cases = [
        (json!({}), public.to_vec()),
        (json!({"scheme": "internal"}), private.to_vec()),
        (json!({"subnets": ["subnet-1", "subnet-2"]}), vec!["subnet-1", "subnet-2"]),
    ];
    for (patch, expected) in cases {
        let load_balancer: LoadBalancer = value(&balance(&patch, &vpc()).unwrap(), "load-balancer");
        assert_eq!(load_balancer.subnets, expected, "{patch}");
    }
    let alone = balance(&json!({"subnets": ["subnet-1"]}), &vpc());
    assert!(matches!(alone, Err(Obstacle::Refused(refusals)) if refusals[0].reason == "NoSubnets"));
}

#[test]
fn its_attributes_are_all_said_so_that_what_is_taken_out_goes_back() {
    let of = |patch: Value| value::<LoadBalancer>(&balance(&patch, &vpc()).unwrap(), "load-balancer").attributes;
    let plain = of(json!({}));
    assert_eq!(plain["deletion_protection.enabled"], "false");
    assert_eq!(plain["idle_timeout.timeout_seconds"], "60");
    assert_eq!(plain["access_logs.s3.enabled"], "false");
    let all = of(json!({"deletionProtection": true, "idleTimeoutSeconds": 120, "accessLogs": {"bucket": "logs"}}));
    assert_eq!(all["deletion_protection.enabled"], "true");
    assert_eq!(all["idle_timeout.timeout_seconds"], "120");
    assert_eq!((all["access_logs.s3.bucket"].as_str(), all["access_logs.s3.prefix"].as_str()), ("logs", ""));
}

#[test]
fn names_are_short_and_another_scheme_has_another() {
    let name = |patch: Value| value::<LoadBalancer>(&balance(&patch, &vpc()).unwrap(), "load-balancer").name;
    let (public, internal) = (name(json!({})), name(json!({"scheme": "internal"})));
    assert_ne!(public, internal);
    assert!(public.starts_with("shop-public-") && public.len() <= 32, "{public}");
    assert_eq!(name(json!({"loadBalancerName": "mine"})), "mine");
}

#[test]
fn what_no_rule_takes_is_redirected_answered_or_not_found() {
    let desired = balance(&json!({}), &vpc()).unwrap();
    let DefaultAction::Redirect(to) = value::<Listener>(&desired, "http").default_action else { panic!("redirects") };
    assert_eq!((to.protocol.as_str(), to.port.as_str(), to.host.as_str()), ("HTTPS", "443", "#{host}"));
    let https: Listener = value(&desired, "https");
    let DefaultAction::FixedResponse(answer) = https.default_action else { panic!("answers") };
    assert_eq!(answer.status_code, "404");
    assert_eq!(https.ssl_policy.as_deref(), Some("ELBSecurityPolicy-TLS13-1-2-2021-06"));
}

#[test]
fn certificates_are_found_for_the_hosts_of_a_listener_that_names_none() {
    let patch = json!({"listeners": [{"name": "https", "port": 443, "protocol": "HTTPS", "hosts": [
        {"pattern": "*.example.com"}, {"pattern": "example.org"}]}]});
    let Err(Obstacle::Needs(needs)) = balance(&patch, &Facts::new()) else { panic!("facts are missing") };
    let asked: Vec<String> = needs.iter().map(ToString::to_string).collect();
    let expected = [
        "the address ranges of vpc-0a1b2c3d",
        "the certificates of ACM for *.example.com",
        "the certificates of ACM for example.org",
    ];
    assert_eq!(asked, expected, "all at once");
    let answer = |arns: [&[&str]; 2]| {
        let mut facts = vpc();
        for (host, arns) in ["*.example.com", "example.org"].into_iter().zip(arns) {
            let arns = arns.iter().map(ToString::to_string).collect();
            facts.insert(Need::Certificates { host: host.into() }, Fact::Certificates(arns));
        }
        balance(&patch, &facts)
    };
    let https: Listener = value(&answer([&["arn:a", "arn:b"], &["arn:c"]]).unwrap(), "https");
    assert_eq!(https.certificates, ["arn:a", "arn:c"]);
    assert!(
        matches!(answer([&["arn:a"], &[]]), Err(Obstacle::Refused(refusals)) if refusals[0].reason == "NoCertificate")
    );
}

#[test]
fn its_status_tells_where_it_is_and_who_is_behind_it() {
    let desired = balance(&json!({}), &vpc()).unwrap();
    let mut cloud = Cloud::default();
    cloud.converge(&desired.graph);
    let mut status = ApplicationLoadBalancerStatus::default();
    fill_load_balancer(&mut status, &desired.graph, &cloud.world(), &["shop/web".into(), "shop/orders".into()]);
    assert!(status.load_balancer_arn.is_some() && status.dns_name.is_some() && status.hosted_zone_id.is_some());
    assert!(status.security_group_id.unwrap().starts_with("sg-"));
    assert_eq!(
        status.listeners.iter().map(|one| (one.name.as_str(), one.port)).collect::<Vec<_>>(),
        [("http", 80), ("https", 443)]
    );
    assert_eq!(status.services, ["shop/orders", "shop/web"]);
}

#[test]
fn another_scheme_needs_consent_and_keeps_the_old_one() {
    let (public, internal) =
        (balance(&json!({}), &vpc()).unwrap(), balance(&json!({"scheme": "internal"}), &vpc()).unwrap());
    let mut cloud = Cloud::default();
    cloud.converge(&public.graph);
    let plan = cloud.plan(&internal.graph);
    let blocked: Vec<_> = plan.blocked().map(|step| (step.id.key.as_str(), step.reason.as_str())).collect();
    assert_eq!(blocked.len(), 1, "{blocked:?}");
    assert!(blocked[0].1.starts_with("ReplacementNeedsConsent") && blocked[0].1.contains("scheme"), "{blocked:?}");
    cloud.options.allow_replace.insert("load-balancer".into());
    cloud.converge(&internal.graph);
    assert_eq!(cloud.count::<LoadBalancer>(), 2);
}
