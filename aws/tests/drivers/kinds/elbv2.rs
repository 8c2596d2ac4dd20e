use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::create_listener::builders::CreateListenerInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::create_load_balancer::builders::CreateLoadBalancerInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::create_target_group::builders::CreateTargetGroupInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Certificate, FixedResponseActionConfig, ProtocolEnum, TargetTypeEnum,
};
use aws_sdk_wafv2::operation::associate_web_acl::builders::AssociateWebAclInputBuilder;
use aws_sdk_wafv2::operation::get_web_acl_for_resource::builders::GetWebAclForResourceInputBuilder;
use longshore_aws::Class;
use longshore_planner::kinds::elbv2::listener::Listener;
use longshore_planner::kinds::elbv2::listener_rule::ListenerRule;
use longshore_planner::kinds::elbv2::load_balancer::LoadBalancer;
use longshore_planner::kinds::elbv2::target_group::TargetGroup;
use longshore_simulator::faults::Kind;
use longshore_simulator::services::acm::add_certificate;
use serde_json::{Value, json};

use super::strangers::{is_left_alone_in, rival};
use super::{becomes, becomes_within, object, reads_back, want, with};
use crate::account::Account;

const CERTIFICATE: &str = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
const WEB_ACL: &str = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/22222222-3333-4444-5555-666666666666";

/// A load balancer of somebody else's.
async fn load_balancer(account: &Account) -> String {
    let request = CreateLoadBalancerInputBuilder::default()
        .name("theirs")
        .set_subnets(Some(vec!["subnet-0ddd".into(), "subnet-0eee".into()]))
        .security_groups("sg-0default");
    let made = account.session.writer().write(request).await.unwrap();
    tokio::time::sleep(Duration::from_mins(5)).await;
    made.load_balancers.unwrap().remove(0).load_balancer_arn.unwrap()
}

/// A listener of somebody else's, for HTTPS.
async fn listener(account: &Account) -> String {
    let gone = FixedResponseActionConfig::builder().status_code("410").build();
    let action = Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(gone).build();
    let request = CreateListenerInputBuilder::default()
        .load_balancer_arn(load_balancer(account).await)
        .port(443)
        .protocol(ProtocolEnum::Https)
        .certificates(Certificate::builder().certificate_arn(CERTIFICATE).build())
        .default_actions(action);
    let made = account.session.writer().write(request).await.unwrap();
    made.listeners.unwrap().remove(0).listener_arn.unwrap()
}

async fn target_group(account: &Account, name: &str) -> String {
    let request = CreateTargetGroupInputBuilder::default()
        .name(name)
        .protocol(ProtocolEnum::Http)
        .port(80)
        .vpc_id("vpc-0a1b2c3d")
        .target_type(TargetTypeEnum::Ip);
    let made = account.session.writer().write(request).await.unwrap();
    made.target_groups.unwrap().remove(0).target_group_arn.unwrap()
}

fn a_load_balancer() -> Value {
    json!({
        "name": "law-1f2e3d4c", "scheme": "internal", "ipAddressType": "ipv4",
        "subnets": ["subnet-0aaa", "subnet-0bbb"], "securityGroups": ["sg-0default"],
        "attributes": {"deletion_protection.enabled": "false", "idle_timeout.timeout_seconds": "60",
            "access_logs.s3.enabled": "false"},
    })
}

fn a_target_group() -> Value {
    json!({
        "name": "law-1f2e3d4c", "protocol": "HTTP", "protocolVersion": "HTTP1", "port": 80, "vpcId": "vpc-0a1b2c3d",
        "targetType": "ip",
        "healthCheck": {"protocol": "HTTP", "port": "traffic-port", "path": "/", "intervalSeconds": 30,
            "timeoutSeconds": 5, "healthyThresholdCount": 5, "unhealthyThresholdCount": 2, "codes": "200"},
        "attributes": {"deregistration_delay.timeout_seconds": "60", "stickiness.enabled": "false"},
    })
}

