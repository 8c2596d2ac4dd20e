//! Durations as people write them: `90s`, `10m`.

use std::time::Duration;

/// Reads a duration such as `30s`, `10m` or `1h`; not zero.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| format!("{text:?} is no duration: write one such as 30s, 10m or 1h"))?;
    match Duration::try_from(span) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(format!("{text:?} must be longer than nothing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let cases =
            [("30s", Some(30)), ("10m", Some(600)), ("1h30m", Some(5400)), ("0s", None), ("-5s", None), ("ten", None)];
        for (text, seconds) in cases {
            assert_eq!(parse(text).ok().map(|duration| duration.as_secs()), seconds, "{text}");
        }
    }
}
