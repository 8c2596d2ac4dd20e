//! Images that a pipeline deploys: what runs is carried on, and what is not named is the spec's.

use longshore_planner::desired::{DeployedRevision, Fact, Memory, Need, Obstacle};
use longshore_planner::engine::{Kind as _, Rules};
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::objects::{container, desire, desire_where, environment, hello, scope, value};

const PUSHED: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:built-7";
const REVISION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop-hello:7";

/// Example 10 with a second container, one of whose images is a pipeline's.
fn spec() -> Value {
    let side =
        json!({"name": "side", "image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [], "essential": false});
    json!({
        "ignoreChanges": [{"containerName": "web", "field": "image"}],
        "task": {"containerDefinitions": [container(&json!({})), container(&side)]},
    })
}

fn runs(images: &[(&str, &str)]) -> DeployedRevision {
    let images = images.iter().map(|(name, image)| ((*name).to_owned(), (*image).to_owned()));
    DeployedRevision { arn: REVISION.to_owned(), images: images.collect() }
}

fn desired(runs: Option<&DeployedRevision>) -> longshore_planner::desired::Desired {
    let answer = |need: &Need| match need {
        Need::Deployed { service, .. } => {
            assert!(service.starts_with("shop-hello-"), "{service}");
            Some(Fact::Deployed(runs.cloned()))
        }
        _ => None,
    };
    desire_where(&scope(environment(&json!({}))), &hello(&spec()), &Memory::default(), answer).unwrap()
}

fn images(runs: Option<&DeployedRevision>) -> Vec<String> {
    let task: TaskDefinition = value(&desired(runs), "task");
    task.content.container_definitions.into_iter().map(|container| container.image).collect()
}

#[test]
fn the_image_that_runs_is_carried_on_in_the_containers_that_are_named() {
    let nginx = "public.ecr.aws/nginx/nginx:1.27";
    let cases = [
        (None, [nginx, nginx]),
        (Some(runs(&[("web", PUSHED)])), [nginx, PUSHED]),
        (Some(runs(&[("web", PUSHED), ("side", PUSHED)])), [nginx, PUSHED]),
        (Some(runs(&[("another", PUSHED)])), [nginx, nginx]),
    ];
    for (runs, expected) in cases {
        // Sorted by name: side, web.
        assert_eq!(images(runs.as_ref()), expected, "{runs:?}");
    }
}

#[test]
fn the_execution_role_may_pull_what_runs() {
    let role: Role = value(&desired(Some(&runs(&[("web", PUSHED)]))), "execution-role");
    assert!(json!(role.inline).to_string().contains(":repository/shop"), "{:?}", role.inline);
}

#[test]
fn what_runs_is_asked_for_only_where_it_matters() {
    let asked = desire(&scope(environment(&json!({}))), &hello(&spec()), &Memory::default());
    let Err(Obstacle::Needs(needs)) = asked else { panic!("{asked:?}") };
    assert!(matches!(needs.as_slice(), [Need::Deployed { .. }]), "{needs:?}");
    assert!(desire(&scope(environment(&json!({}))), &hello(&json!({})), &Memory::default()).is_ok());
}

/// What somebody deployed after the fact was asked for is not undone by a turn that does not know of it.
#[test]
fn a_revision_that_came_meanwhile_is_no_difference() {
    let service: Service = value(&desired(Some(&runs(&[("web", PUSHED)]))), "service");
    let want = Service { task_definition: "arn:own:9".into(), ..service };
    let cases = [("arn:own:9", false), (REVISION, true), ("arn:pushed:10", false)];
    for (seen, differs) in cases {
        let seen = Service { task_definition: seen.into(), deployed: None, ..want.clone() };
        let rules = Rules::of::<Service>();
        let (want, seen) = (json!(want), json!(seen));
        let comparable = rules.comparable(&want, &seen).unwrap();
        assert_eq!(comparable["taskDefinition"] != want["taskDefinition"], differs, "{seen}");
    }
    assert_eq!(Service::NAME, "ecs/service");
}
