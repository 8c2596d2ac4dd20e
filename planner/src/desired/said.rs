//! What people say of a rollout, beside what is rolled out.

use super::Refusal;
use crate::engine::FieldPath;

/// Names the revision that is to be gone back from. Of another one than the spec asks for it says nothing, so that it
/// cannot be meant for what comes later.
pub const ROLL_BACK: &str = "ecs.longshore.dev/roll-back";

/// What people say of the rollout itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said<'a> {
    /// The spec's `restartedAt`.
    pub restarted_at: Option<&'a str>,
    /// The revision to go back from, `FAMILY:REVISION`: what [`ROLL_BACK`] says.
    pub roll_back: Option<&'a str>,
}

impl Said<'_> {
    /// Whether it can be understood.
    ///
    /// # Errors
    /// What [`ROLL_BACK`] says is no revision. Whoever wrote it wanted something: nothing is changed until it is corrected.
    pub fn check(&self) -> Result<(), Refusal> {
        let Some(value) = self.roll_back else { return Ok(()) };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_family =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        match value.split_once(':') {
            Some((family, revision)) if is_family(family) && is_number(revision) => Ok(()),
            _ => Err(Refusal::new(
                "InvalidAnnotation",
                FieldPath::from("metadata.annotations").item(ROLL_BACK),
                format!(
                    "{value:?} is no revision, so nothing is changed; write the one to go back from, FAMILY:REVISION as \
                     status.deployment.revision has it, or remove the annotation"
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_names_a_revision() {
        let cases = [
            (None, true),
            (Some("hello:7"), true),
            (Some("shop-hello_1:12"), true),
            (Some("hello"), false),
            (Some("hello:"), false),
            (Some(":7"), false),
            (Some("hello:latest"), false),
            (Some("arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:7"), false),
        ];
        for (roll_back, expected) in cases {
            let said = Said { roll_back, ..Said::default() };
            assert_eq!(said.check().is_ok(), expected, "{roll_back:?}");
        }
    }
}
