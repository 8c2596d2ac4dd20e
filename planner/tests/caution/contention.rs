//! What something else keeps undoing is left alone, and told.

use jiff::SignedDuration;
use longshore_planner::caution::{MOST_CORRECTIONS, STALE, WINDOW};
use longshore_planner::engine::{Action, Plan};
use proptest::prelude::*;

use crate::object::Object;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Something else sets the leaf's label; Longshore looks.
fn undone(object: &mut Object) -> Plan {
    object.pass(MINUTE);
    object.meddle("leaf", "label", 7);
    object.turn()
}

fn blocked(plan: &Plan) -> Vec<(&str, &str)> {
    plan.blocked().map(|step| (step.id.key.as_str(), step.reason.as_str())).collect()
}

#[test]
fn the_fourth_correction_within_an_hour_is_not_made_and_says_what_changes_back_and_forth() {
    let mut object = Object::settled();
    for _ in 0..MOST_CORRECTIONS {
        assert!(undone(&mut object).converged());
    }
    let plan = undone(&mut object);
    let [(resource, why)] = blocked(&plan)[..] else { panic!("{plan:?}") };
    assert_eq!(resource, "leaf");
    assert!(
        why.starts_with("Contended: since 2026-11-24T12:01:00Z Longshore sets label to 0, and something else to 7")
    );
    assert!(object.taken.is_empty());
}

#[test]
fn everything_else_of_a_contended_object_still_converges() {
    let mut object = Object::settled();
    for _ in 0..=MOST_CORRECTIONS {
        undone(&mut object);
    }
    object.meddle("twig", "label", 9);
    let plan = object.turn();
    assert_eq!(object.taken.iter().map(|step| step.id.key.as_str()).collect::<Vec<_>>(), ["twig"]);
    assert_eq!(plan.steps.len(), 1, "{plan:?}");
}

#[test]
fn another_field_of_the_same_resource_is_counted_by_itself() {
    let mut object = Object::settled();
    for _ in 0..MOST_CORRECTIONS {
        undone(&mut object);
    }
    object.pass(MINUTE);
    let arn = object.cloud.things[&object.id("twig")].outputs["arn"].clone();
    object.value("leaf")["links"] = serde_json::json!([arn]);
    assert!(object.turn().converged());
}

#[test]
fn a_resource_that_is_deleted_again_and_again_is_contended_too() {
    let mut object = Object::settled();
    let leaf = object.id("leaf");
    for _ in 0..MOST_CORRECTIONS {
        object.pass(MINUTE);
        object.cloud.things.remove(&leaf);
        assert!(object.turn().converged());
    }
    object.pass(MINUTE);
    object.cloud.things.remove(&leaf);
    let plan = object.turn();
    assert!(blocked(&plan)[0].1.contains("something else deletes it"), "{plan:?}");
}

#[test]
fn a_change_of_the_spec_ends_it_at_once() {
    let mut object = Object::settled();
    for _ in 0..=MOST_CORRECTIONS {
        undone(&mut object);
    }
    (object.generation, object.label) = (2, 1);
    assert!(object.turn().converged());
    assert!(object.record.corrections.is_empty());
}

#[test]
fn it_is_tried_again_once_an_hour_and_forgotten_when_the_field_stays_as_wanted() {
    let mut object = Object::settled();
    for _ in 0..=MOST_CORRECTIONS {
        undone(&mut object);
    }
    for _ in 0..3 {
        object.corrections.clear();
        for _ in 0..60 {
            undone(&mut object);
        }
        assert_eq!(object.corrections.len(), 1, "in an hour");
    }
    object.pass(WINDOW);
    assert!(object.turn().converged(), "nobody undoes it any more");
    object.pass(WINDOW);
    object.turn();
    assert!(object.record.corrections.is_empty());
}

/// Nothing would be told by a write for it alone.
#[test]
fn a_correction_that_is_over_changes_no_record_by_itself_and_counts_no_more() {
    let mut object = Object::settled();
    assert!(undone(&mut object).converged());
    object.pass(MINUTE);
    object.turn();
    let remembered = object.record.clone();
    assert_eq!(remembered.corrections.len(), 1);
    object.pass(WINDOW * 2);
    object.turn();
    assert_eq!(object.record, remembered, "two hours later");
    for _ in 0..MOST_CORRECTIONS {
        assert!(undone(&mut object).converged(), "three more are made in this hour");
    }
    assert_eq!(blocked(&undone(&mut object)).len(), 1);
}

#[test]
fn a_read_that_is_older_than_our_own_write_does_not_count() {
    let mut object = Object::settled();
    object.meddle("leaf", "label", 7);
    object.stale_looks = 10;
    let plan = object.turn();
    assert!(plan.converged(), "{plan:?}");
    assert!(object.corrections.len() > MOST_CORRECTIONS, "it was written again each time");
    assert_eq!(object.record.corrections[0].times.len(), 1, "and counted once");
}

#[test]
fn what_is_undone_before_it_was_ever_seen_counts_once_reads_are_fresh_again() {
    let mut object = Object::settled();
    object.meddle("leaf", "label", 7);
    object.turn();
    object.record.corrections[0].seen = false;
    object.pass(STALE);
    object.meddle("leaf", "label", 7);
    object.turn();
    assert_eq!(object.record.corrections[0].times.len(), 2);
}

#[test]
fn what_belongs_to_the_cloud_is_no_contention() {
    let mut object = Object::settled();
    for level in 1..20 {
        object.pass(MINUTE);
        object.meddle("leaf", "level", level);
        assert!(object.turn().converged());
    }
    assert!(object.record.corrections.is_empty());
}

#[test]
fn what_the_object_refers_to_may_change_as_often_as_it_likes() {
    let mut object = Object::settled();
    for label in 1..20 {
        object.pass(MINUTE);
        object.label = label;
        assert!(object.turn().converged(), "the same generation, and something else is wanted");
    }
    assert!(object.record.corrections.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_field_is_corrected_more_often_than_three_times_in_an_hour(
        acts in proptest::collection::vec((1_i64..40, any::<bool>(), any::<bool>()), 1..60),
    ) {
        let mut object = Object::settled();
        for (minutes, meddles, deletes) in acts {
            object.pass(MINUTE * i32::try_from(minutes).unwrap());
            if meddles && deletes && minutes > 35 {
                object.meddle("twig", "label", 3);
            } else if meddles {
                object.meddle("leaf", "label", 7);
            }
            let plan = object.turn();
            let stopped = plan.steps.iter().all(|step| step.action == Action::Blocked);
            prop_assert!(stopped, "what is not contended converges: {:?}", plan);
        }
        for (n, (key, first)) in object.corrections.iter().enumerate() {
            let later = object.corrections[n..].iter().filter(|(other, _)| other == key);
            let within = later.filter(|(_, time)| time.duration_since(*first) < WINDOW);
            prop_assert!(within.count() <= MOST_CORRECTIONS, "{}: {:?}", key, object.corrections);
        }
    }
}
