//! What carries the installation's tags is found, whoever claims it.

use longshore_aws::{Cadence, Claims, Ours};
use longshore_planner::engine::Kind as _;
use longshore_planner::kinds::route53::record_set::RecordSet;

use super::law::rich;
use crate::account::Account;
use crate::balanced::{Balanced, ZONE};
use crate::object::Object;
use crate::stack::Stack;

async fn ours(account: &Account, claims: &Claims) -> Vec<Ours> {
    let survey = account.session.survey(usize::MAX, Cadence::everything());
    survey.ours(claims).await.unwrap()
}

fn nobody() -> Claims {
    Claims { installation: "installation-1".to_owned(), ..Claims::default() }
}

fn resources(object: &Object) -> Vec<(String, String)> {
    let own = object.inventory.0.iter().filter(|(id, _)| id.key != "egress-all");
    let mut found: Vec<(String, String)> =
        own.map(|(id, entry)| (id.to_string(), entry.physical.clone().unwrap())).collect();
    found.sort();
    found
}

#[tokio::test(start_paused = true)]
async fn everything_that_was_made_is_found_once() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &rich()).await;
    let since = account.now();
    let mut found: Vec<(String, String)> =
        ours(&account, &nobody()).await.into_iter().map(|ours| (ours.resource, ours.physical)).collect();
    found.sort();
    let mut expected = resources(&stack.cluster);
    expected.extend(resources(stack.service()));
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(account.writes(since), [].into());
    let other = Claims { installation: "installation-2".to_owned(), ..Claims::default() };
    assert_eq!(ours(&account, &other).await, []);
}

#[tokio::test(start_paused = true)]
async fn records_are_found_in_the_zones_that_are_named_by_what_stands_beside_them() {
    let account = Account::new().await;
    Balanced::converged(&account).await;
    let records = |found: Vec<Ours>| -> Vec<(String, String, String)> {
        let records = found.into_iter().filter(|ours| ours.kind == RecordSet::NAME);
        let mut records: Vec<_> = records.map(|ours| (ours.object, ours.name, ours.physical)).collect();
        records.sort();
        records
    };
    let claims = Claims { hosted_zones: [ZONE.to_owned()].into(), ..nobody() };
    let expected = ["A", "AAAA"].map(|of_type| {
        let (object, name) = ("EcsService/shop/orders".to_owned(), "shop.example.com".to_owned());
        let physical = format!("{ZONE}/{name}/{of_type}");
        (object, name, physical)
    });
    assert_eq!(records(ours(&account, &claims).await), expected);
    assert_eq!(records(ours(&account, &nobody()).await), []);
}

#[tokio::test(start_paused = true)]
async fn what_is_known_to_be_claimed_costs_no_call_of_its_own() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &rich()).await;
    let service = stack.service();
    let entries = service.inventory.0.values();
    let known = entries.flat_map(|entry| entry.physical.iter().chain(entry.address.values().flatten())).cloned();
    let claims = Claims { known: known.collect(), ..nobody() };
    let since = account.now();
    ours(&account, &claims).await;
    assert_eq!(account.count(since, "DescribeTaskDefinition") + account.count(since, "ListTagsForResource"), 0);
}
