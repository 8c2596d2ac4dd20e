//! Deployments that shift traffic between two target groups, as clients see them.

use super::*;
use crate::services::{ecs, iam};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:smoke";

/// A service behind a rule with two groups.
struct Shop {
    aws: Aws,
    balancer: String,
    rule: String,
    blue: String,
    green: String,
    role: String,
}

impl Shop {
    /// Its first deployment is done.
    fn new(deployment: &Value) -> Self {
        let aws = Aws::new();
        let (balancer, blue, green) = (aws.balancer("shop"), aws.group("orders"), aws.group("orders-2"));
        let listener = aws.listener(&balancer, 80);
        let tuples = json!([{"TargetGroupArn": blue, "Weight": "100"}, {"TargetGroupArn": green, "Weight": "0"}]);
        let rule = aws.rule(&listener, 10, &json!({"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}));
        aws.seconds(180);
        aws.define(&json!({}));
        let infrastructure = "arn:aws:iam::123456789012:role/infrastructure".to_owned();
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": FUNCTION}]});
        let attached = ["arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers".to_owned()];
        let inline = [("own".to_owned(), policy.to_string())].into();
        aws.0
            .with_world(|world| iam::add_role(world, &infrastructure, &trust.to_string(), &attached, &inline))
            .unwrap();
        let shop = Self { aws, balancer, rule, blue, green, role: infrastructure };
        let whole = with(
            &ecs_services::service(&shop.blue, 2),
            &json!({
            "deploymentConfiguration": deployment, "loadBalancers": shop.entries()}),
        );
        shop.aws.ecs("CreateService", &whole);
        shop.done("SUCCESSFUL");
        shop
    }

    fn entries(&self) -> Value {
        let advanced =
            json!({"alternateTargetGroupArn": self.green, "productionListenerRule": self.rule, "roleArn": self.role});
        json!([{"targetGroupArn": self.blue, "containerName": "web", "containerPort": 8080, "advancedConfiguration": advanced}])
    }

    /// Deploys another revision.
    fn deploy(&self, changes: &Value) {
        let new = self.aws.define(
            &json!({"environment": [{"name": "a", "value": self.aws.0.with_world(|world| world.now).to_string()}]}),
        );
        self.aws.update(&with(&json!({"taskDefinition": new}), changes));
    }

    fn deployment(&self) -> Value {
        let arn = self.aws.service()["currentServiceDeployment"].clone();
        self.aws.ecs("DescribeServiceDeployments", &json!({"serviceDeploymentArns": [arn]}))["serviceDeployments"][0]
            .clone()
    }

    fn stage(&self) -> String {
        self.deployment()["lifecycleStage"].as_str().unwrap_or_default().to_owned()
    }

    fn done(&self, status: &str) {
        self.aws.until(7200, status, || self.deployment()["status"] == status);
    }

    fn reach(&self, stage: &str) {
        self.aws.until(7200, stage, || self.stage() == stage);
    }

    /// What the rule gives to the first group and to the second.
    fn weights(&self) -> (i64, i64) {
        let rule = self.aws.ok("DescribeRules", &json!({"RuleArns": [self.rule]}))["Rules"][0].clone();
        let tuples = rule["Actions"][0]["ForwardConfig"]["TargetGroups"].as_array().unwrap().clone();
        let of =
            |group: &str| tuples.iter().find(|one| one["TargetGroupArn"] == group).unwrap()["Weight"].as_i64().unwrap();
        (of(&self.blue), of(&self.green))
    }

    /// The groups that the live revision is resolved to.
    fn live(&self) -> Value {
        let arn = self.aws.service()["currentServiceRevisions"][0]["arn"].clone();
        let answer = self.aws.ecs("DescribeServiceRevisions", &json!({"serviceRevisionArns": [arn]}));
        answer["serviceRevisions"][0]["resolvedConfiguration"]["loadBalancers"][0]["targetGroupArn"].clone()
    }
}

fn blue_green(more: &Value) -> Value {
    with(&json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2}), more)
}

fn hook(stage: &str, role: &str) -> Value {
    json!({"hookTargetArn": FUNCTION, "roleArn": role, "lifecycleStages": [stage]})
}

#[test]
fn blue_green_goes_to_and_fro_between_the_groups_and_loses_no_request() {
    let shop = Shop::new(&blue_green(&json!({})));
    assert_eq!((shop.weights(), shop.live()), ((0, 100), json!(shop.green)), "seen of the real one");
    shop.aws.probe(&shop.balancer);
    for expected in [(100, 0), (0, 100)] {
        let before = shop.weights();
        shop.deploy(&json!({}));
        shop.reach("POST_TEST_TRAFFIC_SHIFT");
        assert_eq!(shop.weights(), before, "the new revision runs and gets nothing yet");
        assert_eq!(shop.aws.service()["runningCount"], 4);
        shop.reach("BAKE_TIME");
        let deployment = shop.deployment();
        assert_eq!(deployment["targetServiceRevision"]["requestedProductionTrafficWeight"], 100.0);
        assert_eq!(deployment["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"], 0.0);
        assert_eq!((shop.weights(), &shop.aws.service()["runningCount"]), (expected, &json!(4)), "both run on");
        let baked = shop.aws.until(300, "it cleans up", || shop.stage() == "CLEAN_UP");
        assert_eq!(baked, 120);
        shop.done("SUCCESSFUL");
        assert_eq!(shop.aws.service()["runningCount"], 2);
        shop.aws.seconds(400);
    }
    assert_eq!(shop.aws.failed().0, 0, "{:#}", shop.aws.failed().1);
}

#[test]
fn linear_and_canary_shift_in_steps() {
    let cases = [
        (
            json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40.0, "stepBakeTimeInMinutes": 1}}),
            vec![(0, 100), (40, 60), (80, 20), (100, 0)],
        ),
        (
            json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 2.5, "canaryBakeTimeInMinutes": 3}}),
            vec![(0, 100), (25, 975), (100, 0)],
        ),
    ];
    for (configuration, expected) in cases {
        let shop = Shop::new(&configuration);
        shop.aws.probe(&shop.balancer);
        shop.deploy(&json!({}));
        let mut seen = vec![shop.weights()];
        while shop.deployment()["status"] == "IN_PROGRESS" {
            shop.aws.seconds(1);
            let now = shop.weights();
            if seen.last() != Some(&now) {
                seen.push(now);
            }
        }
        assert_eq!(seen, expected, "{configuration}");
        assert_eq!(shop.aws.failed().0, 0, "{:#}", shop.aws.failed().1);
    }
}

