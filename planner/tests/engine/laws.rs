//! What holds for every graph.

use longshore_planner::engine::{Action, Graph, Owner};
use proptest::prelude::*;

use crate::cloud::Cloud;
use crate::spec::{Spec, any_spec, depth, graph};

fn fresh(spec: &Spec) -> Cloud {
    let mut cloud = Cloud::default();
    cloud.converge(&graph(spec));
    cloud
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn it_converges_in_as_many_rounds_as_the_graph_is_deep(spec in any_spec()) {
        let mut cloud = Cloud::default();
        prop_assert_eq!(cloud.converge(&graph(&spec)), depth(&spec));
        prop_assert_eq!(cloud.writes, spec.len());
    }

    #[test]
    fn the_second_plan_is_empty_and_writes_nothing(spec in any_spec()) {
        let mut cloud = fresh(&spec);
        let (writes, inventory) = (cloud.writes, cloud.inventory.clone());
        prop_assert!(cloud.round(&graph(&spec)).converged());
        prop_assert_eq!(cloud.writes, writes);
        prop_assert_eq!(cloud.inventory, inventory);
    }

    #[test]
    fn the_way_does_not_matter(a in any_spec(), b in any_spec()) {
        let mut cloud = fresh(&a);
        cloud.converge(&graph(&b));
        prop_assert_eq!(cloud.contents(), fresh(&b).contents());
    }

    #[test]
    fn turning_back_at_any_moment_leaves_nothing_over(a in any_spec(), b in any_spec(), rounds in 0_usize..6, settling in 0_u8..3) {
        let mut cloud = fresh(&a);
        cloud.settling = settling;
        for _ in 0..rounds {
            let steps: Vec<_> = cloud.round(&graph(&b)).runnable().cloned().collect();
            cloud.take(&steps);
        }
        cloud.converge(&graph(&a));
        prop_assert_eq!(cloud.contents(), fresh(&a).contents());
        prop_assert_eq!(cloud.inventory.ids(), cloud.things.keys().cloned().collect());
    }

    #[test]
    fn a_crash_between_any_two_calls_is_put_right(a in any_spec(), b in any_spec(), luck in any::<u64>()) {
        // Of each round only some of the steps are taken; the next process plans afresh.
        let mut cloud = fresh(&a);
        for round in 0..8 {
            let steps: Vec<_> = cloud.round(&graph(&b)).runnable().cloned().collect();
            for (n, step) in steps.iter().enumerate() {
                if luck >> ((round * 7 + n) % 64) & 1 == 1 {
                    cloud.act(step);
                }
            }
        }
        cloud.converge(&graph(&b));
        prop_assert_eq!(cloud.contents(), fresh(&b).contents());
    }

    #[test]
    fn deletion_leaves_nothing_and_goes_by_ranks(spec in any_spec(), settling in 0_u8..3) {
        let mut cloud = fresh(&spec);
        cloud.settling = settling;
        cloud.options.deleting = true;
        let mut last = 0;
        while !cloud.things.is_empty() {
            let steps: Vec<_> = cloud.round(&Graph::default()).runnable().cloned().collect();
            prop_assert!(!steps.is_empty(), "deletion is stuck");
            for step in &steps {
                let rank = crate::kinds::all().get(&step.id.kind).unwrap().teardown;
                prop_assert!(rank >= last);
                last = rank;
                cloud.act(step);
            }
        }
        cloud.converge(&Graph::default());
        prop_assert!(cloud.inventory.0.is_empty());
    }

    #[test]
    fn a_blocked_part_holds_up_nothing_unrelated(a in any_spec(), b in any_spec(), victim in any::<prop::sample::Index>()) {
        prop_assume!(!b.is_empty());
        let wanted = graph(&b);
        let victim = wanted.iter().nth(victim.index(b.len())).unwrap().0.clone();
        let mut cloud = fresh(&a);
        if let Some(thing) = cloud.things.get_mut(&victim) {
            thing.owner = Owner::Nobody;
        } else {
            cloud.unreadable.insert(victim.clone());
        }
        let dependants = dependants(&wanted, &victim);
        for _ in 0..40 {
            let steps: Vec<_> = cloud.round(&wanted).runnable().cloned().collect();
            cloud.take(&steps);
        }
        let plan = cloud.round(&wanted);
        prop_assert_eq!(&plan.step(&victim).unwrap().action, &Action::Blocked);
        for (id, _) in wanted.iter().filter(|(id, _)| **id != victim && !dependants.contains(id)) {
            prop_assert_eq!(plan.step(id), None, "held up by {}", victim);
        }
        // What goes away and has nothing to do with the victim is gone too.
        for step in plan.steps.iter().filter(|step| wanted.get(&step.id).is_none()) {
            prop_assert_eq!(&step.action, &Action::Wait, "{}", step.id);
        }
    }
}

fn dependants(graph: &Graph, of: &longshore_planner::engine::Id) -> Vec<longshore_planner::engine::Id> {
    let mut found = vec![of.clone()];
    for (id, node) in graph.iter() {
        if node.needs.iter().any(|need| found.contains(need)) {
            found.push(id.clone());
        }
    }
    found
}
