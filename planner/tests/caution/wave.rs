//! What nobody's spec asked for reaches services a few at a time, and stops at the first failure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use longshore_planner::caution::wave::{Asking, Progress, Slot, Turn, Wave, ask, current, note, read, stopped, write};
use longshore_planner::report::RolledBack;
use proptest::prelude::*;

/// An environment whose objects all have to deploy something that their specs did not ask for.
#[derive(Debug)]
struct Fleet {
    slots: usize,
    generations: BTreeMap<String, i64>,
    waiting: BTreeSet<String>,
    /// As the environment's status has them.
    held: Vec<Slot>,
    deployed: BTreeSet<String>,
    failed: BTreeSet<String>,
    /// The object whose revision ECS has rolled back.
    rolled_back: Option<(String, RolledBack)>,
}

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

/// As the next process finds them.
fn remembered(slots: &[Slot]) -> Vec<Slot> {
    let stored = serde_json::to_value(write(slots)).unwrap();
    read(&serde_json::from_value::<Vec<_>>(stored).unwrap())
}

fn name(n: usize) -> String {
    format!("EcsService/shop/s{n:02}")
}

impl Fleet {
    fn of(objects: usize, slots: usize) -> Self {
        Self {
            slots,
            generations: (0..objects).map(|n| (name(n), 1)).collect(),
            waiting: BTreeSet::new(),
            held: vec![],
            deployed: BTreeSet::new(),
            failed: BTreeSet::new(),
            rolled_back: None,
        }
    }

    fn asking<'a>(&'a self, object: &'a str) -> Asking<'a> {
        Asking {
            object,
            generation: self.generations[object],
            rolled_back: self.rolled_back.as_ref().filter(|(of, _)| of == object).map(|(_, it)| it),
        }
    }

    /// ECS rolls a revision of an object back.
    fn roll_back(&mut self, object: &str, revision: &str) {
        let rolled_back = RolledBack { revision: revision.into(), why: "no such image".into() };
        self.rolled_back = Some((object.to_owned(), rolled_back));
    }

    /// An object's turn: it asks, and goes or waits.
    fn ask(&mut self, object: &str) -> Turn {
        let wave = Wave { slots: self.slots, generations: &self.generations, waiting: &self.waiting, now: now() };
        let (held, turn) = ask(&self.held, &self.asking(object), &wave);
        self.held = remembered(&held);
        match turn {
            Turn::Go => self.waiting.remove(object),
            Turn::Wait { .. } => self.waiting.insert(object.to_owned()),
        };
        turn
    }

    fn end(&mut self, object: &str, progress: &Progress) {
        self.held = remembered(&note(&self.held, &self.asking(object), progress));
        match progress {
            Progress::Done => self.deployed.insert(object.to_owned()),
            Progress::Failed(_) => self.failed.insert(object.to_owned()),
            Progress::Underway => true,
        };
    }

    fn holds(&self, object: &str) -> bool {
        self.held.iter().any(|slot| slot.object == object)
    }
}

#[test]
fn those_that_wait_say_their_place_and_who_is_before_them() {
    let mut fleet = Fleet::of(5, 2);
    assert_eq!((fleet.ask(&name(0)), fleet.ask(&name(1))), (Turn::Go, Turn::Go));
    fleet.ask(&name(2));
    fleet.ask(&name(3));
    let Turn::Wait { ahead, why } = fleet.ask(&name(4)) else { panic!("there are two slots") };
    assert_eq!(ahead, 1);
    for word in ["WaitingForWave: place 3 of 3", "at most 2 objects", "EcsService/shop/s00", "EcsService/shop/s01"] {
        assert!(why.contains(word), "no {word} in {why}");
    }
}

#[test]
fn a_slot_that_becomes_free_goes_to_the_first_in_order_whoever_asks_first() {
    let mut fleet = Fleet::of(4, 1);
    for n in 0..4 {
        fleet.ask(&name(n));
    }
    fleet.end(&name(0), &Progress::Done);
    assert!(matches!(fleet.ask(&name(3)), Turn::Wait { .. }));
    assert_eq!(fleet.ask(&name(1)), Turn::Go);
}

#[test]
fn after_a_failure_nothing_begins_until_that_object_is_mended_edited_or_gone() {
    type Remedy = fn(&mut Fleet);
    let remedies: [Remedy; 3] = [
        |fleet| fleet.end(&name(0), &Progress::Done),
        |fleet| fleet.generations.extend([(name(0), 2)]),
        |fleet| fleet.generations.retain(|object, _| *object != name(0)),
    ];
    for remedy in remedies {
        let mut fleet = Fleet::of(3, 2);
        assert_eq!(fleet.ask(&name(0)), Turn::Go);
        fleet.end(&name(0), &Progress::Failed("hello:4 was rolled back".into()));
        let Turn::Wait { why, .. } = fleet.ask(&name(1)) else { panic!("one has failed") };
        assert!(why.contains("EcsService/shop/s00") && why.contains("hello:4 was rolled back"), "{why}");
        assert_eq!(stopped(&fleet.held).unwrap().reason, "WaveStopped");
        assert_eq!(fleet.ask(&name(0)), Turn::Go, "the one that failed may be put right");
        remedy(&mut fleet);
        assert_eq!(fleet.ask(&name(1)), Turn::Go);
        assert!(stopped(&current(&fleet.held, &fleet.generations)).is_none());
    }
}

