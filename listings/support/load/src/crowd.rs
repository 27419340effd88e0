//! Clients that connect, and then say nothing.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// How many clients come from one address. Each needs a port of its own there, and where most are taken, the system has
/// to search.
const PER_ADDRESS: usize = 5000;

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
            let socket = Socket::new(Domain::for_address(self.addr), Type::STREAM, None)?;
            // On Linux, all of 127.0.0.0/8 is this machine.
            if cfg!(target_os = "linux") && self.addr.is_ipv4() && self.addr.ip().is_loopback() {
                let last = 1 + self.streams.len() / PER_ADDRESS;
                let from = SocketAddr::from(([127, 0, 1, last as u8], 0));
                socket.bind(&from.into())?;
            }
            // It leaves with a reset. Otherwise its port would be taken for another minute.
            socket.set_linger(Some(Duration::ZERO))?;
            socket.connect_timeout(&self.addr.into(), time)?;
            self.streams.push(socket.into());
        }
        Ok(())
    }
}
