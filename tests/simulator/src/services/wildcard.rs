//! AWS's wildcards: `*` stands for any text, `?` for one character.

/// Whether the whole text fits the pattern.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    fits(pattern, text, |_, _| true)
}

/// Whether the pattern of a `Resource` covers an ARN.
///
/// IAM User Guide, "IAM JSON policy elements: Resource": wildcards stay within a segment, but a `*` that is the last
/// character of its segment "can expand to match beyond the colon boundaries". What follows the fifth colon is the
/// resource, which has colons of its own.
pub(super) fn covers(pattern: &str, arn: &str) -> bool {
    let characters: Vec<char> = pattern.chars().collect();
    let colons_before = |at: usize| characters.iter().take(at).filter(|one| **one == ':').count();
    let ends_segment = |at: usize| matches!(characters.get(at + 1), None | Some(':'));
    pattern == "*" || fits(pattern, arn, |at, is_star| colons_before(at) >= 5 || (is_star && ends_segment(at)))
}

/// Whether the whole text fits the pattern. `crosses` is asked, of the wildcard at a place of the pattern and whether it
/// is a star, whether it stands for a colon too.
fn fits(pattern: &str, text: &str, crosses: impl Fn(usize, bool) -> bool) -> bool {
    // Filters ask of thousands of resources, of which few begin as the pattern does.
    match pattern.split_once(['*', '?']) {
        None => return pattern == text,
        Some((beginning, _)) if !text.starts_with(beginning) => return false,
        Some(_) => {}
    }
    let text: Vec<char> = text.chars().collect();
    // Of each beginning of the text, whether the pattern so far covers it.
    let mut covered: Vec<bool> = std::iter::once(true).chain(text.iter().map(|_| false)).collect();
    for (at, wanted) in pattern.chars().enumerate() {
        let mut next = Vec::with_capacity(covered.len());
        let mut before = false;
        for (end, is_covered) in covered.iter().enumerate() {
            let last = end.checked_sub(1).and_then(|last| Some((text.get(last)?, *covered.get(last)?)));
            let now = match (wanted, last) {
                ('*', None) => *is_covered,
                ('*', Some((last, _))) => *is_covered || (before && (*last != ':' || crosses(at, true))),
                ('?', Some((last, rest))) => rest && (*last != ':' || crosses(at, false)),
                (_, Some((last, rest))) => rest && *last == wanted,
                (_, None) => false,
            };
            next.push(now);
            before = now;
        }
        covered = next;
    }
    covered.last().copied().unwrap_or_default()
}

/// Whether an ARN fits a pattern, part by part: a `*` doesn't reach over the first five colons.
///
/// IAM User Guide, "IAM JSON policy elements: Condition operators", the operator `ArnLike`.
pub(super) fn arn_matches(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (wanted, found): (Vec<_>, Vec<_>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    wanted.len() == 6 && found.len() == 6 && wanted.iter().zip(&found).all(|(wanted, found)| matches(wanted, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_the_whole_text() {
        let cases = [
            ("", "", true),
            ("*", "", true),
            ("*", "anything", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "aab", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*b*c", "a--b-bb--c", true),
            ("a*b*c", "a--c--b", false),
            ("**a", "a", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_resource_s_star_reaches_beyond_its_segment_where_it_ends_it() {
        let cases = [
            ("*", "arn:aws:s3:::a", true),
            ("arn:aws:s3:::in/*", "arn:aws:s3:::in/a:b", true),
            ("arn:aws:s3:::in/*/b", "arn:aws:s3:::in/a:c/b", true),
            ("arn:aws:logs:*:log-group:/x:*", "arn:aws:logs:eu-west-1:1:log-group:/x:log-stream:y", true),
            ("arn:aws:logs:*:log-group:/x:*", "arn:aws:logs:eu-west-1:1:log-group:/xy:log-stream:y", false),
            ("arn:aws:ecr:eu*1:repository/a", "arn:aws:ecr:eu-west-1:1:repository/a", false),
            ("arn:aws:ecr:eu-west-?:1:repository/a", "arn:aws:ecr:eu-west-1:1:repository/a", true),
            ("arn:aws:ecr:eu-west-1?1:repository/a", "arn:aws:ecr:eu-west-1:1:repository/a", false),
            ("arn:aws:ecr:eu-west-1:1:repository/a", "arn:aws:ecr:eu-west-1:1:repository/ab", false),
        ];
        for (pattern, arn, expected) in cases {
            assert_eq!(covers(pattern, arn), expected, "{pattern} on {arn}");
        }
    }

    #[test]
    fn a_star_in_an_arn_stays_in_its_part() {
        let cases = [
            ("*", "arn:aws:s3:::a", true),
            ("arn:aws:s3:::orders-in/*", "arn:aws:s3:::orders-in/a/b", true),
            ("arn:aws:logs:*:*:log-group:/x:*", "arn:aws:logs:eu-west-1:1:log-group:/x:log-stream:y", true),
            ("arn:aws:*:repository/a", "arn:aws:ecr:eu-west-1:1:repository/a", false),
            ("arn:aws:ecr:eu-west-1:*:repository/a", "arn:aws:ecr:eu-west-1:1:repository/b", false),
        ];
        for (pattern, arn, expected) in cases {
            assert_eq!(arn_matches(pattern, arn), expected, "{pattern} on {arn}");
        }
    }
}