#[test]
fn a_deployment_that_is_rolled_back_has_failed_and_one_that_was_so_before_has_not() {
    let mut fleet = Fleet::of(2, 1);
    fleet.roll_back(&name(0), "hello:4");
    assert_eq!(fleet.ask(&name(0)), Turn::Go);
    fleet.end(&name(0), &Progress::Underway);
    assert!(stopped(&fleet.held).is_none(), "that was its own spec's fault, before");
    fleet.roll_back(&name(0), "hello:5");
    fleet.end(&name(0), &Progress::Done);
    assert!(stopped(&fleet.held).unwrap().message.contains("hello:5 was rolled back: no such image"));
    assert!(matches!(fleet.ask(&name(1)), Turn::Wait { .. }));

    let mut fleet = Fleet::of(2, 1);
    fleet.roll_back(&name(0), "hello:4");
    fleet.ask(&name(0));
    fleet.end(&name(0), &Progress::Done);
    assert_eq!(fleet.ask(&name(1)), Turn::Go, "what the wave brought has arrived");
}

#[test]
fn a_store_that_is_behind_takes_no_slot_away() {
    let mut fleet = Fleet::of(2, 1);
    fleet.generations.insert(name(0), 7);
    assert_eq!(fleet.ask(&name(0)), Turn::Go);
    fleet.generations.insert(name(0), 6);
    assert!(matches!(fleet.ask(&name(1)), Turn::Wait { .. }));
}

#[test]
fn asking_again_takes_no_second_slot() {
    let mut fleet = Fleet::of(2, 2);
    for _ in 0..3 {
        assert_eq!(fleet.ask(&name(0)), Turn::Go);
    }
    assert_eq!(fleet.held.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_more_than_the_slots_deploy_at_once_and_all_get_through_when_all_succeed(
        objects in 1_usize..20,
        slots in 1_usize..6,
        turns in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..300),
    ) {
        let mut fleet = Fleet::of(objects, slots);
        let play = |fleet: &mut Fleet, object: &str, ends: bool| {
            if fleet.holds(object) {
                fleet.end(object, if ends { &Progress::Done } else { &Progress::Underway });
            } else if !fleet.deployed.contains(object) {
                fleet.ask(object);
            }
        };
        for (which, ends) in turns {
            play(&mut fleet, &name(which.index(objects)), ends);
            prop_assert!(fleet.held.len() <= slots);
        }
        // Everybody gets turns: twice for the last of those that still wait.
        for _ in 0..2 * objects {
            for n in 0..objects {
                play(&mut fleet, &name(n), true);
                prop_assert!(fleet.held.len() <= slots);
            }
        }
        prop_assert_eq!(fleet.deployed.len(), objects, "{:?}", fleet);
    }

    #[test]
    fn none_begins_after_a_failure(
        objects in 2_usize..20,
        slots in 1_usize..6,
        turns in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..4), 0..300),
    ) {
        let mut fleet = Fleet::of(objects, slots);
        let mut at_failure: Option<BTreeSet<String>> = None;
        for (which, how) in turns {
            let object = name(which.index(objects));
            if !fleet.holds(&object) {
                if !fleet.deployed.contains(&object) {
                    fleet.ask(&object);
                }
            } else if how == 0 {
                fleet.end(&object, &Progress::Failed("it broke".into()));
                at_failure.get_or_insert_with(|| fleet.held.iter().map(|slot| slot.object.clone()).collect());
            } else if how == 1 && !fleet.failed.contains(&object) {
                fleet.end(&object, &Progress::Done);
            }
            if let Some(begun) = &at_failure {
                let more: Vec<&Slot> = fleet.held.iter().filter(|slot| !begun.contains(&slot.object)).collect();
                prop_assert!(more.is_empty(), "{:?} began after a failure", more);
            }
        }
    }
}

fn failed(count: usize) -> Vec<Slot> {
    let slot = |n| Slot {
        object: name(n),
        generation: 1,
        since: now(),
        rejected: None,
        failed: Some("DeploymentFailed".to_owned()),
    };
    (0..count).map(slot).collect()
}

#[test]
fn how_many_failed_is_told_beside_the_first() {
    assert!(stopped(&failed(0)).is_none());
    for (count, expected) in
        [(1, "since EcsService/shop/s00 failed with it"), (3, "since EcsService/shop/s00 (and 2 more) failed with it")]
    {
        let message = stopped(&failed(count)).unwrap().message;
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn who_deploys_is_told_by_name_the_first_three_of_them() {
    for (slots, expected) in [
        (1, "1 do now (EcsService/shop/s00)"),
        (3, "3 do now (EcsService/shop/s00, EcsService/shop/s01, EcsService/shop/s02)"),
        (5, "5 do now (EcsService/shop/s00, EcsService/shop/s01, EcsService/shop/s02 and 2 more)"),
    ] {
        let held: Vec<Slot> = failed(slots).into_iter().map(|slot| Slot { failed: None, ..slot }).collect();
        let generations = (0..slots).map(|n| (name(n), 1)).collect();
        let wave = Wave { slots, generations: &generations, waiting: &BTreeSet::new(), now: now() };
        let asking = Asking { object: "EcsService/shop/late", generation: 1, rolled_back: None };
        let (_, Turn::Wait { why, .. }) = ask(&held, &asking, &wave) else { panic!("it waits") };
        assert!(why.contains(expected), "{why}");
    }
}
