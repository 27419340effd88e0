//! Wrong: a future is polled through a pointer that does not pin it.

use std::pin::Pin;
use std::task::{Context, Waker};

use smol::future;

// ANCHOR: main
fn main() {
    let mut future = first_word();
    let mut context = Context::from_waker(Waker::noop());

    let first_answer = Pin::new(&mut future).poll(&mut context);
    println!("{first_answer:?}");
}
// ANCHOR_END: main

async fn first_word() -> String {
    let request = *b"GET / HTTP/1.1";
    let word = &request[..3];

    // Give the thread back once.
    future::yield_now().await;

    String::from_utf8_lossy(word).into_owned()
}
