//! Whether an event fits a pattern (user guide, "Comparison operators for use in event patterns"). The pattern has been
//! checked.

use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::services::wildcard;

/// All fields must fit; of what is in a list one item.
pub(super) fn fits(pattern: &Value, event: &Value) -> bool {
    let Some(fields) = pattern.as_object() else { return false };
    fields.iter().all(|(name, asked)| match asked {
        Value::Array(alternatives) if name == "$or" => alternatives.iter().any(|one| fits(one, event)),
        Value::Array(values) => leaf(values, event.get(name)),
        inner => match event.get(name) {
            Some(Value::Array(items)) => items.iter().any(|item| fits(inner, item)),
            found => fits(inner, found.unwrap_or(&Value::Null)),
        },
    })
}

fn leaf(asked: &[Value], found: Option<&Value>) -> bool {
    // "Exists matching only works on leaf nodes."
    let found = found.filter(|value| !value.is_object());
    let all: Vec<&Value> = match found {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(value) => vec![value],
        None => vec![],
    };
    asked.iter().any(|one| match one.get("exists").and_then(Value::as_bool) {
        Some(shall) => found.is_some() == shall,
        None => all.iter().any(|value| value_fits(one, value)),
    })
}

fn value_fits(asked: &Value, value: &Value) -> bool {
    match asked {
        Value::Object(filter) => filter.iter().all(|(operator, operand)| filter_fits(operator, operand, value)),
        Value::Number(number) => number.as_f64().is_some_and(|number| value.as_f64() == Some(number)),
        other => other == value,
    }
}

fn filter_fits(operator: &str, operand: &Value, value: &Value) -> bool {
    match operator {
        "anything-but" => !turned(operand, value),
        "numeric" => operand.as_array().zip(value.as_f64()).is_some_and(|(bounds, number)| numeric(bounds, number)),
        "cidr" => operand.as_str().zip(value.as_str()).is_some_and(|(range, address)| is_in(range, address)),
        _ => value.as_str().is_some_and(|text| text_fits(operator, operand, text)),
    }
}

fn text_fits(operator: &str, operand: &Value, text: &str) -> bool {
    if let Some(folded) = operand.as_object().and_then(|inner: &Map<String, Value>| inner.get("equals-ignore-case")) {
        return text_fits(operator, &folded.as_str().unwrap_or_default().to_lowercase().into(), &text.to_lowercase());
    }
    let Some(operand) = operand.as_str() else { return false };
    match operator {
        "prefix" => text.starts_with(operand),
        "suffix" => text.ends_with(operand),
        "equals-ignore-case" => text.to_lowercase() == operand.to_lowercase(),
        // A ? is a character like others here.
        "wildcard" => wildcard::matches(&operand.replace('?', "\u{0}"), &text.replace('?', "\u{0}")),
        _ => false,
    }
}

/// What `anything-but` turns round.
fn turned(operand: &Value, value: &Value) -> bool {
    match operand {
        Value::Object(inner) => inner.iter().any(|(operator, operand)| {
            let texts = operand.as_array().map_or_else(|| vec![operand], |all| all.iter().collect());
            texts.into_iter().any(|one| filter_fits(operator, one, value))
        }),
        Value::Array(all) => all.iter().any(|one| value_fits(one, value)),
        one => value_fits(one, value),
    }
}

fn numeric(bounds: &[Value], number: f64) -> bool {
    bounds.chunks(2).all(|pair| {
        let [operator, bound] = pair else { return false };
        let Some(bound) = bound.as_f64() else { return false };
        match operator.as_str() {
            Some("=") => (number - bound).abs() < f64::EPSILON,
            Some(">") => number > bound,
            Some(">=") => number >= bound,
            Some("<") => number < bound,
            Some("<=") => number <= bound,
            _ => false,
        }
    })
}

fn is_in(range: &str, address: &str) -> bool {
    let Some((network, bits)) = range.split_once('/') else { return false };
    let (Ok(network), Ok(address), Ok(bits)) = (network.parse(), address.parse(), bits.parse::<u32>()) else {
        return false;
    };
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let shift = 32_u32.saturating_sub(bits);
            u32::from(network).checked_shr(shift) == u32::from(address).checked_shr(shift)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let shift = 128_u32.saturating_sub(bits);
            u128::from(network).checked_shr(shift) == u128::from(address).checked_shr(shift)
        }
        _ => false,
    }
}
