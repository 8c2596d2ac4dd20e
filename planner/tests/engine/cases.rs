//! Behaviour that one example shows best.

use std::collections::BTreeSet;

use longshore_planner::engine::{
    Action, Graph, GraphError, Id, Options, Owner, Rules, Seen, State, Text, Thing, World, plan, upheld,
};
use serde_json::json;

use crate::cloud::Cloud;
use crate::kinds::{self, Edition, Guest, Part, PartOutput, Sticker, Vault};
use crate::spec::{PartSpec, Spec, graph};

/// root <- branch (stands on root) <- leaf (uses branch)
fn chain(mould: u8) -> Spec {
    let part = |key, rank, mould, base: &[usize], links: &[usize]| PartSpec {
        key,
        rank,
        mould,
        label: 0,
        base: base.to_vec(),
        links: links.to_vec(),
    };
    vec![part(3, 3, mould, &[], &[]), part(2, 2, 0, &[0], &[]), part(0, 0, 0, &[], &[1])]
}

fn made(spec: &Spec) -> Cloud {
    let mut cloud = Cloud::default();
    cloud.converge(&graph(spec));
    cloud
}

#[test]
fn a_change_of_what_cannot_change_cascades_through_what_stands_on_it() {
    let mut cloud = made(&chain(0));
    let before: BTreeSet<Id> = cloud.things.keys().cloned().collect();
    cloud.converge(&graph(&chain(1)));
    let kept: Vec<&str> = cloud.things.keys().filter(|id| before.contains(id)).map(|id| id.key.as_str()).collect();
    assert_eq!(kept, ["p0"], "the leaf only uses the branch: changed in place; root and branch are other things");
    assert_eq!(cloud.things.len(), 3);
}

#[test]
fn a_predecessor_stays_until_its_successor_is_ready() {
    let mut cloud = made(&chain(0));
    cloud.settling = 3;
    let next = graph(&chain(1));
    let steps: Vec<_> = cloud.round(&next).runnable().cloned().collect();
    cloud.take(&steps);
    let plan = cloud.round(&next);
    let old_root = plan.steps.iter().find(|step| step.id.key == "p3" && next.get(&step.id).is_none()).unwrap();
    assert_eq!(old_root.action, Action::Wait);
    assert!(old_root.reason.contains("successor"), "{}", old_root.reason);
}

/// A door, and a guest that comes through it though nothing of the guest's names it.
fn door_and_guest(mould: u8) -> Graph {
    let part =
        |name: &str, mould, label| Part::<2> { name: name.into(), mould, label, base: vec![], links: vec![], level: 0 };
    let mut graph = Graph::default();
    let door = graph.add("door", part("door", mould, 0), "spec", &[]).unwrap();
    graph.add("guest", part("guest", 0, mould), "spec", &[&door.id]).unwrap();
    graph
}

#[test]
fn a_predecessor_stays_until_what_follows_its_successor_has_moved() {
    let mut cloud = Cloud::default();
    cloud.converge(&door_and_guest(0));
    let old = cloud.things.keys().find(|id| id.key == "door").unwrap().clone();
    let next = door_and_guest(1);
    for _ in 0..3 {
        let steps: Vec<_> = cloud.round(&next).runnable().cloned().collect();
        cloud.take(&steps);
        // The guest is on its way for as long as nobody says otherwise.
        cloud.things.iter_mut().find(|(id, _)| id.key == "guest").unwrap().1.detail["settling"] = json!(true);
    }
    let plan = cloud.round(&next);
    let step = plan.step(&old).expect("the old door is still there");
    assert_eq!(step.action, Action::Wait);
    assert!(step.reason.contains("has moved to its successor"), "{}", step.reason);
    cloud.things.iter_mut().find(|(id, _)| id.key == "guest").unwrap().1.detail["settling"] = json!(false);
    cloud.converge(&next);
    assert!(!cloud.things.contains_key(&old));
}

