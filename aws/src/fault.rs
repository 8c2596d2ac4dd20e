//! What went wrong at AWS's edge: what happened, where, why, and what to do about it.

use std::fmt;
use std::time::Duration;

use longshore_planner::engine::Unreadable;

use crate::classes::{self, Class};

/// A failed call to AWS, already put into its class.
///
/// Shown to people as it is: in conditions, Events and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is to be done about it.
    pub class: Class,
    /// The service and operation, such as `ecs:CreateService`.
    pub operation: String,
    /// AWS's error code, or one of this crate's own: [`Fault::TIMEOUT`], [`Fault::CONNECTION`], [`Fault::PACED`],
    /// [`Fault::NOT_LEADER`], [`Fault::UNEXPECTED`].
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// What the reader can do; empty where there is nothing to do but wait.
    pub advice: String,
    /// When it is worth trying again, where that is known.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// What it says of something that could not be read for it.
    pub(crate) fn unreadable(&self) -> Unreadable {
        Unreadable { why: self.to_string(), passes: self.class != Class::Fix }
    }

    /// The code of a call that got no answer in time; it may have taken effect.
    pub const TIMEOUT: &'static str = "Timeout";
    /// The code of a call whose connection failed; it may have taken effect.
    pub const CONNECTION: &'static str = "Connection";
    /// The code of a call that the SDK could not send: no credentials, an input that it refuses.
    pub const UNSENT: &'static str = "NotSent";
    /// The code of a call that was not sent, because too many others wait for the same rate limit.
    pub const PACED: &'static str = "Paced";
    /// The code of a call that was not sent, because another process may lead by now. Nobody is told of it: whoever
    /// leads goes on.
    pub const NOT_LEADER: &'static str = "NotLeader";
    /// The code of an answer that lacks what AWS's API reference promises.
    pub const UNEXPECTED: &'static str = "UnexpectedAnswer";

    /// An error that AWS answered with, classified by operation, code and message.
    pub fn answered(operation: &str, code: &str, message: &str, status: u16) -> Self {
        let verdict = classes::classify(operation, code, message, status);
        Self { class: verdict.class, advice: verdict.advice, ..Self::new(operation, code, message) }
    }

    /// A call that got no answer: it is tried again.
    pub fn unanswered(operation: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { class: Class::Retry, ..Self::new(operation, code, message) }
    }

    /// A call whose input the SDK does not build.
    pub(crate) fn unsent(operation: &str, error: &dyn fmt::Display) -> Self {
        Self::unanswered(operation, Self::UNSENT, error.to_string())
    }

    /// AWS is not there yet, and will be by itself.
    pub fn wait(operation: &str, code: &str, message: impl Into<String>) -> Self {
        Self { class: Class::Wait, ..Self::new(operation, code, message) }
    }

    /// Only a person can mend it.
    pub fn fix(operation: &str, code: &str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { class: Class::Fix, advice: advice.into(), ..Self::new(operation, code, message) }
    }

    /// An answer without a member that AWS's API reference promises.
    pub fn unexpected(operation: &str, missing: &str) -> Self {
        Self::unanswered(operation, Self::UNEXPECTED, format!("the answer has no {missing}"))
    }

    /// Whether the call may have taken effect although no answer came.
    pub fn outcome_unknown(&self) -> bool {
        matches!(self.code.as_str(), Self::TIMEOUT | Self::CONNECTION | Self::UNEXPECTED)
            || classes::is_server_error(&self.code)
    }

    /// Whether AWS said that it is asked too often.
    pub fn is_throttle(&self) -> bool {
        classes::is_throttle(&self.code)
    }

    /// Whether the code is this one.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    fn new(operation: &str, code: &str, message: impl Into<String>) -> Self {
        Self {
            class: Class::Fix,
            operation: operation.to_owned(),
            code: code.to_owned(),
            message: message.into(),
            advice: String::new(),
            retry_after: None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operation, code) = (&self.operation, &self.code);
        match self.message.trim().trim_end_matches('.') {
            "" => write!(f, "{operation} failed with {code}")?,
            message => write!(f, "{operation} failed with {code}: {message}")?,
        }
        if self.advice.is_empty() { Ok(()) } else { write!(f, "; {}", self.advice) }
    }
}

impl std::error::Error for Fault {}

/// Turns "not there" into `None`.
pub(crate) trait Absent<T> {
    /// `None` where the fault's code is one of these.
    fn absent_if(self, codes: &[&str]) -> Result<Option<T>, Fault>;
}

impl<T> Absent<T> for Result<T, Fault> {
    fn absent_if(self, codes: &[&str]) -> Result<Option<T>, Fault> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(fault) if codes.contains(&fault.code.as_str()) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_one_sentence_with_what_to_do() {
        let fault =
            Fault::fix("ecs:CreateService", "InvalidParameterException", "Subnet is bad.", "name another subnet");
        assert_eq!(
            fault.to_string(),
            "ecs:CreateService failed with InvalidParameterException: Subnet is bad; name another subnet"
        );
        let silent = Fault::answered("iam:GetRole", "InternalFailure", "", 500);
        assert_eq!(silent.to_string(), "iam:GetRole failed with InternalFailure");
    }

    #[test]
    fn only_an_unanswered_call_may_have_taken_effect() {
        assert!(Fault::unanswered("ecs:RunTask", Fault::TIMEOUT, "").outcome_unknown());
        assert!(Fault::answered("ecs:RunTask", "ServerException", "", 500).outcome_unknown());
        assert!(!Fault::answered("ecs:RunTask", "ThrottlingException", "", 400).outcome_unknown());
        assert!(!Fault::unanswered("ecs:RunTask", Fault::PACED, "").outcome_unknown());
        assert!(!Fault::unanswered("ecs:RunTask", Fault::NOT_LEADER, "").outcome_unknown());
    }
}
