//! A real Kubernetes control plane on loopback, for tests and the demo: etcd, kube-apiserver and
//! kube-controller-manager as processes, built once from pinned Go modules by the script `build` beside this crate.
//!
//! Authorisation is RBAC, service-account tokens work, namespaces are emptied and garbage is collected. There are no
//! nodes and no scheduler: nothing here runs a pod.
//!
//! Beside it stands what any harness of processes needs: [`Process`] (logs to a file, ended by its id), the
//! [`Leash`] that ends processes when their owner dies in whatever way, and [`wait_for`].
//! Everything blocks; no async runtime is needed.

mod binaries;
mod control_plane;
mod credentials;
mod leash;
mod ports;
mod process;
mod record;
mod wait;

pub use binaries::Binaries;
pub use control_plane::ControlPlane;
pub use leash::Leash;
pub use ports::free_port;
pub use process::Process;
pub use record::{Record, ended, runs};
pub use wait::wait_for;
