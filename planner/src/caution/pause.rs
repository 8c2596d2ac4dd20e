//! Break-glass at night: an annotation that expires, since Git would undo a change of the spec.

use jiff::Timestamp;

use super::expiry::until;
use crate::desired::Refusal;
use crate::engine::Plan;

/// Until then nothing of the object, or of the environment, is changed.
pub const PAUSED_UNTIL: &str = "ecs.longshore.dev/paused-until";

/// A pause that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When it ends.
    pub until: Timestamp,
    /// What carries the annotation, as kubectl takes it: `awsenvironment default`.
    on: String,
}

/// The pause that the annotation of any of these says, the longest if there are several. Each is named as kubectl
/// takes it.
///
/// # Errors
/// A value is no RFC 3339 time, or is more than [`super::LONGEST`] ahead. Whoever wrote it wanted a pause: nothing is
/// changed until it is corrected.
pub fn pause(annotated: &[(&str, Option<&str>)], now: Timestamp) -> Result<Option<Pause>, Refusal> {
    let mut longest: Option<Pause> = None;
    for (on, value) in annotated {
        let Some(value) = value else { continue };
        let time = until(PAUSED_UNTIL, value, now)
            .map_err(|refusal| Refusal { message: format!("{} ({on})", refusal.message), ..refusal })?;
        let Some(until) = time else { continue };
        if longest.as_ref().is_none_or(|pause| pause.until < until) {
            longest = Some(Pause { until, on: (*on).to_owned() });
        }
    }
    Ok(longest)
}

impl Pause {
    /// What the object says while its plan is only told.
    pub fn tell(&self, plan: &Plan) -> String {
        let changes = plan.steps.iter().filter(|step| step.changes_aws()).count();
        let waits = match changes {
            0 => String::new(),
            1 => "; 1 change waits, see status.pending".to_owned(),
            more => format!("; {more} changes wait, see status.pending"),
        };
        format!("{self}{waits}")
    }

    /// How much of it is left. Never negative.
    pub fn left(&self, now: Timestamp) -> std::time::Duration {
        self.until.duration_since(now).unsigned_abs()
    }
}

impl std::fmt::Display for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { until, on } = self;
        write!(
            f,
            "paused until {until}: Longshore looks, and changes nothing; to end it now: kubectl annotate {on} \
             {PAUSED_UNTIL}-"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pause_that_has_not_ended_holds_and_says_how_to_end_it() {
        let now: Timestamp = "2026-11-24T22:00:00Z".parse().unwrap();
        let (early, late) = (Some("2026-11-24T23:00:00Z"), Some("2026-11-25T06:00:00Z"));
        let ended = Some("2026-11-24T21:00:00Z");
        let cases = [
            (None, None, None),
            (early, None, Some(("service", "2026-11-24T23:00:00Z"))),
            (None, late, Some(("environment", "2026-11-25T06:00:00Z"))),
            (early, late, Some(("environment", "2026-11-25T06:00:00Z"))),
            (late, early, Some(("service", "2026-11-25T06:00:00Z"))),
            (late, late, Some(("service", "2026-11-25T06:00:00Z"))),
            (ended, early, Some(("environment", "2026-11-24T23:00:00Z"))),
            (ended, ended, None),
        ];
        for (own, environments, expected) in cases {
            let found = pause(&[("service", own), ("environment", environments)], now).unwrap();
            let found = found.as_ref().map(|pause| (pause.on.as_str(), pause.until));
            assert_eq!(found, expected.map(|(on, until)| (on, until.parse().unwrap())), "{own:?} {environments:?}");
        }
        let told = pause(&[("ecsservice hello --namespace shop", late)], now).unwrap().unwrap();
        assert_eq!(
            told.tell(&Plan::default()),
            "paused until 2026-11-25T06:00:00Z: Longshore looks, and changes nothing; to end it now: kubectl annotate \
             ecsservice hello --namespace shop ecs.longshore.dev/paused-until-"
        );
        assert_eq!(told.left(now).as_secs(), 8 * 60 * 60);
    }

    #[test]
    fn a_pause_that_cannot_be_read_is_refused_wherever_it_stands() {
        let now: Timestamp = "2026-11-24T22:00:00Z".parse().unwrap();
        for annotated in [
            [("service", Some("tonight")), ("environment", None)],
            [("service", Some("2026-11-25T06:00:00Z")), ("environment", Some("tonight"))],
        ] {
            let refusal = pause(&annotated, now).unwrap_err();
            assert_eq!(refusal.reason, "InvalidAnnotation");
            assert_eq!(refusal.at.0, "metadata.annotations[ecs.longshore.dev/paused-until]");
            let on = annotated.iter().find(|(_, value)| *value == Some("tonight")).unwrap().0;
            assert!(refusal.message.ends_with(&format!("({on})")), "{}", refusal.message);
        }
    }
}
