//! What a target is told of an event.
//!
//! Source: user guide, "Amazon EventBridge input transformation", and its list of common issues.

use serde_json::{Value, json};

use super::Rule;
use super::events::Event;

/// The text that a target gets: its `Input` as it is, a part of the event, the template with what it names, or the event.
pub(super) fn of(rule: &Rule, target: &Value, event: &Event) -> String {
    let text = |pointer: &str| target.pointer(pointer).and_then(Value::as_str);
    if let Some(input) = text("/Input") {
        return input.to_owned();
    }
    let whole = event.json();
    if let Some(path) = text("/InputPath") {
        return at(&whole, path).unwrap_or_default().to_string();
    }
    let Some(template) = text("/InputTransformer/InputTemplate") else { return whole.to_string() };
    let value = |name: &str| match name {
        "aws.events.rule-arn" => Some(json!(rule.arn)),
        "aws.events.rule-name" => Some(json!(rule.name)),
        "aws.events.event.ingestion-time" => Some(whole.get("time")?.clone()),
        "aws.events.event.json" => Some(whole.clone()),
        "aws.events.event" => {
            let mut without = whole.clone();
            without.as_object_mut()?.remove("detail");
            Some(without)
        }
        name => at(&whole, target.pointer("/InputTransformer/InputPathsMap")?.get(name)?.as_str()?),
    };
    filled(template, value)
}

/// The names that a template has in `<` and `>`.
pub(super) fn names(template: &str) -> Vec<&str> {
    let inner = template.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    inner.map(|(name, _)| name).filter(|name| is_name(name)).collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// "EventBridge doesn't escape values extracted by Input Path, when populating the Input Template"; it adds quotes to a text
/// that stands outside of quotes, takes the quotes out of an object that stands within them, and leaves out what is not in
/// the event.
fn filled(template: &str, value: impl Fn(&str) -> Option<Value>) -> String {
    let (mut filled, mut quoted, mut rest) = (String::new(), false, template);
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        let name = after.split_once('>').map(|(name, _)| name).filter(|name| character == '<' && is_name(name));
        if let Some(name) = name {
            filled.push_str(&value(name).map(|value| put(&value, quoted)).unwrap_or_default());
            rest = after.get(name.len() + 1..).unwrap_or_default();
            continue;
        }
        filled.push(character);
        rest = after;
        match character {
            '"' => quoted = !quoted,
            '\\' => {
                let escaped = rest.chars().next();
                filled.extend(escaped);
                rest = escaped.and_then(|escaped| rest.get(escaped.len_utf8()..)).unwrap_or_default();
            }
            _ => {}
        }
    }
    filled
}

fn put(value: &Value, quoted: bool) -> String {
    match value {
        Value::String(text) if quoted => text.clone(),
        Value::String(text) => format!("\"{text}\""),
        Value::Object(_) | Value::Array(_) if quoted => value.to_string().replace('"', ""),
        other => other.to_string(),
    }
}

/// What lies at a JSON path: dots, and indices of lists.
fn at(event: &Value, path: &str) -> Option<Value> {
    let mut found = event.clone();
    for step in path.strip_prefix('$')?.split('.').filter(|step| !step.is_empty()) {
        let (name, indices) = step.find('[').map_or((step, ""), |at| step.split_at(at));
        if !name.is_empty() {
            found = found.get(name)?.clone();
        }
        for index in indices.split(['[', ']']).filter(|index| !index.is_empty() && *index != "*") {
            found = found.get(index.parse::<usize>().ok()?)?.clone();
        }
    }
    Some(found)
}
