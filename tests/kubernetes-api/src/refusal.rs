//! Refusals, in the words of the API server: a `Status` object with code, reason and details.
//!
//! The constructors are public so that a test can refuse a call as the API server would.

use kube::core::Status;
use kube::core::response::{StatusDetails, reason};

use crate::key::Key;
use crate::kind::Kind;

/// A refused call. The status as it is sent to the client.
pub type Refusal = Box<Status>;

fn refusal(code: u16, reason: &str, message: &str) -> Refusal {
    Status::failure(message, reason).with_code(code).boxed()
}

fn details(kind: &Kind, name: &str) -> StatusDetails {
    StatusDetails {
        name: name.to_owned(),
        group: kind.group.clone(),
        kind: kind.plural.clone(),
        ..StatusDetails::default()
    }
}

fn of(kind: &Kind, name: &str, code: u16, reason: &str, message: &str) -> Refusal {
    Status::failure(message, reason).with_code(code).with_details(details(kind, name)).boxed()
}

/// 404: there is no such object.
pub(crate) fn not_found(kind: &Kind, name: &str) -> Refusal {
    of(kind, name, 404, reason::NOT_FOUND, &format!("{} \"{name}\" not found", kind.qualified()))
}

/// 409: there is one already.
pub(crate) fn already_exists(kind: &Kind, name: &str) -> Refusal {
    of(kind, name, 409, reason::ALREADY_EXISTS, &format!("{} \"{name}\" already exists", kind.qualified()))
}

/// 409: what the write was based on is not what is there.
pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Refusal {
    let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified());
    of(kind, name, 409, reason::CONFLICT, &message)
}

/// Why a write with an old resourceVersion is refused.
pub(crate) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// 403, for reasons that have nothing to do with who asks.
pub(crate) fn forbidden(kind: &Kind, name: &str, why: &str) -> Refusal {
    of(kind, name, 403, reason::FORBIDDEN, &format!("{} \"{name}\" is forbidden: {why}", kind.qualified()))
}

/// 422: the object breaks a rule.
pub(crate) fn invalid(kind: &Kind, name: &str, why: &str) -> Refusal {
    let mut details = details(kind, name);
    // Of all details, only those of invalid objects name the kind and not the resource.
    details.kind.clone_from(&kind.kind);
    let qualified = if kind.group.is_empty() { kind.kind.clone() } else { format!("{}.{}", kind.kind, kind.group) };
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

/// 501: the real one can do it, this one cannot. No test passes by accident on what is not there.
pub(crate) fn not_modelled(what: &str) -> Refusal {
    refusal(501, "", &format!("not modelled by the Kubernetes API in memory: {what}"))
}

/// 409, as if somebody else had written the object just before. (To have it really so, let the fault's
/// [`before`](crate::Faults::call) edit the object.)
pub fn conflict_on(key: &Key) -> Refusal {
    let message = format!("Operation cannot be fulfilled on {} \"{}\": {MODIFIED}", key.resource, key.name);
    refusal(409, reason::CONFLICT, &message)
}

/// 429: too fast; to be tried again after this many seconds.
pub fn too_many_requests(retry_after_seconds: u32) -> Refusal {
    let details = StatusDetails { retry_after_seconds, ..StatusDetails::default() };
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
