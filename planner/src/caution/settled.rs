//! What an object last converged to: whether something has changed since tells a correction from an edit.

use serde_json::{Map, Value};

use crate::desired::Said;
use crate::engine::{Graph, Node, Options, Plan, World, content_hash};

/// What was asked for, and what came of it, when AWS last was as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// What people asked for: the generation, and the keys whose replacement they consented to.
    pub asked: String,
    /// Hash of everything wanted in AWS. It depends on more than the spec: on what that refers to, on what was found
    /// out, on Longshore's own defaults.
    pub wanted: String,
}

/// One look at an object in AWS, with what is needed to judge it.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// See [`asked`].
    pub asked: &'a str,
    /// What is wanted.
    pub graph: &'a Graph,
    /// What was observed.
    pub world: &'a World,
    /// The difference.
    pub plan: &'a Plan,
    /// The time of day.
    pub now: jiff::Timestamp,
}

/// What people ask for by the object itself: it changes when they edit the spec, consent to a replacement, have a
/// revision rolled back, or have a deployment go on.
pub fn asked(generation: i64, options: &Options, said: Said<'_>) -> String {
    let keys: Vec<&str> = options.allow_replace.iter().map(String::as_str).collect();
    let with = if keys.is_empty() { String::new() } else { format!(" with {}", keys.join(", ")) };
    let without = said.roll_back.map(|revision| format!(" without {revision}")).unwrap_or_default();
    let going_on = said.proceed.map(|deployment| format!(" going on with {deployment}")).unwrap_or_default();
    format!("{generation}{with}{without}{going_on}")
}

impl Settled {
    /// What the object converges to, should it.
    pub(super) fn of(look: &Look<'_>) -> Self {
        let wanted: Map<String, Value> = look.graph.iter().map(|(id, node)| (id.to_string(), wish(node))).collect();
        Self { asked: look.asked.to_owned(), wanted: content_hash(&Value::Object(wanted)) }
    }
}

/// What is wanted of a resource, whatever the time of day.
fn wish(node: &Node) -> Value {
    let mut wish = node.want.clone();
    if let Some(members) = wish.as_object_mut() {
        members.retain(|name, _| !node.rules.timed.contains(&name.as_str()));
    }
    wish
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::scheduler::schedule::Schedule;

    fn wanted(expression: &str, start_date: &str) -> String {
        let mut graph = Graph::default();
        let (expression, start_date) = (expression.to_owned(), Some(start_date.to_owned()));
        graph
            .add("schedule", Schedule { expression, start_date, ..Schedule::default() }, "spec.schedule", &[])
            .unwrap();
        let (world, plan, now) = (World::default(), Plan::default(), jiff::Timestamp::UNIX_EPOCH);
        Settled::of(&Look { asked: "1", graph: &graph, world: &world, plan: &plan, now }).wanted
    }

    #[test]
    fn a_rate_that_would_begin_later_by_now_is_no_other_wish() {
        let before = wanted("rate(20 minutes)", "2027-01-01T04:05:43Z");
        assert_eq!(wanted("rate(20 minutes)", "2027-01-01T04:25:43Z"), before);
        assert_ne!(wanted("rate(30 minutes)", "2027-01-01T04:05:43Z"), before);
    }

    #[test]
    fn people_ask_for_something_new_by_the_spec_by_consent_or_by_a_rollback() {
        let consent = |keys: &[&str]| Options {
            allow_replace: keys.iter().map(|key| (*key).to_owned()).collect(),
            ..Options::default()
        };
        let cases = [
            (1, &[][..], None, None, "1"),
            (2, &[], None, None, "2"),
            (2, &["a"], None, None, "2 with a"),
            (2, &["b", "a"], Some("hello:7"), None, "2 with a, b without hello:7"),
            (2, &[], None, Some("EZe5RNVLH6"), "2 going on with EZe5RNVLH6"),
        ];
        for (generation, keys, roll_back, proceed, expected) in cases {
            let said = Said { roll_back, proceed, ..Said::default() };
            assert_eq!(asked(generation, &consent(keys), said), expected);
        }
    }
}
