//! The pages of the finished server, and the work for the processor at `/compute`, for all contenders.

pub const HELLO: &str = include_str!("../11-limits/hello.html");

/// Up to where `/compute` looks for prime numbers.
const PRIMES: u32 = 2_000_000;

/// The page at `/compute`.
pub fn compute() -> &'static str {
    std::hint::black_box(primes_below(PRIMES));
    HELLO
}

/// Counts the prime numbers below `end`, the slow way.
fn primes_below(end: u32) -> usize {
    let is_prime = |&n: &u32| (2..n).take_while(|d| d * d <= n).all(|d| n % d != 0);
    (2..end).filter(is_prime).count()
}
