//! `status.resources` <-> the engine's inventory.

use std::collections::BTreeMap;

use longshore_crds::status::ResourceStatus;
use longshore_planner::engine::{Entry, Id, Inventory, LookUp};

/// What the status remembers. A key that is no identity is nobody's to act on; [`write`] keeps it.
pub(crate) fn read(resources: &BTreeMap<String, ResourceStatus>) -> Inventory {
    let entries = resources.iter().filter_map(|(key, resource)| Some((key.parse::<Id>().ok()?, entry(resource))));
    Inventory(entries.collect())
}

/// The inventory as the status has it; `old` is what is there now.
pub(super) fn write(inventory: &Inventory, old: &BTreeMap<String, ResourceStatus>) -> BTreeMap<String, ResourceStatus> {
    let foreign = old.iter().filter(|(key, _)| key.parse::<Id>().is_err()).map(|(key, it)| (key.clone(), it.clone()));
    foreign.chain(inventory.0.iter().map(|(id, entry)| (id.to_string(), resource(entry)))).collect()
}

/// Where a resource is looked for.
pub(super) fn look_up(inventory: &Inventory, id: &Id) -> LookUp {
    LookUp { id: id.clone(), entry: inventory.0.get(id).cloned().unwrap_or_default() }
}

fn entry(resource: &ResourceStatus) -> Entry {
    let address = resource.address.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
    Entry { address: address.collect(), physical: resource.physical.clone() }
}

/// A member that is not known yet is left out.
fn resource(entry: &Entry) -> ResourceStatus {
    let known = entry.address.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    ResourceStatus { address: known.collect(), physical: entry.physical.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_is_not_understood_stays() {
        let entry = Entry {
            address: BTreeMap::from([("name".to_owned(), Some("hello".to_owned())), ("vpcId".to_owned(), None)]),
            physical: Some("sg-1".to_owned()),
        };
        let id = Id { fixed: "1f2e".to_owned(), ..Id::new("ec2/security-group", "task") };
        let inventory = Inventory(BTreeMap::from([(id.clone(), entry)]));
        let strange = BTreeMap::from([("of a later version".to_owned(), ResourceStatus::default())]);
        let written = write(&inventory, &strange);
        assert_eq!(written.keys().collect::<Vec<_>>(), ["ec2/security-group:task@1f2e", "of a later version"]);
        let again = read(&written);
        assert_eq!(again.ids(), [id.clone()].into());
        assert_eq!(look_up(&again, &id).member("name"), Some("hello"));
        assert_eq!(write(&again, &written), written, "a second write changes nothing");
    }
}
