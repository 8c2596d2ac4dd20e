//! Seventy services behind one load balancer: more than a security group may have rules.

use futures::future::join_all;
use longshore_aws::Cadence;
use longshore_planner::engine::Subject;
use serde_json::json;

use crate::account::Account;
use crate::balanced::{Balanced, behind, orders};
use crate::object::Object;
use crate::survey::{subject, suspicion, verdicts};

const SERVICES: usize = 70;
/// Sweeps a day, ten minutes apart.
const A_DAY: u64 = 144;
/// What a sweep asks of Elastic Load Balancing, however many services are behind the load balancer: itself, its
/// attributes and tags, its listeners, their certificates and tags, a list of target groups, and of each listener's rules.
const FOR_ALL: usize = 10;

#[tokio::test(start_paused = true)]
async fn seventy_services_fill_no_quota_of_a_load_balancer_and_a_sweep_of_them_costs_what_is_stated() {
    let account = Account::new().await;
    let mut balanced = Balanced::new();
    balanced.begin(&account).await;
    let references = balanced.references.clone().unwrap();
    let service = |number: usize| {
        let mut patch = behind();
        patch["loadBalancers"][0]["rules"][0]["paths"] = json!([format!("/{number}/*")]);
        orders(&format!("orders-{number:02}"), references.clone(), &patch)
    };
    let mut services: Vec<Object> = (0..SERVICES).map(service).collect();
    for some in services.chunks_mut(10) {
        join_all(some.iter_mut().map(|service| service.converge(&account))).await;
    }
    let made = account.count(0, "CreateRule");
    assert!((SERVICES..SERVICES + 10).contains(&made), "no retry storm: {made} calls");

    let subjects: Vec<Subject> = [&balanced.balancer].into_iter().chain(&services).map(subject).collect();
    let since = account.now();
    for round in 0..12 {
        let survey = account.session.survey(subjects.len(), Cadence::new(round, A_DAY));
        let found = verdicts(&survey, &subjects).await;
        assert_eq!(found.iter().filter_map(suspicion).collect::<Vec<_>>(), [""; 0]);
    }
    assert_eq!(account.writes(since), [].into());
    let balancing = account.calls(since).into_iter().filter(|call| call.service == "elbv2").count();
    println!("{balancing} calls to Elastic Load Balancing in 12 sweeps of {SERVICES} services");
    // A target group's attributes take a call of their own once a day.
    assert!(balancing <= 12 * (FOR_ALL + SERVICES.div_ceil(20)), "{balancing}");
}
