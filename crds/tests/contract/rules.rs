//! The CEL rules, run without an API server.

use crate::cases::{self, Case};
use kube::core::cel::Validator;
use longshore_crds::crds;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// The schemas by kind, made once: making one takes longer than asking it.
static SCHEMAS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    crds()
        .into_iter()
        .map(|crd| {
            let schema = crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
            (crd.spec.names.kind.clone(), serde_json::to_value(schema).unwrap())
        })
        .collect()
});

/// What the rules of its kind say of an object, or of a change.
fn verdict(object: &Value, before: Option<&Value>) -> String {
    let schema = &SCHEMAS[object["kind"].as_str().unwrap()];
    match Validator::new().validate(schema, object, before) {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

fn check(case: &Case) -> Vec<String> {
    let before = case.before();
    let (said, remedied) = (verdict(&case.mistake(), before.as_ref()), verdict(&case.remedy(), before.as_ref()));
    let mut wrong = Vec::new();
    if !said.contains(&case.refused) {
        wrong.push(format!("{}: expected {:?}, got {said:?}", case.says, case.refused));
    }
    if !remedied.is_empty() {
        wrong.push(format!("{}: the remedy is refused too: {remedied}", case.says));
    }
    wrong
}

#[test]
fn each_mistake_is_refused_with_its_remedy_and_the_remedy_is_taken() {
    let wrong: Vec<_> = cases::of_rules().iter().flat_map(check).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_mistake_that_it_refuses() {
    let said: String = cases::of_rules().iter().map(|case| verdict(&case.mistake(), case.before().as_ref())).collect();
    let silent: Vec<_> = messages().into_iter().filter(|message| !said.contains(message)).collect();
    assert!(silent.is_empty(), "no case in tests/cases makes these fire:\n{}", silent.join("\n"));
}

/// The messages of all rules of all kinds.
fn messages() -> BTreeSet<String> {
    fn collect(schema: &Value, messages: &mut BTreeSet<String>) {
        match schema {
            Value::Object(object) => {
                if let Some(Value::Array(rules)) = object.get("x-kubernetes-validations") {
                    messages.extend(rules.iter().map(|rule| rule["message"].as_str().unwrap().to_owned()));
                }
                object.values().for_each(|value| collect(value, messages));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, messages)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    SCHEMAS.values().for_each(|schema| collect(schema, &mut found));
    found
}

#[test]
fn a_message_is_one_line_and_needs_no_scrolling() {
    let bad: Vec<_> = messages().into_iter().filter(|text| text.contains('\n') || text.len() > 320).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}
