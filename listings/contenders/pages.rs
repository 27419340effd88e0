//! The pages of the finished server, and what they take, for all contenders.

use std::time::Duration;

pub const HELLO: &str = include_str!("../14-web-server/hello.html");

/// How long `/sleep` takes.
pub const NAP: Duration = Duration::from_secs(5);

/// Up to where `/compute` looks for prime numbers.
const PRIMES: u32 = 2_000_000;

/// The page at `/compute`.
pub fn compute() -> &'static str {
    // Nobody sees the number, so tests don't wait for a large one.
    let end = if cfg!(test) { 100 } else { PRIMES };
    std::hint::black_box(primes_below(end));
    HELLO
}

/// Counts the prime numbers below `end`, the slow way.
fn primes_below(end: u32) -> usize {
    let is_prime = |&n: &u32| (2..n).take_while(|d| d * d <= n).all(|d| n % d != 0);
    (2..end).filter(is_prime).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = include_str!("pages.rs");
    const FINISHED: &str = include_str!("../14-web-server/src/connection.rs");

    #[test]
    fn primes_are_counted() {
        assert_eq!(primes_below(100), 25);
    }

    #[test]
    fn the_finished_server_computes_the_same_and_naps_as_long() {
        for (start, end) in [("\nconst PRIMES", ";"), ("\nfn primes_below", "\n}\n")] {
            let (_, item) = OURS.split_once(start).unwrap();
            let (item, _) = item.split_once(end).unwrap();
            assert!(FINISHED.contains(&[start, item, end].concat()));
        }
        let nap = format!("Timer::after(Duration::from_secs({}))", NAP.as_secs());
        assert!(FINISHED.contains(&nap));
    }
}
