//! The `longshore` program.

use std::process::ExitCode;

/// The system's allocator keeps what a sweep freed in pieces all over its arenas; this one gives it back, as
/// `.cargo/config.toml` says.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    longshore::cli::run()
}
