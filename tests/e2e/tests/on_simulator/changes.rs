//! A change of the object costs AWS exactly the calls that it needs.

use anyhow::Result;
use longshore_e2e::{Namespace, hello, number, text};
use serde_json::json;

use crate::stack;

#[test]
fn an_image_changed_is_one_new_revision_and_one_update_of_the_service() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "image-change")?;
    let names = ns.aws_names()?;
    let before = stack.simulator().last_call()?;

    ns.apply(&hello(&ns.name)?.replace("nginx:1.27", "nginx:1.28"))?;
    ns.wait_settled("ecssvc/hello")?;

    assert_eq!(stack.simulator().write_counts(before, &names)?, ["RegisterTaskDefinition: 1", "UpdateService: 1"]);
    let service = stack.aws.service_of(&ns.name, "hello")?.unwrap();
    let running = stack.aws.ecs("DescribeTaskDefinition", &json!({"taskDefinition": service["taskDefinition"]}))?;
    assert_eq!(
        text(&running, "/taskDefinition/containerDefinitions/0/image"),
        "public.ecr.aws/nginx/nginx:1.28",
        "what runs is what was asked for"
    );
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1), "and nothing else runs: {service:#}");
    assert_eq!(number(&service, "/runningCount"), 2);
    Ok(())
}

#[test]
fn an_image_changed_there_and_back_ends_on_the_first_revision_again() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "image-back")?;
    let first = text(&stack.aws.service_of(&ns.name, "hello")?.unwrap(), "/taskDefinition");
    let names = ns.aws_names()?;

    ns.apply(&hello(&ns.name)?.replace("nginx:1.27", "nginx:1.28"))?;
    ns.wait_settled("ecssvc/hello")?;
    let before = stack.simulator().last_call()?;
    ns.apply(&hello(&ns.name)?)?;
    ns.wait_settled("ecssvc/hello")?;

    assert_eq!(text(&stack.aws.service_of(&ns.name, "hello")?.unwrap(), "/taskDefinition"), first);
    assert_eq!(stack.simulator().write_counts(before, &names)?, ["UpdateService: 1"], "the revision was still there");
    Ok(())
}

#[test]
fn kubectl_scale_is_one_update_of_the_service_and_no_revision() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "scale")?;
    let names = ns.aws_names()?;
    let before = stack.simulator().last_call()?;

    ns.kubectl(&["scale", "ecssvc/hello", "--replicas=5"])?;
    let object = ns.wait_settled("ecssvc/hello")?;

    assert_eq!(stack.simulator().write_counts(before, &names)?, ["UpdateService: 1"]);
    let service = stack.aws.service_of(&ns.name, "hello")?.unwrap();
    assert_eq!((number(&service, "/desiredCount"), number(&service, "/runningCount")), (5, 5));
    assert_eq!(stack.aws.task_definitions_of(&ns.name, "hello")?.len(), 1, "no new revision");
    assert_eq!(number(&object, "/status/runningCount"), 5, "the scale subresource shows it");
    Ok(())
}

#[test]
fn a_reply_that_got_lost_makes_nothing_twice() -> Result<()> {
    let stack = stack();
    let ns = Namespace::create(stack, "lost-replies")?;
    for operation in ["CreateCluster", "CreateRole", "CreateSecurityGroup", "RegisterTaskDefinition", "CreateService"] {
        // Every create carries a tag that names its object.
        stack
            .simulator()
            .fault(&json!({"operation": operation, "resource": "/lost-replies/", "kind": "lost_reply"}))?;
    }

    ns.apply(&hello(&ns.name)?)?;
    ns.wait_ready("ecssvc/hello")?;

    for (what, held) in ns.holdings()? {
        assert_eq!(held.len(), 1, "one {what}, not {held:?}");
    }
    Ok(())
}
