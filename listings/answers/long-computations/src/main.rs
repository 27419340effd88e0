//! Answer: two long computations run at the same time, and block no task.

use futures_lite::future;

fn main() {
    let numbers = || (1..=100_000_000).sum();
    let squares = || (1..=2_000_000).map(|number| number * number).sum();

    println!("{}", smol::block_on(page(numbers, squares)));
}

// ANCHOR: page
/// A page with the results of two computations. They take long, and have nothing to wait for.
async fn page(
    first: impl FnOnce() -> u64 + Send + 'static,
    second: impl FnOnce() -> u64 + Send + 'static,
) -> String {
    let (first, second) = future::zip(smol::unblock(first), smol::unblock(second)).await;
    format!("<p>{first} and {second}</p>")
}
// ANCHOR_END: page

#[cfg(test)]
#[path = "../../../exercises/long-computations/src/tests.rs"]
mod tests;
