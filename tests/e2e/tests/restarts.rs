//! The controller's process comes and goes; what it made stays one of each. These tests kill it, so they have a stack
//! of their own and take turns.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::{Result, ensure};
use longshore_e2e::{Namespace, Provider, Stack, StackOptions, example, hello};
use serde_json::{Value, json};

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

#[test]
fn a_migration_is_run_once_though_the_controller_is_killed_three_times() -> Result<()> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let stack = stack();
    let ns = Namespace::with_hello(stack, "migrated-once")?;
    let since = stack.simulator().last_call()?;
    let task = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsTask",
        "metadata": {"name": "migrate", "namespace": ns.name},
        "spec": {
            "cluster": {"name": "main"}, "launchType": "FARGATE", "taskFrom": {"service": {"name": "hello"}},
            "overrides": {"containerOverrides": [{"name": "web", "command": ["./migrate", "up"]}]},
        },
    });
    ns.apply(&task.to_string())?;
    let restart = || stack.kill_9_controller().and_then(|()| stack.start_controller());
    ns.wait_until("ecstask/migrate", "it to be written down that it begins", |now| {
        let begun = &now["metadata"]["annotations"]["ecs.longshore.dev/attempt"];
        if begun.is_string() { Ok(()) } else { Err(now["metadata"].to_string()) }
    })?;
    restart()?;
    let named = ["EcsTask/migrated-once/migrate".to_owned()];
    let runs = || {
        let writes = stack.simulator().writes(since, &named)?;
        anyhow::Ok(writes.into_iter().filter(|call| call["operation"] == "RunTask").collect::<Vec<Value>>())
    };
    ns.wait_for("it to be started", || {
        let calls = runs()?.len();
        Ok(if calls > 0 { Ok(()) } else { Err("it is not".to_owned()) })
    })?;
    restart()?;
    ns.wait_until("ecstask/migrate", "its task to be told", |now| {
        let tasks = &now["status"]["tasks"];
        if tasks[0]["taskArn"].is_string() { Ok(()) } else { Err(now["status"].to_string()) }
    })?;
    restart()?;
    ns.wait_ready("ecstask/migrate")?;

    let status = ns.get("ecstask/migrate")?["status"].clone();
    ensure!(status["attempt"] == 1 && status["tasks"].as_array().map(Vec::len) == Some(1), "{status:#}");
    let tokens: BTreeSet<String> = runs()?.iter().map(|call| call["input"]["clientToken"].to_string()).collect();
    ensure!(tokens.len() == 1, "what is asked for again has its token again: {tokens:?}");
    let input = runs()?.first().map(|call| call["input"].clone()).unwrap_or_default();
    let by =
        |status: &str| json!({"cluster": input["cluster"], "startedBy": input["startedBy"], "desiredStatus": status});
    let running = stack.aws.ecs("ListTasks", &by("RUNNING"))?;
    let stopped = stack.aws.ecs("ListTasks", &by("STOPPED"))?;
    ensure!(running["taskArns"] == json!([]), "{running}");
    ensure!(stopped["taskArns"].as_array().map(Vec::len) == Some(1), "ECS had one task for it: {stopped}");
    Ok(())
}

/// How many of each AWS holds for a namespace.
fn counts(ns: &Namespace) -> Result<Vec<(&'static str, usize)>> {
    Ok(ns.holdings()?.into_iter().map(|(what, held)| (what, held.len())).collect())
}
