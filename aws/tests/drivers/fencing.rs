//! What does not lead does not write. The clock goes on while a process is stopped, so these move it themselves.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_cloudwatchlogs::operation::create_log_group::builders::CreateLogGroupInputBuilder;
use aws_sdk_cloudwatchlogs::operation::describe_log_groups::builders::DescribeLogGroupsInputBuilder;
use aws_sdk_iam::operation::delete_role::builders::DeleteRoleInputBuilder;
use longshore_aws::{Fault, Fence};
use longshore_sdk_connector::edge;
use longshore_simulator::Simulator;
use longshore_simulator::faults::Kind;
use tokio::time::{Instant, advance};

use crate::account::Account;

const SECOND: Duration = Duration::from_secs(1);

/// The account, and the fence before it, open for so long.
async fn fenced(open: Duration) -> (Account, Fence) {
    let (simulator, fence) = (Simulator::seeded(), Fence::closed());
    let mut edge = edge(&simulator);
    edge.fence = fence.clone();
    fence.open_until(Instant::now() + open);
    (Account::through(edge, simulator).await, fence)
}

fn log_group(name: &str) -> CreateLogGroupInputBuilder {
    CreateLogGroupInputBuilder::default().log_group_name(name)
}

#[tokio::test(start_paused = true)]
async fn a_closed_fence_lets_no_write_through_and_reads_go_on() {
    let (account, fence) = fenced(SECOND).await;
    let aws = account.session.writer();
    aws.write(log_group("before")).await.expect("it is open");
    fence.close();
    let since = account.now();
    let refused = aws.write(log_group("after")).await.unwrap_err();
    assert!(refused.is(Fault::NOT_LEADER), "{refused}");
    aws.read(DescribeLogGroupsInputBuilder::default()).await.expect("reading does no harm");
    assert_eq!(account.count(since, "CreateLogGroup"), 0);
    assert_eq!(account.count(since, "DescribeLogGroups"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_waits_for_its_turn_while_the_fence_closes_is_not_sent() {
    // AWS's limit for changes in IAM lets nine through at once and then 4.5 a second.
    let (account, _) = fenced(SECOND).await;
    let aws = account.session.writer();
    let since = account.now();
    let deletions = (0..40).map(|n| aws.write(DeleteRoleInputBuilder::default().role_name(format!("role-{n}"))));
    let results = futures::future::join_all(deletions).await;
    let unsent = results.iter().filter(|result| result.as_ref().is_err_and(|fault| fault.is(Fault::NOT_LEADER)));
    let (sent, unsent) = (account.count(since, "DeleteRole"), unsent.count());
    assert_eq!((sent, unsent), (13, 27), "nine at once, four within the second that the fence was open");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_write_is_not_repeated_once_the_fence_is_closed() {
    let (account, _) = fenced(SECOND / 10).await;
    account.breaks("CreateLogGroup", 1, 1, Kind::Throttle);
    let since = account.now();
    let refused = account.session.writer().write(log_group("again")).await.unwrap_err();
    assert!(refused.is(Fault::NOT_LEADER), "{refused}");
    assert_eq!(account.count(since, "CreateLogGroup"), 1, "the one that was throttled");
}

/// Credentials during whose arrival the process is stopped for a minute.
#[derive(Debug)]
struct AMinuteLater;

impl ProvideCredentials for AMinuteLater {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            advance(SECOND * 60).await;
            Ok(Credentials::new("AKIALONGSHORETESTS", "of-no-use-elsewhere", None, None, "tests"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_stopped_while_a_write_is_half_built_does_not_send_it_when_it_wakes() {
    let simulator = Simulator::seeded();
    let mut edge = edge(&simulator);
    edge.fence.open_until(Instant::now() + SECOND * 7);
    edge.credentials = Some(SharedCredentialsProvider::new(AMinuteLater));
    let account = Account::through(edge, simulator).await;
    let refused = account.session.writer().write(log_group("late")).await.unwrap_err();
    assert!(refused.is(Fault::TIMEOUT), "{refused}");
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(account.count(0, "CreateLogGroup"), 0);
}
