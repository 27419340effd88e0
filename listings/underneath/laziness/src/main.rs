//! Underneath: calling an `async fn` runs nothing; only running its future does.

// ANCHOR: lazy
fn main() {
    let future = greet();
    println!("called");

    smol::block_on(future);
}

async fn greet() {
    println!("hello from inside");
}
// ANCHOR_END: lazy

#[cfg(test)]
mod tests;
