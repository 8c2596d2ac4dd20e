use serde_json::{Value, json};

use super::*;
use crate::call::Service;

const BALANCERS: &str = "Z32O12XQLNTSW2";
const BALANCER: &str = "dualstack.shop-1.eu-west-1.elb.amazonaws.com";

fn ask(world: &mut World, operation: &str, input: Value) -> Answer {
    let (operation, account_id) = (operation.to_owned(), world.account_id.clone());
    let (region, access_key, time) = ("us-east-1".to_owned(), "AKIA".to_owned(), world.now);
    call(world, &Call { service: Service::Route53, operation, input, region, access_key, account_id, time })
}

fn world() -> World {
    let mut world = World::new("123456789012", "eu-west-1");
    add_zone(&mut world, "Z1", "example.com", false);
    add_zone(&mut world, "Z2", "example.org", true);
    world
}

fn change(action: &str, set: &Value) -> Value {
    json!({"HostedZoneId": "/hostedzone/Z1", "ChangeBatch": {"Changes": [{"Action": action, "ResourceRecordSet": set}]}})
}

fn alias(name: &str, target: &str, zone: &str) -> Value {
    json!({"Name": name, "Type": "A", "AliasTarget": {"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": true}})
}

fn record(name: &str, kind: &str, value: &str) -> Value {
    json!({"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]})
}

#[test]
fn zones_are_found_by_name() {
    let mut world = world();
    let found = ask(&mut world, "ListHostedZonesByName", json!({"DNSName": "example.org", "MaxItems": "1"})).unwrap();
    assert_eq!(
        (&found["HostedZones"][0]["Id"], &found["HostedZones"][0]["Name"]),
        (&json!("/hostedzone/Z2"), &json!("example.org."))
    );
    let first = ask(&mut world, "ListHostedZonesByName", json!({"MaxItems": "1"})).unwrap();
    assert_eq!(
        (&first["HostedZones"][0]["Name"], &first["NextDNSName"]),
        (&json!("example.com."), &json!("example.org."))
    );
}

#[test]
fn a_change_is_pending_and_then_in_sync() {
    let mut world = world();
    let made =
        ask(&mut world, "ChangeResourceRecordSets", change("CREATE", &alias("Shop.example.com", BALANCER, BALANCERS)))
            .unwrap();
    assert_eq!(made["ChangeInfo"]["Status"], "PENDING");
    assert_eq!(resolve(&world, "shop.example.com"), "shop.example.com", "no name server has it yet");
    world.advance_to(world.now + 60_000);
    let status = ask(&mut world, "GetChange", json!({"Id": made["ChangeInfo"]["Id"]})).unwrap();
    assert_eq!(status["ChangeInfo"]["Status"], "INSYNC");
    assert_eq!(resolve(&world, "shop.example.com"), "shop-1.eu-west-1.elb.amazonaws.com");
    let listed = ask(&mut world, "ListResourceRecordSets", json!({"HostedZoneId": "Z1"})).unwrap();
    assert_eq!(listed["ResourceRecordSets"][0]["Name"], "shop.example.com.");
    assert_eq!(ask(&mut world, "GetChange", json!({"Id": "C0"})).unwrap_err().code, "NoSuchChange");
}

#[test]
fn a_change_that_cannot_be_is_refused_with_the_whole_batch() {
    let there = record("a.example.com", "A", "10.0.0.1");
    let cases = [
        ("CREATE", there.clone(), "InvalidChangeBatch"),
        ("DELETE", record("b.example.com", "A", "10.0.0.1"), "InvalidChangeBatch"),
        ("DELETE", record("a.example.com", "A", "10.0.0.2"), "InvalidChangeBatch"),
        ("UPSERT", record("a.example.org", "A", "10.0.0.1"), "InvalidChangeBatch"),
        ("UPSERT", record("a.example.com", "CNAME", "b.example.com"), "InvalidChangeBatch"),
        ("UPSERT", record("example.com", "CNAME", "b.example.com"), "InvalidChangeBatch"),
        ("UPSERT", alias("c.example.com", "example.net", BALANCERS), "InvalidChangeBatch"),
        ("UPSERT", alias("c.example.com", "none.example.com", "Z1"), "InvalidChangeBatch"),
        ("UPSERT", json!({"Name": "c.example.com", "Type": "A"}), "InvalidInput"),
        ("MOVE", there.clone(), "InvalidInput"),
    ];
    let mut world = world();
    ask(&mut world, "ChangeResourceRecordSets", change("CREATE", &there)).unwrap();
    for (action, set, code) in cases {
        let mut input = change(action, &set);
        let good = json!({"Action": "UPSERT", "ResourceRecordSet": record("new.example.com", "A", "10.0.0.1")});
        input["ChangeBatch"]["Changes"].as_array_mut().unwrap().insert(0, good);
        let fault = ask(&mut world, "ChangeResourceRecordSets", input).unwrap_err();
        assert_eq!(fault.code, code, "{action} {set}");
    }
    let listed = ask(&mut world, "ListResourceRecordSets", json!({"HostedZoneId": "Z1"})).unwrap();
    assert_eq!(listed["ResourceRecordSets"].as_array().unwrap().len(), 1, "nothing of a refused batch is there");
    let missing = json!({"HostedZoneId": "Z9"});
    assert_eq!(ask(&mut world, "ListResourceRecordSets", missing).unwrap_err().code, "NoSuchHostedZone");
    ask(&mut world, "ChangeResourceRecordSets", change("DELETE", &there)).unwrap();
}
