//! What the queue promises, case by case. `laws` has what holds for anything that may happen, `load` what holds when
//! there is too much to do.

mod laws;
mod load;
mod workers;

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, advance, timeout};

use super::fairness::{BY_AGE, BY_AGE_BEFORE_EDITS};
use super::{Next, Queue, Turn, Urgency, backoff};
use crate::object::{Key, ObjectKind};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

fn key(name: &(impl Display + ?Sized)) -> Key {
    Key { kind: ObjectKind::EcsService, namespace: "shop".into(), name: name.to_string() }
}

/// Takes so many turns of a second each; the objects come back in an hour. Their names, in order.
async fn names(queue: &Queue, turns: usize) -> Vec<String> {
    let mut names = vec![];
    for _ in 0..turns {
        let turn = queue.next().await;
        advance(SECOND).await;
        queue.done(&turn.key, Next::After(HOUR));
        names.push(turn.key.name);
    }
    names
}

/// The next turn, if it begins at once.
async fn at_once(queue: &Queue) -> Option<Turn> {
    timeout(Duration::from_millis(1), queue.next()).await.ok()
}

fn waiting(queue: &Queue, urgency: Urgency) -> usize {
    queue.depth().waiting.iter().find(|(of, _)| *of == urgency).unwrap().1
}