#[test]
fn what_is_retained_stays_and_holds_up_nothing() {
    let part = |key, rank| PartSpec { key, rank, mould: 0, label: 0, base: vec![], links: vec![] };
    let spec = vec![part(3, 3), part(0, 0)];
    for (key, left) in [("p0", ["p0"].as_slice()), ("none", &[])] {
        let keys = |cloud: &Cloud| cloud.things.keys().map(|id| id.key.clone()).collect::<Vec<_>>();
        let mut cloud = made(&spec);
        cloud.options.retain.insert(key.to_owned());
        cloud.converge(&graph(&spec[..1].to_vec()));
        assert_eq!(keys(&cloud).len(), 1 + left.len(), "wanted no more: {:?}", keys(&cloud));
        let mut cloud = made(&spec);
        cloud.options.retain.insert(key.to_owned());
        cloud.options.deleting = true;
        cloud.converge(&Graph::default());
        assert_eq!(keys(&cloud), left, "deleted");
    }
}

#[test]
fn something_of_that_name_that_is_not_ours_is_never_touched() {
    let cases = [
        (Owner::Nobody, "adoption: Adopt"),
        (Owner::OtherObject { object: "EcsService/shop/b".into() }, "EcsService/shop/b"),
        (Owner::OtherInstallation { installation: "i2".into() }, "i2"),
    ];
    for (owner, words) in cases {
        let mut cloud = made(&chain(0));
        for thing in cloud.things.values_mut() {
            thing.owner = owner.clone();
            thing.value["label"] = json!(9);
        }
        let plan = cloud.round(&graph(&chain(0)));
        assert_eq!(plan.runnable().count(), 0);
        assert!(plan.blocked().all(|step| step.reason.contains("AlreadyExists") && step.reason.contains(words)));
        // Nor is it deleted, though the inventory names it.
        cloud.options.deleting = true;
        let plan = cloud.round(&Graph::default());
        assert!(plan.converged() && plan.gone.len() == 3, "{plan:?}");
    }
}

#[test]
fn what_is_nobodys_goes_with_what_it_is_on_and_holds_up_what_it_points_at() {
    let other = || Owner::OtherObject { object: "EcsService/shop/b".into() };
    let cases = [
        ("p3", "elsewhere", Owner::Shared, true, true),
        ("elsewhere", "p3", Owner::Shared, true, false),
        // What is ours and wanted no more goes with it too, and what is another's object's is in its way.
        ("p3", "elsewhere", Owner::This, false, true),
        ("p3", "elsewhere", other(), false, false),
    ];
    for (on, at, owner, deleting, goes) in cases {
        let spec = vec![chain(0).remove(0)];
        let mut cloud = made(&spec);
        let root = cloud.things.values().next().unwrap().outputs["arn"].clone();
        let text = |name: &str| Text::from(if name == "p3" { root.clone() } else { name.to_owned() });
        let mut both = graph(&spec);
        both.add("sticker", Sticker { on: text(on), at: text(at) }, "spec", &[]).unwrap();
        cloud.converge(&both);
        for (_, thing) in cloud.things.iter_mut().filter(|(id, _)| id.key == "sticker") {
            thing.owner = owner.clone();
        }
        cloud.options.deleting = deleting;
        let plan = cloud.round(&Graph::default());
        let deletes = plan.steps.iter().any(|step| step.action == Action::Delete && step.id.key == "p3");
        assert_eq!(deletes, goes, "on {on}, at {at}, {owner:?}: {plan:?}");
    }
}

/// How it is with what somebody put somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stray {
    OnOurs,
    OnAnothers,
    /// It is on what this object wants and somebody else has.
    OnWhatIsNotOurs,
    /// Something of its kind that is wanted is not there yet: it may come to be this one.
    BeforeAllIsThere,
    /// It is what somebody wants, whoever made it.
    Satisfies,
    WhileAllGoes,
}

