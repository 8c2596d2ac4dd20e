//! The whole controller, with something going wrong at every call that it makes.
//!
//! AWS and Kubernetes are in memory, time is virtual, and every outward call goes through one [`seam`]. An undisturbed
//! run of a scenario names the calls; then it is run again for each of them and each [`fault`] that can happen to it.
//! The [`oracle`] knows what must be at the end, and looks all the time whether a condition lies. Nothing is random:
//! a trial is repeated by its name.

#![cfg(test)]

mod doors;
mod fault;
mod name;
mod oracle;
mod run;
mod scenario;
mod seam;
mod stage;
mod suite;
mod table;

use std::time::Instant;

use run::Trial;
use scenario::Scenario;
use suite::Suite;

/// The part that `make test` has time for.
#[test]
fn what_goes_wrong_at_a_call_is_put_right() {
    let suite = Suite::new(scenario::all());
    tell(&suite, &suite.sample());
}

/// `make faults`; `ONLY` chooses those trials whose names contain it, `PART` (`2/5`: the second of five) some of each
/// scenario, for several machines or sittings.
#[test]
#[ignore = "it takes long: make faults"]
fn what_goes_wrong_at_any_call_is_put_right() {
    let only = std::env::var("ONLY").unwrap_or_default();
    // Where it begins with a scenario, the others are not run in vain.
    let begins = |scenario: &Scenario| only.starts_with(&format!("{}/", scenario.name));
    let scenarios = scenario::all();
    let named = scenarios.iter().any(begins);
    let suite = Suite::of_those(scenarios, |scenario| !named || begins(scenario));
    let (part, parts) = part(&std::env::var("PART").unwrap_or_default());
    let chosen = suite.trials().into_iter().filter(|trial| trial.to_string().contains(&only));
    let trials: Vec<Trial> = chosen.skip(part - 1).step_by(parts).collect();
    assert!(!trials.is_empty(), "there is no trial {only}");
    tell(&suite, &trials);
}

/// Which part of how many; left out: the only one.
fn part(text: &str) -> (usize, usize) {
    if text.is_empty() {
        return (1, 1);
    }
    let numbers = text.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    let Some((part, parts)) = numbers.filter(|(part, parts)| (1..=*parts).contains(part)) else {
        panic!("PART is {text}; write 2/5 for the second of five parts");
    };
    (part, parts)
}

#[test]
fn a_part_is_one_of_several() {
    assert_eq!(["", "1/1", "2/5"].map(part), [(1, 1), (1, 1), (2, 5)]);
    for wrong in ["0/5", "6/5", "5", "a/b"] {
        assert!(std::panic::catch_unwind(|| part(wrong)).is_err(), "{wrong}");
    }
}

fn tell(suite: &Suite, trials: &[Trial]) {
    let began = Instant::now();
    let tried = suite.try_all(trials);
    if let [only] = &tried[..] {
        println!("\n{}", only.story.join("\n"));
    }
    println!("\n{}\n{} s", table::table(&tried), began.elapsed().as_secs());
    let failed = tried.iter().filter(|tried| !tried.problems.is_empty()).count();
    assert_eq!(failed, 0, "of {} trials, so many failed", tried.len());
}
