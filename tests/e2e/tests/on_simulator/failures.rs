//! What fails is told on the object, and not tried for ever.

use anyhow::Result;
use longshore_e2e::{Namespace, condition, hello, names_all, text};
use serde_json::{Value, json};

use crate::stack;

/// Example 10 with a task role of its own and a tag, so that both can be changed.
fn with_role(namespace: &str, image: &str, bucket: &str, owner: &str) -> Result<String> {
    let role = format!(
        "  tags: [{{key: Owner, value: {owner}}}]
  taskRole:
    policy:
      Version: \"2012-10-17\"
      Statement: [{{Effect: Allow, Action: \"s3:GetObject\", Resource: \"arn:aws:s3:::{bucket}/*\"}}]
  task:"
    );
    Ok(hello(namespace)?.replace("public.ecr.aws/nginx/nginx:1.27", image).replacen("  task:", &role, 1))
}

const GOOD: &str = "public.ecr.aws/nginx/nginx:1.27";

#[test]
fn a_bad_image_is_named_rolled_back_and_not_tried_again_while_the_rest_converges() -> Result<()> {
    let stack = stack();
    let simulator = stack.simulator();
    let bad = "public.ecr.aws/nginx/nginx:1.27-typo";
    simulator.image(bad, &json!({"missing": true}))?;
    let ns = Namespace::create(stack, "bad-image")?;
    ns.apply(&with_role(&ns.name, GOOD, "first", "anna")?)?;
    ns.wait_ready("ecssvc/hello")?;
    let good_revision = text(&stack.aws.service_of(&ns.name, "hello")?.unwrap(), "/taskDefinition");

    ns.apply(&with_role(&ns.name, bad, "first", "anna")?)?;
    let object = ns.wait_until("ecssvc/hello", "the rollback to be told", |object| {
        let stalled = condition(object, "Stalled");
        if stalled.reason == "RolledBack" && stalled.status == "True" {
            Ok(object.clone())
        } else {
            Err(format!("Stalled is {stalled}"))
        }
    })?;
    the_reason_stands_in_the_object(&object, bad)?;

    let names = ns.aws_names()?;
    let since = simulator.last_call()?;
    ns.apply(&with_role(&ns.name, bad, "second", "berta")?)?;
    ns.wait_until("ecssvc/hello", "a changed tag and role to arrive although the image is bad", |_| {
        tag_and_role_arrived(&ns).unwrap_or_else(|error| Err(format!("{error:#}")))
    })?;
    let attempts: Vec<Value> = simulator.writes(since, &names)?;
    for call in &attempts {
        assert!(
            !["RegisterTaskDefinition", "UpdateService", "CreateService"]
                .contains(&call["operation"].as_str().unwrap()),
            "not one further attempt, but {call:#}"
        );
    }
    let service = stack.aws.service_of(&ns.name, "hello")?.unwrap();
    assert_eq!(text(&service, "/taskDefinition"), good_revision, "the last good revision still runs");
    assert_eq!(condition(&ns.get("ecssvc/hello")?, "Ready").status, "False", "and the object does not hide it");

    ns.apply(&with_role(&ns.name, "public.ecr.aws/nginx/nginx:1.28", "second", "berta")?)?;
    ns.wait_settled("ecssvc/hello")?;
    Ok(())
}

fn the_reason_stands_in_the_object(object: &Value, image: &str) -> Result<()> {
    let stalled = condition(object, "Stalled");
    names_all(&stalled.message, &[image, "CannotPullContainerError", "web"]).map_err(anyhow::Error::msg)?;
    assert_eq!(condition(object, "Ready").status, "False");
    assert_ne!(condition(object, "Reconciling").status, "True", "nothing is under way");
    let task = &object["status"]["deployment"]["tasks"][0];
    assert!(!text(task, "/taskId").is_empty(), "which task: {:#}", object["status"]);
    names_all(&task.to_string(), &[image, "CannotPullContainerError", "web"]).map_err(anyhow::Error::msg)
}

fn tag_and_role_arrived(ns: &Namespace) -> Result<Result<(), String>> {
    let aws = &ns.stack.aws;
    let service = aws.service_of(&ns.name, "hello")?.unwrap();
    if !service["tags"].as_array().unwrap().contains(&json!({"key": "Owner", "value": "berta"})) {
        return Ok(Err(format!("the service's tags are {}", service["tags"])));
    }
    for role in aws.roles_of(&format!("EcsService/{}/hello", ns.name))? {
        for policy in longshore_e2e::elements(&aws.iam("ListRolePolicies", &[("RoleName", &role)])?, "member") {
            let document = aws.iam("GetRolePolicy", &[("RoleName", &role), ("PolicyName", &policy)])?;
            if document.contains("second") {
                return Ok(Ok(()));
            }
        }
    }
    Ok(Err("no role's policy names the second bucket".to_owned()))
}

#[test]
fn the_first_image_ever_being_bad_is_told_too() -> Result<()> {
    let stack = stack();
    let bad = "public.ecr.aws/nginx/nginx:never-pushed";
    stack.simulator().image(bad, &json!({"missing": true}))?;
    let ns = Namespace::create(stack, "first-image-bad")?;
    ns.apply(&hello(&ns.name)?.replace(GOOD, bad))?;

    ns.wait_until("ecssvc/hello", "the failed pull to be told", |object| {
        let told = format!("{} {}", condition(object, "Ready").message, condition(object, "Stalled").message);
        names_all(&told, &[bad, "CannotPullContainerError"])
    })?;

    ns.apply(&hello(&ns.name)?)?;
    ns.wait_settled("ecssvc/hello")?;
    Ok(())
}

#[test]
fn a_container_that_ends_is_told_with_its_exit_code() -> Result<()> {
    let stack = stack();
    let crashing = "public.ecr.aws/nginx/nginx:crashing";
    stack.simulator().image(crashing, &json!({"exits": {"code": 78, "afterSeconds": 2}}))?;
    let ns = Namespace::with_hello(stack, "exit-code")?;
    ns.apply(&hello(&ns.name)?.replace(GOOD, crashing))?;

    ns.wait_until("ecssvc/hello", "the exit code to be told", |object| {
        names_all(&object["status"].to_string(), &["78", "web", crashing])?;
        names_all(&condition(object, "Ready").message, &["78", "web"])
    })
}
