//! Services of Cloud Map as callers see them.

use serde_json::{Value, json};

use crate::call::{Answer, Call, Service};
use crate::world::World;

struct CloudMap(World);

impl CloudMap {
    fn new() -> Self {
        let mut world = World::new("123456789012", "eu-west-1");
        super::add_namespace(&mut world, "ns-dns", "shop.internal", super::Kind::Private);
        super::add_namespace(&mut world, "ns-http", "http.internal", super::Kind::Http);
        Self(world)
    }

    fn call(&mut self, operation: &str, input: &Value) -> Answer {
        let call = Call {
            service: Service::ServiceDiscovery,
            operation: operation.to_owned(),
            input: input.clone(),
            region: "eu-west-1".to_owned(),
            access_key: "key".to_owned(),
            account_id: "123456789012".to_owned(),
            time: 0,
        };
        super::call(&mut self.0, &call)
    }

    fn ok(&mut self, operation: &str, input: &Value) -> Value {
        self.call(operation, input).unwrap_or_else(|fault| panic!("{operation} {input}: {fault}"))
    }

    fn refused(&mut self, operation: &str, input: &Value) -> String {
        self.call(operation, input).unwrap_err().code
    }

    fn names(&mut self, input: &Value) -> Vec<String> {
        let found = self.ok("ListServices", input)["Services"].clone();
        found.as_array().unwrap().iter().map(|one| one["Name"].as_str().unwrap().to_owned()).collect()
    }
}

/// A service with an address in DNS.
fn orders() -> Value {
    json!({"Name": "orders", "NamespaceId": "ns-dns", "Description": "ours", "Tags": [{"Key": "a", "Value": "1"}],
        "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 60}]},
        "HealthCheckCustomConfig": {"FailureThreshold": 1}})
}

fn with(member: &str, value: Value) -> Value {
    let mut input = orders();
    input[member] = value;
    input
}

fn records(types: &[&str]) -> Value {
    json!({"DnsRecords": types.iter().map(|kind| json!({"Type": kind, "TTL": 60})).collect::<Vec<_>>()})
}

#[test]
fn a_service_reads_back_as_it_was_made_and_in_the_list_of_its_namespace() {
    let mut aws = CloudMap::new();
    let made = aws.ok("CreateService", &orders())["Service"].clone();
    let id = made["Id"].clone();
    assert_eq!(aws.ok("GetService", &json!({"Id": id}))["Service"], made);
    assert_eq!((&made["Type"], &made["NamespaceId"]), (&json!("DNS_HTTP"), &json!("ns-dns")));
    aws.ok("CreateService", &json!({"Name": "orders", "NamespaceId": "ns-http"}));
    let of = |namespace: &str| json!({"Filters": [{"Name": "NAMESPACE_ID", "Values": [namespace]}]});
    assert_eq!(aws.names(&of("ns-dns")), ["orders"]);
    assert_eq!(aws.names(&json!({})).len(), 2);
    let listed = aws.ok("ListServices", &of("ns-dns"))["Services"][0].clone();
    assert_eq!((&listed["DnsConfig"], &listed["NamespaceId"]), (&made["DnsConfig"], &Value::Null));
}

#[test]
fn a_page_may_have_none_of_what_passes_the_filter() {
    let mut aws = CloudMap::new();
    aws.ok("CreateService", &json!({"Name": "a", "NamespaceId": "ns-http"}));
    aws.ok("CreateService", &orders());
    let mut input = json!({"MaxResults": 1, "Filters": [{"Name": "NAMESPACE_ID", "Values": ["ns-dns"]}]});
    let mut pages = vec![];
    loop {
        let page = aws.ok("ListServices", &input);
        pages.push(page["Services"].as_array().unwrap().len());
        if page["NextToken"].is_null() {
            break;
        }
        input["NextToken"] = page["NextToken"].clone();
    }
    pages.sort_unstable();
    assert_eq!(pages, [0, 1]);
}

#[test]
fn what_cloud_map_does_not_take_is_refused() {
    let mut aws = CloudMap::new();
    aws.ok("CreateService", &orders());
    let both = json!([{"Type": "A", "TTL": 60}, {"Type": "SRV", "TTL": 60}]);
    let cases = [
        (orders(), "ServiceAlreadyExists"),
        (with("Name", json!("Orders")), "ServiceAlreadyExists"),
        (with("NamespaceId", json!("ns-none")), "NamespaceNotFound"),
        (with("Name", json!("-orders")), "InvalidInput"),
        (with("Name", json!("a..b")), "InvalidInput"),
        (json!({"Name": "x", "NamespaceId": "ns-http", "DnsConfig": records(&["A"])}), "InvalidInput"),
        (json!({"Name": "x", "NamespaceId": "ns-dns", "DnsConfig": {"DnsRecords": both}}), "InvalidInput"),
        (json!({"Name": "x", "NamespaceId": "ns-dns", "HealthCheckConfig": {"Type": "TCP"}}), "InvalidInput"),
    ];
    for (input, code) in cases {
        assert_eq!(aws.refused("CreateService", &input), code, "{input}");
    }
    for name in ["_http._tcp", "a", "a-b_c", "x.y"] {
        aws.ok("CreateService", &with("Name", json!(name)));
    }
}

