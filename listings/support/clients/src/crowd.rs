//! Many clients at once.

use std::io::prelude::*;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Has `count` clients send `request` at once, and gives how long the one waited that waited longest. Each must be
/// answered with status 200, and its connection must end then.
///
/// # Panics
///
/// If one is answered otherwise, or not at all.
pub fn longest_wait(addr: SocketAddr, count: usize, request: &[u8]) -> Duration {
    let begin = Instant::now();
    let ask = |_| {
        let begin = Instant::now();
        let mut client = TcpStream::connect(addr).expect("a place in the queue");
        client.write_all(request).expect("a server that listens");
        (begin, client)
    };
    let clients: Vec<_> = (0..count).map(ask).collect();
    let asked = begin.elapsed();
    let wait = |(begin, mut client): (Instant, TcpStream)| {
        let mut response = String::new();
        client.read_to_string(&mut response).expect("a response");
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response:?}");
        begin.elapsed()
    };
    let longest = clients.into_iter().map(wait).max().unwrap_or_default();
    println!("{count} asked within {asked:?}, and none waited longer than {longest:?}");
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve_in_background;

    #[test]
    fn the_longest_wait_is_that_of_the_last() {
        const NAP: Duration = Duration::from_millis(20);
        let server = serve_in_background(|listener| {
            for _ in 0..3 {
                let (mut stream, _) = listener.accept().unwrap();
                stream.read_exact(&mut [0; 3]).unwrap();
                std::thread::sleep(NAP);
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            }
        });

        assert!(longest_wait(server.addr(), 3, b"hey") >= NAP);
        assert!(server.wait_until_ended().is_ok());
    }
}
