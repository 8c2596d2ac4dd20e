//! What was asked for, and what came of it.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::seam::Call;

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet, or ever: it is delayed, hangs, or the client has given up.
    Open,
    /// It was answered with this HTTP status, if perhaps too late for the client.
    Answered(u16),
    /// The connection broke before it had an effect.
    Broken,
    /// It was answered with this HTTP status, and the answer was lost.
    Lost(u16),
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The name of the client.
    pub client: String,
    /// What it asked for.
    pub call: Call,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether anything is different since. A write that changes nothing leaves it false.
    pub changed: bool,
}

impl fmt::Display for Recorded {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, call, outcome, changed } = self;
        write!(to, "{client}: {call} {outcome:?}{}", if *changed { ", changed" } else { "" })
    }
}

/// All calls, in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Recording(Mutex<Vec<Recorded>>);

impl Recording {
    /// Notes a call; the answer is its number here.
    pub(crate) fn begin(&self, client: &str, call: &Call) -> usize {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(Recorded { client: client.to_owned(), call: call.clone(), outcome: Outcome::Open, changed: false });
        calls.len() - 1
    }

    pub(crate) fn end(&self, number: usize, outcome: Outcome, changed: bool) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = calls.get_mut(number) {
            (call.outcome, call.changed) = (outcome, changed);
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
