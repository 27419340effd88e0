//! A thread for each connection, and sockets that block.

use std::env;
use std::net::TcpListener;
use std::thread;

#[path = "../../blocking.rs"]
mod blocking;
#[path = "../../http.rs"]
mod http;

fn main() {
    let addr = env::args().nth(1);
    let addr = addr.as_deref().unwrap_or("127.0.0.1:7878");
    let listener = TcpListener::bind(addr).unwrap();
    println!("Listening on http://{}", listener.local_addr().unwrap());

    serve(listener);
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
