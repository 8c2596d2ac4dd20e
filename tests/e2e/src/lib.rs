//! Objects applied to the real API server, with AWS simulated or emulated
