//! Identity of a resource: its kind, its key within the object, and the fields that cannot change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::kind::Rules;

/// Which AWS resource of an object is meant.
///
/// `fixed` is a hash of the fields that AWS cannot change in place: a change of one of them is another
/// resource, so that a replacement is nothing but a create and a prune. It is empty for kinds all of whose
/// fields can change.
///
/// `kind` is a string and no enum, so that an entry that a newer version wrote survives in an older one.
/// Printed as `ecs/task-definition:task@1f2e3d4c5b6a7980`, in characters that are allowed in AWS tag values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The resource kind's [`super::Kind::NAME`], such as `ec2/security-group`.
    pub kind: String,
    /// The key within the object, such as `task-role`; stable over changes of the spec.
    pub key: String,
    /// Hash of the fields that cannot change, or empty.
    pub fixed: String,
}

impl Id {
    /// An identity without fixed fields.
    pub fn new(kind: impl Into<String>, key: impl Into<String>) -> Self {
        Self { kind: kind.into(), key: key.into(), fixed: String::new() }
    }

    /// Of something that nobody wants, by what it is: the same again has the same identity.
    pub fn stray(rules: &Rules, value: &Value) -> Self {
        Self { fixed: content_hash(&rules.fixed_members(value)), ..Self::new(rules.name, "stray") }
    }

    /// Whether both have the same kind and key: one may then be the other's successor.
    pub fn same_place(&self, other: &Self) -> bool {
        self.kind == other.kind && self.key == other.key
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.key)?;
        if !self.fixed.is_empty() {
            write!(f, "@{}", self.fixed)?;
        }
        Ok(())
    }
}

/// A string that is not a printed [`Id`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a resource identity: expected KIND:KEY or KIND:KEY@HASH")]
pub struct InvalidId(String);

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (kind, rest) = text.split_once(':').ok_or_else(|| InvalidId(text.to_owned()))?;
        let (key, fixed) = rest.rsplit_once('@').unwrap_or((rest, ""));
        if kind.is_empty() || key.is_empty() {
            return Err(InvalidId(text.to_owned()));
        }
        Ok(Self { kind: kind.to_owned(), key: key.to_owned(), fixed: fixed.to_owned() })
    }
}

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Sixteen hexadecimal digits that depend on the content alone, not on the order of its members.
///
/// The JSON is canonicalised first (RFC 8785), since `serde_json`'s member order depends on a feature that any
/// crate in the build can turn on.
pub fn content_hash(value: &Value) -> String {
    // Canonicalising fails only for numbers that are no finite double; those cannot be in a `Value`.
    let canonical = serde_json_canonicalizer::to_vec(value).unwrap_or_default();
    let digest = Sha256::digest(&canonical);
    let first = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{first:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_identity_survives_being_printed_and_read() {
        for id in [
            Id::new("ec2/security-group", "own"),
            Id { fixed: "00ff".into(), ..Id::new("ecs/task-definition", "task") },
        ] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn text_that_is_no_identity_is_refused() {
        for text in ["", "role", ":key", "kind:"] {
            assert_eq!(text.parse::<Id>(), Err(InvalidId(text.to_owned())));
        }
    }

    #[test]
    fn the_content_hash_does_not_depend_on_member_order() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":[1,2]}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"b":[1,2],"a":1}"#).unwrap();
        assert_eq!(content_hash(&one), content_hash(&two));
        assert_ne!(content_hash(&one), content_hash(&json!({"a":1,"b":[2,1]})));
    }
}
