//! What stands in the place of a value: an operator and what it compares with.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::Mistake;
use crate::engine::FieldPath;

const OPERATORS: [&str; 8] =
    ["prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists", "cidr"];
/// What `anything-but` turns round (user guide, "Anything-but matching").
const TURNED: [&str; 4] = ["prefix", "suffix", "equals-ignore-case", "wildcard"];
/// User guide, "Numeric matching": between these, with 15 digits.
const LARGEST: f64 = 5.0e9;

/// What is wrong with it, if something is.
pub(super) fn mistake(filter: &Map<String, Value>, at: &FieldPath) -> Option<Mistake> {
    let mut members = filter.iter();
    let (Some((operator, operand)), None) = (members.next(), members.next()) else {
        let message = format!("it must have one operator, of {}", OPERATORS.join(", "));
        return Some(Mistake::new(at, message));
    };
    let at = at.member(operator);
    let wrong = match operator.as_str() {
        "prefix" | "suffix" => affix(operand),
        "equals-ignore-case" => text(operand),
        "wildcard" => wildcard(operand),
        "anything-but" => anything_but(operand),
        "numeric" => numeric(operand),
        "exists" => (!operand.is_boolean()).then(|| "it is true or false".to_owned()),
        "cidr" => cidr(operand),
        _ => Some(format!("EventBridge knows no operator {operator}: write one of {}", OPERATORS.join(", "))),
    };
    wrong.map(|message| Mistake::new(&at, message))
}

fn text(operand: &Value) -> Option<String> {
    (!operand.is_string()).then(|| format!("it compares with a text, and {operand} is none"))
}

/// A text, or one whose case does not matter.
fn affix(operand: &Value) -> Option<String> {
    match operand {
        Value::Object(inner) => match inner.get("equals-ignore-case") {
            Some(inner_text) if inner.len() == 1 => text(inner_text),
            _ => Some("beside a text it takes {equals-ignore-case: TEXT} alone".to_owned()),
        },
        other => text(other),
    }
}

/// User guide, "Wildcard matching": `*` is any characters, `\*` and `\\` are themselves, and no two `*` follow each other.
fn wildcard(operand: &Value) -> Option<String> {
    let Some(pattern) = operand.as_str() else { return text(operand) };
    if pattern.replace(r"\\", "").replace(r"\*", "").contains("**") {
        return Some("two * after one another are refused: one stands for any characters already".to_owned());
    }
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && !matches!(characters.next(), Some('*' | '\\')) {
            return Some(r"after \ comes * or \".to_owned());
        }
    }
    None
}

fn anything_but(operand: &Value) -> Option<String> {
    match operand {
        Value::String(_) | Value::Number(_) => None,
        Value::Array(values) => {
            let alike = values.iter().all(Value::is_string) || values.iter().all(Value::is_number);
            (values.is_empty() || !alike).then(|| "its list has texts alone, or numbers alone".to_owned())
        }
        Value::Object(inner) => turned(inner),
        other => Some(format!("it takes a text, a number, a list of them or an operator, and {other} is none")),
    }
}

/// `anything-but` of an operator: of one text, or of several.
fn turned(inner: &Map<String, Value>) -> Option<String> {
    let mut members = inner.iter();
    match (members.next(), members.next()) {
        (Some((operator, operand)), None) if TURNED.contains(&operator.as_str()) => {
            let several = operand.as_array().filter(|several| !several.is_empty());
            let all = several.map_or_else(|| std::slice::from_ref(operand), Vec::as_slice);
            all.iter().find_map(|one| if operator == "wildcard" { wildcard(one) } else { text(one) })
        }
        _ => Some(format!("it turns round one operator, of {}", TURNED.join(", "))),
    }
}

/// `["=", 1]`, or one bound or two: `[">", 0, "<=", 5]`.
fn numeric(operand: &Value) -> Option<String> {
    let form = || Some(r#"it is written as ["=", 5], [">", 0] or [">=", 0, "<", 5]"#.to_owned());
    let Some(parts) = operand.as_array() else { return form() };
    let bounds: Option<Vec<(&str, f64)>> = parts
        .chunks(2)
        .map(|pair| match pair {
            [operator, number] => Some((operator.as_str()?, number.as_f64()?)),
            _ => None,
        })
        .collect();
    let Some(bounds) = bounds else { return form() };
    if bounds.iter().any(|(_, number)| number.abs() > LARGEST) {
        return Some("its numbers lie between -5.0e9 and 5.0e9".to_owned());
    }
    match bounds[..] {
        [("=" | ">" | ">=" | "<" | "<=", _)] => None,
        [(">" | ">=", lowest), ("<" | "<=", highest)] if lowest < highest => None,
        [(">" | ">=", _), ("<" | "<=", _)] => Some("no number lies between its bounds".to_owned()),
        _ => form(),
    }
}

fn cidr(operand: &Value) -> Option<String> {
    let read = |text: &str| {
        let (address, bits) = text.split_once('/')?;
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
        Some(bits <= if address.is_ipv4() { 32 } else { 128 })
    };
    let right = operand.as_str().and_then(read) == Some(true);
    (!right).then(|| format!("{operand} is no range of addresses, such as 10.0.0.0/24"))
}
