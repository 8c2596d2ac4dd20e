//! Images by digest, and secrets by version: what is looked up, when it is kept, and when it is followed.

use longshore_planner::desired::{Desired, Fact, Memory, Need, StoredFact};
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use serde_json::{Value, json};

use crate::objects::{container, desire_where, environment, hello, merge, scope, value};

const IMAGE: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders";

/// Example 10 with a container of ECR's and a secret, where the tag and the secret stand for this.
fn desire(patch: &Value, image: &str, now: Option<&str>, memory: &Memory) -> Desired {
    let grant = json!({"namespaces": {}, "parameterArns": ["*"]});
    let scope = scope(environment(&json!({"iam": {"grants": [grant]}})));
    let secrets = json!([{"name": "A", "valueFrom": "/shop/key"}]);
    let mut spec = json!({"task": {"containerDefinitions": [container(&json!({"image": image, "secrets": secrets}))]}});
    merge(&mut spec, patch);
    let desired = desire_where(&scope, &hello(&spec), memory, |need| match need {
        Need::ImageDigest { .. } => Some(Fact::ImageDigest(now.map(|digest| format!("sha256:{digest}")))),
        Need::Parameter { arn } => Some(Fact::Stored(now.map(|version| StoredFact {
            arn: arn.clone(),
            key: None,
            version: version.to_owned(),
        }))),
        _ => None,
    });
    desired.unwrap()
}

fn of_task(desired: &Desired) -> (String, Option<String>) {
    let task: TaskDefinition = value(desired, "task");
    let container = &task.content.container_definitions[0];
    (container.image.clone(), container.docker_labels.get("longshore.dev/secret-versions").cloned())
}

fn image(resolution: &str, image: &str, now: Option<&str>, memory: &Memory) -> String {
    of_task(&desire(&json!({"imageResolution": resolution}), image, now, memory)).0
}

#[test]
fn an_image_of_the_environment_s_registry_is_run_by_digest_where_the_spec_says_so() {
    let tagged = format!("{IMAGE}:1");
    let digest = format!("{IMAGE}@sha256:a");
    let cases = [
        ("Tag", tagged.clone(), Some("a"), tagged.clone()),
        ("Digest", tagged.clone(), Some("a"), digest.clone()),
        ("FollowTag", tagged.clone(), Some("a"), digest),
        ("Digest", IMAGE.to_owned(), Some("a"), format!("{IMAGE}@sha256:a")),
        ("Digest", tagged.clone(), None, tagged),
        ("Digest", format!("{IMAGE}@sha256:b"), Some("a"), format!("{IMAGE}@sha256:b")),
        (
            "Digest",
            "public.ecr.aws/nginx/nginx:1.27".to_owned(),
            Some("a"),
            "public.ecr.aws/nginx/nginx:1.27".to_owned(),
        ),
        ("Digest", IMAGE.replace("eu-west", "us-east"), Some("a"), IMAGE.replace("eu-west", "us-east")),
    ];
    for (resolution, given, now, expected) in cases {
        assert_eq!(image(resolution, &given, now, &Memory::default()), expected, "{resolution} {given}");
    }
}

#[test]
fn a_tag_that_moves_is_followed_only_where_the_spec_says_so() {
    let tagged = format!("{IMAGE}:1");
    let after = |resolution: &str, patch: &Value| {
        let mut patch = patch.clone();
        merge(&mut patch, &json!({"imageResolution": resolution}));
        let before = desire(&json!({"imageResolution": resolution}), &tagged, Some("a"), &Memory::default());
        let memory = Memory { pins: before.pins, ..Memory::default() };
        of_task(&desire(&patch, &tagged, Some("b"), &memory)).0
    };
    assert_eq!(after("Digest", &json!({})), format!("{IMAGE}@sha256:a"));
    assert_eq!(after("FollowTag", &json!({})), format!("{IMAGE}@sha256:b"));
    assert_eq!(after("Digest", &json!({"desiredCount": 4})), format!("{IMAGE}@sha256:a"), "an edit of something else");
    assert_eq!(after("Digest", &json!({"restartedAt": "2026-11-28T12:00:00Z"})), format!("{IMAGE}@sha256:b"));
}

#[test]
fn tasks_start_anew_with_another_version_only_where_the_spec_says_so() {
    let mark = |restart: Option<bool>, version: &str| {
        let patch = json!({"restartOnSecretChange": restart});
        of_task(&desire(&patch, IMAGE, Some(version), &Memory::default())).1
    };
    assert_eq!(mark(None, "1"), None);
    assert_eq!(mark(Some(false), "1"), None);
    assert!(mark(Some(true), "1").is_some());
    assert_eq!(mark(Some(true), "1"), mark(Some(true), "1"));
    assert_ne!(mark(Some(true), "1"), mark(Some(true), "2"));
}
