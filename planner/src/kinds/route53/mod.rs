//! Route 53.

pub mod record_set;
