//! Where an object's things are found, written down before they are made.

use std::collections::BTreeMap;

use longshore_planner::engine::{Entry, Graph, Id, Inventory, LookUp, Plan, World};

use crate::cloud::Cloud;
use crate::kinds::{Guest, Part, PartOutput};

/// A root, and a guest of it.
fn root_and_guest() -> Graph {
    let mut graph = Graph::default();
    let root = Part::<3> { name: "r".into(), label: 0, mould: 7, base: vec![], links: vec![], level: 0 };
    let root = graph.add("root", root, "spec", &[]).unwrap();
    graph.add("guest", Guest { name: "g".into(), host: Some(root.out(PartOutput::Arn)) }, "spec", &[]).unwrap();
    graph
}

/// What is written of a key: each member of the address as `name=value`, with `?` for what is not known.
fn written(inventory: &Inventory, key: &str) -> Vec<String> {
    let (_, entry) = inventory.0.iter().find(|(id, _)| id.key == key).unwrap();
    entry.address.iter().map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("?"))).collect()
}

#[test]
fn where_a_thing_will_be_found_is_written_down_before_it_is_made() {
    let graph = root_and_guest();
    let inventory = Inventory::default().with(&graph, &World::default(), &Plan::default());
    assert_eq!(written(&inventory, "root"), ["mould=7", "name=r"], "a text as it is, anything else as JSON");
    assert_eq!(written(&inventory, "guest"), ["host=?", "name=g"], "where its host will be is not known");
}

#[test]
fn where_a_thing_is_stays_written_down_once_it_was_known() {
    let graph = root_and_guest();
    let mut cloud = Cloud::default();
    cloud.converge(&graph);
    assert_eq!(written(&cloud.inventory, "guest"), ["host=arn:test:1", "name=g"]);
    // The root is gone, or could not be read.
    let unseen = World::default();
    let kept = cloud.inventory.clone().with(&graph, &unseen, &Plan::default()).located(&graph, &unseen);
    assert_eq!(kept, cloud.inventory);
    let looked_for = kept.look_ups(&graph, &unseen);
    let guest = looked_for.iter().find(|at| at.id.key == "guest").unwrap();
    assert_eq!(guest.member("host"), Some("arn:test:1"));
}

#[test]
fn what_is_not_wanted_is_located_by_nobody() {
    let graph = root_and_guest();
    let (id, _) = graph.iter().next().unwrap();
    let known = Inventory([(id.clone(), Entry::default())].into()).located(&graph, &World::default());
    assert!(known.0.keys().eq([id]), "only what is in it already");
    assert_eq!(written(&known, "root"), ["mould=7", "name=r"]);
}

#[test]
fn a_member_of_an_address_is_told_where_it_is_known() {
    let address = BTreeMap::from([("name".to_owned(), Some("r".to_owned())), ("host".to_owned(), None)]);
    let at = LookUp { id: Id::new("test/root", "root"), entry: Entry { address, physical: None } };
    for (name, expected) in [("name", Some("r")), ("host", None), ("mould", None)] {
        assert_eq!(at.member(name), expected, "{name}");
    }
}