#[test]
fn a_hook_that_fails_brings_the_traffic_and_the_revision_back_within_bounds() {
    for stage in ["PRE_SCALE_UP", "POST_SCALE_UP", "PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"] {
        let shop = Shop::new(&blue_green(&json!({})));
        let (before, weights) = (shop.aws.service()["taskDefinition"].clone(), shop.weights());
        shop.aws.0.with_world(|world| ecs::set_hook_answer(world, FUNCTION, "FAILED"));
        shop.aws.probe(&shop.balancer);
        shop.deploy(&json!({"deploymentConfiguration": {"lifecycleHooks": [hook(stage, &shop.role)]}}));
        while ["IN_PROGRESS", "ROLLBACK_IN_PROGRESS"].contains(&shop.deployment()["status"].as_str().unwrap()) {
            shop.aws.seconds(1);
            let census = shop.aws.0.with_world(|world| ecs::census(world));
            assert!(census.iter().all(ecs::Census::is_within_bounds), "{stage}: {census:?}");
        }
        let deployment = shop.deployment();
        assert_eq!(deployment["status"], "ROLLBACK_SUCCESSFUL", "{stage}");
        assert!(deployment["statusReason"].as_str().unwrap().contains("hook execution failure"), "{deployment}");
        assert_eq!((&shop.aws.service()["taskDefinition"], shop.weights()), (&before, weights), "{stage}");
        assert_eq!(shop.aws.failed().0, 0, "{:#}", shop.aws.failed().1);
    }
}

#[test]
fn a_function_is_waited_for_and_needs_its_role() {
    let shop = Shop::new(&blue_green(&json!({})));
    shop.aws.0.with_world(|world| ecs::set_hook_answer(world, FUNCTION, "IN_PROGRESS"));
    shop.deploy(&json!({"deploymentConfiguration": {"lifecycleHooks": [hook("POST_SCALE_UP", &shop.role)]}}));
    shop.reach("POST_SCALE_UP");
    shop.aws.seconds(600);
    assert_eq!(shop.stage(), "POST_SCALE_UP");
    shop.aws.0.with_world(|world| ecs::set_hook_answer(world, FUNCTION, "SUCCEEDED"));
    shop.done("SUCCESSFUL");
    let nobody = "arn:aws:iam::123456789012:role/nobody";
    shop.deploy(&json!({"deploymentConfiguration": {"lifecycleHooks": [hook("POST_SCALE_UP", nobody)]}}));
    shop.done("ROLLBACK_SUCCESSFUL");
}

