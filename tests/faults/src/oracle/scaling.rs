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
    let actions: Vec<&Value> = spec["scheduledActions"].as_array().into_iter().flatten().collect();
    for (what, is, member) in [("fewest tasks", minimum, "minCapacity"), ("most tasks", maximum, "maxCapacity")] {
        // What a schedule has set stays.
        if !actions.iter().any(|action| action[member] == *is) {
            differs(found, what, is, &spec[member]);
        }
    }
    scheduled(target, &actions, found);
    let count = service.value["desired"].as_i64();
    if count < minimum.as_i64() || count > maximum.as_i64() {
        found.push(format!("{count:?} tasks, which is not between {minimum} and {maximum}"));
    }
    policies(account, want, target, found);
}

fn scheduled(target: &Thing, actions: &[&Value], found: &mut Vec<String>) {
    let there = target.value["actions"].as_object().map_or(0, serde_json::Map::len);
    differs(found, "scheduled actions", &json!(there), &json!(actions.len()));
    for action in actions {
        let is = &target.value["actions"][action["name"].as_str().unwrap_or_default()];
        for (theirs, ours) in [("schedule", "schedule"), ("minimum", "minCapacity"), ("maximum", "maxCapacity")] {
            differs(found, theirs, &is[theirs], &action[ours]);
        }
    }
}

fn policies(account: &Account, want: &Want, target: &Thing, found: &mut Vec<String>) {
    let wanted: Vec<&Value> = want.spec["autoscaling"]["targetTracking"].as_array().into_iter().flatten().collect();
    let others =
        ["stepScaling", "predictiveScaling"].map(|sort| want.spec["autoscaling"][sort].as_array().map_or(0, Vec::len));
    let there = target.value["policies"].as_object().map_or(0, serde_json::Map::len);
    differs(found, "scaling policies", &json!(there), &json!(wanted.len() + others.iter().sum::<usize>()));
    for policy in wanted {
        let name = policy["name"].as_str().unwrap_or_default();
        let is = &target.value["policies"][name]["configuration"];
        differs(found, name, &json!(is["TargetValue"].as_f64()), &json!(policy["targetValue"].as_f64()));
        let metric = &is["PredefinedMetricSpecification"];
        differs(found, name, &metric["PredefinedMetricType"], &policy["predefinedMetricType"]);
        let own = &is["CustomizedMetricSpecification"]["MetricName"];
        differs(found, name, own, &policy["customizedMetricSpecification"]["metricName"]);
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
