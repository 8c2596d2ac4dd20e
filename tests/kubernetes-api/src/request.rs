//! Requests, read: what is asked for, of which object.

use std::collections::BTreeMap;

use http::Method;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::key::Key;
use crate::kind::{Kinds, NAMESPACES};
use crate::refusal::{self, Refusal};
use crate::seam::Verb;
use crate::write::Part;

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) verb: Verb,
    pub(crate) key: Key,
    pub(crate) part: Part,
    pub(crate) query: Query,
    /// Null where there is none.
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn read(kinds: &Kinds, parts: &Parts, body: &[u8]) -> Result<Self, Refusal> {
        let path = Path::read(kinds, parts.uri.path())?;
        let query = Query::read(parts.uri.query().unwrap_or_default());
        query.is_modelled()?;
        let verb = verb(&parts.method, &path, &query)?;
        if verb == Verb::Patch {
            let said = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let said = said.unwrap_or_default();
            if said != "application/merge-patch+json" {
                return Err(refusal::unsupported_patch(said));
            }
        }
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body)
                .map_err(|error| refusal::bad_request(&format!("the body is not JSON: {error}")))?
        };
        Ok(Self { verb, key: path.key, part: path.part, query, body })
    }

    /// As Kubernetes' roles name it.
    pub(crate) fn resource(&self) -> String {
        let subresource = if self.part == Part::Status { "/status" } else { "" };
        format!("{}{subresource}", self.key.resource)
    }
}

fn verb(method: &Method, path: &Path, query: &Query) -> Result<Verb, Refusal> {
    let is_one = !path.key.name.is_empty();
    match *method {
        Method::GET if is_one => Ok(Verb::Get),
        Method::GET if query.is("watch") => Ok(Verb::Watch),
        Method::GET => Ok(Verb::List),
        Method::POST if !is_one => Ok(Verb::Create),
        Method::PUT if is_one => Ok(Verb::Update),
        Method::PATCH if is_one => Ok(Verb::Patch),
        Method::DELETE if is_one && path.part == Part::Main => Ok(Verb::Delete),
        Method::DELETE if !is_one => Err(refusal::not_modelled("deletion of collections")),
        _ => Err(refusal::method_not_allowed()),
    }
}

/// `/apis/GROUP/VERSION[/namespaces/NAMESPACE]/RESOURCE[/NAME[/SUBRESOURCE]]`, and `/api/v1/...` for the core group.
struct Path {
    key: Key,
    part: Part,
}

impl Path {
    fn read(kinds: &Kinds, path: &str) -> Result<Self, Refusal> {
        let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect();
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        let (api_version, rest) = match segments.as_slice() {
            ["api", version, rest @ ..] => ((*version).to_owned(), rest),
            ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
            _ => return Err(refusal::no_such_resource()),
        };
        let (namespace, plural, rest) = match rest {
            // A namespace is an object, too, and has subresources.
            [NAMESPACES, name, part @ ("status" | "finalize")] => {
                return Err(refusal::not_modelled(&format!("{NAMESPACES}/{part} (of {name})")));
            }
            [NAMESPACES, namespace, plural, rest @ ..] => (*namespace, *plural, rest),
            [plural, rest @ ..] => ("", *plural, rest),
            [] => return Err(refusal::no_such_resource()),
        };
        let (name, part) = match rest {
            [] => ("", Part::Main),
            [name] => (*name, Part::Main),
            [name, "status"] => (*name, Part::Status),
            [_, other] => return Err(refusal::not_modelled(&format!("{plural}/{other}"))),
            _ => return Err(refusal::no_such_resource()),
        };
        let kind = kinds.plural(plural).filter(|kind| kind.api_version() == api_version);
        let kind = kind.ok_or_else(refusal::no_such_resource)?;
        let is_in_namespace = !namespace.is_empty();
        let fits = is_in_namespace == kind.namespaced || (kind.namespaced && name.is_empty());
        if !fits || (part == Part::Status && !kind.status) {
            return Err(refusal::no_such_resource());
        }
        Ok(Self { key: Key::new(plural, namespace, name), part })
    }
}

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Query(BTreeMap<String, String>);

/// What would change the answer, and is not modelled.
const NOT_MODELLED: [&str; 3] = ["dryRun", "fieldSelector", "labelSelector"];

impl Query {
    fn read(query: &str) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (decoded(name), decoded(&value.replace('+', " ")))).collect())
    }

    fn is_modelled(&self) -> Result<(), Refusal> {
        let mut asked = NOT_MODELLED.into_iter().filter(|name| !self.text(name).is_empty());
        asked.next().map_or(Ok(()), |name| Err(refusal::not_modelled(&format!("the parameter {name}"))))
    }

    /// Empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Whether a flag is there and set.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.flag(name) == Some(true)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).map(|value| matches!(value.as_str(), "true" | "1"))
    }

    /// `None` where there is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.text(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| refusal::bad_request(&format!("{name}: {text} is no number"))),
        }
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: Method, uri: &str) -> Result<String, u16> {
        let kinds = Kinds::new(["
            spec:
              group: example.dev
              names: {kind: Boat, plural: boats}
              scope: Namespaced
              versions: [{name: v1, storage: true, subresources: {status: {}}}]"])
        .unwrap();
        let (parts, ()) = http::Request::builder().method(method).uri(uri).body(()).unwrap().into_parts();
        let request = Request::read(&kinds, &parts, b"").map_err(|refusal| refusal.code)?;
        Ok(format!("{} {} {}", request.verb, request.resource(), request.key.path()))
    }

    #[test]
    fn paths_and_methods_say_what_is_asked_of_which_object() {
        let boats = "/apis/example.dev/v1/namespaces/sea/boats";
        let cases = [
            (Method::GET, format!("{boats}/a"), Ok("get boats sea/a")),
            (Method::GET, format!("{boats}?"), Ok("list boats sea/")),
            (Method::GET, format!("{boats}?&watch=true"), Ok("watch boats sea/")),
            (Method::GET, "/apis/example.dev/v1/boats".to_owned(), Ok("list boats /")),
            (Method::POST, boats.to_owned(), Ok("create boats sea/")),
            (Method::PUT, format!("{boats}/a/status"), Ok("update boats/status sea/a")),
            (Method::DELETE, format!("{boats}/a%2Db"), Ok("delete boats sea/a-b")),
            (Method::GET, "/api/v1/namespaces/sea".to_owned(), Ok("get namespaces /sea")),
            (Method::GET, "/api/v1/namespaces".to_owned(), Ok("list namespaces /")),
            (Method::DELETE, boats.to_owned(), Err(501)),
            (Method::GET, format!("{boats}?labelSelector=a%3Db"), Err(501)),
            (Method::GET, "/apis/example.dev/v1/boats/a".to_owned(), Err(404)),
            (Method::GET, "/apis/example.dev/v2/boats".to_owned(), Err(404)),
            (Method::GET, "/api/v1/pods".to_owned(), Err(404)),
            (Method::PATCH, format!("{boats}/a"), Err(415)),
            (Method::POST, format!("{boats}/a"), Err(405)),
        ];
        for (method, uri, expected) in cases {
            assert_eq!(read(method.clone(), &uri), expected.map(str::to_owned), "{method} {uri}");
        }
    }
}
