//! Whose a record is. Records have no tags: beside each stands a TXT record that holds what would be its tags.
//!
//! docs/decisions/0013-dns.md says why.

use aws_sdk_route53::types::ResourceRecordSet;
use longshore_planner::kinds::route53::record_set::RecordType;

use crate::tags::Tags;

/// Its name: one label before the record's own, so that it lies in the same zone and is nobody else's name. A star stands
/// for itself only as the first label.
pub(super) fn name(record: &str, record_type: &str) -> String {
    let record_type = record_type.to_ascii_lowercase();
    match record.strip_prefix("*.") {
        Some(parent) => format!("_longshore-{record_type}-wildcard.{parent}"),
        None => format!("_longshore-{record_type}.{record}"),
    }
}

/// The name and type of the record that a companion of this name stands beside.
pub(super) fn record_of(name: &str) -> Option<(String, RecordType)> {
    let (label, parent) = name.strip_prefix("_longshore-")?.split_once('.')?;
    let (label, record) = match label.strip_suffix("-wildcard") {
        Some(label) => (label, format!("*.{parent}")),
        None => (label, parent.to_owned()),
    };
    let record_type = RecordType::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(label))?;
    Some((record, record_type))
}

/// The tags as the one value of a TXT record: a string in quotes for each, since a string has 255 characters at most
/// (developer guide, "TXT record type").
pub(super) fn value(tags: &Tags) -> String {
    let strings = tags.iter().map(|(key, value)| format!("\"{key}={}\"", value.replace('"', "")));
    strings.collect::<Vec<_>>().join(" ")
}

/// The tags that a companion holds; none where there is no companion, or something else has its name.
pub(super) fn tags(companion: Option<&ResourceRecordSet>) -> Tags {
    let values = companion.into_iter().flat_map(ResourceRecordSet::resource_records);
    let strings = values.flat_map(|record| record.value().trim_matches('"').split("\" \""));
    strings.filter_map(|one| one.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{ResourceRecord, RrType};

    use super::*;

    #[test]
    fn each_record_has_a_companion_of_its_own() {
        let cases = [
            ("shop.example.com", "A", "_longshore-a.shop.example.com"),
            ("shop.example.com", "AAAA", "_longshore-aaaa.shop.example.com"),
            ("*.example.com", "A", "_longshore-a-wildcard.example.com"),
            ("example.com", "A", "_longshore-a.example.com"),
        ];
        for (record, record_type, expected) in cases {
            assert_eq!(name(record, record_type), expected);
            let (of, of_type) = record_of(expected).unwrap();
            assert_eq!((of.as_str(), of_type.as_str()), (record, record_type));
        }
        for other in ["shop.example.com", "_longshore-mx.example.com", "_longshore-a", "_acme.example.com"] {
            assert_eq!(record_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_companion_reads_as_the_tags_that_it_was_written_with() {
        let tags_of = |value: &str| {
            let record = ResourceRecord::builder().value(value).build().unwrap();
            let set = ResourceRecordSet::builder().name("a").r#type(RrType::Txt).resource_records(record);
            tags(Some(&set.build().unwrap()))
        };
        let longest = "x".repeat(200);
        let written = Tags::from([("a/object".to_owned(), "K/n/m".to_owned()), ("a/resource".to_owned(), longest)]);
        assert_eq!(tags_of(&value(&written)), written);
        assert_eq!(tags_of("\"v=spf1 -all\"").get("longshore.dev/object"), None);
        assert_eq!(tags(None), Tags::new());
    }
}
