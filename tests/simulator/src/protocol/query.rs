//! The query protocol of IAM, STS and Elastic Load Balancing: a form in, XML out.
//!
//! `Tags.member.1.Key=a` becomes `{"Tags": [{"Key": "a"}]}`. The form knows no types: every scalar arrives as text,
//! so services read numbers and booleans with [`number`] and [`flag`].

use std::collections::BTreeMap;

use percent_encoding::percent_decode;
use serde_json::{Map, Value, json};

use crate::call::{Answer, Fault, Service};

/// Takes the protocol off a request body: the action and its input.
pub fn parse(body: &[u8]) -> Result<(String, Value), Fault> {
    let (action, tree) = read_form(body)?;
    Ok((action, tree.into_json(ListStyle::Member)))
}

/// Puts the protocol on an answer: the HTTP status and the body.
pub fn render(service: Service, operation: &str, answer: &Answer, request_id: &str) -> (u16, String) {
    let namespace = match service {
        Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        Service::Ec2AutoScaling => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
        Service::Elbv2 => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
        _ => "https://iam.amazonaws.com/doc/2010-05-08/",
    };
    let id = escape(request_id);
    match answer {
        Ok(output) => {
            let mut body = format!("<{operation}Response xmlns=\"{namespace}\">");
            // Null is no output at all; an output without members still has its element, which SDKs look for.
            if !output.is_null() {
                write_element(&mut body, &format!("{operation}Result"), output, ListStyle::Member);
            }
            body.extend([
                "<ResponseMetadata><RequestId>",
                &id,
                "</RequestId></ResponseMetadata></",
                operation,
                "Response>",
            ]);
            (200, body)
        }
        Err(fault) => {
            let side = if fault.status >= 500 { "Receiver" } else { "Sender" };
            let (code, message) = (escape(&fault.code), escape(&fault.message));
            let error = format!("<Error><Type>{side}</Type><Code>{code}</Code><Message>{message}</Message></Error>");
            let body =
                format!("<ErrorResponse xmlns=\"{namespace}\">{error}<RequestId>{id}</RequestId></ErrorResponse>");
            (fault.status, body)
        }
    }
}

/// A whole number among an input's members; absent or empty is none, anything else that is no number a
/// `ValidationError`.
pub fn number(input: &Value, member: &str) -> Result<Option<i64>, Fault> {
    let malformed =
        |text: &str| Fault::bad_request("ValidationError", format!("Value '{text}' at '{member}' is not a number"));
    match input.get(member) {
        Some(Value::Number(number)) => number.as_i64().map(Some).ok_or_else(|| malformed(&number.to_string())),
        Some(Value::String(text)) if !text.is_empty() => text.parse().map(Some).map_err(|_| malformed(text)),
        _ => Ok(None),
    }
}

/// A boolean among an input's members, written `true` in a form.
pub fn flag(input: &Value, member: &str) -> Option<bool> {
    match input.get(member) {
        Some(Value::Bool(flag)) => Some(*flag),
        Some(Value::String(text)) => Some(text.eq_ignore_ascii_case("true")),
        _ => None,
    }
}

/// A text among an input's members; empty is as good as absent.
pub fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A member's name with a small letter first: how messages and the answers of EC2 write it.
pub fn lower_first(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(0..1) {
        first.make_ascii_lowercase();
    }
    name
}

/// The items of a list among an input's members; absent is empty.
pub fn items<'a>(input: &'a Value, member: &str) -> &'a [Value] {
    input.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// How lists look on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListStyle {
    /// `A.member.1=..` and `<member>`: query.
    Member,
    /// `A.1=..` and `<item>`: ec2-query.
    Item,
    /// `<ResourceRecord>` in `<ResourceRecords>`: rest-xml.
    Named,
}

/// What a map is written as: entries of a key and a value (Smithy, "AWS query protocol", map serialization).
const ENTRY: &str = "entry";

