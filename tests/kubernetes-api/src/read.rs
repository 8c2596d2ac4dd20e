//! Reading: one object, or lists, page by page.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::key::Key;
use crate::kind::Kind;
use crate::metadata::text;
use crate::refusal::{self, Refusal};
use crate::request::{Query, Request};
use crate::store::{Scope, Store};
use crate::write::Answer;

/// GET of one object, as it was before its last `stale` changes.
pub(crate) fn get(store: &Store, kind: &Kind, key: &Key, stale: usize) -> Result<Answer, Refusal> {
    let scope = Scope(key.clone());
    let found = store.within_at(&scope, store.revision_before(&scope, stale)).ok();
    let object = found.and_then(|found| found.into_iter().next());
    let object = object.ok_or_else(|| refusal::not_found(kind, &key.name))?;
    Ok(Answer { code: 200, object })
}

/// GET of many: all, or a page of them.
pub(crate) fn list(store: &Store, kind: &Kind, request: &Request, stale: usize) -> Result<Answer, Refusal> {
    let (query, scope) = (&request.query, Scope(request.key.clone()));
    is_valid(query)?;
    let page = Page::asked(store, &scope, query, stale)?;
    let objects = store.within_at(&scope, page.revision).map_err(|_| refusal::expired_page())?;
    let rest: Vec<_> = objects.into_iter().filter(|object| path(object) > page.after).collect();
    let here = page.limit.unwrap_or(usize::MAX).min(rest.len());
    let (items, later) = rest.split_at_checked(here).unwrap_or_default();
    let mut metadata = json!({"resourceVersion": page.revision.to_string()});
    if let (Some(metadata), Some(last), false) = (metadata.as_object_mut(), items.last(), later.is_empty()) {
        metadata.insert("continue".to_owned(), json!(format!("{}:{}", page.revision, path(last))));
        metadata.insert("remainingItemCount".to_owned(), json!(later.len()));
    }
    let items: Vec<_> = items.iter().map(|item| as_item(kind, item)).collect();
    let kind_of_list = format!("{}List", kind.name);
    let list = json!({"apiVersion": kind.api_version(), "kind": kind_of_list, "metadata": metadata, "items": items});
    Ok(Answer { code: 200, object: list.into() })
}

/// Which part of which state is asked for. (Kubernetes API concepts, "Resource versions in queries".)
struct Page {
    revision: u64,
    /// What was told before; empty for the beginning.
    after: String,
    limit: Option<usize>,
}

impl Page {
    fn asked(store: &Store, scope: &Scope, query: &Query, stale: usize) -> Result<Self, Refusal> {
        let limit = query.number("limit")?.filter(|limit| *limit > 0).and_then(|limit| usize::try_from(limit).ok());
        if let Some((revision, after)) = query.text("continue").split_once(':') {
            let revision = revision.parse().map_err(|_| refusal::bad_request("continue key is not valid"))?;
            return Ok(Self { revision, after: after.to_owned(), limit });
        }
        let asked = query.number("resourceVersion")?;
        let is_exact = query.text("resourceVersionMatch") == "Exact"
            || (limit.is_some() && query.text("resourceVersionMatch").is_empty());
        let now = store.revision();
        let revision = match asked {
            Some(asked) if asked > now => return Err(refusal::too_large(asked, now)),
            Some(asked) if is_exact && asked > 0 => asked,
            _ => store.revision_before(scope, stale),
        };
        // What may be of any age comes from the cache, which does not cut it into pages.
        let limit = limit.filter(|_| asked != Some(0));
        Ok(Self { revision, after: String::new(), limit })
    }
}

/// (apimachinery, `ValidateListOptions`.)
pub(crate) fn is_valid(query: &Query) -> Result<(), Refusal> {
    let matching = query.text("resourceVersionMatch");
    let initial = query.flag("sendInitialEvents").is_some();
    let why = if query.is("watch") {
        match matching {
            "NotOlderThan" if !initial => "resourceVersionMatch: forbidden unless sendInitialEvents is provided",
            "" if initial => "resourceVersionMatch: sendInitialEvents requires setting it to NotOlderThan",
            "" | "NotOlderThan" => return Ok(()),
            _ => "resourceVersionMatch: Unsupported value",
        }
    } else if initial {
        "sendInitialEvents: forbidden for list"
    } else {
        match matching {
            "" => return Ok(()),
            _ if !query.text("continue").is_empty() => "resourceVersionMatch: forbidden when continue is provided",
            _ if query.text("resourceVersion").is_empty() => "resourceVersionMatch: forbidden without resourceVersion",
            "Exact" if query.text("resourceVersion") == "0" => "resourceVersionMatch: exact is forbidden for 0",
            "Exact" | "NotOlderThan" => return Ok(()),
            _ => "resourceVersionMatch: Unsupported value",
        }
    };
    Err(refusal::invalid_options(why))
}

fn path(object: &Value) -> String {
    format!("{}/{}", text(object, "namespace"), text(object, "name"))
}

/// Items of Kubernetes' own kinds do not say what they are, custom resources do.
fn as_item(kind: &Kind, object: &Arc<Value>) -> Value {
    let mut item = object.as_ref().clone();
    if let Some(fields) = item.as_object_mut().filter(|_| !kind.custom) {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    item
}
