//! The pure core: what should exist, what does, and the steps between
