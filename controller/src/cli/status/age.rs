//! How long ago something was, as kubectl says it.

use jiff::Timestamp;

/// `45s`, `12m`, `3h`, `9d`; empty where the time cannot be read.
pub(super) fn age(since: &str, now: Timestamp) -> String {
    let Ok(since) = since.parse::<Timestamp>() else { return String::new() };
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let cases = [
            ("2026-11-28T11:59:15Z", "45s"),
            ("2026-11-28T11:48:00Z", "12m"),
            ("2026-11-28T09:00:00Z", "3h"),
            ("2026-11-19T12:00:00Z", "9d"),
            ("2026-11-28T12:00:09Z", "0s"),
            ("", ""),
        ];
        for (since, expected) in cases {
            assert_eq!(age(since, now), expected, "{since}");
        }
    }
}
