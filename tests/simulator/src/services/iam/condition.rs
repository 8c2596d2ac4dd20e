//! Conditions of policy statements.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators".

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::syntax;
use crate::services::wildcard;

/// One key of one operator: it holds if any of the values fits (for a negated operator: if none does).
#[derive(Clone, Debug)]
pub(super) struct Condition {
    operator: Operator,
    negated: bool,
    /// Whether it holds where the request has no such key: with `...IfExists`, `ForAllValues:` or a negated operator, but
    /// never with `ForAnyValue:` ("Multivalued context keys").
    without_key: bool,
    key: String,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Arn,
    Bool,
    Null,
    Numeric(Comparison),
    Date(Comparison),
    /// Addresses, binary: none of the keys that the simulator's requests carry is of these types, so only their absence
    /// is ever judged.
    Other,
}

/// How what was found is compared with what stands in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

impl Comparison {
    fn holds(self, found: i64, value: i64) -> bool {
        match self {
            Self::Equals => found == value,
            Self::LessThan => found < value,
            Self::LessThanEquals => found <= value,
            Self::GreaterThan => found > value,
            Self::GreaterThanEquals => found >= value,
        }
    }
}

impl Condition {
    /// A statement's conditions; the error is a message of `MalformedPolicyDocument`.
    pub(super) fn parse_all(value: &Value) -> Result<Vec<Self>, String> {
        let mut conditions = Vec::new();
        for (operator, keys) in value.as_object().ok_or_else(syntax)? {
            for (key, values) in keys.as_object().ok_or_else(syntax)? {
                conditions.push(Self::parse(operator, key, values)?);
            }
        }
        Ok(conditions)
    }

    fn parse(name: &str, key: &str, values: &Value) -> Result<Self, String> {
        if !key.contains(':') {
            return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into());
        }
        let for_all = name.strip_prefix("ForAllValues:");
        let bare = for_all.or_else(|| name.strip_prefix("ForAnyValue:")).unwrap_or(name);
        let stripped = bare.strip_suffix("IfExists");
        let (operator, negated) = operator(stripped.unwrap_or(bare)).ok_or_else(syntax)?;
        let for_any = name.starts_with("ForAnyValue:");
        let without_key = !for_any && (stripped.is_some() || for_all.is_some() || negated);
        Ok(Self { operator, negated, without_key, key: key.to_ascii_lowercase(), values: scalars(values)? })
    }

    /// Whether the condition holds for a request's keys (in lower case). `filled`: a value with its variables filled in; one
    /// that cannot be fits nothing.
    pub(super) fn holds(&self, context: &BTreeMap<String, String>, filled: impl Fn(&str) -> Option<String>) -> bool {
        let found = context.get(&self.key);
        if self.operator == Operator::Null {
            return self.values.iter().any(|value| (value == "true") == found.is_none());
        }
        let Some(found) = found else { return self.without_key };
        let fits = |value: &String| filled(value).is_some_and(|value| self.fits(&value, found));
        self.values.iter().any(fits) != self.negated
    }

    fn fits(&self, value: &str, found: &str) -> bool {
        match self.operator {
            Operator::StringEquals => value == found,
            Operator::StringEqualsIgnoreCase | Operator::Bool => value.eq_ignore_ascii_case(found),
            Operator::StringLike => wildcard::matches(value, found),
            Operator::Arn => wildcard::arn_matches(value, found),
            Operator::Numeric(comparison) => compared(comparison, found, value, |text| text.parse().ok()),
            Operator::Date(comparison) => compared(comparison, found, value, seconds),
            Operator::Null | Operator::Other => false,
        }
    }
}

fn compared(comparison: Comparison, found: &str, value: &str, read: impl Fn(&str) -> Option<i64>) -> bool {
    read(found).zip(read(value)).is_some_and(|(found, value)| comparison.holds(found, value))
}

