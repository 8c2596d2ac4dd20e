//! What a running controller tells of itself.

use anyhow::{Context, Result, ensure};
use longshore_control_plane::Process;

/// The sum of a metric over all its labels; 0 where it is not told.
pub(crate) fn sum(text: &str, name: &str) -> f64 {
    let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    text.lines()
        .filter(of_name)
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .fold(0.0, |sum, value| sum + value)
}

/// Memory of a process, in MiB, as Linux counts it (proc(5), `/proc/pid/status`).
pub(crate) struct Memory {
    /// All that is resident: `VmRSS`.
    pub(crate) resident: f64,
    /// Of that, what is the process's own: `RssAnon`. The rest are pages of the program file.
    pub(crate) own: f64,
    /// The most that ever was: `VmHWM`.
    pub(crate) peak: f64,
}

/// The memory of a process now.
pub(crate) fn memory(process: &Process) -> Result<Memory> {
    let path = format!("/proc/{}/status", process.id());
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let of = |name: &str| -> Result<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let line = line.with_context(|| format!("{path} has no {name}"))?;
        let (number, unit) = line.trim().split_once(' ').context("a number and its unit")?;
        ensure!(unit == "kB", "{name} is in {unit}");
        Ok(number.parse::<f64>()? / 1024.0)
    };
    Ok(Memory { resident: of("VmRSS")?, own: of("RssAnon")?, peak: of("VmHWM")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_not_mixed_up_with_one_of_a_longer_name() {
        let text = "# HELP a_calls x\na_calls{of=\"one\"} 2\na_calls{of=\"two\"} 3\na_calls_sum 7\nb 1.5\n";
        assert_eq!(
            [sum(text, "a_calls"), sum(text, "b"), sum(text, "c")].map(f64::to_bits),
            [5.0, 1.5, 0.0].map(f64::to_bits)
        );
    }
}
