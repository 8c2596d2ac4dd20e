//! A service whose deployments shift traffic: ECS's weights are never touched, nothing is written at rest whichever group is
//! live, and what Longshore changes meanwhile sends no traffic back.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::delete_rule::builders::DeleteRuleInputBuilder;
use futures::future::LocalBoxFuture;
use longshore_crds::aws_environment::Grant;
use longshore_planner::desired::{References, ecs_service};
use longshore_planner::engine::World;
use longshore_planner::kinds::ecs::service::{Service, ServiceDetail};
use longshore_simulator::services::ecs::{Census, census, set_hook_answer};
use serde_json::{Value, json};

use crate::account::Account;
use crate::balanced::{Balanced, behind};
use crate::examples::{self, image, merge, scope};
use crate::object::{Object, thing, words};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:smoke";

/// A shop whose front is there.
struct Shop {
    account: Account,
    balanced: Balanced,
    references: References,
    checkout: Object,
}

/// The service's patch.
fn by(strategy: &str, more: &Value) -> Value {
    let mut patch = behind();
    merge(&mut patch, &json!({"deploymentConfiguration": {"strategy": strategy, "bakeTimeInMinutes": 2}}));
    merge(&mut patch, more);
    patch
}

fn wants(references: &References, patch: &Value) -> Object {
    let (spec, references) = (examples::service(patch), references.clone());
    let mut scope = scope("EcsService", "checkout");
    let calls = Grant { actions: vec!["lambda:InvokeFunction".into()], ..Grant::default() };
    scope.environment.iam.as_mut().unwrap().grants.push(calls);
    Object::needing(scope, move |scope, memory, facts| ecs_service(scope, &spec, facts, &references, memory))
}

impl Shop {
    fn new(patch: &Value) -> LocalBoxFuture<'_, Self> {
        Box::pin(async move {
            let account = Account::new().await;
            let mut balanced = Balanced::new();
            balanced.begin(&account).await;
            let references = balanced.references.clone().unwrap();
            let mut checkout = wants(&references, patch);
            checkout.converge(&account).await;
            Self { account, balanced, references, checkout }
        })
    }

    fn change(&mut self, patch: &Value) {
        let changed = wants(&self.references, patch);
        let before = std::mem::replace(&mut self.checkout, changed);
        (self.checkout.inventory, self.checkout.memory) = (before.inventory, before.memory);
    }

    async fn converge(&mut self) -> World {
        self.checkout.converge(&self.account).await
    }

    /// Rounds until the deployment is at a stage; what the last look told.
    async fn reach(&mut self, stage: &str) -> ServiceDetail {
        for _ in 0..600 {
            let detail = detail(&self.checkout.round(&self.account).await.world);
            if detail.service_deployment.as_ref().is_some_and(|deployment| deployment.stage == stage) {
                return detail;
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        panic!("it does not get to {stage}");
    }

    async fn nothing_at_rest(&mut self, what: &str) {
        let since = self.account.now();
        let (_, plan) = self.checkout.planned(&self.account).await;
        assert_eq!(plan.steps.iter().map(words).collect::<Vec<_>>(), [""; 0], "{what}");
        assert_eq!(self.account.writes(since), [].into(), "{what}");
    }

    /// What the rule gives to the first group and to the second.
    async fn weights(&mut self) -> (i64, i64) {
        let (world, _) = self.checkout.planned(&self.account).await;
        let (one, two) =
            (thing(&world, "web").outputs["arn"].clone(), thing(&world, "web.alternate").outputs["arn"].clone());
        let rule = world.things.iter().find(|(id, _)| id.kind == "elbv2/listener-rule").unwrap().1;
        let weight = |arn: &str| {
            let weights = rule.value["weights"].as_array().unwrap();
            weights.iter().find(|weight| weight["targetGroup"] == arn).unwrap()["weight"].as_i64().unwrap()
        };
        (weight(&one), weight(&two))
    }

    /// How often Longshore said what a rule does.
    fn actions_sent(&self, since: u64) -> usize {
        let calls = self.account.calls(since);
        calls.iter().filter(|call| call.operation == "ModifyRule" && !call.input["Actions"].is_null()).count()
    }

    fn remove(mut self) -> LocalBoxFuture<'static, ()> {
        Box::pin(async move {
            self.checkout.remove(&self.account).await;
            self.balanced.remove_empty(&self.account).await;
        })
    }
}

fn detail(world: &World) -> ServiceDetail {
    let Some((id, _)) = world.things.iter().find(|(id, _)| id.key == "service") else {
        return ServiceDetail::default();
    };
    world.seen::<Service>(id).unwrap().detail().unwrap()
}

#[tokio::test(start_paused = true)]
async fn deployments_go_to_and_fro_and_nothing_is_written_but_the_revision() {
    let mut shop = Shop::new(&by("BLUE_GREEN", &json!({}))).await;
    let mut seen = vec![shop.weights().await];
    shop.nothing_at_rest("made").await;
    for tag in ["1.28", "1.29"] {
        let since = shop.account.now();
        shop.change(&by("BLUE_GREEN", &image(tag)));
        shop.converge().await;
        let writes = shop.account.writes(since);
        assert_eq!((writes.get("UpdateService"), writes.get("ModifyRule")), (Some(&1), None), "{writes:?}");
        seen.push(shop.weights().await);
        shop.nothing_at_rest(tag).await;
    }
    assert_eq!(seen, [(0, 100), (100, 0), (0, 100)]);
    shop.remove().await;
}

