//! Priorities of listener rules: the specific before the general, no two alike, and none that moves by itself.

use longshore_crds::ecs_service::HeaderCondition;
use longshore_planner::desired::{TakenPriority, choose, class};
use longshore_planner::engine::Id;
use longshore_planner::kinds::elbv2::listener_rule::Conditions;
use proptest::prelude::*;

const OBJECT: &str = "EcsService/shop/orders";

fn conditions(hosts: &[&str], paths: &[&str], methods: &[&str]) -> Conditions {
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    Conditions { hosts: owned(hosts), paths: owned(paths), methods: owned(methods), ..Conditions::default() }
}

fn rule(key: &str) -> Id {
    Id { fixed: "f1".into(), ..Id::new("elbv2/listener-rule", key) }
}

#[test]
fn the_specific_is_asked_before_the_general() {
    // Each before the next.
    let order = [
        conditions(&["a.example.com"], &["/orders"], &["GET"]),
        conditions(&["a.example.com"], &["/orders"], &[]),
        conditions(&["a.example.com"], &["/orders/open/late/all/*"], &["GET"]),
        conditions(&["a.example.com"], &["/orders/open/*"], &["GET"]),
        conditions(&["a.example.com"], &["/orders/open/*"], &[]),
        conditions(&["a.example.com"], &["/orders/*"], &[]),
        conditions(&["a.example.com"], &["/orders", "/*"], &[]),
        conditions(&["*.eu.example.com"], &["/orders"], &[]),
        conditions(&["*.example.com"], &["/orders"], &[]),
        conditions(&["*.example.com"], &[], &["GET"]),
        conditions(&["*.example.com"], &[], &[]),
        conditions(&[], &["/orders"], &[]),
        conditions(&[], &["/orders/*"], &[]),
        conditions(&[], &["/*"], &[]),
    ];
    for pair in order.windows(2) {
        assert!(class(&pair[0]) < class(&pair[1]), "{:?} before {:?}", pair[0], pair[1]);
    }
    assert_eq!(class(&conditions(&["*"], &["*"], &[])), class(&conditions(&[], &[], &[])), "they match the same");
}

/// A pattern, and one that matches all that it matches, and more.
fn widened(pattern: &str, way: u8) -> String {
    let cut = |at: usize| pattern.chars().take(at).collect::<String>();
    match way % 4 {
        0 => pattern.to_owned(),
        1 => format!("{}*", cut(pattern.chars().count() / 2)),
        2 => pattern.replacen("/a", "/?", 1),
        _ => "*".to_owned(),
    }
}

fn any_path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["/a", "/b", "/*", "/a*", "/?", "/a/b", "/abc"]);
    prop::collection::vec(segment, 1..5).prop_map(|segments| segments.concat())
}

fn any_host() -> impl Strategy<Value = String> {
    let label = prop::sample::select(vec!["a", "*", "shop", "?x"]);
    let tail = prop::sample::select(vec!["example.com", "eu.example.com"]);
    (prop::collection::vec(label, 1..4), tail).prop_map(|(labels, tail)| format!("{}.{tail}", labels.join(".")))
}

fn widened_host(host: &str, way: u8) -> String {
    match way % 3 {
        0 => host.to_owned(),
        1 => format!("*{}", host.chars().skip(host.chars().count() / 2).collect::<String>()),
        _ => "*".to_owned(),
    }
}

fn any_conditions() -> impl Strategy<Value = Conditions> {
    let lists = (prop::collection::vec(any_host(), 0..3), prop::collection::vec(any_path(), 0..3), 0_u8..3);
    lists.prop_map(|(hosts, paths, further)| Conditions {
        hosts,
        paths,
        methods: if further > 0 { vec!["GET".into()] } else { vec![] },
        headers: if further > 1 {
            vec![HeaderCondition { name: "x".into(), values: vec!["y".into()] }]
        } else {
            vec![]
        },
        ..Conditions::default()
    })
}

fn taken(priority: i32) -> TakenPriority {
    TakenPriority { priority, object: None, resource: None }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_matches_a_part_is_never_in_a_later_class(
        narrow in any_conditions(), ways in prop::collection::vec(any::<u8>(), 6), drop in any::<u8>(),
        more_path in any_path(), more_host in any_host(),
    ) {
        let way = |i: usize| ways[i % ways.len()];
        let mut wide = narrow.clone();
        wide.paths = narrow.paths.iter().enumerate().map(|(i, path)| widened(path, way(i))).collect();
        wide.hosts = narrow.hosts.iter().enumerate().map(|(i, host)| widened_host(host, way(i + 3))).collect();
        if !wide.paths.is_empty() {
            wide.paths.push(more_path);
        }
        if !wide.hosts.is_empty() {
            wide.hosts.push(more_host);
        }
        if drop & 1 == 1 {
            wide.paths.clear();
        }
        if drop & 2 == 2 {
            wide.hosts.clear();
        }
        if drop & 4 == 4 {
            wide.methods.clear();
        }
        if drop & 8 == 8 {
            wide.headers.clear();
        }
        prop_assert!(class(&narrow) <= class(&wide), "{:?} in {:?}", narrow, wide);
        prop_assert!((0..48).contains(&class(&narrow)));
    }

    #[test]
    fn of_two_classes_every_rule_of_the_one_is_before_every_rule_of_the_other(
        a in any_conditions(), b in any_conditions(), others in prop::collection::vec(1_i32..50_000, 0..50),
    ) {
        let others: Vec<_> = others.into_iter().map(taken).collect();
        let of = |conditions: &Conditions, key: &str| choose(conditions, OBJECT, &rule(key), None, &others).unwrap();
        if class(&a) < class(&b) {
            prop_assert!(of(&a, "a") < of(&b, "b"));
        }
    }

    #[test]
    fn no_two_are_alike_and_what_was_chosen_stays_whoever_comes(
        rules in prop::collection::vec((any_conditions(), "[a-z]{1,8}", "[a-z]{1,8}"), 1..40),
        others in prop::collection::vec(1_i32..50_000, 0..50),
    ) {
        let mut known: Vec<_> = others.into_iter().map(taken).collect();
        let mut chosen = vec![];
        for (number, (conditions, name, key)) in rules.iter().enumerate() {
            let (object, id) = (format!("EcsService/{name}/{number}"), rule(key));
            let priority = choose(conditions, &object, &id, None, &known).unwrap();
            prop_assert!(!known.iter().any(|one| one.priority == priority), "{} is taken", priority);
            prop_assert!((1..=50_000).contains(&priority));
            known.push(TakenPriority { priority, object: Some(object.clone()), resource: Some(id.clone()) });
            chosen.push((conditions, object, id, priority));
        }
        for (conditions, object, id, priority) in chosen {
            prop_assert_eq!(choose(conditions, &object, &id, Some(priority), &known), Some(priority));
            // Also where the memory was lost: the rule there is its own.
            prop_assert_eq!(choose(conditions, &object, &id, None, &known), Some(priority));
        }
    }
}

