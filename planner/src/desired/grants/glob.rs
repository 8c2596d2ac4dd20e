//! Whether a pattern covers what is asked for.

/// Whether everything that `asked` can mean is meant by `glob`. In a glob `*` is any run of characters and `?` any
/// one. What is asked for may hold wildcards too, since it may be an action of a policy: they are taken as they are,
/// so that `s3:*` covers `s3:Get*`, and `s3:Get*` does not cover `s3:*`. Case counts, as it does for ARNs; IAM takes
/// actions in any case, so one in an unusual case is refused rather than let through.
pub(in crate::desired) fn covers(glob: &str, asked: &str) -> bool {
    let (glob, asked): (Vec<char>, Vec<char>) = (glob.chars().collect(), asked.chars().collect());
    // The usual two-pointer match: on a mismatch the last star takes one more character.
    let (mut g, mut a, mut star) = (0, 0, None);
    while a < asked.len() {
        match (glob.get(g), asked.get(a)) {
            (Some('*'), _) => {
                star = Some((g, a));
                g += 1;
            }
            (Some(want), Some(have)) if want == have || (*want == '?' && *have != '*') => {
                g += 1;
                a += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    g = at + 1;
                    a = taken + 1;
                }
                None => return false,
            },
        }
    }
    glob.get(g..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_pattern_covers_what_it_means_and_no_more() {
        let cases = [
            ("s3:*", "s3:GetObject", true),
            ("s3:*", "s3:Get*", true),
            ("s3:Get*", "s3:*", false),
            ("s3:Get?bject", "s3:GetObject", true),
            ("s3:Get?", "s3:Get*", false),
            ("s3:*", "*", false),
            ("*", "*", true),
            ("arn:aws:iam::1:role/app-shop-*", "arn:aws:iam::1:role/app-shop-x", true),
            ("arn:aws:iam::1:role/app-shop-*", "arn:aws:iam::1:role/app-shopping", false),
            ("arn:*:secret:shop/*", "arn:aws:secretsmanager:r:1:secret:shop/db-AbC", true),
            ("arn:*:secret:shop/*", "arn:aws:secretsmanager:r:1:secret:other/shop/db", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("a*cd", "abbbccd", true),
            ("", "", true),
        ];
        for (glob, asked, expected) in cases {
            assert_eq!(covers(glob, asked), expected, "{glob} on {asked}");
        }
    }
}