#[test]
fn times_and_words_change_and_types_do_not() {
    let mut aws = CloudMap::new();
    let id = aws.ok("CreateService", &orders())["Service"]["Id"].clone();
    let change = |change: Value| json!({"Id": id, "Service": change});
    let faster = json!({"Description": "other", "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 5}]}});
    assert!(aws.ok("UpdateService", &change(faster))["OperationId"].is_string());
    let seen = aws.ok("GetService", &json!({"Id": id}))["Service"].clone();
    assert_eq!((&seen["DnsConfig"]["DnsRecords"][0]["TTL"], &seen["Description"]), (&json!(5), &json!("other")));
    assert_eq!(aws.refused("UpdateService", &change(json!({"DnsConfig": records(&["AAAA"])}))), "InvalidInput");
    aws.ok("UpdateService", &change(json!({"Description": "bare"})));
    let seen = aws.ok("GetService", &json!({"Id": id}))["Service"].clone();
    assert_eq!((&seen["DnsConfig"], &seen["Type"]), (&Value::Null, &json!("HTTP")), "what was left out is deleted");
    let http = aws.ok("CreateService", &json!({"Name": "x", "NamespaceId": "ns-http"}))["Service"]["Id"].clone();
    assert_eq!(aws.refused("UpdateService", &json!({"Id": http, "Service": {"Description": "a"}})), "InvalidInput");
}

#[test]
fn a_service_goes_once_nothing_is_registered_in_it() {
    let mut aws = CloudMap::new();
    let made = aws.ok("CreateService", &orders())["Service"].clone();
    let (id, arn) = (json!({"Id": made["Id"]}), made["Arn"].as_str().unwrap());
    let instance = super::Instance { address: "10.0.0.1".to_owned(), port: None };
    super::register(&mut aws.0, arn, "task", instance);
    assert_eq!(aws.ok("GetService", &id)["Service"]["InstanceCount"], 1);
    let found = aws.ok("ListInstances", &json!({"ServiceId": made["Id"]}))["Instances"].clone();
    assert_eq!(found[0]["Attributes"], json!({"AWS_INSTANCE_IPV4": "10.0.0.1"}));
    assert_eq!(aws.refused("DeleteService", &id), "ResourceInUse");
    super::deregister(&mut aws.0, "task");
    aws.ok("DeleteService", &id);
    assert_eq!(aws.refused("GetService", &id), "ServiceNotFound");
    assert_eq!(aws.refused("ListTagsForResource", &json!({"ResourceARN": arn})), "ResourceNotFoundException");
}

#[test]
fn tags_are_added_replaced_and_taken_away() {
    let mut aws = CloudMap::new();
    let arn = aws.ok("CreateService", &orders())["Service"]["Arn"].clone();
    let more = json!([{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]);
    aws.ok("TagResource", &json!({"ResourceARN": arn, "Tags": more}));
    let of = json!({"ResourceARN": arn});
    assert_eq!(aws.ok("ListTagsForResource", &of)["Tags"], more);
    aws.ok("UntagResource", &json!({"ResourceARN": arn, "TagKeys": ["a"]}));
    assert_eq!(aws.ok("ListTagsForResource", &of)["Tags"], json!([{"Key": "b", "Value": ""}]));
    let many: Vec<Value> = (0..50).map(|n| json!({"Key": format!("k{n}"), "Value": ""})).collect();
    assert_eq!(aws.refused("TagResource", &json!({"ResourceARN": arn, "Tags": many})), "TooManyTagsException");
}

#[test]
fn namespaces_are_found_by_name_and_by_arn() {
    let mut aws = CloudMap::new();
    let named = json!({"Filters": [{"Name": "NAME", "Values": ["shop.internal"], "Condition": "EQ"}]});
    let found = aws.ok("ListNamespaces", &named)["Namespaces"].clone();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["Type"]), (1, &json!("DNS_PRIVATE")));
    let one = aws.ok("GetNamespace", &json!({"Id": found[0]["Arn"]}))["Namespace"].clone();
    assert_eq!(one["Id"], "ns-dns");
    assert_eq!(aws.refused("GetNamespace", &json!({"Id": "ns-none"})), "NamespaceNotFound");
}
