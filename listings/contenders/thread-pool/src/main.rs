//! Eight threads that take the connections from a queue, as in the last chapter of the Rust Book; sockets that block.

use std::env;
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, mpsc};
use std::thread;

#[path = "../../blocking.rs"]
mod blocking;
#[path = "../../listen.rs"]
mod listen;
#[path = "../../requests.rs"]
mod requests;

/// How many connections are handled at once.
const THREADS: usize = 8;

fn main() {
    serve(listen::listen(env::args().nth(1).as_deref()));
}

fn serve(listener: TcpListener) {
    let (sender, receiver) = mpsc::channel::<TcpStream>();
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    // The lock is held while this thread waits for the next connection, but not while it handles it.
                    let next = receiver.lock().unwrap().recv();
                    let Ok(stream) = next else { break };
                    let _ = blocking::handle_connection(stream);
                }
            });
        }
        for stream in listener.incoming() {
            match stream {
                Ok(stream) => sender.send(stream).unwrap(),
                Err(error) => blocking::back_off(&error),
            }
        }
    });
}

#[cfg(test)]
#[path = "../../tests.rs"]
mod tests;
