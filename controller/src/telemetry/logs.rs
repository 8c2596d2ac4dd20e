//! Logs to standard error: for people on a terminal, as JSON where `--log-format json` asks for it.

use std::env::{VarError, var};
use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// What chooses what is logged.
const VARIABLE: &str = "RUST_LOG";

/// Starts logging; `RUST_LOG` chooses what: a level, or targets with levels.
pub(crate) fn start_logs(json: bool) {
    let (targets, refused) = chosen(var(VARIABLE));
    let colours = std::io::stderr().is_terminal();
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let logs = if json { logs.json().boxed() } else { logs.with_target(false).boxed() };
    // A second start finds logging started; that is as well.
    let _ = tracing_subscriber::registry().with(logs.with_filter(targets)).try_init();
    if let Some(why) = refused {
        tracing::warn!(
            "{VARIABLE} says neither a level nor targets with levels, such as info,longshore_aws=debug ({why}): info"
        );
    }
}

/// What is logged, and why that is not what the variable says.
fn chosen(text: Result<String, VarError>) -> (Targets, Option<String>) {
    let default = Targets::new().with_default(LevelFilter::INFO);
    match text {
        Err(VarError::NotPresent) => (default, None),
        Err(error) => (default, Some(error.to_string())),
        Ok(text) => match text.parse() {
            Ok(targets) => (targets, None),
            Err(error) => (default, Some(format!("it is {text:?}: {error}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_names_a_level_or_targets_with_levels() {
        let logged = |text: &str| {
            let (targets, refused) = chosen(Ok(text.to_owned()));
            assert_eq!(refused, None, "{text}");
            targets
        };
        let debug = |targets: &Targets| {
            ["longshore_aws::call", "kube"].map(|target| targets.would_enable(target, &tracing::Level::DEBUG))
        };
        assert_eq!(debug(&logged("debug")), [true, true]);
        assert_eq!(debug(&logged("info,longshore_aws=debug")), [true, false]);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_default_logged() {
        let default = Targets::new().with_default(LevelFilter::INFO);
        assert_eq!(chosen(Err(VarError::NotPresent)), (default.clone(), None));
        let (targets, refused) = chosen(Ok("longshore=loud".to_owned()));
        assert_eq!(targets, default);
        assert!(refused.is_some_and(|why| why.contains("longshore=loud")));
    }
}
