//! First, do no harm: what the plan says and yet is not done now.
//!
//! - [`pause`]: a person said not now.
//! - [`Record::restrain`]: something else keeps undoing it, or a deployment runs.
//! - [`Deletions::admit`]: too much would go at once.
//! - [`hold_scale_in`]: more than half of the tasks would go at once.
//! - [`wave`]: what nobody's spec asked for reaches services a few at a time.
//!
//! All of it is pure: facts and the time of day are handed in, and what must be remembered is handed out.

mod contention;
mod deletion_budget;
mod expiry;
mod pause;
mod record;
mod scale_in;
mod settled;
pub mod wave;

pub use contention::{Correction, MOST_CORRECTIONS, STALE, WINDOW};
pub use deletion_budget::{
    ALLOW_DELETIONS_UNTIL, Admitted, DELETION_WINDOW, Deleting, Deletions, budget, deletions_allowed,
};
pub use expiry::LONGEST;
pub use pause::{PAUSED_UNTIL, Pause, pause};
pub use record::Record;
pub use scale_in::{ALLOW_SCALE_IN, hold_scale_in};
pub use settled::{Look, Settled, asked};
