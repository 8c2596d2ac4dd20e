//! Conditions of rules: which requests a rule is for.
//!
//! API reference, `RuleCondition` and its kinds; user guide, "Condition types for listener rules" and "Quotas".

use regex_lite::Regex;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{invalid, required};
use crate::call::{Fault, texts};
use crate::protocol::query;

/// How many values all conditions of a rule have together, and how many wildcards.
const VALUES: usize = 5;
const WILDCARDS: usize = 5;

/// What of a request a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Field {
    Host,
    Path,
    Header,
    Method,
    Query,
    Source,
}

use Field::{Header, Host, Method, Path, Query, Source};

/// Field, its name, the member that holds its values.
const FIELDS: [(Field, &str, &str); 6] = [
    (Host, "host-header", "HostHeaderConfig"),
    (Path, "path-pattern", "PathPatternConfig"),
    (Header, "http-header", "HttpHeaderConfig"),
    (Method, "http-request-method", "HttpRequestMethodConfig"),
    (Query, "query-string", "QueryStringConfig"),
    (Source, "source-ip", "SourceIpConfig"),
];

/// One condition; it holds when any of its values does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Condition {
    pub(super) field: Field,
    /// Of a header condition: the header's name.
    pub(super) header: Option<String>,
    pub(super) values: Vec<String>,
    /// Regular expressions in place of values.
    pub(super) expressions: Vec<String>,
    /// Of a query string condition: keys, which may be left out, and values.
    pub(super) pairs: Vec<(Option<String>, String)>,
}

impl Condition {
    fn count(&self) -> usize {
        self.values.len() + self.expressions.len() + self.pairs.len()
    }

    fn wildcards(&self) -> usize {
        if !matches!(self.field, Host | Path | Header | Query) {
            return 0;
        }
        let keys = self.pairs.iter().filter_map(|(key, _)| key.as_ref());
        let texts = self.values.iter().chain(self.pairs.iter().map(|(_, value)| value)).chain(keys);
        texts.map(|text| text.replace("\\*", "").replace("\\?", "").matches(['*', '?']).count()).sum()
    }
}

/// The conditions of an input's list.
pub(super) fn read(items: &[Value]) -> Result<Vec<Condition>, Fault> {
    if items.is_empty() {
        return Err(invalid("A rule must have at least one condition"));
    }
    let conditions = items.iter().map(condition).collect::<Result<Vec<Condition>, Fault>>()?;
    for (field, name, _) in FIELDS.iter().filter(|(field, _, _)| !matches!(field, Header | Query)) {
        if conditions.iter().filter(|condition| condition.field == *field).count() > 1 {
            return Err(invalid(format!("A rule can only have one '{name}' condition")));
        }
    }
    if conditions.iter().map(Condition::count).sum::<usize>() > VALUES {
        return Err(invalid(format!("A rule can only have '{VALUES}' condition values")));
    }
    if conditions.iter().map(Condition::wildcards).sum::<usize>() > WILDCARDS {
        return Err(invalid(format!("A rule can only have '{WILDCARDS}' condition wildcards")));
    }
    Ok(conditions)
}

fn condition(item: &Value) -> Result<Condition, Fault> {
    let name = required(item, "Field")?;
    let known = FIELDS.iter().find(|(_, known, _)| *known == name);
    let (field, _, member) =
        known.ok_or_else(|| invalid(format!("Condition field '{name}' must be one of '{}'", names())))?;
    if let Some((_, other, _)) = FIELDS.iter().find(|(other, _, member)| other != field && item.get(*member).is_some())
    {
        return Err(invalid(format!("A condition with the field '{name}' cannot have the configuration of '{other}'")));
    }
    let configuration = item.get(*member).cloned().unwrap_or_default();
    let both = |member: &str| (texts(item.get(member)), texts(configuration.get(member)));
    let header = query::text(&configuration, "HttpHeaderName").map(str::to_owned);
    let (values, pairs) = if *field == Query {
        (Vec::new(), pairs(&configuration))
    } else {
        (either(both("Values"), "Values", name)?, Vec::new())
    };
    let expressions = either(both("RegexValues"), "RegexValues", name)?;
    let condition = Condition { field: *field, header, values, expressions, pairs };
    check(&condition, name, item)?;
    Ok(condition)
}

