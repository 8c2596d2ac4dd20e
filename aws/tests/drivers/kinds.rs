//! What holds for every kind: what is made reads back as it was asked for, any value can become any other that AWS can
//! change in place, and what is taken away is gone. Each value goes through the real SDK, there and back.

mod application_autoscaling;
mod autoscaling;
mod ec2;
mod ecs;
mod efs;
mod elbv2;
mod eventbridge;
mod iam;
mod logs;
mod route53;
mod scheduler;
mod service_discovery;
mod strangers;
mod task_definition;

pub(crate) use route53::delete_record;

use longshore_planner::desired::Desired;
use longshore_planner::engine::{Graph, Id, Kind, Plan, Rules, World, differences};
use serde_json::Value;

use crate::account::Account;
use crate::examples::{merge, scope};
use crate::object::{Object, words};

const KEY: &str = "it";

fn graph<K: Kind>(value: &Value) -> Graph {
    let value: K = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"));
    let mut graph = Graph::default();
    graph.add(KEY, value, "spec", &[]).unwrap();
    graph
}

/// An object that wants this one resource.
pub(crate) fn object<K: Kind>(value: &Value) -> Object {
    let mut object = Object::of(scope("EcsService", "law"), |_, _| Desired::default());
    want::<K>(&mut object, value);
    object
}

fn want<K: Kind>(object: &mut Object, value: &Value) {
    let graph = graph::<K>(value);
    object.desires(move |_, _| Desired { graph: graph.clone(), ..Desired::default() });
}

/// The value with a case's members in place of its own; null takes one out.
fn with(base: &Value, case: &Value) -> Value {
    let mut value = base.clone();
    for (name, member) in case.as_object().unwrap() {
        match member {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            member => value[name] = member.clone(),
        }
    }
    value
}

/// The fields in which what AWS has differs from what is wanted.
fn differs<K: Kind>(graph: &Graph, world: &World) -> Vec<String> {
    let (id, node) = graph.iter().next().unwrap();
    let Some(thing) = world.get(id) else { return vec!["it is not there".to_owned()] };
    let seen = Rules::of::<K>().comparable(&node.want, &thing.value).unwrap();
    differences(&seen, &node.want).into_iter().map(|change| format!("{change:?}")).collect()
}

/// Acts until there is nothing more to do than wait, and tells in how many rounds: what was asked for is there.
async fn reach<K: Kind>(account: &Account, object: &mut Object, value: &Value, what: &str) -> usize {
    want::<K>(object, value);
    for round in 0..5 {
        let done = object.round(account).await;
        assert_eq!(done.faults, [], "{what}");
        assert_eq!(done.world.unknown, [].into(), "{what}");
        if !done.plan.changes_aws() {
            assert_eq!(differs::<K>(&object.graph(), &done.world), [""; 0], "{what}");
            return round;
        }
    }
    let (_, plan) = object.planned(account).await;
    panic!("{what}: does not settle: {:?}", steps(&plan));
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(words).collect()
}

/// Each case is made as its own resource, by one round, and taken away again.
async fn reads_back<K: Kind>(account: &Account, base: &Value, cases: &[Value]) {
    for case in cases {
        let value = with(base, case);
        let mut object = object::<K>(&value);
        let rounds = reach::<K>(account, &mut object, &value, &format!("create {case}")).await;
        assert_eq!(rounds, 1, "{case}");
        object.remove(account).await;
        assert_eq!(account.ours(), [""; 0], "{case}");
    }
}

/// Any case becomes any other, by one round.
async fn becomes<K: Kind>(account: &Account, base: &Value, cases: &[Value]) {
    becomes_within::<K>(account, base, cases, 1).await;
}

/// Any case becomes any other, by so many rounds at most.
async fn becomes_within<K: Kind>(account: &Account, base: &Value, cases: &[Value], most: usize) {
    let mut object = object::<K>(base);
    // What AWS takes a while to make it changes only then.
    object.converge(account).await;
    for from in cases {
        for to in cases {
            reach::<K>(account, &mut object, &with(base, from), &format!("{to} to {from}")).await;
            let (value, what) = (with(base, to), format!("{from} to {to}"));
            let rounds = reach::<K>(account, &mut object, &value, &what).await;
            assert!(rounds <= most, "{what} took {rounds} rounds");
        }
    }
    let id: Vec<Id> = object.inventory.0.keys().cloned().collect();
    assert_eq!(id.len(), 1, "it stayed the same resource");
    object.remove(account).await;
    assert_eq!(account.ours(), [""; 0]);
}

/// JSON merge patches on top of each other.
fn merged(base: &Value, patch: &Value) -> Value {
    let mut value = base.clone();
    merge(&mut value, patch);
    value
}