/// A form's names taken apart at their dots.
#[derive(Debug, PartialEq)]
pub(super) enum Tree {
    Leaf(String),
    Branch(BTreeMap<String, Tree>),
}

impl Tree {
    fn insert(&mut self, path: &[&str], text: String) {
        let Some((first, rest)) = path.split_first() else {
            *self = Self::Leaf(text);
            return;
        };
        if let Self::Leaf(_) = self {
            *self = Self::Branch(BTreeMap::new());
        }
        if let Self::Branch(children) = self {
            let child = children.entry((*first).to_owned()).or_insert_with(|| Self::Branch(BTreeMap::new()));
            child.insert(rest, text);
        }
    }

    pub(super) fn into_json(self, style: ListStyle) -> Value {
        match self {
            Self::Leaf(text) => Value::String(text),
            Self::Branch(mut children) => {
                if style == ListStyle::Member
                    && children.len() == 1
                    && let Some(Self::Branch(items)) = children.remove("member")
                {
                    return list(items, style);
                }
                if style == ListStyle::Member
                    && children.len() == 1
                    && let Some(Self::Branch(entries)) = children.remove(ENTRY)
                {
                    return json!({ ENTRY: list(entries, style) });
                }
                if style == ListStyle::Item
                    && !children.is_empty()
                    && children.keys().all(|key| position(key).is_some())
                {
                    return list(children, style);
                }
                let members: Map<_, _> =
                    children.into_iter().map(|(key, child)| (key, child.into_json(style))).collect();
                Value::Object(members)
            }
        }
    }
}

fn position(key: &str) -> Option<u32> {
    key.parse().ok()
}

/// A list's items in the order of their numbers: `10` comes after `9`.
fn list(items: BTreeMap<String, Tree>, style: ListStyle) -> Value {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_by_key(|(key, _)| position(key));
    Value::Array(items.into_iter().map(|(_, item)| item.into_json(style)).collect())
}

/// The action of a form, and the rest as a tree; the API version is dropped.
pub(super) fn read_form(body: &[u8]) -> Result<(String, Tree), Fault> {
    let mut action = None;
    let mut tree = Tree::Branch(BTreeMap::new());
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(sides.next().unwrap_or_default())?;
        let text = decode(sides.next().unwrap_or_default())?;
        match name.as_str() {
            "Action" => action = Some(text),
            "Version" => {}
            _ => tree.insert(&name.split('.').collect::<Vec<_>>(), text),
        }
    }
    let missing = || Fault::bad_request("MissingAction", "The request must contain the parameter Action.");
    Ok((action.filter(|action| !action.is_empty()).ok_or_else(missing)?, tree))
}

fn decode(text: &[u8]) -> Result<String, Fault> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Fault::bad_request("MalformedQueryString", "The form is not UTF-8."))
}

pub(super) fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    quick_xml::escape::escape(text)
}

