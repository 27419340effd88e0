//! One connection after the other, as in `03-block-on`: sockets that block, and a loop that waits.

use std::env;
use std::net::TcpListener;

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
            // Nothing else happens before this connection is done.
            Ok(stream) => drop(blocking::handle_connection(stream)),
            Err(error) => blocking::back_off(&error),
        }
    }
}

#[cfg(test)]
#[path = "../../tests.rs"]
mod tests;
