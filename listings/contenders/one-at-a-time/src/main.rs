//! One connection after the other, as in `03-block-on`: sockets that block, and a loop that waits.

use std::env;
use std::net::TcpListener;

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
            // Nothing else happens before this connection is done.
            Ok(stream) => drop(blocking::handle_connection(stream)),
            Err(error) => blocking::back_off(&error),
        }
    }
}

#[cfg(test)]
#[path = "../../tests.rs"]
mod tests;