/// Writes a JSON value as an element; null is left out.
pub(super) fn write_element(body: &mut String, name: &str, value: &Value, style: ListStyle) {
    if value.is_null() {
        return;
    }
    if let (ENTRY, Value::Array(entries)) = (name, value) {
        for entry in entries {
            write_element(body, name, entry, style);
        }
        return;
    }
    body.extend(["<", name, ">"]);
    match value {
        Value::Null => {}
        Value::Bool(flag) => body.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => body.push_str(&number.to_string()),
        Value::String(text) => body.push_str(&escape(text)),
        Value::Array(items) => {
            let item = match style {
                ListStyle::Member => "member",
                ListStyle::Item => "item",
                ListStyle::Named => name.trim_end_matches('s'),
            };
            for value in items {
                write_element(body, item, value, style);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                write_element(body, name, value, style);
            }
        }
    }
    body.extend(["</", name, ">"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_nested_json() {
        let cases = [
            ("Action=GetRole&Version=2010-05-08&RoleName=a", "GetRole", json!({"RoleName": "a"})),
            (
                "Action=TagRole&RoleName=a&Tags.member.1.Key=k&Tags.member.1.Value=v+w&Tags.member.2.Key=%C3%A9&Tags.member.2.Value=",
                "TagRole",
                json!({"RoleName": "a", "Tags": [{"Key": "k", "Value": "v w"}, {"Key": "é", "Value": ""}]}),
            ),
            (
                "Action=UntagRole&TagKeys.member.2=b&TagKeys.member.10=c&TagKeys.member.1=a",
                "UntagRole",
                json!({"TagKeys": ["a", "b", "c"]}),
            ),
            (
                "Action=A&M.entry.1.key=a&M.entry.1.value=b&M.entry.2.key=c&M.entry.2.value=d",
                "A",
                json!({"M": {"entry": [{"key": "a", "value": "b"}, {"key": "c", "value": "d"}]}}),
            ),
            ("Action=ListRoles", "ListRoles", json!({})),
            ("Action=CreateRole&Tags=", "CreateRole", json!({"Tags": ""})),
        ];
        for (form, action, input) in cases {
            assert_eq!(parse(form.as_bytes()), Ok((action.to_owned(), input)), "{form}");
        }
    }

    #[test]
    fn a_form_without_an_action_is_refused() {
        assert_eq!(parse(b"RoleName=a").unwrap_err().code, "MissingAction");
        assert_eq!(parse(b"").unwrap_err().code, "MissingAction");
    }

    #[test]
    fn an_answer_becomes_xml_with_members() {
        let answer = Ok(json!({"PolicyNames": ["a<b", "c"], "IsTruncated": false, "Marker": null}));
        let (status, body) = render(Service::Iam, "ListRolePolicies", &answer, "id-1");
        assert_eq!(status, 200);
        assert_eq!(
            body,
            "<ListRolePoliciesResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListRolePoliciesResult>\
             <IsTruncated>false</IsTruncated><PolicyNames><member>a&lt;b</member><member>c</member></PolicyNames>\
             </ListRolePoliciesResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></ListRolePoliciesResponse>"
        );
    }

    #[test]
    fn a_map_is_answered_as_its_entries() {
        let answer = Ok(json!({"M": {"entry": [{"key": "a", "value": "b"}, {"key": "c", "value": "d"}]}}));
        let (_, body) = render(Service::Elbv2, "A", &answer, "id-1");
        let entries = "<M><entry><key>a</key><value>b</value></entry><entry><key>c</key><value>d</value></entry></M>";
        assert!(body.contains(entries), "{body}");
    }

    #[test]
    fn only_an_operation_without_output_has_no_result_element() {
        let (_, body) = render(Service::Iam, "DeleteRole", &Ok(Value::Null), "id-1");
        assert!(!body.contains("DeleteRoleResult") && body.contains("<RequestId>id-1</RequestId>"), "{body}");
        let (_, body) = render(Service::Iam, "UpdateRole", &Ok(json!({})), "id-1");
        assert!(body.contains("<UpdateRoleResult></UpdateRoleResult>"), "{body}");
    }

    #[test]
    fn an_error_tells_type_code_and_message() {
        let (status, body) =
            render(Service::Sts, "AssumeRole", &Err(Fault::forbidden("AccessDenied", "a & b")), "id-1");
        assert_eq!(status, 403);
        assert_eq!(
            body,
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
             <Code>AccessDenied</Code><Message>a &amp; b</Message></Error><RequestId>id-1</RequestId></ErrorResponse>"
        );
    }

    #[test]
    fn numbers_and_flags_are_read_from_text_and_json() {
        let input = json!({"a": "7", "b": 7, "c": "x", "d": "", "e": "true", "f": false});
        assert_eq!(number(&input, "a"), Ok(Some(7)));
        assert_eq!(number(&input, "b"), Ok(Some(7)));
        assert_eq!(number(&input, "c").unwrap_err().code, "ValidationError");
        assert_eq!(number(&input, "d"), Ok(None));
        assert_eq!((flag(&input, "e"), flag(&input, "f"), flag(&input, "g")), (Some(true), Some(false), None));
    }
}
