//! Seventy services behind one load balancer, and on one security group of a user's: more than a group may have rules.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use longshore_aws::find;
use longshore_crds::aws_environment::AccessStatus;
use longshore_planner::desired::{
    ClusterReference, Desired, Fact, Need, Opening, Reference, References, Scope, access_graph, opened, openings,
};
use longshore_planner::engine::Subject;
use serde_json::{Value, json};

use crate::account::Account;
use crate::balanced::{Balanced, behind, orders};
use crate::examples::{self, scope};
use crate::object::{Object, cluster_of};
use crate::survey::cost::Cost;
use crate::survey::subject;

const SERVICES: usize = 70;
/// Calls of a sweep of seventy services behind a load balancer, and the hundredths of one that each further service may
/// add (docs/performance.md).
const SWEEP: usize = 23;
const FURTHER: usize = 11;
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

    let services: Vec<Subject> = services.iter().map(subject).collect();
    let since = account.now();
    let cost = Cost::of(&account, &[subject(&balanced.balancer)], &services).await;
    println!("behind a load balancer: {cost:?}");
    assert!(cost.is_at_most(SWEEP, FURTHER), "{cost:?}");
    let balancing = account.calls(since).into_iter().filter(|call| call.service == "elbv2").count();
    // Seventy, and half of them.
    assert!(balancing <= 24 * (FOR_ALL + SERVICES.div_ceil(20)), "{balancing}");
}

/// The environment of the examples, asked for these openings.
fn environment(openings: BTreeSet<Opening>) -> Object {
    let scope = Scope { namespace: String::new(), ..scope("AwsEnvironment", "default") };
    Object::of(scope, move |scope, _| Desired { graph: access_graph(scope, &openings).unwrap(), ..Desired::default() })
}

/// Services that reach the database, each with what its environment has opened.
fn reading(name: &str, cluster: &ClusterReference, access: Vec<AccessStatus>) -> Object {
    let references = References { access, ..References::to_cluster(Reference::Ready(cluster.clone())) };
    orders(name, references, &database())
}

fn database() -> Value {
    json!({"networkConfiguration": {"access": [{"securityGroup": {"id": "sg-0database"}, "port": 5432}]}})
}

#[tokio::test(start_paused = true)]
async fn seventy_services_on_one_group_of_a_users_take_one_rule_of_it() {
    let account = Account::new().await;
    let cluster = Object::cluster(&json!({})).converge(&account).await;
    let cluster = cluster_of(&cluster);
    let asked = openings(&examples::service(&database()));
    let mut environment = environment(asked.clone());
    let world = environment.converge(&account).await;
    let access: Vec<AccessStatus> =
        asked.iter().map(|opening| opened(&opening.entry(), &environment.graph(), &world, &BTreeMap::new())).collect();
    assert!(access[0].clients_security_group_id.is_some(), "{access:?}");

    let mut services: Vec<Object> =
        (0..SERVICES).map(|number| reading(&format!("reader-{number:02}"), &cluster, access.clone())).collect();
    for some in services.chunks_mut(10) {
        join_all(some.iter_mut().map(|service| service.converge(&account))).await;
    }
    let world = account.simulator.with_world(|world| serde_json::to_value(&*world).unwrap());
    let rules = world["ec2"]["groups"]["sg-0database"]["rules"].as_object().unwrap();
    let open: Vec<&Value> = rules.values().filter(|rule| rule["from_port"] == 5432).collect();
    assert_eq!(open.len(), 1, "{open:#?}");
    let reader = account.session.reader();
    let need = Need::Interfaces { security_group_id: access[0].clients_security_group_id.clone().unwrap() };
    let Ok(Fact::Interfaces(interfaces)) = find(&reader, &need).await else { panic!("they are told") };
    assert!(interfaces.len() >= SERVICES, "every task is let in: {}", interfaces.len());
    let need = Need::SecurityGroupsOf { ownership: environment.scope.ownership() };
    let Ok(Fact::SecurityGroupsOf(ids)) = find(&reader, &need).await else { panic!("they are told") };
    assert_eq!(ids.iter().filter_map(|id| Opening::of_key(&id.key)).collect::<BTreeSet<_>>(), asked);

    for some in services.chunks_mut(10) {
        join_all(some.iter_mut().map(|service| service.remove(&account))).await;
    }
    environment.remove(&account).await;
}
