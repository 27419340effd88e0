//! Underneath: a future that must stay where it is, and types that may be moved at any time.

use std::cell::Cell;
use std::io;
use std::pin::{Pin, pin};
use std::ptr;
use std::task::{Context, Waker};

use futures_lite::{AsyncRead, AsyncReadExt, future};

fn main() {
    poll_by_hand();
    look_inside();
    move_it();
    on_the_heap();

    let mut buffer = [0; 1024];
    let length = smol::block_on(read_by_hand(&mut &b"GET /"[..], &mut buffer));
    println!("read {} bytes", length.unwrap());
    let length = smol::block_on(read_from_any(&b"GET /"[..]));
    println!("read {} bytes", length.unwrap());
}

// ANCHOR: first_word
async fn first_word() -> String {
    let request = *b"GET / HTTP/1.1";
    let word = &request[..3];

    // Yield once.
    future::yield_now().await;

    String::from_utf8_lossy(word).into_owned()
}
// ANCHOR_END: first_word

// ANCHOR: pin
fn poll_by_hand() {
    let mut future = pin!(first_word());
    let mut context = Context::from_waker(Waker::noop());

    // The first poll gets as far as the `.await`, the second to the end.
    println!("{:?}", future.as_mut().poll(&mut context));
    println!("{:?}", future.as_mut().poll(&mut context));
}
// ANCHOR_END: pin

// ANCHOR: inside
fn look_inside() {
    let word_at = Cell::new(0);
    let mut context = Context::from_waker(Waker::noop());

    // The body of `first_word`, and it tells us where `word` points.
    let mut future = pin!(async {
        let request = *b"GET / HTTP/1.1";
        let word = &request[..3];
        word_at.set(word.as_ptr().addr());

        future::yield_now().await;

        String::from_utf8_lossy(word).into_owned()
    });
    println!("{:?}", future.as_mut().poll(&mut context));

    let size = size_of_val(&*future);
    let start = ptr::from_ref(&*future).addr();
    let byte = word_at.get() - start;
    println!("the future takes {size} bytes, and `word` points to byte {byte} of them");
}
// ANCHOR_END: inside

// ANCHOR: moved
/// What the future keeps, as a struct of our own. A `*const u8` is an
/// address that the compiler does not watch.
struct Request {
    bytes: [u8; 14],
    word: *const u8,
}

impl Request {
    fn points_into_itself(&self) -> bool {
        self.bytes.as_ptr_range().contains(&self.word)
    }
}

fn move_it() {
    let mut request = Request {
        bytes: *b"GET / HTTP/1.1",
        word: ptr::null(),
    };
    request.word = request.bytes.as_ptr();
    println!("before the move: {}", request.points_into_itself());

    // The bytes go to the heap, and the address stays what it was.
    let request = Box::new(request);
    println!("after the move: {}", request.points_into_itself());
}
// ANCHOR_END: moved

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
