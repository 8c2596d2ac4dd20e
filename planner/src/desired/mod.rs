//! One file per Kubernetes object kind: spec, references, facts and memory in, a graph out.
