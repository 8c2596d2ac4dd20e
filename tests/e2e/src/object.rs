//! Reading Kubernetes objects.

use serde_json::Value;

/// One of an object's conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// `True`, `False` or `Unknown`; empty when there is no such condition.
    pub status: String,
    /// One word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// The generation of the spec that it speaks of.
    pub generation: u64,
}

impl std::fmt::Display for Condition {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            to,
            "{} ({}: {})",
            if self.status.is_empty() { "absent" } else { &self.status },
            self.reason,
            self.message
        )
    }
}

/// The condition of a type; an empty one when it isn't there.
pub fn condition(object: &Value, kind: &str) -> Condition {
    let conditions = object["status"]["conditions"].as_array();
    let Some(found) = conditions.and_then(|all| all.iter().find(|one| one["type"] == kind)) else {
        return Condition::default();
    };
    Condition {
        status: text(found, "/status"),
        reason: text(found, "/reason"),
        message: text(found, "/message"),
        generation: number(found, "/observedGeneration"),
    }
}

/// The text at a JSON pointer; empty when there is none.
pub fn text(object: &Value, at: &str) -> String {
    object.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The number at a JSON pointer; zero when there is none.
pub fn number(object: &Value, at: &str) -> u64 {
    object.pointer(at).and_then(Value::as_u64).unwrap_or_default()
}

/// Whether a message names all of these, in whatever case; the missing ones otherwise.
pub fn names_all(message: &str, wanted: &[&str]) -> Result<(), String> {
    let lower = message.to_lowercase();
    let missing: Vec<_> = wanted.iter().filter(|word| !lower.contains(&word.to_lowercase())).copied().collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("no word of {} in: {message}", missing.join(", "))) }
}
