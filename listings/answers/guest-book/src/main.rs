//! Answer: all guests are in the guest book.

use std::time::Duration;

fn main() {
    print!("{}", guest_book());
}

// ANCHOR: guest_book
/// The book with the names of all guests. It stays an ordinary function, because `main` calls it.
fn guest_book() -> String {
    let mut book = String::new();
    smol::block_on(welcome(&mut book));
    book
}

async fn welcome(book: &mut String) {
    sign(book, "Ada").await;
    sign(book, "Grace").await;
}

async fn sign(book: &mut String, name: &str) {
    // Every guest looks for the pen first. The thread should be free meanwhile.
    smol::Timer::after(Duration::from_millis(500)).await;
    book.push_str(name);
    book.push('\n');
}
// ANCHOR_END: guest_book

#[cfg(test)]
mod tests;
