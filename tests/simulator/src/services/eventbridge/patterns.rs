//! What a pattern of events may be.
//!
//! Source: user guide, "Comparison operators for use in event patterns"; the words are those of the implementation that AWS
//! publishes (github.com/aws/event-ruler), which EventBridge repeats in its errors.

use serde_json::{Map, Value};

const OPERATORS: [&str; 8] =
    ["prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists", "cidr"];

/// Why it is none.
pub(super) fn check(text: &str) -> Result<(), String> {
    let pattern: Value = serde_json::from_str(text).map_err(|_| "Invalid JSON".to_owned())?;
    let Value::Object(fields) = pattern else { return Err("Filter is not an object".to_owned()) };
    object(&fields)
}

fn object(fields: &Map<String, Value>) -> Result<(), String> {
    if fields.is_empty() {
        return Err("Empty objects are not allowed".to_owned());
    }
    for (name, value) in fields {
        match value {
            Value::Object(inner) => object(inner)?,
            Value::Array(alternatives) if name == "$or" => {
                if alternatives.len() < 2 {
                    return Err("There must have at least 2 Objects in $or relationship.".to_owned());
                }
                for alternative in alternatives {
                    object(
                        alternative.as_object().ok_or("Only JSON object is allowed in array of $or relationship.")?,
                    )?;
                }
            }
            Value::Array(values) => leaf(values)?,
            _ => return Err(format!("\"{name}\" must be an object or an array")),
        }
    }
    Ok(())
}

fn leaf(values: &[Value]) -> Result<(), String> {
    if values.is_empty() {
        return Err("Empty arrays are not allowed".to_owned());
    }
    for value in values {
        match value {
            Value::Object(filter) => operator(filter)?,
            Value::Array(_) => return Err("Match value must be String, number, true, false, or null".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

fn operator(filter: &Map<String, Value>) -> Result<(), String> {
    let mut members = filter.iter();
    let (Some((name, operand)), None) = (members.next(), members.next()) else {
        return Err("Only one key allowed in match expression".to_owned());
    };
    let texts =
        |value: &Value| value.is_string() || value.as_array().is_some_and(|all| all.iter().all(Value::is_string));
    let right = match name.as_str() {
        "prefix" | "suffix" => operand.is_string() || operand.get("equals-ignore-case").is_some_and(Value::is_string),
        "equals-ignore-case" | "cidr" => operand.is_string(),
        "wildcard" => operand.as_str().is_some_and(|pattern| !pattern.contains("**")),
        "anything-but" => match operand {
            Value::Object(inner) => {
                let one = inner.iter().next().filter(|_| inner.len() == 1);
                one.is_some_and(|(name, operand)| OPERATORS.iter().take(4).any(|it| it == name) && texts(operand))
            }
            Value::Array(all) => {
                !all.is_empty() && (all.iter().all(Value::is_string) || all.iter().all(Value::is_number))
            }
            other => other.is_string() || other.is_number(),
        },
        "numeric" => operand.as_array().is_some_and(|parts| {
            matches!(parts.len(), 2 | 4)
                && parts.chunks(2).all(|pair| matches!(pair, [Value::String(_), Value::Number(_)]))
        }),
        "exists" => {
            if operand.is_boolean() {
                true
            } else {
                return Err("exists match pattern must be either true or false.".to_owned());
            }
        }
        other => return Err(format!("Unrecognized match type {other}")),
    };
    if right { Ok(()) } else { Err(format!("{name} match pattern is malformed")) }
}