fn names() -> String {
    FIELDS.iter().map(|(_, name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Values stand in the condition itself, as they did at first, or in the configuration of its field.
fn either((plain, configured): (Vec<String>, Vec<String>), member: &str, name: &str) -> Result<Vec<String>, Fault> {
    if !plain.is_empty() && !configured.is_empty() && plain != configured {
        return Err(invalid(format!("{member} of the condition '{name}' are given twice and differ")));
    }
    Ok(if plain.is_empty() { configured } else { plain })
}

fn pairs(configuration: &Value) -> Vec<(Option<String>, String)> {
    let pair = |item: &Value| {
        let key = query::text(item, "Key").map(str::to_owned);
        (key, query::text(item, "Value").unwrap_or_default().to_owned())
    };
    query::items(configuration, "Values").iter().map(pair).collect()
}

fn check(condition: &Condition, name: &str, item: &Value) -> Result<(), Fault> {
    if condition.count() == 0 {
        return Err(invalid(format!("A condition value must be specified for '{name}'")));
    }
    if !condition.expressions.is_empty() {
        if !matches!(condition.field, Host | Path | Header) {
            return Err(invalid(format!("The condition '{name}' takes no regular expressions")));
        }
        if !condition.values.is_empty() {
            return Err(invalid(format!("The condition '{name}' takes either values or regular expressions")));
        }
    }
    if matches!(condition.field, Header | Method | Source) && item.get("Values").is_some() {
        return Err(invalid(format!("Values of the condition '{name}' belong into its configuration")));
    }
    if condition.field == Header {
        check_header(condition.header.as_deref())?;
    }
    for expression in &condition.expressions {
        within(expression, 128, name)?;
        Regex::new(expression).map_err(|_| invalid(format!("The regular expression '{expression}' is not valid")))?;
    }
    condition.values.iter().try_for_each(|value| check_value(condition.field, name, value))?;
    for (key, value) in &condition.pairs {
        within(value, 128, name)?;
        within(key.as_deref().unwrap_or_default(), 128, name)?;
        if value.is_empty() {
            return Err(invalid(format!("A condition value must be specified for '{name}'")));
        }
    }
    Ok(())
}

fn within(text: &str, most: usize, name: &str) -> Result<(), Fault> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(invalid(format!("Values of the condition '{name}' can have at most '{most}' characters")))
}

fn check_header(header: Option<&str>) -> Result<(), Fault> {
    let header = header.ok_or_else(|| invalid("The HTTP header name must be specified"))?;
    within(header, 40, "http-header")?;
    let plain = |one: char| one.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(one);
    if header.eq_ignore_ascii_case("host") || !header.chars().all(plain) || header.contains(['*', '?']) {
        return Err(invalid(format!("The HTTP header name '{header}' is not valid in a condition")));
    }
    Ok(())
}

fn check_value(field: Field, name: &str, value: &str) -> Result<(), Fault> {
    within(value, if field == Method { 40 } else { 128 }, name)?;
    let only = |others: &str| value.chars().all(|one| one.is_ascii_alphanumeric() || others.contains(one));
    let fits = match field {
        // "You must include at least one '.' character. You can include only alphabetical characters after the final
        // '.' character."
        Host => {
            let last = value.rsplit_once('.').map(|(_, last)| last);
            only("-.*?")
                && last.is_some_and(|last| !last.is_empty() && last.chars().all(|one| one.is_ascii_alphabetic()))
        }
        Path => !value.is_empty() && only("_-.$/~\"'@:+&*?"),
        Method => !value.is_empty() && value.chars().all(|one| one.is_ascii_uppercase() || "-_".contains(one)),
        Source => super::matching::is_block(value),
        Header | Query => !value.is_empty(),
    };
    if fits { Ok(()) } else { Err(invalid(format!("The value '{value}' is not valid for the condition '{name}'"))) }
}

/// Conditions as answers show them: host and path values stand in both places.
pub(super) fn view(conditions: &[Condition]) -> Value {
    conditions.iter().map(one_view).collect()
}

fn one_view(condition: &Condition) -> Value {
    let Some((field, name, member)) = FIELDS.iter().find(|(field, _, _)| *field == condition.field) else {
        return Value::Null;
    };
    let list = |list: &[String]| if list.is_empty() { Value::Null } else { json!(list) };
    let mut configuration = Map::new();
    let values = if *field == Query {
        condition.pairs.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
    } else {
        list(&condition.values)
    };
    configuration.insert("Values".to_owned(), values);
    configuration.insert("RegexValues".to_owned(), list(&condition.expressions));
    configuration.insert("HttpHeaderName".to_owned(), json!(condition.header));
    let plain = if matches!(field, Host | Path) { list(&condition.values) } else { Value::Null };
    json!({"Field": name, "Values": plain, *member: configuration})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(values: &[&str]) -> Value {
        json!({"Field": "path-pattern", "PathPatternConfig": {"Values": values}})
    }

    fn host(value: &str) -> Value {
        json!({"Field": "host-header", "Values": [value]})
    }

    #[test]
    fn conditions_that_cannot_be_are_refused() {
        let header =
            |name: &str| json!({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": ["a"]}});
        let cases = [
            ("none", json!([])),
            ("an unknown field", json!([{"Field": "colour", "Values": ["red"]}])),
            ("no value", json!([path(&[])])),
            ("six values", json!([path(&["/a", "/b", "/c", "/d", "/e", "/f"])])),
            ("six values in two conditions", json!([path(&["/a", "/b", "/c", "/d", "/e"]), host("a.example")])),
            ("six wildcards", json!([path(&["/*/*/*", "/?/?/?"])])),
            ("two paths", json!([path(&["/a"]), path(&["/b"])])),
            ("a path with a space", json!([path(&["/a b"])])),
            ("a long path", json!([path(&[&format!("/{}", "a".repeat(128))])])),
            ("a host without a dot", json!([host("localhost")])),
            ("a host that ends in a digit", json!([host("example.1")])),
            ("the host as a header", json!([header("Host")])),
            ("a header of two words", json!([header("a b")])),
            (
                "a method in small letters",
                json!([{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}}]),
            ),
            ("an address without bits", json!([{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.1"]}}])),
            (
                "another field's configuration",
                json!([{"Field": "host-header", "PathPatternConfig": {"Values": ["/"]}}]),
            ),
            ("a broken expression", json!([{"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["("]}}])),
        ];
        for (what, items) in cases {
            let answer = read(items.as_array().unwrap());
            assert_eq!(answer.err().map(|fault| fault.code).as_deref(), Some("ValidationError"), "{what}");
        }
    }

    #[test]
    fn a_condition_shows_its_values_in_both_places() {
        let given = [path(&["/orders", "/orders/*"])];
        let shown = view(&read(&given).unwrap());
        assert_eq!(shown[0]["Values"], json!(["/orders", "/orders/*"]));
        assert_eq!(shown[0]["PathPatternConfig"]["Values"], json!(["/orders", "/orders/*"]));
    }
}
