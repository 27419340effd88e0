//! A thread for each connection, and sockets that block.

use std::env;
use std::net::TcpListener;
use std::thread;

#[path = "../../blocking.rs"]
mod blocking;
#[path = "../../listen.rs"]
mod listen;
#[path = "../../requests.rs"]
mod requests;

fn main() {
    serve(listen::listen(env::args().nth(1).as_deref()));
}

fn serve(listener: TcpListener) {
    for stream in listener.incoming() {
        match stream {
            // A client that leaves too early is no loss to the others.
            Ok(stream) => drop(thread::spawn(|| blocking::handle_connection(stream))),
            Err(error) => blocking::back_off(&error),
        }
    }
}

#[cfg(test)]
#[path = "../../tests.rs"]
mod tests;
