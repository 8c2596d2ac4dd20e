//! Building blocks: any JSON object of some members, any list of some items in any order.

use std::ops::RangeInclusive;

use proptest::prelude::*;
use serde_json::Value;

use crate::with;

pub(crate) type Any = BoxedStrategy<Value>;
type Members<'a> = &'a [(&'static str, Any)];

/// An object that has all of the first members, and any of the others.
pub(crate) fn object(required: Members<'_>, optional: Members<'_>) -> Any {
    let named = |(name, any): &(&'static str, Any)| {
        let name = *name;
        any.clone().prop_map(move |value| (name.to_owned(), value))
    };
    let required = required.iter().map(|member| named(member).prop_map(Some).boxed());
    let optional = optional.iter().map(|member| prop::option::of(named(member)).boxed());
    let members: Vec<BoxedStrategy<Option<(String, Value)>>> = required.chain(optional).collect();
    members.prop_map(|members| members.into_iter().flatten().collect()).boxed()
}

/// Any of these items in any order, each object among them with more members.
pub(crate) fn list(items: Vec<Value>, more: &Any) -> Any {
    let (most, more) = (items.len(), more.clone());
    let some = prop::sample::subsequence(items, 0..=most).prop_shuffle();
    some.prop_flat_map(move |items| {
        let item = |item: Value| {
            more.clone().prop_map(move |more| if item.is_object() { with(&more, &item) } else { item.clone() })
        };
        items.into_iter().map(item).collect::<Vec<_>>().prop_map(Value::Array)
    })
    .boxed()
}

/// Any of these.
pub(crate) fn one_of<V: Into<Value> + Clone + std::fmt::Debug + 'static>(values: &[V]) -> Any {
    let values: Vec<Value> = values.iter().cloned().map(Into::into).collect();
    prop::sample::select(values).boxed()
}

pub(crate) fn number(range: RangeInclusive<i32>) -> Any {
    range.prop_map(Value::from).boxed()
}

pub(crate) fn flag() -> Any {
    any::<bool>().prop_map(Value::from).boxed()
}

pub(crate) fn nothing() -> Any {
    object(&[], &[])
}
