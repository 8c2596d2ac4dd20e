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
    bound: Bound,
}

/// What a figure is compared with.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// It is only told.
    None,
    /// It must not be above.
    Limit(f64),
    /// It is to come down to this, and does not fail anything until then.
    Goal(f64),
}

impl Figures {
    /// A figure that is only told.
    pub(crate) fn tell(&mut self, what: impl Into<String>, measured: f64, unit: &'static str) {
        self.0.push(Figure { what: what.into(), measured, unit, bound: Bound::None });
    }

    /// A figure that must not be above its limit.
    pub(crate) fn hold_to(&mut self, what: impl Into<String>, measured: f64, unit: &'static str, limit: f64) {
        self.0.push(Figure { what: what.into(), measured, unit, bound: Bound::Limit(limit) });
    }

    /// A figure that is to come down to a goal, and may not have yet.
    pub(crate) fn aim_at(&mut self, what: impl Into<String>, measured: f64, unit: &'static str, goal: f64) {
        self.0.push(Figure { what: what.into(), measured, unit, bound: Bound::Goal(goal) });
    }

    /// Whether all are within their limits.
    pub(crate) fn hold(&self) -> bool {
        self.0.iter().all(Figure::holds)
    }
}

impl Figure {
    fn holds(&self) -> bool {
        !matches!(self.bound, Bound::Limit(limit) if self.measured > limit)
    }

    fn reaches(&self) -> bool {
        !matches!(self.bound, Bound::Goal(goal) if self.measured > goal)
    }

    fn row(&self) -> [Cell; 4] {
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        let bound = match self.bound {
            Bound::None => String::new(),
            Bound::Limit(most) => format!("at most {} {}", number(most), self.unit),
            Bound::Goal(goal) => format!("goal {} {}", number(goal), self.unit),
        };
        let verdict = match (self.holds(), self.reaches()) {
            (true, true) => "",
            (true, false) => "not reached yet",
            (false, _) => "ABOVE",
        };
        let measured = format!("{} {}", number(self.measured), self.unit);
        [Cell::new(&self.what), right(measured), right(bound), Cell::new(verdict)]
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
        table.load_style(presets::NOTHING).set_header(["FIGURE", "MEASURED", "BOUND", ""]);
        table.add_rows(self.0.iter().map(Figure::row));
        writeln!(f, "{table}\n")?;
        let count = |is: fn(&Figure) -> bool| self.0.iter().filter(|figure| !is(figure)).count();
        let (above, short) = (count(Figure::holds), count(Figure::reaches));
        write!(f, "{above} figures are above their limits, {short} have not reached their goals yet")?;
        write!(f, "{}", if above + short > 0 { ": docs/performance.md explains them." } else { "." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_above_its_limit_fails_all_and_one_that_has_not_reached_its_goal_does_not() {
        let mut figures = Figures::default();
        figures.tell("sweeps", 1e9, "");
        figures.hold_to("calls an object", 0.15, "", 0.15);
        figures.aim_at("memory", 61.0, "MiB", 60.0);
        assert!(figures.hold(), "{figures}");
        figures.hold_to("writes", 1.0, "", 0.0);
        assert!(!figures.hold(), "{figures}");
        assert!(figures.to_string().contains("1 figures are above their limits, 1 have not reached"), "{figures}");
    }
}
