//! Whose a schedule is. Schedules have no tags: what would be its tags stands in its description, which comes and goes in
//! the same call as all the rest of it.
//!
//! docs/decisions/0014-triggers.md says why.

use crate::tags::Tags;

/// What would be the tags, as one line; a value has no spaces, being made of names that Kubernetes or AWS gave.
pub(super) fn written(tags: &Tags) -> String {
    tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

/// The tags that a description holds; none in somebody else's words.
pub(super) fn read(description: Option<&str>) -> Tags {
    let words = description.unwrap_or_default().split(' ');
    words.filter_map(|word| word.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use longshore_planner::engine::{Id, Ownership};

    use super::*;

    #[test]
    fn a_description_reads_as_the_tags_that_it_was_written_with_and_fits() {
        let name = "n".repeat(63);
        let ownership = Ownership {
            installation: "1c8f1b2e-7a5c-4d2b-9b1e-0f6f6c7d8e9a".to_owned(),
            object: format!("EcsTaskTrigger/{name}/{name}"),
        };
        let id = Id { fixed: "0123456789abcdef".to_owned(), ..Id::new("scheduler/schedule", "schedule") };
        let tags: Tags = ownership.tags(&id);
        let text = written(&tags);
        // API model of Scheduler, `Description`.
        assert!(text.len() <= 512, "{} characters", text.len());
        assert_eq!(read(Some(&text)), tags);
        assert_eq!(read(Some("Runs the nightly report")), Tags::new());
        assert_eq!(read(None), Tags::new());
    }
}