async fn a_listener(account: &Account) -> Value {
    json!({
        "loadBalancer": load_balancer(account).await, "port": 80, "protocol": "HTTP",
        "defaultAction": {"fixedResponse": {"statusCode": "404"}},
    })
}

#[tokio::test(start_paused = true)]
async fn load_balancers() {
    let account = Account::new().await;
    let base = a_load_balancer();
    let attributes = |more: Value| {
        let mut all = base["attributes"].clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"attributes": all})
    };
    let cases = [
        json!({}),
        json!({"subnets": ["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"]}),
        json!({"securityGroups": ["sg-0database", "sg-0default"]}),
        attributes(json!({"idle_timeout.timeout_seconds": "120"})),
        attributes(
            json!({"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "logs", "access_logs.s3.prefix": ""}),
        ),
        json!({"tags": {"a": "b"}}),
        json!({"tags": {"a": "c", "d e": ""}}),
    ];
    reads_back::<LoadBalancer>(&account, &base, &cases).await;
    let public = json!({"scheme": "internet-facing", "subnets": ["subnet-0ddd", "subnet-0eee"]});
    reads_back::<LoadBalancer>(&account, &base, &[public]).await;
    becomes::<LoadBalancer>(&account, &base, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn a_web_acl_follows_once_the_load_balancer_is_active_and_goes_when_it_is_taken_out() {
    let account = Account::new().await;
    let value = with(&a_load_balancer(), &json!({"webAclArn": WEB_ACL}));
    let mut object = object::<LoadBalancer>(&value);
    let world = object.converge(&account).await;
    let arn = world.things.values().next().unwrap().outputs["arn"].clone();
    assert_eq!(web_acl(&account, &arn).await.as_deref(), Some(WEB_ACL));
    want::<LoadBalancer>(&mut object, &a_load_balancer());
    object.converge(&account).await;
    assert_eq!(web_acl(&account, &arn).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_web_acl_that_somebody_else_associates_is_theirs() {
    let account = Account::new().await;
    let mut object = object::<LoadBalancer>(&a_load_balancer());
    let world = object.converge(&account).await;
    let arn = world.things.values().next().unwrap().outputs["arn"].clone();
    let request = AssociateWebAclInputBuilder::default().web_acl_arn(WEB_ACL).resource_arn(&arn);
    account.session.writer().write(request).await.unwrap();
    let since = account.now();
    object.converge(&account).await;
    assert_eq!(account.count(since, "GetWebACLForResource"), 0, "nobody needs the right to ask WAF");
    assert_eq!(web_acl(&account, &arn).await.as_deref(), Some(WEB_ACL));
}

async fn web_acl(account: &Account, load_balancer: &str) -> Option<String> {
    let request = GetWebAclForResourceInputBuilder::default().resource_arn(load_balancer);
    account.session.reader().read(request).await.unwrap().web_acl.map(|acl| acl.arn)
}

#[tokio::test(start_paused = true)]
async fn target_groups() {
    let account = Account::new().await;
    let base = a_target_group();
    let check = |more: Value| {
        let mut check = base["healthCheck"].clone();
        check.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"healthCheck": check})
    };
    let cases = [
        json!({}),
        check(json!({"path": "/healthz", "codes": "200-299", "intervalSeconds": 10, "timeoutSeconds": 9})),
        check(json!({"port": "9090", "healthyThresholdCount": 2, "unhealthyThresholdCount": 3})),
        check(json!({"protocol": "HTTPS"})),
        json!({"attributes": {"deregistration_delay.timeout_seconds": "0", "slow_start.duration_seconds": "30"}}),
        json!({"attributes": {"stickiness.enabled": "true", "stickiness.type": "app_cookie",
            "stickiness.app_cookie.cookie_name": "session", "stickiness.app_cookie.duration_seconds": "60"}}),
        json!({"tags": {"a": "b"}}),
    ];
    reads_back::<TargetGroup>(&account, &base, &cases).await;
    let grpc = with(&check(json!({"path": "/x.Health/Check", "codes": "0,12"})), &json!({"protocolVersion": "GRPC"}));
    let fixed = [
        grpc,
        json!({"protocol": "HTTPS", "port": 443}),
        json!({"protocolVersion": "HTTP2"}),
        json!({"targetType": "instance"}),
    ];
    reads_back::<TargetGroup>(&account, &base, &fixed).await;
    becomes::<TargetGroup>(&account, &base, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn listeners() {
    let account = Account::new().await;
    let more: Vec<String> = ["one", "two"].map(|name| CERTIFICATE.replace("11111111", name)).into();
    account.simulator.with_world(|world| {
        for arn in &more {
            add_certificate(world, arn, "example.org", &[]);
        }
    });
    let base = a_listener(&account).await;
    let https = |certificates: Value, more: Value| {
        let https = json!({"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "certificates": certificates});
        with(&https, &more)
    };
    let redirect = json!({"redirect": {"protocol": "HTTPS", "port": "443", "host": "#{host}", "path": "/#{path}",
        "query": "#{query}", "statusCode": "HTTP_301"}});
    let cases = [
        json!({}),
        json!({"port": 8080}),
        json!({"defaultAction": redirect}),
        json!({"defaultAction": {"fixedResponse":
            {"statusCode": "503", "contentType": "application/json", "messageBody": "{}"}}}),
        https(json!([CERTIFICATE]), json!({})),
        https(json!([more[0], CERTIFICATE]), json!({"sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"})),
        https(json!([CERTIFICATE, more[0], more[1]]), json!({})),
        https(json!([CERTIFICATE]), json!({"mutualAuthentication": {"mode": "passthrough"}})),
        json!({"tags": {"a": "b"}}),
    ];
    reads_back::<Listener>(&account, &base, &cases).await;
    // A further certificate that becomes the default one stays among the others, unseen, and is seen again when another
    // takes its place: taken out before, its hosts would have none for a moment.
    becomes_within::<Listener>(&account, &base, &cases, 2).await;
}

#[tokio::test(start_paused = true)]
async fn listener_rules() {
    let account = Account::new().await;
    let group = target_group(&account, "one").await;
    let base = json!({"listener": listener(&account).await, "priority": 7,
        "conditions": {"hosts": ["shop.example.com"]}, "targetGroups": [group]});
    let cognito = json!({"userPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a",
        "userPoolClientId": "c", "userPoolDomain": "shop", "scope": "openid email",
        "authenticationRequestExtraParams": {"prompt": "login"}, "onUnauthenticatedRequest": "deny"});
    let cases = [
        json!({}),
        json!({"priority": 50_000}),
        json!({"conditions": {"hosts": ["*.example.com"], "paths": ["/orders", "/orders/*"]}}),
        json!({"conditions": {"methods": ["GET", "HEAD"], "sourceIps": ["10.0.0.0/8", "2001:db8::/32"]}}),
        json!({"conditions": {"headers": [{"name": "x-a", "values": ["1", "2"]}, {"name": "x-b", "values": ["*"]}]}}),
        json!({"conditions": {"queryStrings": [{"value": "x"}, {"key": "a", "value": "1*"}]}}),
        json!({"authenticateCognito": cognito}),
        json!({"rewrite": {"host": {"regex": "^shop", "replace": "api"}}}),
        json!({"rewrite": {"url": {"regex": "^/orders/(.*)$", "replace": "/$1"}, "host": {"regex": "a", "replace": "b"}}}),
        json!({"tags": {"a": "b"}}),
    ];
    reads_back::<ListenerRule>(&account, &base, &cases).await;
    let other = target_group(&account, "two").await;
    let weights = json!([{"targetGroup": group, "weight": 90}, {"targetGroup": other, "weight": 10}]);
    let shared = json!({"targetGroups": [group, other], "weights": weights});
    reads_back::<ListenerRule>(&account, &base, &[shared]).await;
    becomes::<ListenerRule>(&account, &base, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn what_another_object_made_is_left_alone() {
    // Made by one call, so that an outdated read does not show it.
    let bare = |value: &Value| with(value, &json!({"attributes": null}));
    is_left_alone_in::<LoadBalancer>(Account::new().await, &bare(&a_load_balancer()), "DescribeLoadBalancers").await;
    is_left_alone_in::<TargetGroup>(Account::new().await, &bare(&a_target_group()), "DescribeTargetGroups").await;
    let account = Account::new().await;
    let listener = a_listener(&account).await;
    is_left_alone_in::<Listener>(account, &listener, "DescribeListeners").await;
}

#[tokio::test(start_paused = true)]
async fn a_priority_that_another_has_is_told_as_taken_and_the_rule_there_stays() {
    let account = Account::new().await;
    let group = target_group(&account, "one").await;
    let value = json!({"listener": listener(&account).await, "priority": 7,
        "conditions": {"hosts": ["shop.example.com"]}, "targetGroups": [group]});
    let mut owner = object::<ListenerRule>(&value);
    owner.converge(&account).await;
    let round = rival::<ListenerRule>(&value).round(&account).await;
    let (_, fault) = &round.faults[0];
    assert_eq!((fault.class, fault.code.as_str()), (Class::Retry, "PriorityInUse"), "{fault}");
    assert_eq!(owner.planned(&account).await.1.steps, []);
}

#[tokio::test(start_paused = true)]
async fn a_rule_whose_making_got_no_answer_is_taken_up() {
    let account = Account::new().await;
    let group = target_group(&account, "one").await;
    let value = json!({"listener": listener(&account).await, "priority": 7,
        "conditions": {"hosts": ["shop.example.com"]}, "targetGroups": [group]});
    account.breaks("CreateRule", 1, 1, Kind::LostReply);
    // As if nobody saw it yet: the create runs into it.
    account.breaks("DescribeRules", 2, 1, Kind::Stale);
    let mut object = object::<ListenerRule>(&value);
    object.converge(&account).await;
    assert_eq!(account.ours().len(), 1, "{:?}", account.ours());
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_and_a_listener_that_somebody_made_are_taken_over_where_that_is_asked_for() {
    let account = Account::new().await;
    let theirs = listener(&account).await;
    let since = account.now();
    let wanted = json!({"name": "theirs", "scheme": "internet-facing", "subnets": ["subnet-0ddd", "subnet-0eee"], "tags": {"a": "b"}});
    let mut balancer = object::<LoadBalancer>(&with(&a_load_balancer(), &wanted));
    let (_, plan) = balancer.planned(&account).await;
    assert!(plan.blocked().any(|step| step.reason.starts_with("AlreadyExists")), "{plan:?}");
    balancer.options.adopt = true;
    let arn = balancer.converge(&account).await.things.values().next().unwrap().outputs["arn"].clone();
    let value = json!({
        "loadBalancer": arn, "port": 443, "protocol": "HTTPS", "certificates": [CERTIFICATE],
        "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06", "defaultAction": {"fixedResponse": {"statusCode": "404"}},
    });
    let mut own = object::<Listener>(&value);
    let (_, plan) = own.planned(&account).await;
    assert!(plan.blocked().any(|step| step.reason.starts_with("AlreadyExists")), "{plan:?}");
    own.options.adopt = true;
    let seen = own.converge(&account).await;
    assert_eq!(seen.things.values().next().unwrap().outputs["arn"], theirs);
    assert_eq!(["CreateLoadBalancer", "CreateListener"].map(|operation| account.count(since, operation)), [0, 0]);
    assert_eq!(account.ours().len(), 2, "{:?}", account.ours());
}
