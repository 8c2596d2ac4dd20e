//! AWS's wildcards: `*` stands for any text, `?` for one character.

/// Whether the whole text fits the pattern.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where to go back to when the text stops fitting: behind the last star, one character further each time.
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match (pattern.get(at_pattern), text.get(at_text)) {
            (Some('*'), _) => {
                at_pattern += 1;
                star = Some((at_pattern, at_text));
            }
            (Some(wanted), Some(found)) if *wanted == '?' || wanted == found => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => {
                let Some((behind_star, covered)) = star else { return false };
                at_pattern = behind_star;
                at_text = covered + 1;
                star = Some((behind_star, at_text));
            }
        }
    }
    pattern.iter().skip(at_pattern).all(|rest| *rest == '*')
}

/// Whether an ARN fits a pattern, part by part: a `*` doesn't reach over the first five colons.
///
/// IAM User Guide, "IAM JSON policy elements: Resource" and the operator `ArnLike`.
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
