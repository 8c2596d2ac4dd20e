//! Text that may contain outputs of resources that do not exist yet.

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use super::identity::Id;

/// The member that marks a symbolic text in JSON.
pub(super) const PARTS: &str = "$parts";

/// A string field of a resource: known, or composed of outputs that are known only once other resources exist.
///
/// A known text is a plain JSON string. A symbolic one is an object with the one member `$parts`, so that it
/// can stand anywhere inside a JSON value, such as in the statement of a policy document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    /// Nothing is open.
    Known(String),
    /// At least one output is open.
    Parts(Vec<Part>),
}

/// A piece of a symbolic [`Text`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// Characters as they are.
    Lit(String),
    /// An output of another resource of the same graph.
    Out {
        /// Whose output.
        id: Id,
        /// Which output, such as `arn`.
        output: String,
    },
}

impl Text {
    /// One output of a resource.
    pub fn out(id: Id, output: &str) -> Self {
        Self::Parts(vec![Part::Out { id, output: output.to_owned() }])
    }

    /// This text followed by another.
    pub fn then(self, next: impl Into<Text>) -> Self {
        match (self, next.into()) {
            (Self::Known(a), Self::Known(b)) => Self::Known(a + &b),
            (a, b) => Self::Parts(a.into_parts().into_iter().chain(b.into_parts()).collect()),
        }
    }

    /// The string, if nothing is open.
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Parts(_) => None,
        }
    }

    fn into_parts(self) -> Vec<Part> {
        match self {
            Self::Known(text) if text.is_empty() => vec![],
            Self::Known(text) => vec![Part::Lit(text)],
            Self::Parts(parts) => parts,
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::Known(String::new())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Known(text)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(text) => f.write_str(text),
            Self::Parts(parts) => parts.iter().try_for_each(|part| match part {
                Part::Lit(text) => f.write_str(text),
                Part::Out { id, output } => write!(f, "({output} of {id})"),
            }),
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(text) => serializer.serialize_str(text),
            Self::Parts(parts) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(PARTS, parts)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

// By hand and not `#[serde(untagged)]`, whose failures say nothing useful.
struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a string, or an object with the member {PARTS}")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text::Known(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        match map.next_key::<String>()?.as_deref() {
            Some(PARTS) => Ok(Text::Parts(map.next_value()?)),
            other => Err(A::Error::custom(format!("expected the member {PARTS}, found {other:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn known_text_is_a_plain_json_string() {
        assert_eq!(serde_json::to_value(Text::from("a")).unwrap(), json!("a"));
        assert_eq!(serde_json::from_value::<Text>(json!("a")).unwrap(), Text::from("a"));
    }

    #[test]
    fn symbolic_text_survives_json() {
        let text = Text::from("arn/").then(Text::out(Id::new("k", "x"), "arn")).then("/*");
        let value = serde_json::to_value(&text).unwrap();
        assert_eq!(serde_json::from_value::<Text>(value).unwrap(), text);
    }

    #[test]
    fn joining_known_texts_stays_known() {
        assert_eq!(Text::from("a").then("b").known(), Some("ab"));
    }

    #[test]
    fn an_empty_text_adds_nothing() {
        let arn = || Text::out(Id::new("k", "x"), "arn");
        assert_eq!(Text::from("").then(arn()).then(""), arn());
    }

    #[test]
    fn an_object_that_is_no_text_is_refused_by_name() {
        let error = serde_json::from_value::<Text>(json!({"ref": 1})).unwrap_err().to_string();
        assert!(error.contains("$parts") && error.contains("ref"), "{error}");
        let error = serde_json::from_value::<Text>(json!(1)).unwrap_err().to_string();
        assert!(error.contains("expected a string, or an object with the member $parts"), "{error}");
    }
}
