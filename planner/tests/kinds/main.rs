//! The kinds: what AWS answers compares equal to what was asked for, and a difference is seen.

// A test that finds something unexpected stops there; the lints that forbid it are for the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod any;
mod cases;
mod described;
mod elbv2;
mod laws;
mod rollout;
mod service;
mod task;

use longshore_planner::engine::{Kind, Rules, differences};
use serde_json::Value;

/// The wanted value as it stands in a graph.
fn normal<K: Kind>(want: &Value) -> Value {
    Rules::of::<K>().normalise(want).unwrap_or_else(|error| panic!("{error}: {want}"))
}

/// The fields in which an observed value differs from a wanted one, judged as the engine judges them.
fn fields<K: Kind>(want: &Value, seen: &Value) -> Vec<String> {
    let (rules, want) = (Rules::of::<K>(), normal::<K>(want));
    let seen = rules.comparable(&want, seen).unwrap_or_else(|error| panic!("{error}: {seen}"));
    differences(&seen, &want).into_iter().map(|change| change.path).collect()
}

/// The value with members in place of its own; null takes one out.
fn with(value: &Value, members: &Value) -> Value {
    let mut value = value.clone();
    let object = value.as_object_mut().unwrap();
    for (name, member) in members.as_object().unwrap() {
        match member {
            Value::Null => object.remove(name),
            member => object.insert(name.clone(), member.clone()),
        };
    }
    value
}
