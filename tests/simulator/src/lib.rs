//! An AWS that behaves: the real protocols on the wire, deterministic, with a clock that tests can move
