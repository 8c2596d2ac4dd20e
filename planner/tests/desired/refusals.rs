//! What cannot be done is said, never ignored.

use longshore_planner::desired::{Fact, Facts, Memory, Need, Obstacle, Reference, References, ecs_service};
use serde_json::{Value, json};

use crate::balanced::Asked;
use crate::objects::{cluster, desire, desired, environment, hello, refused, scope, value};
use longshore_planner::kinds::ecs::service::Service;

#[test]
fn what_is_not_built_yet_is_refused_by_field() {
    let cases: [(Value, &str); 2] = [
        (
            json!({"task": {"trustedExecutionConfiguration": {"isolationMode": "ISOLATED_SANDBOX"}}}),
            "spec.task.trustedExecutionConfiguration",
        ),
        (json!({"launchType": "EXTERNAL"}), "spec.launchType"),
    ];
    for (patch, field) in cases {
        let refusals = refused(&patch);
        assert!(
            refusals.iter().any(|(reason, at, _)| reason == "NotSupportedYet" && at == field),
            "{patch}: {refusals:?}"
        );
    }
}

#[test]
fn what_ecs_takes_of_nobody_is_refused_before_it_is_asked() {
    let percent = |minimum: Value, maximum: Value| json!({"deploymentConfiguration": {"minimumHealthyPercent": minimum, "maximumPercent": maximum}});
    let cases = [
        (percent(json!(100), json!(100)), Some(("RolloutCannotMove", "spec.deploymentConfiguration"))),
        (percent(Value::Null, json!(100)), Some(("RolloutCannotMove", "spec.deploymentConfiguration"))),
        (percent(json!(50), json!(100)), None),
        (percent(json!(100), Value::Null), None),
        (
            json!({"schedulingStrategy": "DAEMON", "desiredCount": null}),
            Some(("NotOnFargate", "spec.schedulingStrategy")),
        ),
    ];
    for (patch, expected) in cases {
        if let Some((reason, at)) = expected {
            let found = refused(&patch);
            assert!(found.iter().any(|(word, field, _)| word == reason && field == at), "{patch}: {found:?}");
        } else {
            desired(&patch);
        }
    }
}

#[test]
fn more_security_groups_than_a_task_may_be_in_are_refused() {
    for (further, expected) in [(4, None), (5, Some("TooManySecurityGroups"))] {
        let groups: Vec<String> = (0..further).map(|number| format!("sg-{number}")).collect();
        let patch = json!({"networkConfiguration": {"awsvpcConfiguration": {"securityGroups": groups}}});
        let found = refused(&patch);
        assert_eq!(found.first().map(|(reason, ..)| reason.as_str()), expected, "{further} beside its own: {found:?}");
    }
}

#[test]
fn a_cluster_elsewhere_is_refused() {
    for arn in ["arn:aws:ecs:us-east-1:123456789012:cluster/x", "arn:aws:ecs:eu-west-1:210987654321:cluster/x"] {
        let refusals = refused(&json!({"cluster": {"name": null, "arn": arn}}));
        assert_eq!(refusals[0].0, "OtherEnvironment", "{refusals:?}");
    }
    let here = json!({"cluster": {"name": null, "arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/x"}});
    assert_eq!(refused(&here), []);
}

#[test]
fn what_may_never_be_opened_is_refused_though_its_load_balancer_is_waited_for() {
    let access = json!({"access": [{"securityGroup": {"id": "sg-0database"}, "port": 5432}]});
    let mut asked = Asked::orders(&json!({"networkConfiguration": access})).foreign();
    assert!(matches!(asked.desire(), Err(Obstacle::Waiting { .. })), "{:?}", asked.desire());
    for grant in &mut asked.scope.environment.iam.as_mut().unwrap().grants {
        grant.security_group_ids = Some(vec![]);
    }
    let outcome = asked.desire();
    assert!(matches!(&outcome, Err(Obstacle::Refused(refusals)) if refusals[0].reason == "NotGranted"), "{outcome:?}");
}

#[test]
fn a_cluster_that_is_not_ready_is_waited_for_in_words() {
    let waiting =
        Reference::Waiting { reason: "ClusterNotReady".into(), message: "EcsCluster shop/main: making it".into() };
    let (scope, references) = (scope(environment(&json!({}))), References::to_cluster(waiting));
    let outcome = ecs_service(&scope, &hello(&json!({})), &Facts::new(), &references, &Memory::default());
    assert!(matches!(outcome, Err(Obstacle::Waiting { reason, .. }) if reason == "ClusterNotReady"));
}

#[test]
fn subnets_by_tags_are_asked_for_and_used() {
    let network = json!({"network": {"privateSubnets": {"ids": null, "tags": {"Tier": "private"}}}});
    let scope = scope(environment(&network));
    let Err(Obstacle::Needs(needs)) = desire(&scope, &hello(&json!({})), &Memory::default()) else {
        panic!("a fact is missing");
    };
    let [Need::Subnets { vpc_id, .. }] = needs.as_slice() else { panic!("{needs:?}") };
    assert_eq!(vpc_id, "vpc-0a1b2c3d");
    let answered = |ids: &[&str]| {
        let facts: Facts = [(needs[0].clone(), Fact::Subnets(ids.iter().map(ToString::to_string).collect()))].into();
        ecs_service(&scope, &hello(&json!({})), &facts, &References::to_cluster(cluster()), &Memory::default())
    };
    let service: Service = value(&answered(&["subnet-9"]).unwrap(), "service");
    assert_eq!(service.network.unwrap().subnets, ["subnet-9"]);
    assert!(matches!(answered(&[]), Err(Obstacle::Refused(refusals)) if refusals[0].reason == "NoSubnets"));
}
