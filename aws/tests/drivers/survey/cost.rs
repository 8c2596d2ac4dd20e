//! What a sweep costs, in calls.

use std::collections::BTreeMap;

use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use longshore_aws::Cadence;
use longshore_planner::engine::Subject;

use super::fleet::Fleet;
use super::{subject, suspicion, verdicts};
use crate::account::Account;
use crate::object::words;

/// As many as the controller looks at at once.
const CHUNK: usize = 400;
/// Sweeps a day, ten minutes apart.
const A_DAY: u64 = 144;

/// One sweep as the controller does it; the objects that it would wake.
async fn sweep(account: &Account, subjects: &[Subject], round: u64) -> (Vec<String>, u64) {
    let survey = account.session.survey(subjects.len(), Cadence::new(round, A_DAY));
    let mut woken = vec![];
    for chunk in subjects.chunks(CHUNK) {
        for (subject, drift) in chunk.iter().zip(verdicts(&survey, chunk).await) {
            if let Some(why) = suspicion(&drift) {
                woken.push(format!("{} {why}", subject.ownership.object));
            }
        }
    }
    (woken, survey.calls())
}

/// Sweeps of two hours.
const TWO_HOURS: usize = 12;

/// What sweeps of services of one sort cost, in which nothing has drifted: calls in two hours.
#[derive(Debug)]
pub(crate) struct Cost {
    services: usize,
    /// Of all of them.
    all: usize,
    /// Of the first half.
    half: usize,
}

impl Cost {
    /// Of services, and of what they share.
    pub(crate) async fn of(account: &Account, shared: &[Subject], services: &[Subject]) -> Self {
        let (half, _) = services.split_at(services.len() / 2);
        let all = quiet(account, shared, services).await;
        Self { services: services.len(), all, half: quiet(account, shared, half).await }
    }

    /// A sweep of all costs at most so many calls on average, and each further service adds at most so many hundredths of
    /// one, beside what lists of everything in the account take for it.
    pub(crate) fn is_at_most(&self, sweep: usize, hundredths: usize) -> bool {
        let further = self.services - self.services / 2;
        self.all <= sweep * TWO_HOURS && (self.all - self.half) * 100 <= hundredths * further * TWO_HOURS
    }
}

async fn quiet(account: &Account, shared: &[Subject], services: &[Subject]) -> usize {
    let subjects: Vec<Subject> = shared.iter().chain(services).cloned().collect();
    let since = account.now();
    for round in (0_u64..).take(TWO_HOURS) {
        assert_eq!(sweep(account, &subjects, round).await.0, [""; 0]);
    }
    assert_eq!(account.writes(since), [].into());
    println!("{TWO_HOURS} sweeps of {} objects: {:#?}", subjects.len(), by_operation(account, since));
    account.calls(since).len()
}

fn by_operation(account: &Account, since: u64) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for call in account.calls(since) {
        *counted.entry(call.operation).or_default() += 1;
    }
    counted
}

/// One fleet for both, since making it takes most of the time.
#[tokio::test(start_paused = true)]
async fn a_start_with_five_hundred_services_and_sweeps_of_a_thousand_cost_what_is_stated() {
    let mut fleet = Fleet::of(500).await.after_a_crash().await;
    check_start(&fleet).await;
    fleet.grow(500).await;
    for object in fleet.objects.iter_mut().step_by(100) {
        let (_, plan) = object.planned(&fleet.account).await;
        assert_eq!(plan.steps.iter().map(words).collect::<Vec<_>>(), [""; 0], "a turn's own look");
    }
    check_sweeps(&fleet).await;
}

/// Everything is swept; nobody gets a turn.
async fn check_start(fleet: &Fleet) {
    let (account, subjects) = (&fleet.account, fleet.subjects());
    let since = account.now();
    account.session.verify_account().await.unwrap();
    let (woken, _) = sweep(account, &subjects, 6).await;
    assert_eq!(woken, [""; 0]);
    let calls = account.calls(since).len();
    println!("a start with {} objects: {calls} calls: {:#?}", subjects.len(), by_operation(account, since));
    assert!(calls <= 100, "{calls}");
    assert_eq!(account.writes(since), [].into());
}

/// One of them drifts: it alone is woken.
async fn check_sweeps(fleet: &Fleet) {
    let (account, subjects) = (&fleet.account, fleet.subjects());
    let drifted = fleet.objects.iter().find(|object| object.scope.name == "hello-0617").unwrap();
    let (_, service) = drifted.inventory.0.iter().find(|(id, _)| id.kind == "ecs/service").unwrap();
    let change = UpdateServiceInputBuilder::default()
        .set_cluster(service.address["cluster"].clone())
        .set_service(service.address["name"].clone())
        .enable_ecs_managed_tags(true);
    account.session.writer().write(change).await.unwrap();

    let since = account.now();
    let began = tokio::time::Instant::now();
    let mut costs = vec![];
    for round in 0..12 {
        let (woken, calls) = sweep(account, &subjects, round).await;
        costs.push(calls);
        assert_eq!(woken.len(), 1, "{woken:#?}");
        assert!(woken[0].starts_with("EcsService/shop/hello-0617 "), "{woken:?}");
        if round == 0 {
            println!("a sweep that begins an hour: {:#?}", by_operation(account, since));
            println!("it took {:?} at the rate that it keeps to", began.elapsed());
        }
    }
    println!("calls of {} sweeps of {} objects: {costs:?}", costs.len(), subjects.len());
    let looks = u64::try_from(subjects.len() * costs.len()).unwrap();
    assert!(costs.iter().sum::<u64>() * 100 <= looks * 15, "at most 0.15 calls an object: {costs:?}");
    assert!(costs.iter().all(|calls| *calls <= 150), "{costs:?}");
    assert_eq!(account.writes(since), [].into());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_too_long_for_what_is_asked_is_given_up() {
    let fleet = Fleet::of(6).await;
    let account = &fleet.account;
    account.simulator.with_world(|world| world.settings.page_size = Some(1));
    // Those whose names come last, so that two pages of the list of all do not reach them.
    let subjects: Vec<Subject> = fleet.objects.iter().rev().take(2).map(subject).collect();
    let since = account.now();
    let (woken, _) = sweep(account, &subjects, 1).await;
    assert_eq!(woken, [""; 0]);
    assert_eq!(account.count(since, "DescribeLogGroups"), 4, "{:?}", by_operation(account, since));
    assert_eq!(account.count(since, "ListTaskDefinitions"), 4, "{:?}", by_operation(account, since));
}
