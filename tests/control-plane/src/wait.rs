//! Waiting for a condition, with a deadline. The only place of this crate that sleeps or reads the clock.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Between two looks: short enough not to be felt, long enough not to take a core from what is being waited for.
const PAUSE: Duration = Duration::from_millis(100);

/// Looks again and again until `look` returns something, an error, or `limit` is over.
///
/// `look` returns `Ok(Err(why))` for "not yet", so that the error at the deadline can say what was missing.
pub fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<Result<T, String>>) -> Result<T> {
    let began = Instant::now();
    loop {
        let missing = match look()? {
            Ok(found) => return Ok(found),
            Err(missing) => missing,
        };
        if began.elapsed() >= limit {
            bail!("waited {} s for {what}, in vain: {missing}", limit.as_secs());
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_returned_at_once_and_what_never_comes_is_told_at_the_deadline() {
        let mut looks = 0;
        let found = wait_for("three looks", Duration::from_secs(5), || {
            looks += 1;
            Ok(if looks == 3 { Ok(looks) } else { Err("not yet".to_owned()) })
        });
        assert_eq!(found.unwrap(), 3);

        let never = wait_for("spring", Duration::ZERO, || Ok(Err::<(), _>("it is winter".to_owned())));
        assert_eq!(never.unwrap_err().to_string(), "waited 0 s for spring, in vain: it is winter");
    }
}
