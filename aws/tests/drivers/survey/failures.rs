//! A read that fails says nothing about anybody, unless only a person can mend it.

use longshore_planner::engine::Drift;
use longshore_simulator::faults::Kind;

use super::law::rich;
use super::{judged, subjects};
use crate::account::Account;
use crate::stack::Stack;

/// What each kind is read by.
const READS: &[&str] = &[
    "GetAccountAuthorizationDetails",
    "ListRoles",
    "DescribeLogGroups",
    "ListTagsForResource",
    "ListTaskDefinitions",
    "DescribeServices",
    "DescribeClusters",
    "DescribeSecurityGroups",
    "DescribeSecurityGroupRules",
];

fn server_error() -> Kind {
    Kind::Error { code: "InternalFailure".to_owned(), status: 500, message: String::new() }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_throttled_or_breaks_concludes_nothing() {
    for operation in READS {
        for kind in [Kind::Throttle, server_error()] {
            let account = Account::new().await;
            let stack = Stack::converged_with(&account, &rich()).await;
            let subjects = subjects(&stack);
            let what = format!("{operation} {kind:?}");
            account.breaks(operation, 1, 100, kind);
            let since = account.now();
            let found = judged(&account, &subjects).await;
            assert!(found.iter().any(|found| matches!(found, Drift::Unknown(_))), "{what}: {found:?}");
            assert!(!found.iter().any(|found| matches!(found, Drift::Suspected(_))), "{what}: {found:?}");
            assert!(account.count(since, operation) <= 3 * subjects.len(), "{what} is not asked for again and again");
        }
    }
}
