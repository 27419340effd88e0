//! Underneath: step 06's handler without `async`, as a value that we write by hand.

mod compiled;

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_lite::{AsyncRead, AsyncWrite};
use smol::{Async, Task, Timer};

fn main() {
    let by_hand = size_of::<HandleConnection>();
    let compiled = size_of_future(compiled::handle_connection);
    println!("by hand: {by_hand} bytes, by the compiler: {compiled} bytes");

    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 7878)).unwrap();
    let addr = listener.get_ref().local_addr().unwrap();
    println!("Listening on http://{addr}");

    smol::block_on(serve(listener));
}

/// The size of the futures that an `async fn` returns.
fn size_of_future<F: Future>(_handler: fn(Async<TcpStream>) -> F) -> usize {
    size_of::<F>()
}

async fn serve(listener: Async<TcpListener>) {
    // Each turn of the loop waits for the next client to connect.
    loop {
        let (stream, _) = listener.accept().await.unwrap();

        // Give this connection a task of its own, and go straight on.
        smol::spawn(handle_connection(stream)).detach();
    }
}

// ANCHOR: states
struct HandleConnection {
    stream: Async<TcpStream>,
    state: State,
}

enum State {
    /// Waiting in `stream.read(..)`.
    Reading { buffer: [u8; 1024] },
    /// Waiting in `Timer::after(..)`.
    Sleeping { timer: Timer },
    /// Waiting in `read_to_string(..)`.
    Loading {
        status_line: &'static str,
        contents: Task<io::Result<String>>,
    },
    /// Waiting in `stream.write_all(..)`.
    Writing { response: Vec<u8>, written: usize },
}
// ANCHOR_END: states

fn handle_connection(stream: Async<TcpStream>) -> HandleConnection {
    HandleConnection {
        stream,
        state: State::Reading { buffer: [0; 1024] },
    }
}

// ANCHOR: poll
impl Future for HandleConnection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let HandleConnection { stream, state } = &mut *self;
        loop {
            *state = match state {
                State::Reading { buffer } => {
                    let read = Pin::new(&mut *stream).poll_read(context, buffer);
                    let length = ready!(read).unwrap();
                    answer(&buffer[..length])
                }
                State::Sleeping { timer } => {
                    ready!(Pin::new(timer).poll(context));
                    load("HTTP/1.1 200 OK", "hello.html")
                }
                State::Loading {
                    status_line,
                    contents,
                } => {
                    let contents = ready!(Pin::new(contents).poll(context)).unwrap();
                    let response = format!("{status_line}\r\n\r\n{contents}").into_bytes();
                    State::Writing {
                        response,
                        written: 0,
                    }
                }
                State::Writing { response, written } => {
                    while *written < response.len() {
                        let rest = &response[*written..];
                        let write = Pin::new(&mut *stream).poll_write(context, rest);
                        *written += ready!(write).unwrap();
                    }
                    return Poll::Ready(());
                }
            };
        }
    }
}
// ANCHOR_END: poll

/// The state that comes after `Reading`.
fn answer(request: &[u8]) -> State {
    if request.starts_with(b"GET / HTTP/1.1\r\n") {
        load("HTTP/1.1 200 OK", "hello.html")
    } else if request.starts_with(b"GET /sleep HTTP/1.1\r\n") {
        State::Sleeping {
            timer: Timer::after(Duration::from_secs(5)),
        }
    } else {
        load("HTTP/1.1 404 NOT FOUND", "404.html")
    }
}

/// The state in which the page is read from its file, on a thread that may block.
fn load(status_line: &'static str, filename: &'static str) -> State {
    State::Loading {
        status_line,
        contents: smol::unblock(move || fs::read_to_string(filename)),
    }
}

#[cfg(test)]
mod tests;
