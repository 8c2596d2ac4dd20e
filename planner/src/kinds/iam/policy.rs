//! Policy documents, compared as policies and not as text.

use serde_json::{Map, Value};

/// The form in which equal policies are equal: statements in an order of their own, lists where one string would do,
/// lists sorted and without doubles, effects as IAM spells them, `Version` said. (IAM user guide, "Grammar of the IAM
/// JSON policy language": a single value and a list of one are the same, and order carries no meaning.)
pub fn canonical(document: &Value) -> Value {
    let Some(members) = document.as_object() else { return document.clone() };
    let mut canonical: Map<String, Value> = members.clone();
    canonical.entry("Version").or_insert_with(|| "2012-10-17".into());
    let mut statements: Vec<Value> = list(members.get("Statement")).iter().map(statement).collect();
    sort(&mut statements);
    canonical.insert("Statement".to_owned(), Value::Array(statements));
    Value::Object(canonical)
}

/// The statements of a document, one or many.
pub fn statements(document: &Value) -> Vec<Value> {
    list(document.get("Statement"))
}

/// The strings of a member that is one string or a list of them.
pub fn strings(statement: &Value, member: &str) -> Vec<Value> {
    list(statement.get(member))
}

fn statement(statement: &Value) -> Value {
    let Some(members) = statement.as_object() else { return statement.clone() };
    members
        .iter()
        .map(|(name, value)| {
            let value = match name.as_str() {
                "Effect" => effect(value),
                "Action" | "NotAction" | "Resource" | "NotResource" => sorted(value),
                "Principal" | "NotPrincipal" => principal(value),
                "Condition" => condition(value),
                _ => value.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}

fn effect(value: &Value) -> Value {
    match value.as_str() {
        Some(text) if text.eq_ignore_ascii_case("allow") => "Allow".into(),
        Some(text) if text.eq_ignore_ascii_case("deny") => "Deny".into(),
        _ => value.clone(),
    }
}

fn principal(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.iter().map(|(kind, who)| (kind.clone(), sorted(who))).collect(),
        other => other.clone(),
    }
}

fn condition(value: &Value) -> Value {
    let operators = value.as_object().cloned().unwrap_or_default();
    operators
        .into_iter()
        .map(|(operator, keys)| {
            let keys = keys.as_object().cloned().unwrap_or_default();
            (operator, keys.into_iter().map(|(key, values)| (key, sorted(&values))).collect::<Value>())
        })
        .collect()
}

fn sorted(value: &Value) -> Value {
    let mut values = list(Some(value));
    sort(&mut values);
    Value::Array(values)
}

fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => vec![],
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    }
}

fn sort(values: &mut Vec<Value>) {
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
}
