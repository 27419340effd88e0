//! Answer: the server listens where a name leads.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::process::ExitCode;

use smol::Async;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("web-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Listens where the command line says.
fn run() -> Result<(), String> {
    let name = env::args().nth(1).unwrap_or("127.0.0.1:7878".to_string());
    let listener = bind(&name)?;
    let addr = listener.get_ref().local_addr();
    let addr = addr.map_err(|error| format!("can't listen on {name}: {error}"))?;
    println!("Listening on http://{addr}");

    // The whole server starts its threads here, and serves. This one ends.
    Ok(())
}

/// Listens where `name` says, or says in one line why it can't.
// ANCHOR: bind
fn bind(name: &str) -> Result<Async<TcpListener>, String> {
    let addrs = name
        .to_socket_addrs()
        .map_err(|error| format!("can't find `{name}`: {error}"))?;
    let addrs: Vec<SocketAddr> = addrs.collect();
    listen(&addrs).map_err(|error| format!("can't listen on {name}: {error}"))
}
// ANCHOR_END: bind

/// Listens at the first of these addresses that works.
// ANCHOR: bind
fn listen(addrs: &[SocketAddr]) -> io::Result<Async<TcpListener>> {
    // The standard library tries one after the other.
    Async::new(TcpListener::bind(addrs)?)
}
// ANCHOR_END: bind

#[cfg(test)]
#[path = "../../../exercises/by-name/src/tests.rs"]
mod tests;