#[tokio::test(start_paused = true)]
async fn the_more_urgent_goes_first() {
    let queue = Queue::default();
    for urgency in Urgency::ALL.into_iter().rev() {
        queue.wake(key(urgency.label()), Some("prod"), urgency);
    }
    // The fourth turn goes by age: to what has waited longest, which is what is merely due.
    assert_eq!(names(&queue, 5).await, ["edit", "wake_up", "rollout", "due", "retry"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_says_how_an_object_comes_back() {
    let cases = [
        (Next::After(MINUTE), Urgency::Due),
        (Next::Rollout(MINUTE), Urgency::Rollout),
        (Next::Again(MINUTE), Urgency::Retry),
    ];
    for (next, urgency) in cases {
        let queue = Queue::default();
        queue.wake(key("a"), None, Urgency::Edit);
        let turn = queue.next().await;
        let began = Instant::now();
        queue.done(&turn.key, next);
        let again = queue.next().await;
        assert_eq!((again.urgency, began.elapsed().as_secs()), (urgency, 60));
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_beyond_all_calendars_is_a_long_time() {
    let queue = Queue::default();
    queue.wake(key("a"), None, Urgency::Edit);
    let turn = queue.next().await;
    queue.done(&turn.key, Next::Again(Duration::MAX));
    assert!(timeout(HOUR * 1000, queue.next()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_object_has_one_turn_at_a_time_and_another_if_woken_during_it() {
    let queue = Queue::default();
    queue.wake(key("a"), None, Urgency::Edit);
    let turn = queue.next().await;
    queue.wake(key("a"), None, Urgency::Due);
    queue.wake(key("a"), None, Urgency::WakeUp);
    queue.wake(key("a"), None, Urgency::Retry);
    assert_eq!(at_once(&queue).await, None, "it runs already");
    queue.done(&turn.key, Next::After(HOUR));
    let second = at_once(&queue).await.expect("not only after an hour");
    assert_eq!(second.urgency, Urgency::WakeUp, "the strongest reason counts");
    queue.done(&turn.key, Next::After(HOUR));
    assert_eq!(at_once(&queue).await, None, "three reasons are one turn");
}

#[tokio::test(start_paused = true)]
async fn many_reasons_before_a_turn_are_one_turn_at_the_strongest() {
    let queue = Queue::default();
    for urgency in [Urgency::Due, Urgency::Edit, Urgency::WakeUp, Urgency::Edit] {
        queue.wake(key("a"), None, urgency);
    }
    assert_eq!(at_once(&queue).await.map(|turn| turn.urgency), Some(Urgency::Edit));
    queue.done(&key("a"), Next::After(HOUR));
    assert_eq!(at_once(&queue).await, None);
}

#[tokio::test(start_paused = true)]
async fn an_object_woken_before_its_time_has_its_turn_at_once_and_no_second_one_then() {
    let queue = Queue::default();
    queue.wake(key("a"), None, Urgency::Edit);
    for next in [Next::After(MINUTE), Next::After(HOUR)] {
        let turn = at_once(&queue).await.unwrap();
        queue.done(&turn.key, next);
        if next == Next::After(MINUTE) {
            queue.wake(key("a"), None, Urgency::WakeUp);
        }
    }
    assert!(timeout(MINUTE * 2, queue.next()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn failures_are_counted_per_object_until_one_succeeds() {
    let queue = Queue::default();
    queue.wake(key("a"), None, Urgency::Edit);
    let mut seen = vec![];
    for next in [Next::Again(MINUTE), Next::Again(MINUTE), Next::Rollout(MINUTE), Next::After(MINUTE)] {
        let turn = queue.next().await;
        seen.push(turn.failures);
        queue.done(&turn.key, next);
    }
    assert_eq!(seen, [0, 1, 2, 0]);
}

#[test]
fn backing_off_doubles_to_a_limit() {
    let seconds = |failures| backoff(SECOND, MINUTE, failures).as_secs();
    assert_eq!([0, 1, 2, 5, 6, 7, 64, u32::MAX].map(seconds), [1, 2, 4, 32, 60, 60, 60, 60]);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_forgotten_unless_it_was_woken_meanwhile() {
    let queue = Queue::default();
    queue.wake(key("a"), None, Urgency::Edit);
    let turn = queue.next().await;
    queue.wake(key("a"), None, Urgency::Edit);
    queue.done(&turn.key, Next::Forget);
    assert_eq!(queue.depth().objects, 1);
    let turn = at_once(&queue).await.unwrap();
    queue.done(&turn.key, Next::Forget);
    assert_eq!(queue.depth().objects, 0);
}

#[tokio::test(start_paused = true)]
async fn the_depth_is_told_by_urgency_without_what_runs_or_comes_back_later() {
    let queue = Queue::default();
    for (name, urgency) in [("a", Urgency::Edit), ("b", Urgency::Edit), ("c", Urgency::Due), ("d", Urgency::WakeUp)] {
        queue.wake(key(name), None, urgency);
    }
    let (a, _running) = (queue.next().await, queue.next().await);
    queue.done(&a.key, Next::Rollout(MINUTE));
    let counts = |queue: &Queue| queue.depth().waiting.into_iter().map(|(_, count)| count).collect::<Vec<_>>();
    assert_eq!(counts(&queue), [0, 1, 0, 0, 1]);
    advance(MINUTE).await;
    assert_eq!(counts(&queue), [0, 1, 1, 0, 1], "its time has come, though nobody took a turn");
    assert_eq!(queue.depth().objects, 4);
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_counted_from_when_the_object_became_so_urgent() {
    let queue = Queue::default();
    queue.wake(key("edited"), None, Urgency::Due);
    queue.wake(key("late"), None, Urgency::Edit);
    let late = queue.next().await;
    queue.done(&late.key, Next::After(MINUTE));
    advance(MINUTE * 2).await;
    queue.wake(key("edited"), None, Urgency::Edit);
    advance(SECOND).await;
    queue.wake(key("edited"), None, Urgency::Edit);
    let waits = [queue.next().await, queue.next().await].map(|turn| (turn.key.name, turn.waited.as_secs()));
    assert_eq!(waits, [("edited".to_owned(), 1), ("late".to_owned(), 61)]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_overtakes_ten_thousand_that_are_due() {
    for head_start in 0..BY_AGE as usize {
        let queue = Queue::default();
        for n in 0..10_000 {
            queue.wake(key(&n), Some("prod"), Urgency::Due);
        }
        names(&queue, head_start).await;
        queue.wake(key("edited"), Some("prod"), Urgency::Edit);
        assert_eq!(names(&queue, 1).await, ["edited"], "behind {head_start} turns");
    }
}

#[tokio::test(start_paused = true)]
async fn even_edits_without_end_leave_a_share_to_the_oldest() {
    let queue = Queue::default();
    queue.wake(key("old"), Some("prod"), Urgency::Due);
    for n in 0..100 {
        queue.wake(key(&n), Some("prod"), Urgency::Edit);
    }
    let turns = names(&queue, 2 * BY_AGE_BEFORE_EDITS as usize).await;
    let at = turns.iter().position(|name| name == "old");
    assert_eq!(at, Some(BY_AGE_BEFORE_EDITS as usize - 1));
}

#[tokio::test(start_paused = true)]
async fn an_environment_with_ten_thousand_objects_holds_back_no_other_nor_what_belongs_to_none() {
    for urgency in Urgency::ALL {
        let queue = Queue::default();
        for n in 0..10_000 {
            queue.wake(key(&n), Some("huge"), urgency);
        }
        queue.wake(key("small"), Some("small"), urgency);
        queue.wake(key("none"), None, urgency);
        let turns = names(&queue, 4).await;
        assert!(turns.contains(&"small".to_owned()) && turns.contains(&"none".to_owned()), "{urgency:?}: {turns:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn environments_take_turns_and_within_one_the_first_comes_first() {
    let queue = Queue::default();
    for (environment, count) in [("a", 6), ("b", 3), ("c", 1)] {
        for n in 0..count {
            queue.wake(key(&format!("{environment}{n}")), Some(environment), Urgency::Edit);
        }
    }
    assert_eq!(names(&queue, 10).await, ["a0", "b0", "c0", "a1", "b1", "a2", "b2", "a3", "a4", "a5"]);
}

#[tokio::test(start_paused = true)]
async fn stronger_work_of_one_environment_starves_no_other() {
    let queue = Queue::default();
    for n in 0..10_000 {
        queue.wake(key(&n), Some("huge"), Urgency::WakeUp);
    }
    queue.wake(key("small"), Some("small"), Urgency::Retry);
    let turns = names(&queue, 2 * BY_AGE as usize).await;
    assert!(turns.contains(&"small".to_owned()), "one turn by age for each of the two: {turns:?}");
}

#[tokio::test(start_paused = true)]
async fn being_woken_again_and_again_sets_nobody_back() {
    for (first, again) in [(Urgency::WakeUp, Urgency::WakeUp), (Urgency::WakeUp, Urgency::Due)] {
        let queue = Queue::default();
        for n in 0..100 {
            queue.wake(key(&n), Some("huge"), Urgency::WakeUp);
        }
        queue.wake(key("small"), Some("small"), first);
        let mut turns = vec![];
        for _ in 0..2 {
            queue.wake(key("small"), Some("small"), again);
            turns.extend(names(&queue, 1).await);
        }
        assert_eq!(turns, ["0", "small"], "woken as {again:?}");
    }
    // Nor in the round by age, where its lane's turn is the second: it waits at ever stronger reasons.
    let queue = Queue::default();
    for n in 0..100 {
        queue.wake(key(&n), Some("huge"), Urgency::Edit);
    }
    let mut turns = vec![];
    for n in 0..2 * BY_AGE_BEFORE_EDITS {
        let urgency = if n < BY_AGE_BEFORE_EDITS { Urgency::Due } else { Urgency::WakeUp };
        queue.wake(key("small"), Some("small"), urgency);
        turns.extend(names(&queue, 1).await);
    }
    assert_eq!(turns.iter().position(|name| name == "small"), Some(2 * BY_AGE_BEFORE_EDITS as usize - 1));
}

#[tokio::test(start_paused = true)]
async fn the_environment_told_last_counts() {
    let queue = Queue::default();
    for n in 0..100 {
        queue.wake(key(&n), Some("huge"), Urgency::WakeUp);
    }
    let turns = |queue: &Queue| {
        let queue = queue.clone();
        // One of the two lanes each, and perhaps one by age.
        async move { names(&queue, 3).await.contains(&"a".to_owned()) }
    };
    // While it waits: the weaker reason changes nothing else.
    queue.wake(key("a"), Some("huge"), Urgency::WakeUp);
    queue.wake(key("a"), Some("other"), Urgency::Due);
    assert!(turns(&queue).await);
    // While it is to come back later.
    queue.wake(key("a"), Some("other"), Urgency::WakeUp);
    assert!(turns(&queue).await);
    // While it has its turn.
    queue.wake(key("a"), Some("huge"), Urgency::Edit);
    let turn = queue.next().await;
    assert_eq!(turn.key, key("a"));
    queue.wake(key("a"), Some("other"), Urgency::WakeUp);
    queue.done(&turn.key, Next::After(HOUR));
    assert!(turns(&queue).await);
}
