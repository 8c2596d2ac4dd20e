use longshore_aws::Class;
use longshore_planner::kinds::service_discovery::service::DiscoveryService;
use longshore_simulator::services::servicediscovery;
use serde_json::{Value, json};

use super::strangers::is_left_alone_in;
use super::{becomes, object, reads_back, steps, want, with};
use crate::account::Account;
use crate::object::thing;

fn a_name() -> Value {
    json!({
        "namespace": "ns-shop0000000000", "name": "law", "recordTypes": ["A"], "ttlSeconds": 60,
        "description": "Longshore: EcsService/shop/law",
    })
}

#[tokio::test(start_paused = true)]
async fn names_read_back_as_they_were_asked_for() {
    let cases = [
        json!({}),
        json!({"ttlSeconds": 0}),
        json!({"recordTypes": ["A", "AAAA"]}),
        json!({"recordTypes": ["SRV"], "name": "_http._tcp"}),
        json!({"namespace": "ns-ops00000000000", "recordTypes": null, "ttlSeconds": null}),
        json!({"tags": {"Team": "shop"}}),
    ];
    reads_back::<DiscoveryService>(&Account::new().await, &a_name(), &cases).await;
}

#[tokio::test(start_paused = true)]
async fn any_time_words_and_tags_become_any_other() {
    let cases = [
        json!({}),
        json!({"ttlSeconds": 5}),
        json!({"description": "Longshore: EcsService/shop/other"}),
        json!({"ttlSeconds": 3600, "tags": {"Team": "shop"}}),
        json!({"tags": {"Team": "ops", "Stage": "a"}}),
    ];
    becomes::<DiscoveryService>(&Account::new().await, &a_name(), &cases).await;
    let http = json!({"namespace": "ns-ops00000000000", "recordTypes": null, "ttlSeconds": null});
    let tags = [json!({}), json!({"tags": {"Team": "shop"}})];
    becomes::<DiscoveryService>(&Account::new().await, &with(&a_name(), &http), &tags).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_of_another_object_is_left_alone() {
    is_left_alone_in::<DiscoveryService>(Account::new().await, &a_name(), "ListServices").await;
}

/// Who checks the health of what is taken over goes on doing so.
#[tokio::test(start_paused = true)]
async fn what_is_taken_over_keeps_what_is_not_asked_for() {
    let account = Account::new().await;
    account.simulator.with_world(|world| {
        let kind = servicediscovery::Kind::Public;
        servicediscovery::add_namespace(world, "ns-public", "example.com", kind);
    });
    let records = json!({"DnsRecords": [{"Type": "A", "TTL": 60}]});
    let check = json!({"Type": "TCP", "FailureThreshold": 3});
    account.asks_of(
        "servicediscovery",
        "CreateService",
        &json!({"Name": "law", "NamespaceId": "ns-public", "DnsConfig": records, "HealthCheckConfig": check}),
    );
    let value = with(&a_name(), &json!({"namespace": "ns-public", "ttlSeconds": 5}));
    let mut object = object::<DiscoveryService>(&value);
    let (_, plan) = object.planned(&account).await;
    assert!(plan.blocked().any(|step| step.reason.starts_with("AlreadyExists")), "{plan:?}");
    object.options.adopt = true;
    object.converge(&account).await;
    let filter = json!({"Filters": [{"Name": "NAMESPACE_ID", "Values": ["ns-public"]}]});
    let seen = account.asks_of("servicediscovery", "ListServices", &filter)["Services"][0].clone();
    assert_eq!((&seen["HealthCheckConfig"], &seen["DnsConfig"]["DnsRecords"][0]["TTL"]), (&check, &json!(5)));
}

/// Cloud Map makes no service of a name that is taken, and changes no types.
#[tokio::test(start_paused = true)]
async fn other_records_under_the_same_name_are_told_to_be_impossible() {
    let account = Account::new().await;
    let mut object = object::<DiscoveryService>(&a_name());
    object.converge(&account).await;
    want::<DiscoveryService>(&mut object, &with(&a_name(), &json!({"recordTypes": ["SRV"]})));
    for _ in 0..3 {
        let round = object.round(&account).await;
        let [(_, fault)] = round.faults.as_slice() else { panic!("{:?}", round.faults) };
        assert_eq!((fault.class, fault.code.as_str()), (Class::Fix, "RecordTypesFixed"), "{fault}");
        assert!(
            fault.message.contains("law has records of the type A, and cannot have records of the type SRV"),
            "{fault}"
        );
    }
    // As it says: another name, and the old one goes.
    want::<DiscoveryService>(&mut object, &with(&a_name(), &json!({"recordTypes": ["SRV"], "name": "law-srv"})));
    object.converge(&account).await;
    let (_, plan) = object.planned(&account).await;
    assert_eq!(steps(&plan), [""; 0]);
    assert_eq!(account.ours().len(), 1, "{:?}", account.ours());
    object.remove(&account).await;
    assert_eq!(account.ours(), [""; 0]);
}

/// Cloud Map would refuse it: it is not asked.
#[tokio::test(start_paused = true)]
async fn a_name_that_somebody_is_registered_under_goes_once_that_has_left() {
    let account = Account::new().await;
    let mut object = object::<DiscoveryService>(&a_name());
    let world = object.converge(&account).await;
    let arn = thing(&world, "it").outputs["arn"].clone();
    let instance = || servicediscovery::Instance { address: "10.0.0.1".to_owned(), port: None };
    account.simulator.with_world(|world| servicediscovery::register(world, &arn, "somebody", instance()));
    object.delete();
    let since = account.now();
    let round = object.round(&account).await;
    let [(_, fault)] = round.faults.as_slice() else { panic!("{:?}", round.faults) };
    assert_eq!((fault.class, fault.code.as_str()), (Class::Wait, "ResourceInUse"), "{fault}");
    assert!(fault.message.contains("1 tasks are still registered in law"), "{fault}");
    assert_eq!(account.writes(since), [].into());
    account.simulator.with_world(|world| servicediscovery::deregister(world, "somebody"));
    object.converge(&account).await;
    assert_eq!(account.ours(), [""; 0]);
}
