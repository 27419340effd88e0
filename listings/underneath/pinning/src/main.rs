//! Pinning: a future that must stay where it is, and types for which moving does no harm.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use smol::future;
use smol::io::{AsyncRead, AsyncReadExt};

fn main() {
    on_the_stack();
    on_the_heap();

    let mut buffer = [0; 1024];
    println!(
        "{:?}",
        smol::block_on(read_by_hand(&mut &b"GET /"[..], &mut buffer))
    );
    println!("{:?}", smol::block_on(read_from_any(&b"GET /"[..])));
}

// ANCHOR: first_word
async fn first_word() -> String {
    let request = *b"GET / HTTP/1.1";
    let word = &request[..3];

    // Give the thread back once.
    future::yield_now().await;

    String::from_utf8_lossy(word).into_owned()
}
// ANCHOR_END: first_word

// ANCHOR: pin
fn on_the_stack() {
    let mut future = pin!(first_word());
    let mut context = Context::from_waker(Waker::noop());

    // The first poll gets as far as the `.await`, the second to the end.
    println!("{:?}", future.as_mut().poll(&mut context));
    println!("{:?}", future.as_mut().poll(&mut context));
}
// ANCHOR_END: pin

// ANCHOR: box_pin
fn on_the_heap() {
    let mut futures = Vec::new();
    let mut context = Context::from_waker(Waker::noop());

    let mut future = Box::pin(first_word());
    println!("{:?}", future.as_mut().poll(&mut context));

    // This moves the box. The future stays where it is.
    futures.push(future);
    println!("{:?}", futures[0].as_mut().poll(&mut context));
}
// ANCHOR_END: box_pin

// ANCHOR: read_by_hand
async fn read_by_hand(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut [u8],
) -> io::Result<usize> {
    future::poll_fn(|context| Pin::new(&mut *stream).poll_read(context, buffer)).await
}
// ANCHOR_END: read_by_hand

// ANCHOR: any_stream
async fn read_from_any(stream: impl AsyncRead) -> io::Result<usize> {
    let mut stream = pin!(stream);

    let mut buffer = [0; 1024];
    stream.read(&mut buffer).await
}
// ANCHOR_END: any_stream

#[cfg(test)]
mod tests;
