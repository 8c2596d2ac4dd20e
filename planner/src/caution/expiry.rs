//! Annotations that say until when: break-glass expires by itself.

use jiff::{SignedDuration, Timestamp};

use crate::desired::Refusal;
use crate::engine::FieldPath;

/// No annotation reaches further ahead: what was meant for a night must not be found a year later.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The time that an annotation names; `None`: it has passed.
///
/// # Errors
/// The value is no RFC 3339 time, or is more than [`LONGEST`] ahead.
pub(super) fn until(annotation: &str, value: &str, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    let refused = |what: &str| {
        let at = FieldPath::from("metadata.annotations").item(annotation);
        let message = format!(
            "{value:?} {what}, so nothing is changed; write a time such as {}, or remove the annotation",
            tomorrow(now)
        );
        Refusal::new("InvalidAnnotation", at, message)
    };
    let time = read(value).ok_or_else(|| refused("is no time as RFC 3339 writes it"))?;
    if time.duration_since(now) > LONGEST {
        return Err(refused("is more than 7 days ahead"));
    }
    Ok(Some(time).filter(|time| *time > now))
}

/// jiff reads more than RFC 3339 allows; what people write is to be read by other tools too.
fn read(value: &str) -> Option<Timestamp> {
    let shape: String = value.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let rest = shape.strip_prefix("0000-00-00T00:00:00")?;
    let zone = rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches('0'));
    if !matches!(zone, "Z" | "+00:00" | "-00:00") {
        return None;
    }
    value.parse().ok()
}

/// A right value, the same all day, so that a message that shows it does not change at every look.
fn tomorrow(now: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60;
    let midnight = now.as_second() - now.as_second().rem_euclid(DAY);
    Timestamp::from_second(midnight + DAY + 6 * 60 * 60).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_time_that_rfc_3339_allows_and_that_is_near_is_taken() {
        let now: Timestamp = "2026-11-24T22:15:00Z".parse().unwrap();
        let cases = [
            ("2026-11-25T06:00:00Z", Ok(Some("2026-11-25T06:00:00Z"))),
            ("2026-11-25T06:00:00.5Z", Ok(Some("2026-11-25T06:00:00.5Z"))),
            ("2026-11-25T08:00:00+02:00", Ok(Some("2026-11-25T06:00:00Z"))),
            ("2026-12-01T22:15:00Z", Ok(Some("2026-12-01T22:15:00Z"))),
            ("2026-11-24T22:15:00Z", Ok(None)),
            ("2020-01-01T00:00:00Z", Ok(None)),
            ("2026-12-01T22:15:01Z", Err("7 days")),
            ("2027-11-25T06:00:00Z", Err("7 days")),
            ("tomorrow", Err("RFC 3339")),
            ("", Err("RFC 3339")),
            ("2026-11-25", Err("RFC 3339")),
            ("2026-11-25T06:00:00", Err("RFC 3339")),
            ("2026-11-25T06:00Z", Err("RFC 3339")),
            ("20261125T060000Z", Err("RFC 3339")),
            ("2026-13-25T06:00:00Z", Err("RFC 3339")),
            ("1795586400", Err("RFC 3339")),
        ];
        for (value, expected) in cases {
            let found = until("ecs.longshore.dev/paused-until", value, now);
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected.map(|time| time.parse().unwrap()), "{value}"),
                (Err(refusal), Err(word)) => {
                    assert_eq!(refusal.reason, "InvalidAnnotation");
                    assert!(refusal.message.contains(word), "{value}: {refusal}");
                    assert!(refusal.message.contains("2026-11-25T06:00:00Z"), "a right one is shown: {refusal}");
                }
                (found, _) => panic!("{value}: {found:?}"),
            }
        }
    }
}