#[tokio::test(start_paused = true)]
async fn another_path_in_the_midst_of_a_shift_sends_no_traffic_back() {
    let steps =
        json!({"deploymentConfiguration": {"linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 1}}});
    let mut shop = Shop::new(&by("LINEAR", &steps)).await;
    let mut next = steps.clone();
    merge(&mut next, &image("1.28"));
    shop.change(&by("LINEAR", &next));
    let told = shop.reach("PRODUCTION_TRAFFIC_SHIFT").await.service_deployment.unwrap();
    assert_eq!(told.traffic.unwrap().production, "25");
    let mut patch = by("LINEAR", &next);
    patch["loadBalancers"][0]["rules"] = json!([{"hosts": ["shop.example.com"], "paths": ["/checkout"]}]);
    let since = shop.account.now();
    shop.change(&patch);
    shop.checkout.round(&shop.account).await;
    assert_eq!((shop.account.count(since, "ModifyRule"), shop.actions_sent(since)), (1, 0));
    assert_eq!(shop.weights().await, (25, 75));
    shop.converge().await;
    assert_eq!((shop.account.count(since, "UpdateService"), shop.actions_sent(since)), (0, 0));
    shop.nothing_at_rest("shifted").await;
    shop.remove().await;
}

#[tokio::test(start_paused = true)]
async fn a_rolling_service_goes_over_without_a_gap_and_back_only_by_the_first_group() {
    let mut shop = Shop::new(&behind()).await;
    let rule = |shop: &Shop| shop.checkout.inventory.0.keys().find(|id| id.kind == "elbv2/listener-rule").cloned();
    let before = rule(&shop);
    shop.change(&by("BLUE_GREEN", &json!({})));
    shop.converge().await;
    assert_eq!((rule(&shop), shop.weights().await), (before.clone(), (0, 100)));
    shop.change(&by("BLUE_GREEN", &image("1.28")));
    shop.converge().await;
    shop.change(&behind());
    shop.converge().await;
    assert_eq!(rule(&shop), before);
    shop.nothing_at_rest("rolling again").await;
    shop.remove().await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_somebody_deleted_leads_to_the_tasks_again() {
    let mut shop = Shop::new(&by("BLUE_GREEN", &json!({}))).await;
    let arn = |shop: &Shop| {
        let entry = shop.checkout.inventory.0.iter().find(|(id, _)| id.kind == "elbv2/listener-rule").unwrap().1;
        entry.physical.clone().unwrap()
    };
    let rule = arn(&shop);
    shop.account.session.writer().write(DeleteRuleInputBuilder::default().rule_arn(&rule)).await.unwrap();
    shop.checkout.round(&shop.account).await;
    assert_ne!(arn(&shop), rule);
    assert_eq!(shop.weights().await, (0, 100));
    shop.converge().await;
    shop.nothing_at_rest("made again").await;
    shop.remove().await;
}

#[tokio::test(start_paused = true)]
async fn a_function_that_says_no_brings_the_old_revision_back_within_bounds() {
    let hooks = json!({"deploymentConfiguration": {"lifecycleHooks": [
        {"hookTargetArn": FUNCTION, "lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"]}]}});
    let mut shop = Shop::new(&by("CANARY", &hooks)).await;
    let weights = shop.weights().await;
    shop.account.simulator.with_world(|world| set_hook_answer(world, FUNCTION, "FAILED"));
    let mut next = hooks.clone();
    merge(&mut next, &image("1.28"));
    shop.change(&by("CANARY", &next));
    for second in 0..1800 {
        if second % 10 == 0 {
            let told = detail(&shop.checkout.round(&shop.account).await.world);
            if shop.checkout.memory.rejected.is_some() && told.deployments.len() == 1 {
                break;
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let census = shop.account.simulator.with_world(|world| census(world));
        assert!(census.iter().all(Census::is_within_bounds), "{census:?}");
    }
    let rejected = shop.checkout.memory.rejected.clone().unwrap();
    assert!(rejected.reason.contains("hook execution failure"), "{rejected:?}");
    shop.converge().await;
    assert_eq!(shop.weights().await, weights);
    shop.nothing_at_rest("rolled back").await;
    shop.remove().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_when_somebody_names_its_deployment_and_is_ended_once() {
    let pause = json!({"deploymentConfiguration": {"lifecycleHooks": [
        {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}]}});
    let mut shop = Shop::new(&by("BLUE_GREEN", &json!({}))).await;
    let mut next = pause.clone();
    merge(&mut next, &image("1.28"));
    shop.change(&by("BLUE_GREEN", &next));
    let told = shop.reach("POST_TEST_TRAFFIC_SHIFT").await.service_deployment.unwrap();
    assert!(told.words().unwrap().contains(&format!("ecs.longshore.dev/continue={}", told.id())), "{told:?}");
    shop.checkout.proceed = Some("another".to_owned());
    let since = shop.account.now();
    shop.checkout.round(&shop.account).await;
    assert_eq!(shop.account.count(since, "ContinueServiceDeployment"), 0);
    shop.checkout.proceed = Some(told.id().to_owned());
    shop.converge().await;
    assert_eq!(shop.account.count(since, "ContinueServiceDeployment"), 1);
    shop.nothing_at_rest("it went on").await;
    shop.remove().await;
}
