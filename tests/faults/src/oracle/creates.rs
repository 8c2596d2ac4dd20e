//! No second of anything: judged from the recording of calls.

use std::collections::BTreeMap;

use longshore_simulator::Simulator;
use serde_json::Value;

/// What makes a thing that carries tags, and what takes such a thing away. Clusters, services, load balancers, listeners
/// and target groups are not among them: asked a second time with the same input, AWS answers with what is there.
const MAKES: [(&str, &str); 5] = [
    ("RegisterTaskDefinition", "DeregisterTaskDefinition"),
    ("CreateRole", "DeleteRole"),
    ("CreateSecurityGroup", "DeleteSecurityGroup"),
    ("CreateLogGroup", "DeleteLogGroup"),
    ("CreateRule", "DeleteRule"),
];

/// Things that were made a second time, with none of their kind taken away in between.
pub(super) fn second(simulator: &Simulator) -> Vec<String> {
    let calls = simulator.with_world(|world| world.recording.calls(0, Some(true)));
    let mut made: BTreeMap<(&str, String), u64> = BTreeMap::new();
    let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
    let mut found = vec![];
    for call in calls.iter().filter(|call| call.outcome == "OK") {
        if let Some((makes, _)) = MAKES.iter().find(|(_, takes)| *takes == call.operation) {
            taken.insert(makes, call.seq);
        }
        let Some((makes, _)) = MAKES.iter().find(|(makes, _)| *makes == call.operation) else { continue };
        let identity = format!("{} {}", tag(&call.input, "object"), tag(&call.input, "resource"));
        let before = made.insert((makes, identity.clone()), call.seq);
        if before.is_some_and(|before| taken.get(makes).is_none_or(|taken| *taken < before)) {
            found.push(format!("a second {makes} of {identity}"));
        }
    }
    found
}

/// One of Longshore's tags in an input, however the service writes tags.
pub(super) fn tag(input: &Value, name: &str) -> String {
    find(input, &format!("longshore.dev/{name}")).unwrap_or_default()
}

fn find(value: &Value, tag: &str) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| find(item, tag)),
        Value::Object(members) => {
            let pair = ["key", "Key"].iter().any(|key| members.get(*key).is_some_and(|key| key == tag));
            let beside = ["value", "Value"].iter().find_map(|name| members.get(*name)).filter(|_| pair);
            let text = beside.or_else(|| members.get(tag)).and_then(Value::as_str).map(str::to_owned);
            text.or_else(|| members.values().find_map(|member| find(member, tag)))
        }
        _ => None,
    }
}
