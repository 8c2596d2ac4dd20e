//! Between which counts a service's tasks follow metrics.

use serde_json::{Value, json};

use super::Want;
use super::aws::{Account, Thing, differs};

/// How AWS differs from what a service asks for: no scalable target where nothing is to scale, and else one, with its
/// bounds and policies, and a count between the bounds.
pub(super) fn of_service(account: &Account, want: &Want, service: &Thing, found: &mut Vec<String>) {
    let spec = &want.spec["autoscaling"];
    let targets = account.of_object(want, "scalable target").len();
    if spec.is_null() {
        // What only a lost status had told of is reported as an orphan, and left.
        if want.forgotten {
            return;
        }
        differs(found, "scalable targets", &json!(targets), &json!(0));
        return;
    }
    let Some(target) = account.only(want, "scalable target", found) else { return };
    let cluster = service.value["cluster"].as_str().unwrap_or_default();
    let id = format!("service/{cluster}/{}", service.value["name"].as_str().unwrap_or_default());
    differs(found, "target of the service", &json!(target.id), &account.world["autoscaling"]["targets"][id]["arn"]);
    let (minimum, maximum) = (&target.value["minimum"], &target.value["maximum"]);
    differs(found, "fewest tasks", minimum, &spec["minCapacity"]);
    differs(found, "most tasks", maximum, &spec["maxCapacity"]);
    let count = service.value["desired"].as_i64();
    if count < minimum.as_i64() || count > maximum.as_i64() {
        found.push(format!("{count:?} tasks, which is not between {minimum} and {maximum}"));
    }
    policies(account, want, target, found);
}

fn policies(account: &Account, want: &Want, target: &Thing, found: &mut Vec<String>) {
    let wanted: Vec<&Value> = want.spec["autoscaling"]["targetTracking"].as_array().into_iter().flatten().collect();
    let there = target.value["policies"].as_object().map_or(0, serde_json::Map::len);
    differs(found, "scaling policies", &json!(there), &json!(wanted.len()));
    for policy in wanted {
        let name = policy["name"].as_str().unwrap_or_default();
        let is = &target.value["policies"][name]["tracking"];
        differs(found, name, &json!(is["TargetValue"].as_f64()), &json!(policy["targetValue"].as_f64()));
        let metric = &is["PredefinedMetricSpecification"];
        differs(found, name, &metric["PredefinedMetricType"], &policy["predefinedMetricType"]);
        if let Some(entry) = policy["loadBalancer"].as_str() {
            let groups = account.of_object(want, "target group");
            let label = metric["ResourceLabel"].as_str().unwrap_or_default();
            let counts = |group: &&Thing| group.key() == entry && group.id.ends_with(group_of(label));
            if !groups.iter().any(counts) {
                found.push(format!("{name} counts the requests of {label}, which is none of its target groups"));
            }
        }
    }
}

/// `targetgroup/NAME/ID` of a resource label.
fn group_of(label: &str) -> &str {
    label.find("targetgroup/").map_or("nothing", |at| label.get(at..).unwrap_or_default())
}
