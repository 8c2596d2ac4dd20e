//! Filters of Describe calls: all of them must hold, each by any of its values, with wildcards.

use serde_json::Value;

use super::{Tags, invalid_value};
use crate::call::{Fault, texts};
use crate::protocol::query;
use crate::services::wildcard;

/// An input's filters.
#[derive(Debug)]
pub(super) struct Filters(Vec<(String, Vec<String>)>);

impl Filters {
    /// Reads an input's filters; one that is neither known nor about tags is refused.
    pub(super) fn read(input: &Value, known: &[&str]) -> Result<Self, Fault> {
        let mut filters = Vec::new();
        for filter in query::items(input, "Filter") {
            let name = query::text(filter, "Name").ok_or_else(|| invalid_value("The filter 'null' is invalid"))?;
            if !known.contains(&name) && !name.starts_with("tag:") && name != "tag-key" && name != "tag-value" {
                return Err(invalid_value(format!("The filter '{name}' is invalid")));
            }
            filters.push((name.to_owned(), texts(filter.get("Value"))));
        }
        Ok(Self(filters))
    }

    /// The values of a filter without wildcards, if it is there: a shortcut to what can match at all.
    pub(super) fn exact(&self, name: &str) -> Option<&[String]> {
        let (_, values) = self.0.iter().find(|(filter, _)| filter == name)?;
        values.iter().all(|value| !value.contains(['*', '?'])).then_some(values)
    }

    /// Whether a thing with these values by filter name, and these tags, passes.
    pub(super) fn pass(&self, values: impl Fn(&str) -> Vec<String>, tags: &Tags) -> bool {
        self.0.iter().all(|(name, wanted)| {
            let found = match name.as_str() {
                "tag-key" => tags.keys().cloned().collect(),
                "tag-value" => tags.values().cloned().collect(),
                name => match name.strip_prefix("tag:") {
                    Some(key) => tags.get(key).cloned().into_iter().collect(),
                    None => values(name),
                },
            };
            found.iter().any(|found| wanted.iter().any(|wanted| wildcard::matches(wanted, found)))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_filters_must_hold_each_by_any_value() {
        let tags = Tags::from([("Tier".to_owned(), "private".to_owned()), ("Name".to_owned(), "a".to_owned())]);
        let cases = [
            (json!([]), true),
            (json!([{"Name": "vpc-id", "Value": ["vpc-1"]}]), true),
            (json!([{"Name": "vpc-id", "Value": ["vpc-2", "vpc-1"]}]), true),
            (json!([{"Name": "vpc-id", "Value": ["vpc-*"]}]), true),
            (json!([{"Name": "vpc-id", "Value": ["vpc-2"]}]), false),
            (json!([{"Name": "tag:Tier", "Value": ["private"]}]), true),
            (json!([{"Name": "tag:Tier", "Value": ["public"]}]), false),
            (json!([{"Name": "tag:tier", "Value": ["private"]}]), false),
            (json!([{"Name": "tag-key", "Value": ["Na?e"]}]), true),
            (json!([{"Name": "tag-value", "Value": ["b"]}]), false),
            (json!([{"Name": "vpc-id", "Value": ["vpc-1"]}, {"Name": "tag:Tier", "Value": ["x"]}]), false),
        ];
        for (filters, expected) in cases {
            let read = Filters::read(&json!({"Filter": filters}), &["vpc-id"]).unwrap();
            assert_eq!(read.pass(|_| vec!["vpc-1".to_owned()], &tags), expected, "{filters}");
        }
    }

    #[test]
    fn an_unknown_filter_is_refused() {
        let fault = Filters::read(&json!({"Filter": [{"Name": "colour", "Value": ["red"]}]}), &["vpc-id"]).unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.message.as_str()),
            ("InvalidParameterValue", "The filter 'colour' is invalid")
        );
    }
}
