//! What is written into the Lease. Its times are for people; nobody decides by them.

use k8s_openapi::api::coordination::v1::LeaseSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use super::TERM;

/// The Lease, taken.
pub(super) fn taken(before: &LeaseSpec, me: &str, now: MicroTime) -> LeaseSpec {
    // The first holder took it over from nobody; the next one from whoever gave it back.
    let transitions = before.holder_identity.as_ref().map(|_| before.lease_transitions.unwrap_or(0).saturating_add(1));
    LeaseSpec {
        holder_identity: Some(me.to_owned()),
        lease_duration_seconds: i32::try_from(TERM.as_secs()).ok(),
        acquire_time: Some(now.clone()),
        renew_time: Some(now),
        lease_transitions: Some(transitions.unwrap_or(0)),
        ..before.clone()
    }
}

/// The Lease, renewed.
pub(super) fn renewed(before: &LeaseSpec, now: MicroTime) -> LeaseSpec {
    LeaseSpec { lease_duration_seconds: i32::try_from(TERM.as_secs()).ok(), renew_time: Some(now), ..before.clone() }
}

/// The Lease, given back. A duration of zero is refused, so it says one second, as client-go does.
pub(super) fn given_back(before: &LeaseSpec, now: MicroTime) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: Some(1),
        renew_time: Some(now),
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn each_change_of_holder_is_counted_and_no_renewal() {
        let now = Clock::wall().now_exactly();
        let first = taken(&LeaseSpec::default(), "a", now.clone());
        let later = renewed(&first, now.clone());
        let free = given_back(&later, now.clone());
        let second = taken(&free, "b", now);
        let counts = [first, later, free, second].map(|lease| (lease.holder_identity, lease.lease_transitions));
        let expected = [("a", 0), ("a", 0), ("", 0), ("b", 1)];
        assert_eq!(counts, expected.map(|(holder, count)| (Some(holder.to_owned()), Some(count))));
    }
}
