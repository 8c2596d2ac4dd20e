//! IAM policy documents inside a manifest.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// An IAM policy document, kept as it was written.
///
/// Its grammar is IAM's (IAM user guide, "Grammar of the IAM JSON policy language"); here it only has to be an object
/// with a `Statement`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct PolicyDocument(pub Map<String, Value>);

impl PolicyDocument {
    /// The statements: IAM takes one, or a list of them.
    pub fn statements(&self) -> Vec<&Value> {
        match self.0.get("Statement") {
            None => Vec::new(),
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(statement) => vec![statement],
        }
    }
}

impl JsonSchema for PolicyDocument {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PolicyDocument".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "required": ["Statement"],
            "properties": {
                "Version": { "type": "string", "enum": ["2012-10-17", "2008-10-17"] },
                "Statement": { "x-kubernetes-preserve-unknown-fields": true },
            },
            "x-kubernetes-preserve-unknown-fields": true,
        })
    }
}