#[test]
fn a_stray_on_what_is_ours_goes_once_all_that_is_wanted_is_there() {
    use Stray::{BeforeAllIsThere, OnAnothers, OnOurs, OnWhatIsNotOurs, Satisfies, WhileAllGoes};
    for case in [OnOurs, OnAnothers, OnWhatIsNotOurs, BeforeAllIsThere, Satisfies, WhileAllGoes] {
        let spec = vec![chain(0).remove(0)];
        let mut cloud = made(&spec);
        let root = cloud.things.values().next().unwrap().outputs["arn"].clone();
        let mut wanted = graph(&spec);
        let sticker = Sticker { on: root.as_str().into(), at: "here".into() };
        let sticker = wanted.add("sticker", sticker, "spec", &[]).unwrap().id;
        if case != BeforeAllIsThere {
            cloud.converge(&wanted);
        }
        let mut world = cloud.observe(&wanted);
        if case == OnWhatIsNotOurs {
            world.things.iter_mut().find(|(id, _)| id.key == "p3").unwrap().1.owner = Owner::Nobody;
        }
        let mut arn = "stray".to_owned();
        if case == Satisfies {
            let known = world.things.get_mut(&sticker).unwrap();
            known.owner = Owner::Shared;
            arn.clone_from(&known.outputs["arn"]);
        }
        let on = if case == OnAnothers { "elsewhere".to_owned() } else { root };
        let seen = Seen::active(Sticker { on: on.into(), at: "there".into() }).with_output(PartOutput::Arn, arn);
        let stray = Thing::erase(Seen { owner: Owner::Stray, ..seen }).unwrap();
        let id = Id::stray(&Rules::of::<Sticker>(), &stray.value);
        world.things.insert(id.clone(), stray);
        cloud.options.deleting = case == WhileAllGoes;
        let graph = if cloud.options.deleting { Graph::default() } else { wanted };
        let plan = plan(&graph, &cloud.inventory.ids(), &world, &kinds::all(), &cloud.options);
        let goes = plan.step(&id).is_some_and(|step| step.action == Action::Delete);
        assert_eq!(goes, case == OnOurs, "{case:?}: {plan:?}");
    }
}

#[test]
fn what_nobody_owns_is_taken_over_on_request() {
    let mut cloud = made(&chain(0));
    for thing in cloud.things.values_mut() {
        thing.owner = Owner::Nobody;
        thing.value["label"] = json!(9);
    }
    cloud.options.adopt = true;
    let plan = cloud.round(&graph(&chain(0)));
    assert!(plan.runnable().any(|step| matches!(step.action, Action::Update { .. })));
}

#[test]
fn adopting_an_equal_resource_still_marks_it_as_ours() {
    let mut cloud = made(&chain(0));
    for thing in cloud.things.values_mut() {
        thing.owner = Owner::Nobody;
    }
    cloud.options.adopt = true;
    let plan = cloud.round(&graph(&chain(0)));
    assert!(plan.runnable().all(|step| matches!(step.action, Action::Update { .. })));
    assert!(plan.runnable().count() > 0, "without our tags it would be left behind at deletion");
}

#[test]
fn what_the_cloud_owns_is_no_drift() {
    let mut cloud = made(&chain(0));
    for thing in cloud.things.values_mut() {
        thing.value["level"] = json!(7);
    }
    assert!(cloud.round(&graph(&chain(0))).converged());
}

#[test]
fn a_change_behind_our_back_is_drift_and_named() {
    let mut cloud = made(&chain(0));
    let leaf = cloud.things.keys().find(|id| id.key == "p0").unwrap().clone();
    cloud.things.get_mut(&leaf).unwrap().value["label"] = json!(7);
    let plan = cloud.round(&graph(&chain(0)));
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].reason, "differs in label");
    assert_eq!(plan.steps[0].at.0, "spec.parts");
}

#[test]
fn what_is_broken_blocks_what_needs_it() {
    let mut cloud = made(&chain(0));
    let branch = cloud.things.keys().find(|id| id.key == "p2").unwrap().clone();
    cloud.things.get_mut(&branch).unwrap().detail["broken"] = json!(true);
    let plan = cloud.round(&graph(&chain(0)));
    assert_eq!(plan.step(&branch).unwrap().action, Action::Blocked);
    assert!(plan.steps.iter().any(|step| step.id.key == "p0" && step.needs.contains(&branch)));
}

