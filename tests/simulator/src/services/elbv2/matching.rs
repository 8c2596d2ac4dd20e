//! Whether a condition holds for a request.

use std::net::IpAddr;

use regex_lite::Regex;

use super::conditions::{Condition, Field};
use super::requests::Request;
use crate::services::wildcard;

/// Whether all conditions hold for a request.
pub(super) fn all_hold(conditions: &[Condition], request: &Request) -> bool {
    conditions.iter().all(|condition| holds(condition, request))
}

fn holds(condition: &Condition, request: &Request) -> bool {
    let texts = |found: &str| text_fits(condition, found);
    match condition.field {
        Field::Host => texts(&request.host),
        Field::Path => texts(&request.path),
        Field::Header => {
            let header = condition.header.as_deref().unwrap_or_default();
            let named = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header));
            named.into_iter().any(|(_, value)| texts(value))
        }
        Field::Method => condition.values.contains(&request.method),
        Field::Query => condition.pairs.iter().any(|(key, value)| in_query(&request.query, key.as_deref(), value)),
        Field::Source => condition.values.iter().any(|block| block_holds(block, request.source.into())),
    }
}

/// Paths are compared by case, hosts and header values without. A pattern covers the whole text: `/orders/*` isn't
/// `/orders`.
fn text_fits(condition: &Condition, found: &str) -> bool {
    let same = |text: &str| match condition.field {
        Field::Path => text.to_owned(),
        _ => text.to_ascii_lowercase(),
    };
    condition.values.iter().any(|value| wildcard::matches(&same(value), &same(found)))
        || condition
            .expressions
            .iter()
            .any(|expression| Regex::new(expression).is_ok_and(|regex| regex.is_match(found)))
}

/// Whether a query string has a pair, or any value, like this; `\*` and `\?` stand for themselves.
fn in_query(query: &str, key: Option<&str>, value: &str) -> bool {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.into_iter().any(|pair| {
        let (found_key, found_value) = pair.split_once('=').unwrap_or((pair, ""));
        let value_fits = like(value, found_value);
        match key {
            Some(key) => like(key, found_key) && value_fits,
            None => value_fits || (found_value.is_empty() && like(value, found_key)),
        }
    })
}

fn like(pattern: &str, text: &str) -> bool {
    // Stand-ins that no URL holds keep what is escaped out of the wildcards' way.
    let escaped =
        |text: &str, star: &str, mark: &str| text.replace(star, "\u{1}").replace(mark, "\u{2}").to_ascii_lowercase();
    let literal = pattern.contains("\\*") || pattern.contains("\\?");
    let found = if literal { escaped(text, "*", "?") } else { text.to_ascii_lowercase() };
    wildcard::matches(&escaped(pattern, "\\*", "\\?"), &found)
}

/// An IPv4 or IPv6 block taken apart: the first address and the bits that all its addresses have in common.
fn block(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/')?;
    let (address, bits): (IpAddr, u32) = (address.parse().ok()?, bits.parse().ok()?);
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some((address, bits))
}

/// Whether a text is an IPv4 or IPv6 block.
pub(super) fn is_block(text: &str) -> bool {
    block(text).is_some()
}

fn block_holds(text: &str, address: IpAddr) -> bool {
    let masked = |address: IpAddr, bits: u32| match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4) & u32::MAX.checked_shl(32 - bits).unwrap_or(0)),
        IpAddr::V6(v6) => u128::from(v6) & u128::MAX.checked_shl(128 - bits).unwrap_or(0),
    };
    block(text).is_some_and(|(first, bits)| {
        first.is_ipv4() == address.is_ipv4() && masked(first, bits) == masked(address, bits)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::conditions;
    use super::super::requests::Question;
    use super::*;

    fn holds_for(condition: &Value, url: &str, headers: &Value) -> bool {
        let question = json!({"url": url, "headers": headers, "sourceIp": "10.0.0.7"});
        let question: Question = serde_json::from_value(question).unwrap();
        let request = question.request(std::net::Ipv4Addr::LOCALHOST).unwrap();
        all_hold(&conditions::read(std::slice::from_ref(condition)).unwrap(), &request)
    }

    #[test]
    fn a_condition_holds_by_any_of_its_values() {
        let path = |values: &[&str]| json!({"Field": "path-pattern", "Values": values});
        let host = |value: &str| json!({"Field": "host-header", "Values": [value]});
        let query = |key: Value, value: &str| json!({"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": key, "Value": value}]}});
        let expression = |text: &str| json!({"Field": "path-pattern", "PathPatternConfig": {"RegexValues": [text]}});
        let source = |block: &str| json!({"Field": "source-ip", "SourceIpConfig": {"Values": [block]}});
        let header =
            json!({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Kind", "Values": ["Te*t"]}});
        let method =
            |name: &str| json!({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": [name]}});
        let url = "http://Shop.Example.com:8080/orders/1?kind=New&plain&star=*";
        let cases = [
            (path(&["/orders/*"]), true),
            (path(&["/orders"]), false),
            (path(&["/Orders/*"]), false),
            (path(&["/x", "/orders/?"]), true),
            (host("shop.example.com"), true),
            (host("*.example.com"), true),
            (host("example.com"), false),
            (query(json!("kind"), "new"), true),
            (query(json!("kind"), "old"), false),
            (query(Value::Null, "n?w"), true),
            (query(json!("star"), "\\*"), true),
            (query(json!("kind"), "\\*"), false),
            (expression("^/orders/[0-9]+$"), true),
            (expression("^/users"), false),
            (source("10.0.0.0/24"), true),
            (source("10.1.0.0/24"), false),
            (source("::/0"), false),
            (header, true),
            (method("GET"), true),
            (method("POST"), false),
        ];
        for (condition, expected) in cases {
            assert_eq!(holds_for(&condition, url, &json!({"x-kind": "TEXT"})), expected, "{condition}");
        }
    }

    #[test]
    fn a_pattern_for_what_is_below_does_not_cover_the_path_itself() {
        let below = json!({"Field": "path-pattern", "Values": ["/orders/*"]});
        assert!(!holds_for(&below, "http://a.example.com/orders", &json!({})));
        assert!(holds_for(&below, "http://a.example.com/orders/", &json!({})));
    }
}
