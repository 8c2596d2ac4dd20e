//! Tasks that run to their end: what is run, what was begun, and what to do next.
//!
//! `RunTask` makes something that AWS forgets an hour after it stopped, and that must not be made a second time. So what
//! is begun stands in an annotation before the call: [`Attempt`]. It goes with the object's metadata, which a restore keeps
//! where it loses the status. Until AWS has answered, the same call is made again with the same client token, which AWS
//! answers with the same tasks; once it may have forgotten the token, nothing is called, and the outcome is `Unknown`.

mod attempt;
mod decide;
mod order;
mod records;
mod trace;

pub use attempt::{ATTEMPT, Attempt, ran_before};
pub use decide::{Next, Reason, decide, has_succeeded};
pub use order::{Order, Policy, mark, mark_of};
pub use records::{GONE, Sight, is_live, merged, with_streams};
pub use trace::{Trace, left_behind};
