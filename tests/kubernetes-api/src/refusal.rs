//! Refusals, in the words of the API server: a `Status` object with code, reason and details.
//!
//! The constructors are public so that a test can refuse a call as the API server would.

use kube::core::Status;
use kube::core::response::{StatusCause, StatusDetails, reason};
use serde_json::{Value, json};

use crate::key::Key;
use crate::kind::{Kind, NAMESPACES};

/// A refused call. The status as it is sent to the client.
pub type Refusal = Box<Status>;

fn refusal(code: u16, reason: &str, message: &str) -> Refusal {
    Status::failure(message, reason).with_code(code).boxed()
}

fn details(name: &str, group: &str, kind: &str) -> StatusDetails {
    StatusDetails {
        name: name.to_owned(),
        group: group.to_owned(),
        kind: kind.to_owned(),
        uid: String::new(),
        causes: vec![],
        retry_after_seconds: 0,
    }
}

fn of(kind: &Kind, name: &str, code: u16, reason: &str, message: &str) -> Refusal {
    Status::failure(message, reason).with_code(code).with_details(details(name, &kind.group, &kind.plural)).boxed()
}

/// 404: there is no such object.
pub(crate) fn not_found(kind: &Kind, name: &str) -> Refusal {
    of(kind, name, 404, reason::NOT_FOUND, &format!("{} \"{name}\" not found", kind.qualified()))
}

/// 409: there is one already, or still.
pub(crate) fn already_exists(kind: &Kind, name: &str, is_being_deleted: bool) -> Refusal {
    let how = if is_being_deleted { "object is being deleted: " } else { "" };
    of(kind, name, 409, reason::ALREADY_EXISTS, &format!("{how}{} \"{name}\" already exists", kind.qualified()))
}

/// 409: what the write was based on is not what is there.
pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Refusal {
    let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified());
    of(kind, name, 409, reason::CONFLICT, &message)
}

/// Why a write with an old resourceVersion is refused.
pub(crate) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// 409: another object, or another state of it, was meant.
pub(crate) fn precondition(kind: &Kind, name: &str, field: &str, said: &str, is: &str) -> Refusal {
    let why = format!("Precondition failed: {field} in precondition: {said}, {field} in object meta: {is}");
    let mut refusal = conflict(kind, name, &why);
    if let Some(details) = refusal.details.as_mut().filter(|_| kind.plural != NAMESPACES) {
        details.kind.clone_from(&kind.name);
    }
    refusal
}

/// 403: its namespace is being deleted.
pub(crate) fn terminating(kind: &Kind, key: &Key) -> Refusal {
    let namespace = &key.namespace;
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let message = format!("{} \"{}\" is forbidden: {why}", kind.qualified(), key.name);
    let mut details = details(&key.name, &kind.group, &kind.plural);
    details.causes.push(StatusCause {
        reason: "NamespaceTerminating".to_owned(),
        message: format!("namespace {namespace} is being terminated"),
        field: "metadata.namespace".to_owned(),
    });
    Status::failure(&message, reason::FORBIDDEN).with_code(403).with_details(details).boxed()
}

/// 500: a new object cannot have a version yet.
pub(crate) fn with_resource_version() -> Refusal {
    let message = "resourceVersion should not be set on objects to be created";
    refusal(500, "", message)
}

/// 422: a write that says what it is based on is asked for.
pub(crate) fn without_resource_version(kind: &Kind, name: &str) -> Refusal {
    let why = "metadata.resourceVersion: Invalid value: 0: must be specified for an update";
    let message = format!("{} \"{name}\" is invalid: {why}", kind.qualified());
    of(kind, name, 422, reason::INVALID, &message)
}

/// 422: the body is of another kind than the path.
pub(crate) fn other_kind(kind: &Kind, name: &str, said: &str) -> Refusal {
    let why = format!("kind: Invalid value: \"{said}\": must be {}", kind.name);
    let message = format!("{said}.{} \"{name}\" is invalid: {why}", kind.group);
    let details = details(name, &kind.group, said);
    Status::failure(&message, reason::INVALID).with_code(422).with_details(details).boxed()
}

/// 403, for reasons that have nothing to do with who asks.
pub(crate) fn forbidden(kind: &Kind, name: &str, why: &str) -> Refusal {
    of(kind, name, 403, reason::FORBIDDEN, &format!("{} \"{name}\" is forbidden: {why}", kind.qualified()))
}