/// A date in one of ISO 8601's forms, or in seconds since 1970 ("Date condition operators").
fn seconds(text: &str) -> Option<i64> {
    let day = || Some(text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
    let moment = || text.parse::<jiff::Timestamp>().ok();
    text.parse().ok().or_else(|| moment().or_else(day).map(jiff::Timestamp::as_second))
}

/// The operator of a name without prefix and suffix, and whether it is negated.
fn operator(name: &str) -> Option<(Operator, bool)> {
    Some(match name {
        "StringEquals" => (Operator::StringEquals, false),
        "StringNotEquals" => (Operator::StringEquals, true),
        "StringEqualsIgnoreCase" => (Operator::StringEqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Operator::StringEqualsIgnoreCase, true),
        "StringLike" => (Operator::StringLike, false),
        "StringNotLike" => (Operator::StringLike, true),
        "ArnEquals" | "ArnLike" => (Operator::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Operator::Arn, true),
        "Bool" => (Operator::Bool, false),
        "Null" => (Operator::Null, false),
        "NotIpAddress" => (Operator::Other, true),
        "IpAddress" | "BinaryEquals" => (Operator::Other, false),
        _ => match (name.strip_prefix("Numeric"), name.strip_prefix("Date")) {
            (Some(how), _) => comparison(how).map(|(how, negated)| (Operator::Numeric(how), negated))?,
            (_, Some(how)) => comparison(how).map(|(how, negated)| (Operator::Date(how), negated))?,
            _ => return None,
        },
    })
}

fn comparison(name: &str) -> Option<(Comparison, bool)> {
    Some(match name {
        "Equals" => (Comparison::Equals, false),
        "NotEquals" => (Comparison::Equals, true),
        "LessThan" => (Comparison::LessThan, false),
        "LessThanEquals" => (Comparison::LessThanEquals, false),
        "GreaterThan" => (Comparison::GreaterThan, false),
        "GreaterThanEquals" => (Comparison::GreaterThanEquals, false),
        _ => return None,
    })
}

/// Values as text; IAM takes booleans and numbers without quotes too.
fn scalars(value: &Value) -> Result<Vec<String>, String> {
    let one = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err(syntax()),
    };
    match value {
        Value::Array(items) => items.iter().map(one).collect(),
        single => Ok(vec![one(single)?]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::variables::fill;
    use super::*;

    #[test]
    fn conditions_judge_the_request() {
        let context = BTreeMap::from([
            ("aws:sourceaccount".to_owned(), "123456789012".to_owned()),
            ("aws:sourcearn".to_owned(), "arn:aws:ecs:eu-west-1:123456789012:*".to_owned()),
            ("aws:currenttime".to_owned(), "2026-11-25T06:00:00Z".to_owned()),
            ("s3:max-keys".to_owned(), "10".to_owned()),
        ]);
        let cases = [
            (json!({"StringEquals": {"aws:SourceAccount": "123456789012"}}), true),
            (json!({"StringEquals": {"aws:SourceAccount": ["1", "123456789012"]}}), true),
            (json!({"StringEquals": {"aws:SourceAccount": "210987654321"}}), false),
            (json!({"StringNotEquals": {"aws:SourceAccount": "210987654321"}}), true),
            (json!({"StringLike": {"AWS:sourceAccount": "1234*"}}), true),
            (json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:123456789012:*"}}), true),
            (json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:123456789012:*"}}), false),
            (json!({"StringEquals": {"sts:ExternalId": "x"}}), false),
            (json!({"StringEqualsIfExists": {"sts:ExternalId": "x"}}), true),
            (json!({"StringNotEquals": {"sts:ExternalId": "x"}}), true),
            (json!({"Null": {"sts:ExternalId": "true"}}), true),
            (json!({"Null": {"aws:SourceAccount": true}}), false),
            (json!({"ForAnyValue:StringNotEquals": {"sts:ExternalId": "x"}}), false),
            (json!({"ForAllValues:StringEquals": {"sts:ExternalId": "x"}}), true),
            (json!({"StringEquals": {"aws:SourceAccount": "${aws:SourceAccount}"}}), true),
            (json!({"StringNotEquals": {"aws:SourceAccount": "${aws:Other}"}}), true),
            (json!({"DateLessThan": {"aws:CurrentTime": "2020-01-01"}}), false),
            (json!({"DateGreaterThan": {"aws:CurrentTime": "2026-11-25T05:59:59Z"}}), true),
            (json!({"DateLessThan": {"aws:EpochTime": "1"}}), false),
            (json!({"NumericLessThanEquals": {"s3:max-keys": 10}}), true),
            (json!({"NumericLessThan": {"s3:max-keys": "10"}}), false),
            (json!({"NumericNotEquals": {"s3:max-keys": "10"}}), false),
            (
                json!({"StringEquals": {"aws:SourceAccount": "123456789012"}, "Bool": {"aws:SecureTransport": "true"}}),
                false,
            ),
        ];
        for (document, expected) in cases {
            let conditions = Condition::parse_all(&document).unwrap();
            assert_eq!(
                conditions.iter().all(|condition| condition.holds(&context, |text| fill(text, &context))),
                expected,
                "{document}"
            );
        }
    }

    #[test]
    fn operators_and_keys_that_iam_does_not_have_are_refused() {
        for document in [
            json!({"StringSimilar": {"aws:a": "b"}}),
            json!({"StringEquals": {"a": "b"}}),
            json!({"StringEquals": "a"}),
            json!([]),
        ] {
            assert!(Condition::parse_all(&document).is_err(), "{document}");
        }
    }
}
