//! Two controllers and one Lease: one works, the other stands by, and what a stopped leader left half done is done by
//! the other alone.

#![cfg(test)]

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use longshore_e2e::{Launch, Namespace, Provider, SYSTEM, Stack, StackOptions, hello};
use serde_json::Value;

const PROVIDER: Provider = Provider::Simulator { speed: 20 };
/// By which the second controller is known in the simulator's recording.
const SECOND: &str = "AKIDSECOND";
/// How long a Lease counts that nobody renews.
const LEASE: Duration = Duration::from_secs(16);

#[test]
fn a_leader_stopped_for_longer_than_its_lease_is_followed_and_writes_nothing_when_it_wakes() -> Result<()> {
    let stack = Stack::start(&StackOptions::for_tests(PROVIDER)?)?;
    stack.furnish(&PROVIDER)?;
    let whole = Namespace::with_hello(&stack, "whole")?;
    let mut second = stack.launch(&Launch { name: "second", access_key: SECOND, ..Launch::default() })?;
    let leader = holder(&stack)?;
    assert_eq!(written_by(&stack, 0, SECOND)?, 0, "one that stands by writes nothing");

    let cut = Namespace::create(&stack, "cut-in-two")?;
    let before = stack.simulator().last_call()?;
    cut.apply(&hello(&cut.name)?)?;
    cut.wait_for("the leader to be in the middle of it", || {
        let made = stack.simulator().writes(before, &[format!("/{}/", cut.name)])?.len();
        Ok(if made >= 2 { Ok(()) } else { Err(format!("{made} writes so far")) })
    })?;
    stack.pause_controller()?;
    let stopped = Instant::now();
    cut.wait_settled("ecssvc/hello")?;
    whole.apply(&hello(&whole.name)?.replace("nginx:1.27", "nginx:1.28"))?;
    whole.wait_settled("ecssvc/hello")?;
    assert!(stopped.elapsed() + Duration::from_secs(3) > LEASE, "nobody follows earlier");
    assert_ne!(holder(&stack)?, leader, "another follows");

    stack.resume_controller()?;
    whole.wait_for("the first to notice", || {
        let log = stack.controller_tail(200);
        Ok(if log.contains("leads no more") { Ok(()) } else { Err("it says nothing".to_owned()) })
    })?;
    // Something to do, of which only one may do anything.
    whole.kubectl(&["scale", "ecssvc/hello", "--replicas=5"])?;
    whole.wait_settled("ecssvc/hello")?;
    let writes = stack.simulator().writes(before, &[String::new()])?;
    let followed = writes.iter().position(|call| call["access_key"] == SECOND).context("the second never wrote")?;
    let late: Vec<&Value> = writes.iter().skip(followed).filter(|call| call["access_key"] != SECOND).collect();
    assert_eq!(late, Vec::<&Value>::new(), "writes of the first after it was followed");
    let held = |ns: &Namespace| anyhow::Ok(ns.holdings()?.into_iter().map(|(k, v)| (k, v.len())).collect::<Vec<_>>());
    assert_eq!(held(&cut)?, held(&Namespace::with_hello(&stack, "undisturbed")?)?, "nothing twice, nothing lost");

    // In order it goes without waiting for the Lease to expire.
    let told = Instant::now();
    second.process.stop()?;
    whole.wait_for("the first to lead again", || {
        let now = holder(&stack)?;
        Ok(if now == leader { Ok(()) } else { Err(format!("{now} leads")) })
    })?;
    assert!(told.elapsed() < LEASE.mul_f64(0.7), "the handover took {:?}", told.elapsed());
    let since = stack.simulator().last_call()?;
    whole.kubectl(&["scale", "ecssvc/hello", "--replicas=3"])?;
    whole.wait_settled("ecssvc/hello")?;
    assert_eq!(written_by(&stack, since, SECOND)?, 0);
    Ok(())
}

fn holder(stack: &Stack) -> Result<String> {
    let output = "jsonpath={.spec.holderIdentity}";
    stack.plane.run(&["--namespace", SYSTEM, "get", "lease", "longshore", "--output", output])
}

/// How many writes this access key made.
fn written_by(stack: &Stack, since: u64, access_key: &str) -> Result<usize> {
    let writes = stack.simulator().writes(since, &[String::new()])?;
    Ok(writes.iter().filter(|call| call["access_key"] == access_key).count())
}
