//! Logs to standard error: for people on a terminal, as JSON where `--log-format json` asks for it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging; `RUST_LOG` chooses what.
pub(crate) fn start_logs(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // A second start finds logging started; that is as well.
    let _ = if json { logs.json().try_init() } else { logs.with_target(false).try_init() };
}
