//! The next moves of a rolling update: pure arithmetic over what is running.
//!
//! API reference, `DeploymentConfiguration`: the minimum of healthy tasks is rounded up, the maximum of running and
//! pending ones down.

/// A task, as the scheduler sees it; one that is stopping isn't seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) stands: Stands,
    /// Its deployment has failed.
    pub(super) failed: bool,
}

/// How a task stands; the better the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stands {
    Pending,
    /// It runs, and is called unhealthy.
    Failing,
    /// It runs well, on an instance that is drained.
    Leaving,
    /// It runs, and doesn't count as healthy yet.
    Running,
    Healthy,
}

/// How many tasks are wanted, how many must stay healthy, how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) desired: usize,
    pub(super) minimum: usize,
    pub(super) maximum: usize,
}

impl Bounds {
    /// From the desired count and the two percentages.
    pub(super) fn of(desired: u32, minimum_percent: u32, maximum_percent: u32) -> Self {
        let share = |percent: u32| u64::from(desired) * u64::from(percent);
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            desired: count(u64::from(desired)),
            minimum: count(share(minimum_percent).div_ceil(100)),
            maximum: count(share(maximum_percent) / 100),
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Moves {
    pub(super) start: usize,
    pub(super) stop: Vec<String>,
}

/// Towards `desired` tasks of the primary deployment and none of the others, within the bounds at every moment.
pub(super) fn moves(bounds: Bounds, primary: &[Seen], old: &[Seen]) -> Moves {
    let mut stop: Vec<String> = Vec::new();
    // What doesn't serve anyone may go at once.
    let (spent, serving): (Vec<&Seen>, Vec<&Seen>) =
        old.iter().partition(|task| task.stands == Stands::Pending || (task.failed && task.stands != Stands::Healthy));
    stop.extend(spent.iter().map(|task| task.id.clone()));
    let new_healthy = primary.iter().filter(|task| task.stands == Stands::Healthy).count();
    let keep = bounds.minimum.saturating_sub(new_healthy);
    let mut serving = serving;
    serving.sort_by_key(|task| task.stands == Stands::Healthy);
    stop.extend(serving.iter().take(serving.len().saturating_sub(keep)).map(|task| task.id.clone()));
    let left = old.len() - stop.len();
    let (leaving, staying): (Vec<Seen>, Vec<Seen>) =
        primary.iter().cloned().partition(|task| task.stands == Stands::Leaving);
    let (failing, sound): (Vec<Seen>, Vec<Seen>) = staying.into_iter().partition(|task| task.stands == Stands::Failing);
    let surplus = surplus(&sound, bounds.desired);
    let room = bounds.maximum.saturating_sub(sound.len() + failing.len() + leaving.len() + left);
    let missing = bounds.desired.saturating_sub(sound.len());
    stop.extend(surplus);
    stop.extend(moved(bounds, &leaving, new_healthy));
    stop.extend(replaced(bounds, &failing, new_healthy, missing.saturating_sub(room)));
    Moves { start: missing.min(room), stop }
}

/// The failing tasks that go now. Developer guide, "Amazon ECS services", on replacing unhealthy tasks: a replacement
/// is started first, and the unhealthy task stopped once that one is healthy; where the replacement turns unhealthy
/// too, one of the two is stopped; where the maximum leaves no room for `blocked` replacements, unhealthy tasks are
/// stopped one at a time.
fn replaced(bounds: Bounds, failing: &[Seen], healthy: usize, blocked: usize) -> Vec<String> {
    let excess = failing.len().saturating_sub(bounds.desired.saturating_sub(healthy));
    failing.iter().take(excess.max(blocked.min(1))).map(|task| task.id.clone()).collect()
}

/// The tasks that leave a drained instance now: down to the minimum of healthy ones, to which they belong themselves
/// (developer guide, "Draining Amazon ECS container instances").
fn moved(bounds: Bounds, leaving: &[Seen], healthy: usize) -> Vec<String> {
    let spare = (healthy + leaving.len()).saturating_sub(bounds.minimum);
    leaving.iter().take(spare).map(|task| task.id.clone()).collect()
}

/// A failed deployment that isn't rolled back launches nothing, and takes nothing away from what still serves; only
/// what is more than wanted stops, its own tasks first.
pub(super) fn moves_when_failed(bounds: Bounds, primary: &[Seen], old: &[Seen]) -> Moves {
    let stop_old = surplus(old, bounds.desired);
    let left = old.len() - stop_old.len();
    let mut stop = surplus(primary, bounds.desired.saturating_sub(left));
    stop.extend(stop_old);
    Moves { start: 0, stop }
}

/// Those above `wanted`: first what doesn't run, then what isn't healthy, then the last.
fn surplus(tasks: &[Seen], wanted: usize) -> Vec<String> {
    let mut sorted: Vec<&Seen> = tasks.iter().rev().collect();
    sorted.sort_by_key(|task| task.stands);
    sorted.iter().take(tasks.len().saturating_sub(wanted)).map(|task| task.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tasks by letter: h healthy, r running, p pending, u unhealthy, l leaving, f running in a failed deployment.
    fn seen(letters: &str) -> Vec<Seen> {
        let task = |(index, letter): (usize, char)| Seen {
            id: format!("{letter}{index}"),
            stands: match letter {
                'p' => Stands::Pending,
                'u' => Stands::Failing,
                'l' => Stands::Leaving,
                'h' => Stands::Healthy,
                _ => Stands::Running,
            },
            failed: letter == 'f',
        };
        letters.chars().enumerate().map(task).collect()
    }

    #[test]
    fn bounds_round_the_minimum_up_and_the_maximum_down() {
        let cases = [
            ((3, 50, 150), (2, 4)),
            ((1, 100, 150), (1, 1)),
            ((4, 100, 200), (4, 8)),
            ((5, 0, 100), (0, 5)),
            ((0, 100, 200), (0, 0)),
        ];
        for ((desired, minimum, maximum), expected) in cases {
            let bounds = Bounds::of(desired, minimum, maximum);
            assert_eq!((bounds.minimum, bounds.maximum), expected, "{desired} at {minimum}/{maximum}");
        }
    }

    #[test]
    fn moves_stay_within_the_bounds() {
        // desired, percentages, primary, old -> starts, stops of old, stops of primary
        let cases = [
            ("a first deployment starts all", (2, 100, 200), "", "", 2, 0),
            ("the new come before the old go", (4, 100, 200), "", "hhhh", 4, 0),
            ("each healthy new one lets an old one go", (4, 100, 200), "hhrr", "hhhh", 0, 2),
            ("half may go at once", (4, 50, 150), "", "hhhh", 4, 2),
            ("a maximum of one leaves no room", (1, 100, 150), "", "h", 0, 0),
            ("what never ran goes at once", (2, 100, 200), "pp", "hhpp", 0, 2),
            ("what a failed deployment left goes at once", (2, 100, 200), "hh", "ff", 0, 2),
            ("an unhealthy task is replaced before it goes", (2, 100, 200), "hu", "", 1, 0),
            ("it goes once its replacement is healthy", (2, 100, 200), "huh", "", 0, 1),
            ("of two unhealthy ones where one is wanted one goes", (1, 100, 200), "uu", "", 0, 1),
            ("without room for replacements it goes first, one by one", (2, 50, 100), "uu", "", 0, 1),
            ("what leaves is replaced first", (2, 100, 200), "hl", "", 1, 0),
            ("it goes once its replacement is healthy", (2, 100, 200), "hlh", "", 0, 1),
            ("or at once, down to the minimum", (4, 50, 100), "llll", "", 0, 2),
            ("scaling in stops what isn't running first", (1, 100, 200), "hp", "", 0, 1),
        ];
        for (what, (desired, minimum, maximum), primary, old, starts, stops) in cases {
            let moves = moves(Bounds::of(desired, minimum, maximum), &seen(primary), &seen(old));
            assert_eq!((moves.start, moves.stop.len()), (starts, stops), "{what}: {moves:?}");
        }
    }

    #[test]
    fn a_failed_deployment_takes_nothing_from_what_serves() {
        let bounds = Bounds::of(2, 50, 200);
        assert_eq!(moves_when_failed(bounds, &seen("p"), &seen("hh")).stop, ["p0"]);
        let scaled_to_none = Bounds::of(0, 50, 200);
        assert_eq!(moves_when_failed(scaled_to_none, &seen(""), &seen("hh")).stop.len(), 2);
    }
}
