//! Variables in policies, such as `${aws:PrincipalTag/team}`.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags".

use std::collections::BTreeMap;

/// A text with its variables filled in from a request's keys (in lower case); `None` where the request has no such key
/// and the text no default for it: then nothing matches.
pub(super) fn fill(text: &str, context: &BTreeMap<String, String>) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((variable, behind)) = after.split_once('}') else { break };
        filled.push_str(before);
        filled.push_str(&value(variable, context)?);
        rest = behind;
    }
    filled.push_str(rest);
    Some(filled)
}

/// `${*}`, `${?}` and `${$}` stand for the characters themselves; `${key, 'default'}` for a default.
fn value(variable: &str, context: &BTreeMap<String, String>) -> Option<String> {
    if matches!(variable, "*" | "?" | "$") {
        return Some(variable.to_owned());
    }
    let (key, default) = match variable.split_once(',') {
        Some((key, default)) => (key, Some(default.trim().trim_matches('\'').to_owned())),
        None => (variable, None),
    };
    context.get(&key.trim().to_ascii_lowercase()).cloned().or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_from_the_request() {
        let context = BTreeMap::from([("aws:principaltag/team".to_owned(), "shop".to_owned())]);
        let cases = [
            ("arn:aws:s3:::in/*", Some("arn:aws:s3:::in/*")),
            ("arn:aws:s3:::${aws:PrincipalTag/team}/*", Some("arn:aws:s3:::shop/*")),
            ("${aws:PrincipalTag/other}", None),
            ("${aws:PrincipalTag/other, 'none'}", Some("none")),
            ("a${$}b", Some("a$b")),
            ("${unclosed", Some("${unclosed")),
        ];
        for (text, expected) in cases {
            assert_eq!(fill(text, &context).as_deref(), expected, "{text}");
        }
    }
}
