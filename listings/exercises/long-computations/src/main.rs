//! Exercise: two long computations block the executor. Edit `page` until `cargo test` passes.

fn main() {
    let numbers = || (1..=100_000_000).sum();
    let squares = || (1..=2_000_000).map(|number| number * number).sum();

    println!("{}", smol::block_on(page(numbers, squares)));
}

/// A page with the results of two computations. They take long, and have nothing to wait for.
async fn page(
    first: impl FnOnce() -> u64 + Send + 'static,
    second: impl FnOnce() -> u64 + Send + 'static,
) -> String {
    // Both run on the thread of the executor, one after the other.
    let (first, second) = (first(), second());
    format!("<p>{first} and {second}</p>")
}

#[cfg(test)]
mod tests;
