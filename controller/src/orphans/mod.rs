//! What carries this installation's tags in AWS and no object claims: left over by an object that was removed by force, or
//! lost with a cluster. It is told, and never deleted.

mod claimed;

pub(crate) use claimed::{Claimed, Orphan};
