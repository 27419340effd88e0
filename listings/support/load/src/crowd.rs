//! Clients that connect, and then say nothing.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Silent clients. They leave when this is dropped.
#[derive(Debug)]
pub struct Crowd {
    addr: SocketAddr,
    streams: Vec<TcpStream>,
}

impl Crowd {
    /// A crowd of nobody.
    pub fn new(addr: SocketAddr) -> Crowd {
        let streams = Vec::new();
        Crowd { addr, streams }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Connects one after the other until there are `count`. That they are connected does not mean that the server has
    /// accepted them: they may be in the system's queue.
    ///
    /// # Errors
    ///
    /// If one is refused, or has no connection after `time`. Those before it stay.
    pub fn grow(&mut self, count: usize, time: Duration) -> io::Result<()> {
        while self.streams.len() < count {
            let stream = TcpStream::connect_timeout(&self.addr, time)?;
            self.streams.push(stream);
        }
        Ok(())
    }
}
