//! What people say of a rollout, beside what is rolled out.

use super::Refusal;
use crate::engine::FieldPath;

/// Names the revision that is to be gone back from. Of another one than the spec asks for it says nothing, so that it
/// cannot be meant for what comes later.
pub const ROLL_BACK: &str = "ecs.longshore.dev/roll-back";

/// Names the service deployment that is paused, and is to go on. Of another one it says nothing, so that Git cannot say it
/// again of what comes later.
pub const CONTINUE: &str = "ecs.longshore.dev/continue";

/// What people say of the rollout itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said<'a> {
    /// The spec's `restartedAt`.
    pub restarted_at: Option<&'a str>,
    /// The revision to go back from, `FAMILY:REVISION`: what [`ROLL_BACK`] says.
    pub roll_back: Option<&'a str>,
    /// The service deployment that is to go on: what [`CONTINUE`] says.
    pub proceed: Option<&'a str>,
}

impl Said<'_> {
    /// Whether it can be understood.
    ///
    /// # Errors
    /// What [`ROLL_BACK`] says is no revision, or what [`CONTINUE`] says no id of a deployment. Whoever wrote it wanted
    /// something: nothing is changed until it is corrected.
    pub fn check(&self) -> Result<(), Refusal> {
        self.check_proceed()?;
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

    fn check_proceed(&self) -> Result<(), Refusal> {
        let is_none =
            |value: &&str| value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        let Some(value) = self.proceed.filter(is_none) else { return Ok(()) };
        let message = format!(
            "{value:?} is no id of a service deployment, so nothing is changed; write it as \
             status.deployment.serviceDeployment has it, or remove the annotation"
        );
        Err(Refusal::new("InvalidAnnotation", FieldPath::from("metadata.annotations").item(CONTINUE), message))
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

    #[test]
    fn who_lets_a_deployment_go_on_names_it() {
        for (proceed, expected) in [(Some("EZe5RNVLH6"), true), (Some(""), false), (Some("arn:aws:ecs:x"), false)] {
            let said = Said { proceed, ..Said::default() };
            assert_eq!(said.check().is_ok(), expected, "{proceed:?}");
        }
    }
}
