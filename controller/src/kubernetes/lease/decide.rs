//! Whose the Lease is.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::LeaseSpec;
use tokio::time::Instant;

use super::TERM;

/// What a candidate does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nobody holds it, or its holder was not heard of for too long: take it.
    Acquire,
    /// It is ours: renew it.
    Renew,
    /// It is another's.
    Wait {
        /// When it may be taken, should nothing be heard of its holder until then.
        until: Instant,
    },
}

/// Decides by what the Lease says and since when *we* have seen it say that: the times in it are its holder's, whose
/// clock may be wrong.
pub(super) fn decide(lease: &LeaseSpec, me: &str, seen_since: Instant, now: Instant) -> Decision {
    match lease.holder_identity.as_deref() {
        // Not made yet, or given back.
        None | Some("") => Decision::Acquire,
        Some(holder) if holder == me => Decision::Renew,
        Some(_) => {
            let until = seen_since + term(lease);
            if now < until { Decision::Wait { until } } else { Decision::Acquire }
        }
    }
}

/// How long its holder counts on it: what it says, as a later version may have other times, but never less than ours.
fn term(lease: &LeaseSpec) -> Duration {
    let said = lease.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    said.map_or(TERM, Duration::from_secs).max(TERM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lease(holder: &str, seconds: Option<i32>) -> LeaseSpec {
        LeaseSpec { holder_identity: Some(holder.to_owned()), lease_duration_seconds: seconds, ..LeaseSpec::default() }
    }

    #[test]
    fn a_lease_is_taken_when_it_is_nobodys_or_nothing_was_heard_of_its_holder() {
        let (seen, second) = (Instant::now(), Duration::from_secs(1));
        let wait = |seconds| Decision::Wait { until: seen + second * seconds };
        let cases = [
            (LeaseSpec::default(), 0, Decision::Acquire),
            (lease("", Some(16)), 0, Decision::Acquire),
            (lease("me", Some(16)), 0, Decision::Renew),
            (lease("me", Some(16)), 3600, Decision::Renew),
            (lease("other", Some(16)), 0, wait(16)),
            (lease("other", Some(16)), 15, wait(16)),
            (lease("other", Some(16)), 16, Decision::Acquire),
            (lease("other", None), 15, wait(16)),
            (lease("other", Some(60)), 59, wait(60)),
            (lease("other", Some(1)), 15, wait(16)),
            (lease("other", Some(-1)), 15, wait(16)),
        ];
        for (lease, seconds, expected) in cases {
            let now = seen + second * seconds;
            assert_eq!(decide(&lease, "me", seen, now), expected, "{lease:?} after {seconds} s");
        }
    }

    proptest! {
        #[test]
        fn of_two_candidates_one_waits_and_whoever_waits_gets_it_in_the_end(
            holder in "[ab]", said in proptest::option::of(-5..100_i32), since in 0..200_u64,
        ) {
            let (seen, lease) = (Instant::now(), lease(&holder, said));
            let now = seen + Duration::from_secs(since);
            let (a, b) = (decide(&lease, "a", seen, now), decide(&lease, "b", seen, now));
            prop_assert!(matches!(a, Decision::Renew) != matches!(b, Decision::Renew), "the holder renews: {a:?} {b:?}");
            for decision in [a, b] {
                match decision {
                    Decision::Renew => {}
                    Decision::Acquire => prop_assert!(now >= seen + TERM, "never earlier than our own term"),
                    Decision::Wait { until } => {
                        prop_assert!(until > now);
                        prop_assert_eq!(decide(&lease, "c", seen, until), Decision::Acquire);
                    }
                }
            }
        }
    }
}
