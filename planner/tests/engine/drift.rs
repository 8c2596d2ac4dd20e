//! Drift, by looks that read not everything.

use longshore_planner::engine::{Drift, Glance, Glimpse, Graph, Ownership, Subject, Unread, Unreadable};
use serde_json::json;

use crate::cloud::Cloud;
use crate::kinds::all;
use crate::spec::{PartSpec, Spec, graph};

/// root <- leaf, which uses it.
fn spec() -> Spec {
    let part =
        |key, rank, links: &[usize]| PartSpec { key, rank, mould: 0, label: 0, base: vec![], links: links.to_vec() };
    vec![part(1, 3, &[]), part(0, 0, &[0])]
}

fn converged() -> (Cloud, Graph) {
    let (mut cloud, graph) = (Cloud::default(), graph(&spec()));
    cloud.converge(&graph);
    (cloud, graph)
}

fn subject(cloud: &Cloud, graph: &Graph) -> Subject {
    Subject {
        ownership: Ownership { installation: "i".into(), object: "Test/n/a".into() },
        graph: graph.clone(),
        inventory: cloud.inventory.clone(),
        options: cloud.options.clone(),
    }
}

/// A look that reads everything, but of the leaf only what `unread` leaves.
fn glance(cloud: &mut Cloud, graph: &Graph, unread: Unread) -> Glance {
    let world = cloud.observe(graph);
    let glimpse = |(id, thing): (longshore_planner::engine::Id, longshore_planner::engine::Thing)| {
        let unread = if id.key == "p0" { unread } else { Unread::Nothing };
        (id, Glimpse { thing, unread })
    };
    Glance { things: world.things.into_iter().map(glimpse).collect(), ..Glance::default() }
}

fn spoil(glance: &mut Glance, key: &str, member: &str) {
    let thing = glance.things.iter_mut().find(|(id, _)| id.key == key).unwrap().1;
    thing.thing.value[member] = json!(77);
}

#[test]
fn what_was_read_is_compared_and_what_was_not_is_taken_to_be_as_wanted() {
    let cases = [
        (Unread::Nothing, None, false),
        (Unread::Nothing, Some(("p0", "label")), true),
        (Unread::Members(&["label"]), Some(("p0", "label")), false),
        (Unread::Members(&["name"]), Some(("p0", "label")), true),
        (Unread::Value, Some(("p0", "label")), false),
        (Unread::Value, Some(("p1", "label")), true),
    ];
    for (unread, spoilt, expected) in cases {
        let (mut cloud, graph) = converged();
        let mut glance = glance(&mut cloud, &graph, unread);
        if let Some((key, member)) = spoilt {
            spoil(&mut glance, key, member);
        }
        let found = subject(&cloud, &graph).judge(glance, &all());
        assert_eq!(matches!(found, Drift::Suspected(_)), expected, "{unread:?} {spoilt:?}: {found:?}");
        assert!(!matches!(found, Drift::Unknown(_)));
    }
}

#[test]
fn a_value_that_was_not_read_refers_to_what_was() {
    let (mut cloud, graph) = converged();
    let glance = glance(&mut cloud, &graph, Unread::Value);
    let Drift::None(world) = subject(&cloud, &graph).judge(glance, &all()) else { panic!("nothing drifted") };
    let leaf = world.things.iter().find(|(id, _)| id.key == "p0").unwrap().1;
    let root = world.things.iter().find(|(id, _)| id.key == "p1").unwrap().1;
    assert_eq!(leaf.value["links"][0], json!(root.outputs["arn"]));
}

#[test]
fn what_is_known_under_another_identity_is_drift() {
    let (mut cloud, graph) = converged();
    let mut glance = glance(&mut cloud, &graph, Unread::Nothing);
    let leaf = glance.things.keys().find(|id| id.key == "p0").unwrap().clone();
    let glimpse = glance.things.remove(&leaf).unwrap();
    glance.things.insert(longshore_planner::engine::Id { fixed: "0ld".to_owned(), ..leaf }, glimpse);
    let found = subject(&cloud, &graph).judge(glance, &all());
    assert_eq!(found, Drift::Suspected("it is known under another identity".to_owned()));
}

#[test]
fn what_is_missing_is_drift() {
    let (mut cloud, graph) = converged();
    let mut glance = glance(&mut cloud, &graph, Unread::Value);
    glance.things.retain(|id, _| id.key != "p1");
    assert!(matches!(subject(&cloud, &graph).judge(glance, &all()), Drift::Suspected(_)));
}

#[test]
fn a_failed_read_says_nothing_unless_only_a_person_can_mend_it() {
    for (passes, also_drifted) in [(true, false), (true, true), (false, false)] {
        let (mut cloud, graph) = converged();
        let mut glance = glance(&mut cloud, &graph, Unread::Nothing);
        let id = glance.things.keys().find(|id| id.key == "p0").unwrap().clone();
        glance.things.remove(&id);
        glance.unknown.insert(id, Unreadable { why: "throttled".into(), passes });
        if also_drifted {
            spoil(&mut glance, "p1", "label");
        }
        let found = subject(&cloud, &graph).judge(glance, &all());
        assert_eq!(matches!(found, Drift::Unknown(_)), passes, "{found:?}");
        assert_eq!(matches!(found, Drift::Suspected(_)), !passes, "{found:?}");
    }
}

#[test]
fn what_is_only_remembered_is_neither_looked_for_nor_missed() {
    let (cloud, whole) = converged();
    let root_only = graph(&spec()[..1].to_vec());
    let subject = subject(&cloud, &root_only);
    assert_eq!(subject.look_ups().len(), 1, "of {}", whole.len());
    let mut glance = Glance::default();
    let (id, thing) = cloud.things.iter().find(|(id, _)| id.key == "p1").unwrap();
    glance.things.insert(id.clone(), Glimpse { thing: thing.clone(), unread: Unread::Nothing });
    assert!(matches!(subject.judge(glance, &all()), Drift::None(_)));
}