#[test]
fn a_name_that_is_still_being_deleted_is_waited_for() {
    let mut cloud = made(&chain(0));
    let leaf = cloud.things.keys().find(|id| id.key == "p0").unwrap().clone();
    cloud.things.get_mut(&leaf).unwrap().state = State::Deleting("DRAINING".to_owned());
    let plan = cloud.round(&graph(&chain(0)));
    assert_eq!(plan.step(&leaf).unwrap().action, Action::Wait);
}

#[test]
fn what_an_older_normaliser_hashed_differently_is_the_same_thing() {
    let mut cloud = made(&chain(0));
    let root = cloud.things.keys().find(|id| id.key == "p3").unwrap().clone();
    let old = Id { fixed: "0ld".to_owned(), ..root.clone() };
    let thing = cloud.things.remove(&root).unwrap();
    cloud.things.insert(old.clone(), thing);
    let entry = cloud.inventory.0.remove(&root).unwrap();
    cloud.inventory.0.insert(old.clone(), entry);
    let plan = cloud.round(&graph(&chain(0)));
    assert!(plan.converged(), "{:?}", plan.steps);
    assert_eq!(plan.known_as.get(&root), Some(&old));
    // The old name is forgotten, but not what it stands for.
    let plan = cloud.round(&graph(&chain(0)));
    assert!(plan.converged() && plan.known_as.is_empty(), "{plan:?}");
    assert!(cloud.inventory.0.contains_key(&root) && !cloud.inventory.0.contains_key(&old));
}

#[test]
fn what_refers_to_something_that_is_not_there_yet_is_known_by_its_own_identity_alone() {
    let part =
        |key, rank, links: &[usize]| PartSpec { key, rank, mould: 0, label: 0, base: vec![], links: links.into() };
    let mut cloud = made(&vec![part(0, 0, &[])]);
    let leaf = cloud.things.keys().next().unwrap().clone();
    let old = Id { fixed: "0ld".to_owned(), ..leaf.clone() };
    let thing = cloud.things.remove(&leaf).unwrap();
    cloud.things.insert(old.clone(), thing);
    let entry = cloud.inventory.0.remove(&leaf).unwrap();
    cloud.inventory.0.insert(old, entry);
    let plan = cloud.round(&graph(&vec![part(1, 1, &[]), part(0, 0, &[0])]));
    assert!(plan.known_as.is_empty(), "{plan:?}");
    assert_eq!(plan.runnable().map(|step| step.id.key.as_str()).collect::<Vec<_>>(), ["p1"]);
}

#[test]
fn what_holds_data_is_replaced_with_consent_alone_and_the_old_one_stays() {
    let vault = |mould| {
        let mut graph = Graph::default();
        graph.add("data", Vault { name: "v".into(), mould }, "spec.vault", &[]).unwrap();
        graph
    };
    let mut cloud = Cloud::default();
    cloud.converge(&vault(0));
    let plan = cloud.round(&vault(1));
    assert_eq!(plan.steps[0].action, Action::Blocked);
    for words in ["mould", "ecs.longshore.dev/allow-replace: data@"] {
        assert!(plan.steps[0].reason.contains(words), "{}", plan.steps[0].reason);
    }
    cloud.options.allow_replace.insert("data".to_owned());
    cloud.converge(&vault(1));
    assert_eq!(cloud.things.len(), 2);
}

