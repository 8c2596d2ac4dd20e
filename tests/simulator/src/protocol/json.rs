//! AWS json 1.1: the operation in the `X-Amz-Target` header, JSON both ways.

use serde_json::{Value, json};

use crate::call::{Answer, Fault};

/// Takes the protocol off a request body; an empty body is an empty input.
pub fn parse(body: &[u8]) -> Result<Value, Fault> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(input @ Value::Object(_)) => Ok(input),
        _ => Err(Fault::bad_request("SerializationException", "The request body isn't a JSON object.")),
    }
}

/// Puts the protocol on an answer: the HTTP status and the body.
pub fn render(answer: &Answer) -> (u16, String) {
    match answer {
        // An operation without output answers an empty body or object; both are read alike.
        Ok(output) => (200, output.to_string()),
        Err(fault) => (fault.status, json!({"__type": fault.code, "message": fault.message}).to_string()),
    }
}
