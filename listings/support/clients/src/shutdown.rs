//! A client that speaks in the very moment that its server is told to end.

use std::hint;
use std::net::SocketAddr;
use std::thread;

use crate::{Client, NoReply, Server};

/// Has a client that is known to the server send a request in the moment that the server is told to end, a hundred times,
/// each time a little later. It must get its response in full, or nothing, and the server must end.
///
/// `start` gives a server, and what tells it to end when it is dropped. `connect` gives a client that has been let in.
///
/// # Panics
///
/// If the client gets a part of a response, or the server does not end well.
pub fn race<Stop: Send + 'static>(
    start: impl Fn() -> (Server, Stop),
    connect: impl Fn(SocketAddr) -> Client,
) {
    let (mut answered, mut ended, mut reset) = (0, 0, 0);
    for round in 0..100 {
        let (server, stop) = start();
        let mut client = connect(server.addr());
        let stopper = thread::spawn(move || {
            for _ in 0..10 * round {
                hint::spin_loop();
            }
            drop(stop);
        });
        // If the server has gone already, the reply, or rather its absence, says so.
        let _ = client.request("/");
        match client.read_response() {
            Ok(reply) => {
                assert_eq!(reply.status, 200);
                assert_eq!(client.read_reply(), Err(NoReply::Empty));
                answered += 1;
            }
            Err(NoReply::Empty) => ended += 1,
            // It had ended the connection before it saw the request, as it may.
            Err(NoReply::Reset) => reset += 1,
            Err(other) => panic!("{other:?} in round {round}"),
        }
        stopper.join().expect("it only drops something");
        assert!(server.wait_until_ended().is_ok());
    }
    println!("{answered} answered in full, {ended} not at all, and {reset} were reset");
}

#[cfg(test)]
mod tests {
    use std::io::prelude::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::serve_in_background;

    /// Serves one client, which gets this whatever it says.
    fn race_with(response: &'static [u8]) {
        let start = || {
            let server = serve_in_background(|listener| {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 1024]).unwrap();
                stream.write_all(response).unwrap();
            });
            (server, ())
        };
        race(start, Client::connect);
    }

    #[test]
    fn a_whole_response_is_fine_and_none_as_well() {
        race_with(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        race_with(b"");
    }

    #[test]
    fn a_part_of_one_is_found() {
        let part = AssertUnwindSafe(|| race_with(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"));
        assert!(catch_unwind(part).is_err());
    }
}
