//! Tags: which are Longshore's own, which of the users' it manages, and whose a resource is by them.
//!
//! Beside the ownership tags every resource carries `longshore.dev/tag-keys`: the users' tags that Longshore set.
//! Only those are compared and taken away again; whatever anybody else tags is not its business.

use std::collections::BTreeMap;

use longshore_planner::engine::{Id, Owner, Ownership, TAG_PREFIX, TAG_RESOURCE};

/// The tags of one resource.
pub(crate) type Tags = BTreeMap<String, String>;

/// Names the users' tags that Longshore manages; a second one, with `-2`, takes what does not fit in, and so on.
const TAG_KEYS: &str = "longshore.dev/tag-keys";
/// How long a tag's value may be ("Tag naming limits and requirements", Tagging AWS Resources).
const VALUE_LENGTH: usize = 256;

/// Marks a resource as an object's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks<'a> {
    pub(crate) ownership: &'a Ownership,
    pub(crate) id: &'a Id,
}

impl Marks<'_> {
    /// Everything that the resource is tagged with.
    pub(crate) fn with(&self, user: &Tags) -> Tags {
        let mut all = user.clone();
        all.extend(key_tags(user));
        all.extend(self.ownership.tags(self.id));
        all
    }

    /// Whose a resource with these tags is.
    pub(crate) fn judge(&self, tags: &Tags) -> Owner {
        self.ownership.judge(tags)
    }
}

/// What must be tagged and untagged so that a resource with the users' tags `seen` gets those wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retag {
    pub(crate) set: Tags,
    pub(crate) remove: Vec<String>,
}

impl Retag {
    /// Nothing, if the resource is ours and equally tagged; else all tags, since a tag may have been changed
    /// behind our back.
    pub(crate) fn of(marks: &Marks<'_>, want: &Tags, seen: &Tags, owner: &Owner) -> Self {
        if want == seen && *owner == Owner::This {
            return Self::default();
        }
        let set = marks.with(want);
        let stale = seen.keys().cloned().chain(key_tags(seen).into_keys());
        let remove = stale.filter(|key| !set.contains_key(key)).collect();
        Self { set, remove }
    }
}

/// The users' tags that Longshore manages.
pub(crate) fn managed(all: &Tags) -> Tags {
    let keys = all.iter().filter(|(key, _)| is_key_tag(key)).flat_map(|(_, value)| value.split(' '));
    keys.filter(|word| !word.is_empty())
        .map(decoded)
        .filter_map(|key| all.get(&key).cloned().map(|value| (key, value)))
        .collect()
}

/// The identity that a resource is tagged with, where it is this object's.
pub(crate) fn identity(ownership: &Ownership, tags: &Tags) -> Option<Id> {
    if ownership.judge(tags) != Owner::This {
        return None;
    }
    tags.get(TAG_RESOURCE)?.parse().ok()
}

fn is_key_tag(key: &str) -> bool {
    key.strip_prefix(TAG_KEYS).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The tags that name the users' tags.
fn key_tags(user: &Tags) -> Tags {
    let mut values: Vec<String> = vec![String::new()];
    for word in user.keys().filter(|key| !key.starts_with(TAG_PREFIX)).map(|key| encoded(key)) {
        match values.last_mut() {
            Some(last) if last.is_empty() => *last = word,
            Some(last) if last.len() + 1 + word.len() <= VALUE_LENGTH => {
                last.push(' ');
                last.push_str(&word);
            }
            _ => values.push(word),
        }
    }
    let name = |at: usize| if at == 0 { TAG_KEYS.to_owned() } else { format!("{TAG_KEYS}-{}", at + 1) };
    values.into_iter().enumerate().filter(|(_, value)| !value.is_empty()).map(|(at, value)| (name(at), value)).collect()
}

/// A tag's key may contain spaces; among joined keys they are written as `=20`.
fn encoded(key: &str) -> String {
    key.replace('=', "=3D").replace(' ', "=20")
}

fn decoded(word: &str) -> String {
    word.replace("=20", " ").replace("=3D", "=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn me() -> Ownership {
        Ownership { installation: "i".into(), object: "EcsService/shop/a".into() }
    }

    #[test]
    fn what_is_set_reads_back_and_other_tags_do_not() {
        let many: Tags = (0..40).map(|n| (format!("a-rather-long-tag-key-{n:02}"), n.to_string())).collect();
        let cases = [
            tags(&[]),
            tags(&[("Team", "shop")]),
            tags(&[("Cost Centre", "1"), ("a=20b", "2"), ("a=b c", "3"), ("x:y/z", "4")]),
            many,
        ];
        let (ownership, id) = (me(), Id::new("k", "x"));
        for user in cases {
            let mut all = Marks { ownership: &ownership, id: &id }.with(&user);
            assert!(all.values().all(|value| value.len() <= VALUE_LENGTH));
            all.extend(tags(&[("aws:cloudformation:stack-name", "s"), ("Somebody", "else")]));
            assert_eq!(managed(&all), user);
            assert_eq!(identity(&ownership, &all), Some(id.clone()));
        }
    }

    #[test]
    fn a_tag_taken_out_of_the_spec_is_removed_and_a_foreign_one_stays() {
        let (ownership, id) = (me(), Id::new("k", "x"));
        let marks = Marks { ownership: &ownership, id: &id };
        let (old, new) = (tags(&[("a", "1"), ("b", "2")]), tags(&[("b", "3")]));
        let retag = Retag::of(&marks, &new, &old, &Owner::This);
        assert_eq!(retag.remove, ["a"]);
        assert_eq!(retag.set.get("b").map(String::as_str), Some("3"));
        assert_eq!(Retag::of(&marks, &new, &new, &Owner::This), Retag::default());
    }

    #[test]
    fn what_is_taken_over_gets_our_tags_though_the_users_are_equal() {
        let (ownership, id) = (me(), Id::new("k", "x"));
        let retag = Retag::of(&Marks { ownership: &ownership, id: &id }, &tags(&[]), &tags(&[]), &Owner::Nobody);
        assert_eq!(retag.set, ownership.tags(&id));
    }

    #[test]
    fn the_last_tag_to_go_takes_the_list_of_keys_along() {
        let (ownership, id) = (me(), Id::new("k", "x"));
        let marks = Marks { ownership: &ownership, id: &id };
        let retag = Retag::of(&marks, &tags(&[]), &tags(&[("a", "1")]), &Owner::This);
        assert_eq!(retag.remove, ["a", TAG_KEYS]);
    }
}
