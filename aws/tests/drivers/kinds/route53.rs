use aws_sdk_route53::operation::change_resource_record_sets::builders::ChangeResourceRecordSetsInputBuilder;
use aws_sdk_route53::operation::list_resource_record_sets::builders::ListResourceRecordSetsInputBuilder;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use longshore_aws::Class;
use longshore_planner::engine::Action;
use longshore_planner::kinds::route53::record_set::RecordSet;
use longshore_simulator::faults::Kind;
use serde_json::{Value, json};

use super::strangers::is_left_alone_in;
use super::{becomes, object, reach, reads_back, want};
use crate::account::Account;

const ZONE: &str = "Z0EXAMPLECOM";

fn shop() -> Value {
    json!({
        "hostedZoneId": ZONE, "name": "shop.example.com", "recordType": "A",
        "alias": {"dnsName": "public-1.eu-west-1.elb.amazonaws.com", "hostedZoneId": "Z32O12XQLNTSW2"},
    })
}

/// Somebody's own.
fn by_hand(name: &str, record_type: RrType, value: &str) -> ResourceRecordSet {
    let record = ResourceRecord::builder().value(value).build().unwrap();
    let set = ResourceRecordSet::builder().name(name).r#type(record_type).ttl(60).resource_records(record);
    set.build().unwrap()
}

async fn change(account: &Account, zone: &str, action: ChangeAction, set: ResourceRecordSet) {
    let change = Change::builder().action(action).resource_record_set(set).build().unwrap();
    let batch = ChangeBatch::builder().changes(change).build().unwrap();
    let request = ChangeResourceRecordSetsInputBuilder::default().hosted_zone_id(zone).change_batch(batch);
    account.session.writer().write(request).await.unwrap();
}

async fn records(account: &Account, zone: &str) -> Vec<ResourceRecordSet> {
    let request = ListResourceRecordSetsInputBuilder::default().hosted_zone_id(zone);
    account.session.reader().read(request).await.unwrap().resource_record_sets
}

/// Somebody takes the records of a name away.
pub(crate) async fn delete_record(account: &Account, zone: &str, name: &str) {
    for set in records(account, zone).await.into_iter().filter(|set| set.name() == format!("{name}.")) {
        change(account, zone, ChangeAction::Delete, set).await;
    }
}

#[tokio::test(start_paused = true)]
async fn records_read_back_and_follow_their_load_balancer() {
    let account = Account::new().await;
    let elsewhere = json!({"alias": {
        "dnsName": "other-2.eu-west-1.elb.amazonaws.com", "hostedZoneId": "Z32O12XQLNTSW2"}});
    let cases =
        [json!({}), json!({"recordType": "AAAA"}), json!({"name": "*.example.com"}), json!({"name": "example.com"})];
    reads_back::<RecordSet>(&account, &shop(), &cases).await;
    becomes::<RecordSet>(&account, &shop(), &[json!({}), elsewhere]).await;
}

#[tokio::test(start_paused = true)]
async fn another_objects_record_is_left_alone() {
    is_left_alone_in::<RecordSet>(Account::new().await, &shop(), "ListResourceRecordSets").await;
}

#[tokio::test(start_paused = true)]
async fn somebodys_record_is_left_alone_until_it_may_be_taken_over() {
    let account = Account::new().await;
    let theirs = by_hand("shop.example.com", RrType::A, "10.0.0.1");
    change(&account, ZONE, ChangeAction::Create, theirs.clone()).await;
    let mut object = object::<RecordSet>(&shop());
    let round = object.round(&account).await;
    assert_eq!(round.plan.steps[0].action, Action::Blocked, "{:?}", round.plan.steps);
    assert_eq!(records(&account, ZONE).await.len(), 1);

    object.options.adopt = true;
    reach::<RecordSet>(&account, &mut object, &shop(), "taken over").await;
    assert_eq!(records(&account, ZONE).await.len(), 2, "with what says whose it is");
    object.remove(&account).await;
    assert_eq!(records(&account, ZONE).await, []);
}

/// Somebody is quicker than the call: Route 53 refuses the whole change, and the next look tells whose it is.
#[tokio::test(start_paused = true)]
async fn what_came_into_being_meanwhile_is_not_overwritten() {
    let account = Account::new().await;
    account.breaks("NeverCalled", 1, 1, Kind::Stale);
    change(&account, ZONE, ChangeAction::Create, by_hand("shop.example.com", RrType::A, "10.0.0.1")).await;
    let mut object = object::<RecordSet>(&shop());
    account.breaks("ListResourceRecordSets", 1, 4, Kind::Stale);
    let round = object.round(&account).await;
    let [(_, fault)] = round.faults.as_slice() else { panic!("it was made: {:?}", round.plan.steps) };
    assert_eq!((fault.class, fault.code.as_str()), (Class::Retry, "InvalidChangeBatch"), "{fault}");
    assert_eq!(records(&account, ZONE).await.len(), 1, "nothing of a refused change is there");
    assert_eq!(object.round(&account).await.plan.steps[0].action, Action::Blocked);
}

#[tokio::test(start_paused = true)]
async fn what_only_a_person_can_mend_is_said() {
    let cases = [
        (json!({"hostedZoneId": "Z0NONE"}), "name a hosted zone of this account"),
        (json!({"name": "shop.example.org"}), "list in dns.hosts the hosts that lie in the hosted zone"),
        (json!({"name": "old.example.com"}), "take the other record of this name away"),
    ];
    let account = Account::new().await;
    let theirs = by_hand("old.example.com", RrType::Cname, "elsewhere.example.net");
    change(&account, ZONE, ChangeAction::Create, theirs).await;
    for (case, advice) in cases {
        let value = super::with(&shop(), &case);
        let mut object = object::<RecordSet>(&shop());
        want::<RecordSet>(&mut object, &value);
        let round = object.round(&account).await;
        let [(_, fault)] = round.faults.as_slice() else { panic!("{case}: it was made") };
        assert_eq!(fault.class, Class::Fix, "{fault}");
        assert!(fault.to_string().contains(advice), "{fault}");
    }
}
