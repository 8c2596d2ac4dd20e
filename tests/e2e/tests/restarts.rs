//! The controller's process comes and goes; what it made stays one of each. These tests kill it, so they have a stack
//! of their own and take turns.

#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::Result;
use longshore_e2e::{Namespace, Provider, Stack, StackOptions, example, hello};
use serde_json::Value;

const PROVIDER: Provider = Provider::Simulator { speed: 20 };

static TURN: Mutex<()> = Mutex::new(());

fn stack() -> &'static Stack {
    static STACK: LazyLock<Stack> = LazyLock::new(|| {
        let start = || {
            let stack = Stack::start(&StackOptions::for_tests(PROVIDER)?)?;
            stack.furnish(&PROVIDER)?;
            anyhow::Ok(stack)
        };
        start().unwrap_or_else(|error| panic!("the stack did not start: {error:#}"))
    });
    &STACK
}

#[test]
fn applied_again_and_looked_at_again_nothing_is_written_to_aws_or_to_the_status() -> Result<()> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let stack = stack();
    let shop = Namespace::of(stack, "shop");
    shop.apply(&example("10-fargate-web.yaml")?)?;
    let objects = ["awsenv/default", "ecscl/main", "ecssvc/hello"];
    for object in objects {
        shop.wait_settled(object)?;
    }
    shop.wait_until("ecscl/main", "the cluster to count the service's tasks", |cluster| {
        let running = &cluster["status"]["runningTasksCount"];
        if *running == 2 { Ok(()) } else { Err(format!("it counts {running}")) }
    })?;
    let versions = || objects.iter().map(|object| version(&shop, object)).collect::<Result<Vec<_>>>();
    let names = shop.aws_names()?;
    calm(&shop, &names)?;
    let (before, since) = (versions()?, stack.simulator().last_call()?);

    shop.apply(&example("00-environment.yaml")?)?;
    shop.apply(&example("10-fargate-web.yaml")?)?;
    // A new process knows nothing and looks at everything.
    stack.kill_9_controller()?;
    stack.start_controller()?;
    shop.wait_for("the service to be looked at again", || {
        let calls = stack.simulator().calls(since, &names)?;
        let looked = calls.iter().any(|call| call["operation"] == "DescribeServices");
        Ok(if looked { Ok(()) } else { Err(format!("{} calls so far", calls.len())) })
    })?;
    calm(&shop, &names)?;

    assert_eq!(stack.simulator().writes(since, &names)?, Vec::<Value>::new(), "writes to AWS");
    assert_eq!(versions()?, before, "resourceVersion changes with every write of spec or status");
    Ok(())
}

fn version(ns: &Namespace, object: &str) -> Result<String> {
    Ok(longshore_e2e::text(&ns.get(object)?, "/metadata/resourceVersion"))
}

/// Waits until nothing has been asked of AWS about these for twenty looks in a row.
fn calm(ns: &Namespace, names: &[String]) -> Result<()> {
    let (mut last, mut looks) = (usize::MAX, 0);
    ns.wait_for("calm", || {
        let calls = ns.stack.simulator().calls(0, names)?.len();
        looks = if calls == last { looks + 1 } else { 0 };
        last = calls;
        Ok(if looks >= 20 { Ok(()) } else { Err(format!("{calls} calls and more coming")) })
    })
}

/// The writes after which the controller is killed: in the middle of the cluster, of roles and group, of the task
/// definition, of the service.
const KILLED_AFTER: [usize; 5] = [1, 2, 4, 6, 8];

#[test]
fn killed_in_the_middle_it_converges_with_no_duplicate_and_no_orphan() -> Result<()> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let stack = stack();
    let undisturbed = Namespace::with_hello(stack, "undisturbed")?;
    let expected = counts(&undisturbed)?;
    for writes in KILLED_AFTER {
        let ns = Namespace::create(stack, &format!("killed-after-{writes}"))?;
        let since = stack.simulator().last_call()?;
        ns.apply(&hello(&ns.name)?)?;
        ns.wait_for(&format!("{writes} writes"), || {
            // By the tag that names the object, or by the name of what it makes.
            let named = [format!("/{}/", ns.name), format!("{}-hello", ns.name)];
            let made = stack.simulator().writes(since, &named)?.len();
            Ok(if made >= writes { Ok(()) } else { Err(format!("{made} so far")) })
        })?;
        stack.kill_9_controller()?;
        stack.start_controller()?;
        ns.wait_settled("ecssvc/hello")?;
        assert_eq!(counts(&ns)?, expected, "killed after {writes} writes");

        ns.kubectl(&["delete", "namespace", &ns.name, "--timeout=180s"])?;
        assert_eq!(ns.holdings()?, BTreeMap::new(), "left in AWS");
    }
    Ok(())
}

/// How many of each AWS holds for a namespace.
fn counts(ns: &Namespace) -> Result<Vec<(&'static str, usize)>> {
    Ok(ns.holdings()?.into_iter().map(|(what, held)| (what, held.len())).collect())
}
