//! The objects that users write: one file per kind, with the schema and rules that the API server applies
