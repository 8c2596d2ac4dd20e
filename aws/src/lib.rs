//! AWS at the edge: sessions, limits, error classes, joined reads and one driver per resource kind
