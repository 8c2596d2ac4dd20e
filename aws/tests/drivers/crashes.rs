//! A process that dies at any moment, a reply that never comes, a read that is out of date: the next rounds put it
//! right, without a second of anything and with nothing left over.

use longshore_planner::engine::Inventory;
use longshore_simulator::faults::Kind;
use serde_json::{Value, json};

use crate::account::Account;
use crate::examples::image;
use crate::stack::Stack;

/// Example 10 with a task role, so that there are two roles.
fn patch() -> Value {
    json!({"taskRole": {"policy": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}}})
}

/// What an undisturbed life of it makes, and every call by which it does.
struct Undisturbed {
    ours: Vec<String>,
    /// Operation, how often, whether it writes.
    calls: Vec<(String, u32, bool)>,
}

async fn undisturbed() -> Undisturbed {
    let account = Account::new().await;
    Stack::converged_with(&account, &patch()).await;
    let mut calls: Vec<(String, u32, bool)> = vec![];
    for call in account.calls(0) {
        match calls.iter_mut().find(|(operation, ..)| *operation == call.operation) {
            Some((_, times, _)) => *times += 1,
            None => calls.push((call.operation, 1, call.write)),
        }
    }
    Undisturbed { ours: account.ours(), calls }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_makes_no_second_of_anything() {
    let expected = undisturbed().await;
    for (operation, times, _) in expected.calls.iter().filter(|(.., write)| *write) {
        for nth in 1..=*times {
            let account = Account::new().await;
            account.breaks(operation, nth, 1, Kind::LostReply);
            let mut stack = Stack::converged_with(&account, &patch()).await;
            check(&account, &mut stack, &expected, &format!("the reply of {operation} {nth} is lost")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_any_round_is_put_right() {
    let expected = undisturbed().await;
    let mut crashed = 0;
    for lost in [None, Some("CreateCluster"), Some("RegisterTaskDefinition"), Some("CreateService")] {
        for rounds in 1..=12 {
            let mut account = Account::new().await;
            if let Some(operation) = lost {
                account.breaks(operation, 1, 1, Kind::LostReply);
            }
            let mut stack = Stack::new(&patch());
            stack.cluster.round(&account).await;
            stack.cluster.crash();
            account = account.after_a_crash().await;
            stack.begin(&account).await;
            for _ in 0..rounds {
                stack.service().round(&account).await;
            }
            stack.service().crash();
            account = account.after_a_crash().await;
            stack.converge(&account).await;
            crashed += 1;
            check(&account, &mut stack, &expected, &format!("crash after {rounds} rounds, {lost:?} lost")).await;
        }
    }
    assert_eq!(crashed, 48);
}

#[tokio::test(start_paused = true)]
async fn the_inventory_itself_may_be_lost() {
    let expected = undisturbed().await;
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &patch()).await;
    let since = account.now();
    stack.cluster.inventory = Inventory::default();
    stack.service().inventory = Inventory::default();
    stack.converge(&account).await;
    assert_eq!(account.writes(since), [].into(), "what is there is found by its names and tags");
    check(&account, &mut stack, &expected, "without an inventory").await;
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_makes_no_second_of_anything() {
    let expected = undisturbed().await;
    for (operation, times, _) in expected.calls.iter().filter(|(.., write)| !*write) {
        for nth in 1..=(*times).min(12) {
            let account = Account::new().await;
            account.breaks(operation, nth, 2, Kind::Stale);
            let mut stack = Stack::converged_with(&account, &patch()).await;
            check(&account, &mut stack, &expected, &format!("{operation} {nth} is stale")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_taken_up_again_wherever_it_ended() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &patch()).await;
    let since = account.now();
    stack.remove(&account).await;
    let writes = account.writes(since);
    for (operation, times) in writes {
        for nth in 1..=times {
            let mut account = Account::new().await;
            let mut stack = Stack::converged_with(&account, &patch()).await;
            account.breaks(&operation, nth, 1, Kind::LostReply);
            stack.service().delete();
            for _ in 0..nth {
                stack.service().round(&account).await;
            }
            account = account.after_a_crash().await;
            stack.remove(&account).await;
            assert_eq!(account.ours(), [""; 0], "the reply of {operation} {nth} is lost");
        }
    }
}

/// As undisturbed, settled, and deleted without a remainder.
async fn check(account: &Account, stack: &mut Stack, expected: &Undisturbed, what: &str) {
    assert_eq!(account.ours(), expected.ours, "{what}");
    assert_eq!(stack.steps(account).await, [""; 0], "{what}");
    stack.change(&image("1.28"));
    stack.converge(account).await;
    stack.remove(account).await;
    assert_eq!(account.ours(), [""; 0], "{what}");
}
