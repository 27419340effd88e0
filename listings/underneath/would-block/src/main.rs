//! Underneath: a listener that doesn't block says at once that nobody is there.

use std::net::{TcpListener, TcpStream};

// ANCHOR: main
fn main() {
    let listener = TcpListener::bind("127.0.0.1:7878").unwrap();
    let addr = listener.local_addr().unwrap();
    println!("Listening on http://{addr}");

    // From now on, no call on this socket waits.
    listener.set_nonblocking(true).unwrap();
    println!("{}", try_accept(&listener));

    let _client = TcpStream::connect(addr).unwrap();
    println!("{}", try_accept(&listener));
}
// ANCHOR_END: main

// ANCHOR: try_accept
fn try_accept(listener: &TcpListener) -> String {
    match listener.accept() {
        Ok(_) => "a client has connected".to_string(),
        Err(error) => format!("{:?}", error.kind()),
    }
}
// ANCHOR_END: try_accept

#[cfg(test)]
mod tests;