#[test]
fn the_newest_predecessors_are_kept_and_older_ones_go() {
    let edition = |content| {
        let mut graph = Graph::default();
        graph.add("text", Edition { content, links: vec![] }, "spec.text", &[]).unwrap();
        graph
    };
    let mut cloud = Cloud::default();
    for content in 0..6 {
        cloud.converge(&edition(content));
    }
    let left: Vec<&serde_json::Value> = cloud.things.values().map(|thing| &thing.value["content"]).collect();
    assert_eq!(left.len(), 3);
    assert!([3, 4, 5].iter().all(|content| left.contains(&&json!(content))), "{left:?}");
    for deleting in [false, true] {
        let mut cloud = cloud.clone();
        cloud.options.deleting = deleting;
        cloud.converge(&Graph::default());
        assert!(cloud.things.is_empty(), "of what has no successor no predecessors are kept");
    }
}

#[test]
fn a_kind_of_a_newer_version_is_never_forgotten() {
    let id = Id::new("test/from-the-future", "x");
    let plan =
        plan(&Graph::default(), &BTreeSet::from([id.clone()]), &World::default(), &kinds::all(), &Options::default());
    let step = plan.step(&id).unwrap();
    assert_eq!(step.action, Action::Blocked);
    assert!(step.reason.starts_with("NewerVersion: test/from-the-future was made by"), "{}", step.reason);
    assert!(plan.gone.is_empty());
}

#[test]
fn what_cannot_be_read_is_left_alone_and_the_reason_told() {
    for (wanted, expected) in [
        (graph(&chain(0)), "Unreadable: access denied"),
        (Graph::default(), "Unreadable: it is not deleted while it cannot be read: access denied"),
    ] {
        let mut cloud = made(&chain(0));
        let leaf = cloud.things.keys().find(|id| id.key == "p0").unwrap().clone();
        cloud.unreadable.insert(leaf.clone());
        let plan = cloud.round(&wanted);
        let step = plan.step(&leaf).unwrap();
        assert_eq!((&step.action, step.reason.as_str()), (&Action::Blocked, expected));
    }
}

#[test]
fn a_kind_that_tells_of_no_deployments_has_none_under_way() {
    let thing = Thing::erase(Seen::active(Vault { name: "v".into(), mould: 0 })).unwrap();
    assert_eq!(Rules::of::<Vault>().deploying(&thing), Ok(false));
}

#[test]
fn what_is_still_mentioned_outside_its_users_value_stays() {
    let mut cloud = made(&chain(0));
    let branch_arn = cloud.things.iter().find(|(id, _)| id.key == "p2").unwrap().1.outputs["arn"].clone();
    let leaf = cloud.things.keys().find(|id| id.key == "p0").unwrap().clone();
    let mut spec = chain(0);
    spec[2].links.clear();
    spec.remove(1);
    cloud.things.get_mut(&leaf).unwrap().mentions = vec![branch_arn];
    for _ in 0..5 {
        let steps: Vec<_> = cloud.round(&graph(&spec)).runnable().cloned().collect();
        cloud.take(&steps);
    }
    assert!(cloud.things.keys().any(|id| id.key == "p2"), "a running deployment still uses it");
    cloud.things.get_mut(&leaf).unwrap().mentions.clear();
    cloud.converge(&graph(&spec));
    assert!(!cloud.things.keys().any(|id| id.key == "p2"));
}

#[test]
fn what_only_kept_predecessors_use_is_kept_with_them() {
    let edition = |content: u8, with_part: bool| {
        let mut graph = Graph::default();
        let part =
            |name: &str, links| Part::<3> { name: name.into(), label: 0, mould: 0, base: vec![], links, level: 0 };
        let mut links = vec![];
        if with_part {
            // The edition uses the one both itself and through the other.
            let one = graph.add("one", part("one", vec![]), "spec.part", &[]).unwrap().out(PartOutput::Arn);
            let other = graph.add("other", part("other", vec![one.clone()]), "spec.part", &[]).unwrap();
            links.extend([one, other.out(PartOutput::Arn)]);
        }
        graph.add("text", Edition { content, links }, "spec.text", &[]).unwrap();
        graph
    };
    let mut cloud = Cloud::default();
    cloud.converge(&edition(0, true));
    let parts = |cloud: &Cloud| cloud.things.keys().filter(|id| id.kind == "test/root").count();
    for content in 1..=2 {
        cloud.converge(&edition(content, false));
        assert_eq!(parts(&cloud), 2, "edition 0 is kept, and could not be gone back to without them");
    }
    cloud.converge(&edition(3, false));
    assert_eq!(parts(&cloud), 0, "edition 0 is gone");
}

