//! Elastic Load Balancing's members are all taken by a field, or stand in a list with the reason why not.

use longshore_crds::crds;
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    taken: BTreeMap<String, String>,
    not_taken: BTreeMap<String, String>,
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("api-members").join(name)).unwrap()
}

/// The member of the request's structures that nothing is said of by listing the structure's own field.
fn members(shapes: &Value, not_taken: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut wanted: Vec<String> =
        ["CreateListenerInput", "CreateLoadBalancerInput", "CreateRuleInput", "CreateTargetGroupInput"]
            .map(str::to_owned)
            .into();
    let mut seen = BTreeSet::new();
    while let Some(shape) = wanted.pop() {
        if !seen.insert(shape.clone()) {
            continue;
        }
        for (member, kind) in shapes[&shape].as_object().unwrap() {
            let at = format!("{shape}.{member}");
            // What is in a structure that is not taken is not taken either. The list of actions is: its kinds are.
            let opened = !not_taken.contains_key(&at) || at.ends_with("Actions") || at.ends_with("Matcher");
            found.insert(at);
            let inner = if kind[0] == "list" { &kind[1] } else { kind };
            if opened && inner[0] == "shape" {
                wanted.push(inner[1].as_str().unwrap().to_owned());
            }
        }
    }
    found
}

/// The schema at a path such as `EcsService.loadBalancers[].rules`, in the kind's spec.
fn field<'a>(specs: &'a BTreeMap<String, Value>, path: &str) -> Option<&'a Value> {
    let (kind, rest) = path.split_once('.')?;
    rest.split('.').try_fold(specs.get(kind)?, |schema, step| {
        let name = step.trim_end_matches("[]");
        let property = schema.get("properties")?.get(name)?;
        if step.ends_with("[]") { property.get("items") } else { Some(property) }
    })
}

#[test]
fn every_member_of_elastic_load_balancing_is_taken_or_has_a_reason() {
    let data: Value = serde_json::from_str(&read("elbv2.json")).unwrap();
    let lists: Lists = serde_saphyr::from_str(&read("elbv2.yaml")).unwrap();
    let specs: BTreeMap<String, Value> = crds()
        .into_iter()
        .map(|crd| {
            let schema = crd.spec.versions[0].schema.clone().unwrap().open_api_v3_schema.unwrap();
            (crd.spec.names.kind, serde_json::to_value(&schema.properties.unwrap()["spec"]).unwrap())
        })
        .collect();
    let members = members(&data["shapes"], &lists.not_taken);
    let listed: BTreeSet<String> = lists.taken.keys().chain(lists.not_taken.keys()).cloned().collect();
    assert_eq!(members.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "say of these what takes them");
    assert_eq!(listed.difference(&members).collect::<Vec<_>>(), Vec::<&String>::new(), "there are no such members");
    let both: Vec<_> = lists.taken.keys().filter(|member| lists.not_taken.contains_key(*member)).collect();
    assert_eq!(both, Vec::<&String>::new(), "taken and not taken");
    let missing: Vec<_> = lists.taken.values().filter(|path| field(&specs, path).is_none()).collect();
    assert_eq!(missing, Vec::<&String>::new(), "there are no such fields");
    let silent: Vec<_> = lists.not_taken.iter().filter(|(_, reason)| reason.len() < 10).collect();
    assert!(silent.is_empty(), "no reason: {silent:?}");
}
