//! What is deleted in Kubernetes is gone from AWS.

use std::collections::BTreeMap;

use anyhow::Result;
use longshore_e2e::{Namespace, hello};
use serde_json::json;

use crate::stack;

#[test]
fn deleting_the_namespace_leaves_nothing_in_aws_and_no_finalizer_stuck() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "leaves-nothing")?;
    let held = ns.holdings()?;
    assert!(held.len() >= 5, "there is something to leave behind: {held:?}");

    ns.kubectl(&["delete", "namespace", &ns.name, "--timeout=180s"])
        .map_err(|error| anyhow::anyhow!("{error:#}\n{}\n{}", ns.report("ecssvc/hello"), ns.report("ecscl/main")))?;

    assert_eq!(ns.holdings()?, BTreeMap::new(), "left in AWS");
    Ok(())
}

#[test]
fn an_object_deleted_while_it_comes_up_leaves_nothing() -> Result<()> {
    let stack = stack();
    let ns = Namespace::create(stack, "deleted-early")?;
    let before = stack.simulator().last_call()?;
    ns.apply(&hello(&ns.name)?)?;
    ns.wait_for("the first things to be made", || {
        let made = stack.simulator().writes(before, &["EcsService/deleted-early/".to_owned()])?.len();
        Ok(if made >= 2 { Ok(()) } else { Err(format!("{made} writes")) })
    })?;

    ns.kubectl(&["delete", "ecssvc/hello", "ecscl/main", "--timeout=180s"])?;

    assert_eq!(ns.holdings()?, BTreeMap::new(), "left in AWS");
    Ok(())
}

#[test]
fn with_retain_the_object_goes_and_aws_keeps_what_it_stood_for() -> Result<()> {
    let stack = stack();
    let ns = Namespace::with_hello(stack, "retained")?;
    ns.patch("ecssvc/hello", &json!({"spec": {"deletionPolicy": "Retain"}}))?;
    let held = stack.aws.holdings("EcsService", &ns.name, "hello")?;

    ns.kubectl(&["delete", "ecssvc/hello", "--timeout=120s"])?;

    assert_eq!(stack.aws.holdings("EcsService", &ns.name, "hello")?, held);
    Ok(())
}