#[test]
fn things_of_the_same_name_do_not_hold_each_other_up() {
    let mut cloud = made(&chain(0));
    for thing in cloud.things.values_mut() {
        thing.value["name"] = json!("one-base");
        thing.outputs.insert("name".into(), "one-base".into());
    }
    cloud.options.deleting = true;
    cloud.converge(&Graph::default());
    assert!(cloud.things.is_empty());
}

#[test]
fn what_goes_later_does_not_hold_up_what_goes_first() {
    let mut cloud = made(&chain(0));
    let leaf_arn = cloud.things.iter().find(|(id, _)| id.key == "p0").unwrap().1.outputs["arn"].clone();
    let root = cloud.things.keys().find(|id| id.key == "p3").unwrap().clone();
    cloud.things.get_mut(&root).unwrap().mentions = vec![leaf_arn];
    cloud.options.deleting = true;
    cloud.converge(&Graph::default());
    assert!(cloud.things.is_empty());
}

#[test]
fn graphs_that_cannot_be_built_are_refused() {
    let part = |links: Vec<Text>| Part::<1> { name: "x".into(), label: 0, mould: 0, base: vec![], links, level: 0 };
    let mut graph = Graph::default();
    let handle = graph.add("x", part(vec![]), "a", &[]).unwrap();
    assert!(matches!(graph.add("x", part(vec![]), "a", &[]), Err(GraphError::Duplicate(_))));
    let stranger = Text::out(Id::new("test/twig", "nobody"), "arn");
    assert!(matches!(graph.add("y", part(vec![stranger]), "a", &[]), Err(GraphError::Missing { .. })));
    graph.add("y", part(vec![handle.out(PartOutput::Arn)]), "a", &[]).unwrap();
    assert_eq!(graph.len(), 2);
    assert!(!graph.is_empty() && Graph::default().is_empty());
}

#[test]
fn what_is_put_beside_another_waits_until_that_exists_and_no_longer() {
    let part = |name: &str| Part::<1> { name: name.into(), label: 0, mould: 0, base: vec![], links: vec![], level: 0 };
    let mut graph = Graph::default();
    let service = graph.add("service", part("service"), "a", &[]).unwrap().id;
    let scaling = graph.add("scaling", part("scaling"), "b", &[]).unwrap().id;
    graph.put_beside(&scaling, &service).unwrap();
    assert!(graph.put_beside(&scaling, &Id::new("test/twig", "nobody")).is_err());

    let mut cloud = Cloud::default();
    cloud.settling = 3;
    let runnable = |cloud: &mut Cloud| {
        let steps: Vec<_> = cloud.round(&graph).runnable().cloned().collect();
        cloud.take(&steps);
        steps.into_iter().map(|step| step.id.key).collect::<Vec<_>>()
    };
    assert_eq!(runnable(&mut cloud), ["service"]);
    assert_eq!(runnable(&mut cloud), ["scaling"], "the service is there, and far from ready");
}

/// A root that somebody bent, and what stands on it; everything goes. The steps of the first round, and how many writes
/// it takes.
fn goes_from_a_bent_root(upholds: bool) -> (Vec<(String, Action, String)>, usize) {
    let mut wanted = graph(&chain(0));
    let mut cloud = made(&chain(0));
    let root = cloud.things.keys().find(|id| id.key == "p3").unwrap().clone();
    if upholds {
        wanted.uphold(&root);
    }
    cloud.things.get_mut(&root).unwrap().value["label"] = json!(7);
    (cloud.options.deleting, cloud.writes) = (true, 0);
    let mut first = None;
    for _ in 0..20 {
        let world = cloud.observe(&wanted);
        let still = upheld(&wanted, &world);
        let plan = cloud.round(&still);
        first.get_or_insert_with(|| {
            let told = |step: &longshore_planner::engine::Step| {
                (step.id.key.clone(), step.action.clone(), step.reason.clone())
            };
            plan.steps.iter().map(told).collect::<Vec<_>>()
        });
        let steps: Vec<_> = plan.runnable().cloned().collect();
        cloud.take(&steps);
    }
    assert!(cloud.things.is_empty(), "in the end everything is gone");
    (first.unwrap(), cloud.writes)
}

