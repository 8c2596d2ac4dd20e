//! Deletions beyond a budget pause until a person says that they are meant.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use longshore_crds::aws_environment::DeletionsStatus;
use longshore_planner::caution::{DELETION_WINDOW, Deleting, Deletions, budget};
use longshore_planner::desired::Refusal;
use proptest::prelude::*;

/// An environment, and its ledger as the status has it.
struct Environment {
    objects: BTreeSet<String>,
    ledger: Deletions,
    allowed: Option<String>,
    now: Timestamp,
}

impl Environment {
    fn of(objects: usize) -> Self {
        Self {
            objects: (0..objects).map(|n| format!("EcsService/shop/s{n:03}")).collect(),
            ledger: Deletions::default(),
            allowed: None,
            now: "2026-11-24T12:00:00Z".parse().unwrap(),
        }
    }

    fn deleting(&self) -> Deleting<'_> {
        Deleting { environment: "default", allowed: self.allowed.as_deref(), objects: &self.objects, now: self.now }
    }

    fn ask(&mut self, object: &str) -> Result<(), Refusal> {
        let (ledger, answer) = self.ledger.admit(object, &self.deleting());
        // As the next process finds it.
        let stored = serde_json::to_value(ledger.write()).unwrap();
        self.ledger = Deletions::read(serde_json::from_value::<Option<DeletionsStatus>>(stored).unwrap().as_ref());
        assert_eq!(self.ledger, ledger);
        answer
    }

    /// Asks for one object after the other, and takes away those that may go; how many could.
    fn delete(&mut self, most: usize) -> usize {
        let asked: Vec<String> = self.objects.iter().take(most).cloned().collect();
        let gone: Vec<String> = asked.into_iter().filter(|object| self.ask(object).is_ok()).collect();
        for object in &gone {
            self.objects.remove(object);
        }
        gone.len()
    }

    fn pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }
}

#[test]
fn ten_objects_may_always_go_and_of_a_large_environment_a_tenth() {
    for (objects, may_go) in [(3, 3), (10, 10), (11, 10), (100, 10), (101, 10), (119, 11), (250, 25), (1000, 100)] {
        assert_eq!(Environment::of(objects).delete(objects), may_go, "of {objects}");
    }
}

#[test]
fn what_has_gone_slowly_is_no_matter() {
    let mut environment = Environment::of(50);
    for _ in 0..4 {
        assert_eq!(environment.delete(10), 10);
        environment.pass(10);
    }
    assert_eq!(environment.ledger.paused_since, None);
}

#[test]
fn once_paused_deletions_wait_until_they_are_allowed_however_long_that_takes() {
    let mut environment = Environment::of(57);
    environment.pass(1);
    assert_eq!(environment.delete(12), 10);
    environment.pass(60 * 24);
    let refusal = environment.ask("EcsService/shop/s020").unwrap_err();
    assert_eq!(refusal.reason, "DeletionBudget");
    for word in [
        "10 of 57 objects",
        "since 2026-11-24T12:01:00Z",
        "kubectl annotate awsenvironment default ecs.longshore.dev/allow-deletions-until=2026-11-25T14:00:00Z --overwrite",
    ] {
        assert!(refusal.message.contains(word), "no {word} in {refusal}");
    }

    environment.allowed = Some("2026-11-25T14:00:00Z".to_owned());
    assert_eq!(environment.delete(47), 47);
    assert_eq!(environment.ledger, Deletions::default());
}

#[test]
fn after_it_was_allowed_the_budget_counts_afresh() {
    let mut environment = Environment::of(100);
    environment.delete(20);
    environment.allowed = Some("2026-11-24T12:30:00Z".to_owned());
    environment.delete(20);
    environment.pass(30);
    assert_eq!(environment.delete(20), 10);
}

#[test]
fn what_was_admitted_may_go_on_though_deletions_are_paused_since() {
    let mut environment = Environment::of(40);
    let first = environment.objects.first().unwrap().clone();
    assert!(environment.ask(&first).is_ok());
    environment.delete(20);
    assert!(environment.ledger.paused_since.is_some());
    assert!(environment.ask(&first).is_ok(), "asked a second time, as after a crash");
    assert_eq!(environment.ledger.admitted.iter().filter(|admitted| admitted.object == first).count(), 1);
}

#[test]
fn a_permission_that_cannot_be_read_permits_nothing_and_is_told() {
    let mut environment = Environment::of(40);
    environment.allowed = Some("yes".to_owned());
    assert_eq!(environment.delete(20), 10);
    let refusal = environment.ask("EcsService/shop/s030").unwrap_err();
    assert!(refusal.message.contains("\"yes\" is no time"), "{refusal}");
}

#[derive(Clone, Debug)]
enum Act {
    Pass(i64),
    Delete(usize),
    Make(usize),
    Allow(i64),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0_i64..8).prop_map(Act::Pass),
        (1_usize..15).prop_map(Act::Delete),
        (1_usize..30).prop_map(Act::Make),
        (1_i64..20).prop_map(Act::Allow),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_ten_minutes_see_more_deletions_than_the_budget_unless_they_are_allowed(
        objects in 0_usize..300,
        acts in proptest::collection::vec(any_act(), 0..60),
    ) {
        let mut environment = Environment::of(objects);
        let mut allowed_until = environment.now;
        // What went without permission, and when.
        let mut gone: Vec<Timestamp> = vec![];
        let mut made = 1000;
        for act in acts {
            match act {
                Act::Pass(minutes) => environment.pass(minutes),
                Act::Make(more) => {
                    environment.objects.extend((made..made + more).map(|n| format!("EcsService/shop/s{n}")));
                    made += more;
                }
                Act::Allow(minutes) => {
                    allowed_until = environment.now + SignedDuration::from_mins(minutes);
                    environment.allowed = Some(allowed_until.to_string());
                }
                Act::Delete(most) => {
                    let now = environment.now;
                    let recent = |gone: &[Timestamp]| {
                        gone.iter().filter(|at| now.duration_since(**at) < DELETION_WINDOW).count()
                    };
                    let size = environment.objects.len() + recent(&gone);
                    let asked = most.min(environment.objects.len());
                    let went = environment.delete(most);
                    if now < allowed_until {
                        prop_assert_eq!(went, asked, "it is allowed");
                        // What goes with permission counts for nothing, nor does what went before it.
                        if asked > 0 {
                            gone.clear();
                        }
                    } else {
                        gone.extend(std::iter::repeat_n(now, went));
                        prop_assert!(recent(&gone) <= budget(size), "{} of {}", recent(&gone), size);
                    }
                }
            }
        }
    }
}

#[test]
fn it_is_known_when_the_first_deletion_counts_no_more() {
    let mut environment = Environment::of(20);
    let left = |environment: &Environment| environment.ledger.left(environment.now);
    assert_eq!(left(&environment), None, "nothing counts");
    environment.delete(1);
    environment.pass(4);
    environment.delete(1);
    assert_eq!(left(&environment), Some(Duration::from_mins(6)));
    environment.pass(30);
    assert_eq!(left(&environment), Some(Duration::ZERO));
    environment.pass(-30);
    environment.delete(20);
    assert!(environment.ledger.paused_since.is_some(), "more were to go than may");
    assert_eq!(left(&environment), None, "only a person ends it");
}
