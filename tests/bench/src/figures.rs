//! What was measured, beside what it may be.

use std::fmt;

use comfy_table::{Cell, CellAlignment, Table, presets};

/// Figures, in the order in which they were measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

#[derive(Clone, Debug)]
struct Figure {
    what: String,
    measured: f64,
    unit: &'static str,
    limit: Option<f64>,
}

impl Figures {
    /// A figure that is only told.
    pub(crate) fn tell(&mut self, what: impl Into<String>, measured: f64, unit: &'static str) {
        self.0.push(Figure { what: what.into(), measured, unit, limit: None });
    }

    /// A figure that must not be above its limit.
    pub(crate) fn hold_to(&mut self, what: impl Into<String>, measured: f64, unit: &'static str, limit: f64) {
        self.0.push(Figure { what: what.into(), measured, unit, limit: Some(limit) });
    }

    /// Whether all are within their limits.
    pub(crate) fn hold(&self) -> bool {
        self.0.iter().all(Figure::holds)
    }
}

impl Figure {
    fn holds(&self) -> bool {
        self.limit.is_none_or(|limit| self.measured <= limit)
    }

    fn row(&self) -> [Cell; 4] {
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        let limit = self.limit.map(|limit| format!("{} {}", number(limit), self.unit)).unwrap_or_default();
        let verdict = if self.holds() { "" } else { "ABOVE" };
        let measured = format!("{} {}", number(self.measured), self.unit);
        [Cell::new(&self.what), right(measured), right(limit), Cell::new(verdict)]
    }
}

/// A count as a figure.
pub(crate) fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Whole numbers as such, others with three digits.
fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(["FIGURE", "MEASURED", "AT MOST", ""]);
        table.add_rows(self.0.iter().map(Figure::row));
        writeln!(f, "{table}\n")?;
        let above = self.0.iter().filter(|figure| !figure.holds()).count();
        match above {
            0 => write!(f, "Every figure is within its limit."),
            above => write!(f, "{above} of the figures are above their limits: docs/performance.md explains them."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_above_its_limit_fails_all_and_one_without_a_limit_never_does() {
        let mut figures = Figures::default();
        figures.tell("sweeps", 1e9, "");
        figures.hold_to("calls an object", 0.15, "", 0.15);
        assert!(figures.hold(), "{figures}");
        figures.hold_to("writes", 1.0, "", 0.0);
        assert!(!figures.hold(), "{figures}");
        assert!(figures.to_string().contains("1 of the figures are above"), "{figures}");
    }
}