#[test]
fn what_goes_waits_until_what_it_cannot_go_without_is_right() {
    let (steps, writes) = goes_from_a_bent_root(true);
    let of = |key: &str| steps.iter().find(|(other, ..)| other == key).unwrap();
    assert!(matches!(of("p3").1, Action::Update { .. }), "{steps:?}");
    assert_eq!(of("p2").1, Action::Wait);
    assert!(of("p2").2.contains("put right first"), "{steps:?}");
    assert_eq!(writes, 4, "it is put right, and three go");
    let (steps, writes) = goes_from_a_bent_root(false);
    assert!(!steps.iter().any(|(_, action, _)| matches!(action, Action::Update { .. })), "{steps:?}");
    assert_eq!(writes, 3, "what nothing hangs on goes as it is");
}

#[test]
fn what_is_not_upheld_by_what_goes_waits_for_nothing_to_be_put_right() {
    let part =
        |key, rank, links: &[usize]| PartSpec { key, rank, mould: 0, label: 0, base: vec![], links: links.into() };
    let spec = vec![part(3, 3, &[]), part(0, 0, &[0])];
    let mut cloud = made(&spec);
    let root = cloud.things.keys().find(|id| id.key == "p3").unwrap().clone();
    cloud.things.get_mut(&root).unwrap().value["label"] = json!(7);
    let mut wanted = graph(&spec[..1].to_vec());
    wanted.uphold(&root);
    let plan = cloud.round(&wanted);
    let runnable: Vec<&str> = plan.runnable().map(|step| step.id.key.as_str()).collect();
    assert_eq!(runnable, ["p3", "p0"], "while the root stays, the leaf goes at once: {plan:?}");
}

#[test]
fn what_nothing_uses_is_not_upheld() {
    let part =
        |key, rank, links: &[usize]| PartSpec { key, rank, mould: 0, label: 0, base: vec![], links: links.into() };
    for links in [vec![], vec![0]] {
        let spec = vec![part(3, 3, &[]), part(0, 0, &links)];
        let mut wanted = graph(&spec);
        let root = wanted.iter().next().unwrap().0.clone();
        wanted.uphold(&root);
        let world = made(&spec).observe(&wanted);
        assert_eq!(upheld(&wanted, &world).len(), links.len());
    }
}

#[test]
fn what_is_named_where_it_means_nothing_any_more_does_not_stay_for_it() {
    let cases = [
        ("its host is none of its wishes", false, false, true),
        ("it is on its way", false, true, false),
        ("it asks for it", true, false, false),
    ];
    for (what, asks, settling, goes) in cases {
        let spec = vec![chain(0).remove(0)];
        let mut cloud = made(&spec);
        let arn = cloud.things.values().next().unwrap().outputs["arn"].clone();
        let guest = |host: Option<&String>| Guest { name: "g".into(), host: host.map(|arn| arn.as_str().into()) };
        let mut both = graph(&spec);
        both.add("guest", guest(Some(&arn)), "spec", &[]).unwrap();
        cloud.converge(&both);
        cloud.things.iter_mut().find(|(id, _)| id.key == "guest").unwrap().1.detail["settling"] = json!(settling);
        let mut wanted = Graph::default();
        wanted.add("guest", guest(Some(&arn).filter(|_| asks)), "spec", &[]).unwrap();
        let plan = cloud.round(&wanted);
        let deletes = plan.steps.iter().any(|step| step.action == Action::Delete && step.id.key == "p3");
        assert_eq!(deletes, goes, "{what}: {plan:?}");
    }
}