#[test]
fn a_successor_comes_after_its_predecessor_which_answers_until_it_goes() {
    let orders = conditions(&["a.example.com"], &["/orders"], &[]);
    let mut known = vec![];
    let mut last = 0;
    for generation in 0..20 {
        let id = Id { fixed: format!("f{generation}"), ..rule("web") };
        let priority = choose(&orders, OBJECT, &id, None, &known).unwrap();
        assert!(priority > last, "{priority} after {last}");
        last = priority;
        known = vec![TakenPriority { priority, object: Some(OBJECT.into()), resource: Some(id) }];
    }
}

#[test]
fn a_rule_that_is_there_stays_where_it_is_though_the_memory_is_lost_and_its_neighbour_gone() {
    let orders = conditions(&["a.example.com"], &["/orders"], &[]);
    let first = choose(&orders, OBJECT, &rule("web"), None, &[]).unwrap();
    let next = choose(&orders, OBJECT, &rule("web"), None, &[taken(first)]).unwrap();
    assert_eq!(next, first + 1, "past what is taken");
    let own = TakenPriority { priority: next, object: Some(OBJECT.into()), resource: Some(rule("web")) };
    assert_eq!(choose(&orders, OBJECT, &rule("web"), None, &[own]), Some(next));
}

#[test]
fn a_class_that_is_full_is_told() {
    let any = conditions(&[], &["/*"], &[]);
    let full: Vec<_> = (1..=50_000).map(taken).collect();
    assert_eq!(choose(&any, OBJECT, &rule("web"), None, &full), None);
    let free = full.iter().filter(|one| one.priority != class(&any) * 1000 + 1).cloned().collect::<Vec<_>>();
    assert_eq!(choose(&any, OBJECT, &rule("web"), None, &free), Some(class(&any) * 1000 + 1));
}

#[test]
fn where_a_rule_begins_to_look_is_its_own_and_never_moves() {
    let any = conditions(&[], &["/*"], &[]);
    let first = class(&any) * 1000 + 1;
    // What these were when the first rules were made: another number would move every rule whose memory is lost.
    for (object, key, expected) in [
        ("EcsService/shop/orders", "web", 33),
        ("EcsService/shop/orders", "api", 719),
        ("EcsService/apps/orders", "web", 897),
    ] {
        assert_eq!(choose(&any, object, &rule(key), None, &[]), Some(first + expected), "{object} {key}");
    }
}

#[test]
fn what_was_chosen_for_other_conditions_is_chosen_again() {
    let (narrow, wide) = (conditions(&["a.example.com"], &["/orders"], &[]), conditions(&[], &["/*"], &[]));
    let before = choose(&narrow, OBJECT, &rule("web"), None, &[]).unwrap();
    let after = choose(&wide, OBJECT, &rule("web"), Some(before), &[]).unwrap();
    assert_eq!(Some(after), choose(&wide, OBJECT, &rule("web"), None, &[]));
    assert!((class(&wide) * 1000 + 1..=class(&wide) * 1000 + 1000).contains(&after), "{after}");
    // Just beyond the band, on both sides.
    for outside in [class(&wide) * 1000, class(&wide) * 1000 + 1001] {
        assert_eq!(choose(&wide, OBJECT, &rule("web"), Some(outside), &[]), Some(after), "{outside}");
    }
}

#[test]
fn a_predecessor_elsewhere_is_none_to_come_after() {
    let orders = conditions(&["a.example.com"], &["/orders"], &[]);
    let alone = choose(&orders, OBJECT, &rule("web"), None, &[]);
    let before = |priority| TakenPriority {
        priority,
        object: Some(OBJECT.into()),
        resource: Some(Id { fixed: "f0".into(), ..rule("web") }),
    };
    assert_eq!(choose(&orders, OBJECT, &rule("web"), None, &[before(class(&orders) * 1000 + 2000)]), alone);
    let first = class(&orders) * 1000 + 1;
    assert_eq!(choose(&orders, OBJECT, &rule("web"), None, &[before(first + 7)]), Some(first + 8), "right after it");
}
