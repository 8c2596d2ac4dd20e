//! Who uses what, by what was observed: no edges are stored for that.

use serde_json::Value;

use super::world::Thing;

/// The outputs that AWS gives a thing to be referred to by.
pub(super) const GIVEN: [&str; 2] = ["arn", "id"];

/// Whether one names another by what AWS gave that.
pub(super) fn uses(user: &Thing, what: &Thing) -> bool {
    GIVEN.iter().filter_map(|name| what.outputs.get(*name)).any(|output| !output.is_empty() && mentions(user, output))
}

/// Whether a thing names an output anywhere.
pub(super) fn mentions(user: &Thing, output: &str) -> bool {
    user.mentions.iter().any(|text| names(text, output)) || anywhere(&user.value, output)
}

/// Whether a value does.
pub(super) fn anywhere(value: &Value, output: &str) -> bool {
    match value {
        Value::String(text) => names(text, output),
        Value::Array(items) => items.iter().any(|item| anywhere(item, output)),
        Value::Object(members) => members.values().any(|member| anywhere(member, output)),
        _ => false,
    }
}

/// Whether a text is the output or, for ARNs, contains it as a whole: `arn:…:role/a` is not in `arn:…:role/ab`,
/// but `arn:…:log-group:/x` is in `arn:…:log-group:/x:*`.
pub(super) fn names(text: &str, output: &str) -> bool {
    if text == output {
        return true;
    }
    let continues = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    output.starts_with("arn:")
        && text.match_indices(output).any(|(at, _)| {
            text.get(at + output.len()..).and_then(|rest| rest.chars().next()).is_none_or(|next| !continues(next))
        })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_name_is_mentioned_only_as_a_whole() {
        let cases = [
            ("web", "web", true),
            ("webs", "web", false),
            ("arn:aws:iam::1:role/a", "arn:aws:iam::1:role/a", true),
            ("arn:aws:iam::1:role/ab", "arn:aws:iam::1:role/a", false),
            ("arn:aws:iam::1:role/a/b", "arn:aws:iam::1:role/a", false),
            ("arn:aws:logs:r:1:log-group:/x:*", "arn:aws:logs:r:1:log-group:/x", true),
            ("[arn:aws:iam::1:role/a]", "arn:aws:iam::1:role/a", true),
        ];
        for (text, output, expected) in cases {
            assert_eq!(names(text, output), expected, "{output} in {text}");
        }
    }
}
