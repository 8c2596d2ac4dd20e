//! What was verified is not read again for a while, and nothing else comes of that.

use jiff::SignedDuration;
use longshore_planner::engine::{Action, Graph};
use proptest::prelude::*;
use serde_json::json;

use crate::cloud::Cloud;
use crate::spec::{PartSpec, Spec, any_spec, graph};

/// root <- branch <- leaf: the first two rest, the leaf does not.
fn spec() -> Spec {
    let part =
        |key, rank, links: &[usize]| PartSpec { key, rank, mould: 0, label: 0, base: vec![], links: links.into() };
    vec![part(3, 3, &[]), part(2, 2, &[0]), part(0, 0, &[1])]
}

/// So long that no write is doubted any more.
const LATER: SignedDuration = SignedDuration::from_mins(3);

/// Made a while ago, and looked at since.
fn settled(spec: &Spec) -> Cloud {
    let mut cloud = Cloud::relied_on();
    cloud.converge(&graph(spec));
    cloud.now += LATER;
    cloud.round(&graph(spec));
    cloud
}

fn reads(cloud: &mut Cloud, graph: &Graph) -> usize {
    let before = cloud.reads;
    cloud.round(graph);
    cloud.reads - before
}

#[test]
fn what_rests_and_was_seen_settled_is_not_read_again_for_ten_minutes() {
    let (mut cloud, wanted) = (settled(&spec()), graph(&spec()));
    for (minutes, expected) in [(4, 1), (4, 1), (3, 3), (4, 1)] {
        cloud.now += SignedDuration::from_mins(minutes);
        // What was relied on is no fresher for it: the looks between do not count.
        assert_eq!(reads(&mut cloud, &wanted), expected, "at {}", cloud.now);
    }
    cloud.verified.as_mut().unwrap().forget();
    assert_eq!(reads(&mut cloud, &wanted), 3);
}

#[test]
fn what_is_wanted_otherwise_is_read_and_so_is_what_was_written_and_follows_it() {
    let mut cloud = settled(&spec());
    let mut changed = spec();
    changed[1].label = 1;
    let wanted = graph(&changed);
    assert_eq!(reads(&mut cloud, &wanted), 2, "the branch and the leaf");
    cloud.converge(&wanted);
    // It reads as wanted, and for two minutes that may be what was before.
    assert_eq!(reads(&mut cloud, &wanted), 2);
    cloud.now += LATER;
    assert_eq!(reads(&mut cloud, &wanted), 2);
    assert_eq!(reads(&mut cloud, &wanted), 1);
    changed[0].label = 1;
    let wanted = graph(&changed);
    let steps: Vec<_> = cloud.round(&wanted).runnable().cloned().collect();
    cloud.take_of(&wanted, &steps);
    assert_eq!(reads(&mut cloud, &wanted), 3, "the root was written, and the branch follows it");
}

#[test]
fn a_look_counts_for_less_than_ten_minutes_and_a_write_is_doubted_for_less_than_two() {
    let wanted = graph(&spec());
    for (seconds, expected) in [(599, 1), (600, 3)] {
        let mut cloud = settled(&spec());
        cloud.verified.as_mut().unwrap().forget();
        let seen = cloud.now;
        cloud.round(&wanted);
        cloud.now = seen + SignedDuration::from_secs(seconds);
        assert_eq!(reads(&mut cloud, &wanted), expected, "{seconds} s after the look");
    }
    for (seconds, expected) in [(119, 3), (120, 1)] {
        let mut cloud = settled(&spec());
        let written = cloud.now;
        cloud.verified.as_mut().unwrap().touch(&wanted, wanted.iter().map(|(id, _)| id), written);
        cloud.now = written + SignedDuration::from_secs(seconds);
        cloud.round(&wanted);
        assert_eq!(reads(&mut cloud, &wanted), expected, "after a look {seconds} s after the write");
    }
}

#[test]
fn what_a_write_does_not_touch_is_relied_on_all_the_same() {
    for (key, expected) in [("p3", 3), ("p2", 2), ("p0", 1)] {
        let (mut cloud, wanted) = (settled(&spec()), graph(&spec()));
        let id = wanted.iter().find(|(id, _)| id.key == key).unwrap().0;
        let now = cloud.now;
        cloud.verified.as_mut().unwrap().touch(&wanted, [id], now);
        assert_eq!(reads(&mut cloud, &wanted), expected, "{key}, and what follows it");
    }
}

#[test]
fn nothing_that_was_not_settled_or_has_more_to_tell_is_relied_on() {
    let wanted = graph(&spec());
    let spoil: [fn(&mut Cloud); 3] = [
        |cloud| cloud.things.values_mut().for_each(|thing| thing.value["label"] = json!(9)),
        |cloud| cloud.things.values_mut().for_each(|thing| thing.mentions.push("arn:other".to_owned())),
        |cloud| cloud.things.values_mut().for_each(|thing| thing.detail["broken"] = json!(true)),
    ];
    for spoil in spoil {
        let mut cloud = settled(&spec());
        cloud.verified.as_mut().unwrap().forget();
        spoil(&mut cloud);
        cloud.round(&wanted);
        assert_eq!(reads(&mut cloud, &wanted), 3);
    }
}

#[test]
fn what_was_relied_on_plans_as_if_it_had_been_read() {
    let mut changed = spec();
    changed[2].label = 1;
    let wanted = graph(&changed);
    let mut relying = settled(&spec());
    let mut reading = relying.clone();
    reading.verified = None;
    let (relied, read) = (relying.round(&wanted), reading.round(&wanted));
    assert_eq!(relied, read);
    assert!(matches!(relied.steps.as_slice(), [step] if matches!(step.action, Action::Update { .. })), "{relied:?}");
    assert_eq!(relying.inventory, reading.inventory);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn relying_changes_nothing_but_the_number_of_reads(specs in prop::collection::vec(any_spec(), 1..5), pauses in prop::collection::vec(0_i64..700, 5), settling in 0_u8..3) {
        let (mut relying, mut reading) = (Cloud::relied_on(), Cloud::default());
        (relying.settling, reading.settling) = (settling, settling);
        for (spec, pause) in specs.iter().zip(pauses) {
            let wanted = graph(spec);
            relying.converge(&wanted);
            reading.converge(&wanted);
            relying.now += SignedDuration::from_secs(pause);
            prop_assert_eq!(relying.contents(), reading.contents());
            prop_assert_eq!(relying.writes, reading.writes);
            prop_assert!(relying.reads <= reading.reads);
        }
    }
}
