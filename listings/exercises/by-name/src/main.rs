//! Exercise: let the server listen where a name leads, here or in your own `web-server`. Edit `bind` and `listen`.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener};
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

// ANCHOR: run
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
// ANCHOR_END: run

/// Listens where `name` says, or says in one line why it can't.
fn bind(name: &str) -> Result<Async<TcpListener>, String> {
    let addr: SocketAddr = name
        .parse()
        .map_err(|_| format!("`{name}` isn't an address like 127.0.0.1:7878"))?;
    listen(&[addr]).map_err(|error| format!("can't listen on {name}: {error}"))
}

/// Listens at the first of these addresses that works.
fn listen(addrs: &[SocketAddr]) -> io::Result<Async<TcpListener>> {
    // So far, there is only one.
    Async::<TcpListener>::bind(addrs[0])
}

#[cfg(test)]
mod tests;