#[test]
fn a_pause_waits_for_who_continues_it() {
    let pause = json!({"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"], "timeoutConfiguration": {"timeoutInMinutes": 60}});
    // action -> how it ends
    for (action, end) in
        [(Some("CONTINUE"), "SUCCESSFUL"), (Some("ROLLBACK"), "ROLLBACK_SUCCESSFUL"), (None, "ROLLBACK_SUCCESSFUL")]
    {
        let shop = Shop::new(&blue_green(&json!({})));
        shop.deploy(&json!({"deploymentConfiguration": {"lifecycleHooks": [pause]}}));
        shop.reach("POST_TEST_TRAFFIC_SHIFT");
        shop.aws.seconds(600);
        let deployment = shop.deployment();
        let hook = deployment["lifecycleHookDetails"][0].clone();
        assert_eq!((&hook["status"], &hook["timeoutAction"]), (&json!("AWAITING_ACTION"), &json!("ROLLBACK")));
        if let Some(action) = action {
            let input = json!({"serviceDeploymentArn": deployment["serviceDeploymentArn"], "hookId": hook["hookId"], "action": action});
            shop.aws.ecs("ContinueServiceDeployment", &input);
            assert!(shop.aws.ask(Service::Ecs, "ContinueServiceDeployment", &input).is_err(), "only once");
        }
        shop.done(end);
    }
}

#[test]
fn another_deployment_meanwhile_brings_the_traffic_back_first() {
    let shop = Shop::new(&blue_green(&json!({})));
    let weights = shop.weights();
    shop.aws.probe(&shop.balancer);
    shop.deploy(&json!({}));
    shop.reach("BAKE_TIME");
    assert_ne!(shop.weights(), weights);
    shop.deploy(&json!({}));
    assert_eq!((shop.weights(), shop.stage().as_str()), (weights, "RECONCILE_SERVICE"));
    shop.done("SUCCESSFUL");
    assert_ne!(shop.weights(), weights);
    assert_eq!(shop.aws.service()["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(shop.aws.failed().0, 0, "{:#}", shop.aws.failed().1);
}

#[test]
fn another_deployment_while_the_old_tasks_go_comes_after_the_new_ones() {
    let shop = Shop::new(&blue_green(&json!({})));
    shop.deploy(&json!({}));
    shop.reach("CLEAN_UP");
    let weights = shop.weights();
    shop.aws.probe(&shop.balancer);
    shop.deploy(&json!({}));
    shop.aws.seconds(5);
    assert_eq!(shop.weights(), weights);
    shop.done("SUCCESSFUL");
    assert_ne!(shop.weights(), weights);
    assert_eq!(shop.aws.failed().0, 0, "{:#}", shop.aws.failed().1);
}

#[test]
fn what_the_api_does_not_take_is_refused() {
    let shop = Shop::new(&blue_green(&json!({})));
    let refused = |input: Value| {
        let whole = with(&json!({"cluster": "main", "service": "orders"}), &input);
        shop.aws.ask(Service::Ecs, "UpdateService", &whole).unwrap_err().code
    };
    let plain = json!([{"targetGroupArn": shop.blue, "containerName": "web", "containerPort": 8080}]);
    let pause = json!({"targetType": "PAUSE", "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"]});
    let cases = [
        ("one group", json!({"loadBalancers": plain})),
        (
            "steps of another strategy",
            json!({"deploymentConfiguration": {"canaryConfiguration": {"canaryPercent": 5.0}}}),
        ),
        (
            "too small steps",
            json!({"deploymentConfiguration": {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 1.0}}}),
        ),
        ("blue/green without a bake time", json!({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}})),
        ("too long a bake time", json!({"deploymentConfiguration": {"bakeTimeInMinutes": 1441}})),
        ("a pause in the shift", json!({"deploymentConfiguration": {"lifecycleHooks": [pause]}})),
    ];
    for (what, input) in cases {
        assert_eq!(refused(input), "InvalidParameterException", "{what}");
    }
}
