//! Elastic File System: file systems, where they are reached, and how they are entered.

pub mod access_point;
pub mod file_system;
pub mod mount_target;
