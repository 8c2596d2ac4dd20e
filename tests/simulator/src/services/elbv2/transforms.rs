//! Transforms of rules: rewrites of a request's host header or URL before it is forwarded.
//!
//! API reference, `RuleTransform`: at most one of each type; a regular expression and what replaces its match.

use regex_lite::Regex;
use serde::Serialize;
use serde_json::{Value, json};

use super::{invalid, required};
use crate::call::Fault;
use crate::protocol::query;

/// One transform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Transform {
    of_host: bool,
    rewrites: Vec<(String, String)>,
}

const HOST: (&str, &str) = ("host-header-rewrite", "HostHeaderRewriteConfig");
const URL: (&str, &str) = ("url-rewrite", "UrlRewriteConfig");

/// The transforms of an input.
pub(super) fn read(input: &Value) -> Result<Vec<Transform>, Fault> {
    let mut transforms: Vec<Transform> = Vec::new();
    for item in query::items(input, "Transforms") {
        let (kind, of_host) = match required(item, "Type")? {
            kind if kind == HOST.0 => (HOST, true),
            kind if kind == URL.0 => (URL, false),
            other => return Err(invalid(format!("Transform type '{other}' is not valid"))),
        };
        if transforms.iter().any(|other| other.of_host == of_host) {
            return Err(invalid(format!("A rule can have only one transform of type '{}'", kind.0)));
        }
        let configuration = item.get(kind.1).ok_or_else(|| invalid(format!("{} must be specified", kind.1)))?;
        let rewrites =
            query::items(configuration, "Rewrites").iter().map(rewrite).collect::<Result<Vec<_>, Fault>>()?;
        if rewrites.len() != 1 {
            return Err(invalid("A transform must have exactly one rewrite"));
        }
        transforms.push(Transform { of_host, rewrites });
    }
    Ok(transforms)
}

fn rewrite(item: &Value) -> Result<(String, String), Fault> {
    let (regex, replace) = (required(item, "Regex")?, query::text(item, "Replace").unwrap_or_default());
    if regex.chars().count() > 1024 || replace.chars().count() > 1024 {
        return Err(invalid("Expressions and replacements of a rewrite can have at most 1024 characters"));
    }
    Regex::new(regex).map_err(|_| invalid(format!("The regular expression '{regex}' is not valid")))?;
    Ok((regex.to_owned(), replace.to_owned()))
}

/// Transforms as answers show them.
pub(super) fn view(transforms: &[Transform]) -> Value {
    let one = |transform: &Transform| {
        let (kind, member) = if transform.of_host { HOST } else { URL };
        let rewrites: Vec<Value> =
            transform.rewrites.iter().map(|(regex, replace)| json!({"Regex": regex, "Replace": replace})).collect();
        json!({"Type": kind, member: {"Rewrites": rewrites}})
    };
    transforms.iter().map(one).collect()
}

/// A request's host and URL (its path and query) as a target sees them.
pub(super) fn apply(transforms: &[Transform], host: &str, url: &str) -> (String, String) {
    let (mut host, mut url) = (host.to_owned(), url.to_owned());
    for transform in transforms {
        let text = if transform.of_host { &mut host } else { &mut url };
        for (regex, replace) in &transform.rewrites {
            if let Ok(regex) = Regex::new(regex) {
                *text = regex.replace(text, replace.as_str()).into_owned();
            }
        }
    }
    (host, url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transform(kind: &str, member: &str, regex: &str, replace: &str) -> Value {
        json!({"Type": kind, member: {"Rewrites": [{"Regex": regex, "Replace": replace}]}})
    }

    #[test]
    fn host_and_url_are_rewritten() {
        let input = json!({"Transforms": [
            transform("host-header-rewrite", "HostHeaderRewriteConfig", "^(.*)\\.example\\.com$", "$1.internal"),
            transform("url-rewrite", "UrlRewriteConfig", "^/orders/(.*)$", "/$1"),
        ]});
        let transforms = read(&input).unwrap();
        assert_eq!(
            apply(&transforms, "shop.example.com", "/orders/1?a=b"),
            ("shop.internal".to_owned(), "/1?a=b".to_owned())
        );
        assert_eq!(apply(&transforms, "other", "/x"), ("other".to_owned(), "/x".to_owned()));
        assert_eq!(view(&transforms), input["Transforms"]);
    }

    #[test]
    fn a_transform_that_cannot_be_is_refused() {
        let url = |regex: &str| transform("url-rewrite", "UrlRewriteConfig", regex, "/");
        for transforms in [json!([url("("),]), json!([url("a"), url("b")]), json!([{"Type": "other"}])] {
            assert_eq!(read(&json!({"Transforms": transforms})).unwrap_err().code, "ValidationError", "{transforms}");
        }
    }
}