/// 422: the object breaks a rule.
pub(crate) fn invalid(kind: &Kind, name: &str, why: &str) -> Refusal {
    // Of all details, only those of invalid objects name the kind and not the resource.
    let details = details(name, &kind.group, &kind.name);
    let qualified = if kind.group.is_empty() { kind.name.clone() } else { format!("{}.{}", kind.name, kind.group) };
    let message = format!("{qualified} \"{name}\" is invalid: {why}");
    Status::failure(&message, reason::INVALID).with_code(422).with_details(details).boxed()
}

/// 400: the request makes no sense.
pub(crate) fn bad_request(message: &str) -> Refusal {
    refusal(400, reason::BAD_REQUEST, message)
}

/// 404 for a path that nothing is served under.
pub(crate) fn no_such_resource() -> Refusal {
    refusal(404, reason::NOT_FOUND, "the server could not find the requested resource")
}

/// 405: the path is served, not so.
pub(crate) fn method_not_allowed() -> Refusal {
    refusal(405, reason::METHOD_NOT_ALLOWED, "the server does not allow this method on the requested resource")
}

/// 415: a patch of another kind than JSON merge patch.
pub(crate) fn unsupported_patch(content_type: &str) -> Refusal {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: \
         application/merge-patch+json (this API in memory takes no {content_type})"
    );
    refusal(415, reason::UNSUPPORTED_MEDIA_TYPE, &message)
}

/// 410: watching from so long ago is not possible any more.
pub(crate) fn expired(from: u64, oldest: u64) -> Refusal {
    refusal(410, reason::EXPIRED, &format!("too old resource version: {from} ({oldest})"))
}

/// 410: the state that the first page was of is not known any more.
pub(crate) fn expired_page() -> Refusal {
    refusal(410, reason::EXPIRED, "The provided continue parameter is too old to display a consistent list result.")
}

/// 504: nobody has heard of that version yet.
pub(crate) fn too_large(asked: u64, now: u64) -> Refusal {
    let message = format!("Timeout: Too large resource version: {asked}, current: {now}");
    refusal(504, reason::TIMEOUT, &message)
}

/// 422: the parameters contradict each other.
pub(crate) fn invalid_options(why: &str) -> Refusal {
    let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {why}");
    let details = details("", "meta.k8s.io", "ListOptions");
    Status::failure(&message, reason::INVALID).with_code(422).with_details(details).boxed()
}

/// As it is sent.
pub(crate) fn as_object(refusal: &Refusal) -> Value {
    let mut object = serde_json::to_value(refusal).unwrap_or_default();
    if let Some(fields) = object.as_object_mut() {
        fields.insert("apiVersion".to_owned(), json!("v1"));
        fields.insert("kind".to_owned(), json!("Status"));
        fields.insert("metadata".to_owned(), json!({}));
    }
    object
}

/// 501: the real one can do it, this one cannot. No test passes by accident on what is not there.
pub(crate) fn not_modelled(what: &str) -> Refusal {
    refusal(501, "", &format!("not modelled by the Kubernetes API in memory: {what}"))
}

/// 409, as if somebody else had written the object just before. (To have it really so, let the [`Seam`](crate::Seam)
/// edit the object.)
pub fn conflict_on(key: &Key) -> Refusal {
    let message = format!("Operation cannot be fulfilled on {} \"{}\": {MODIFIED}", key.resource, key.name);
    refusal(409, reason::CONFLICT, &message)
}

/// 429: too fast; to be tried again after this many seconds.
pub fn too_many_requests(retry_after_seconds: u32) -> Refusal {
    let details = StatusDetails { retry_after_seconds, ..details("", "", "") };
    let message = "the server has received too many requests and has asked us to try again later";
    Status::failure(message, reason::TOO_MANY_REQUESTS).with_code(429).with_details(details).boxed()
}

/// 503: nobody there who could answer.
pub fn unavailable() -> Refusal {
    refusal(503, reason::SERVICE_UNAVAILABLE, "the server is currently unable to handle the request")
}

/// 500: as when etcd cannot be reached.
pub fn internal_error() -> Refusal {
    refusal(500, reason::INTERNAL_ERROR, "Internal error occurred: etcdserver: request timed out")
}

/// 504: the outcome is not known. After a write, it may well have taken effect.
pub fn timed_out() -> Refusal {
    let message = "Timeout: request did not complete within the allotted timeout";
    refusal(504, reason::TIMEOUT, message)
}

/// 403: no right to do so.
pub fn not_allowed(key: &Key) -> Refusal {
    refusal(403, reason::FORBIDDEN, &format!("{} \"{}\" is forbidden: RBAC", key.resource, key.name))
}
