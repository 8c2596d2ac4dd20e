//! Route 53: records that lead to load balancers.

mod companion;
pub(super) mod record_set;
mod sets;
