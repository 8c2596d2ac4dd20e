//! The only place that reads from and writes to Kubernetes.

mod access;
mod balancers;
mod client;
mod dependants;
mod dns_endpoint;
mod events;
mod fenced;
mod finalizer;
mod index;
mod lease;
mod merge;
mod mounts;
mod selection;
mod status;
mod watch;

pub(crate) use client::{client, client_of, installation_id};
pub(crate) use dependants::{mentions, mount_of, mounts_of};
pub(crate) use dns_endpoint::{DnsEndpoint, Published};
pub(crate) use events::Events;
pub(crate) use fenced::fenced;
pub(crate) use finalizer::{ANNOTATION_BASE, ANNOTATION_ENVIRONMENT, FINALIZER, annotate, pin, release};
pub(crate) use index::{Member, Stores};
pub use lease::LeaseName;
pub(crate) use lease::{Election, Leadership};
pub use selection::Selection;
pub(crate) use status::{WriteError, read, write_status};
pub(crate) use watch::watch;

use std::time::Duration;

use longshore_aws::Fence;

/// No call to Kubernetes takes longer; kube's client has no read time-out of its own.
pub(crate) const CALL: Duration = Fence::LONGEST;
