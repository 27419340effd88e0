//! A server under test, on a thread and a port of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle, ThreadId};

use socket2::{Domain, Socket, Type};

use crate::DEADLINE;

/// A server that runs on a thread of its own. One that serves for ever ends with the test's process.
pub struct Server {
    addr: SocketAddr,
    thread: JoinHandle<()>,
    ended: Receiver<()>,
}

/// Runs `serve` on a new thread and gives it a listener on 127.0.0.1, at a free port that the system picks.
///
/// The port is open when this returns: a client can connect at once. For an async `serve`, pass
/// `|listener| smol::block_on(serve(listener))`.
pub fn serve_in_background(serve: impl FnOnce(TcpListener) + Send + 'static) -> Server {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let addr = listener
        .local_addr()
        .expect("a bound listener has an address");
    let (end, ended) = channel();
    let thread = thread::spawn(move || {
        // Dropped when `serve` returns, and also when it panics.
        let _end = end;
        serve(listener);
    });
    Server {
        addr,
        thread,
        ended,
    }
}

impl Server {
    /// The address the server listens at.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The thread that `serve` was called on.
    pub fn thread_id(&self) -> ThreadId {
        self.thread.thread().id()
    }

    /// Whether `serve` has neither returned nor panicked yet.
    pub fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Waits until `serve` ends; gives `Err` with the payload if it panicked. Panics after [`DEADLINE`].
    pub fn wait_until_ended(self) -> thread::Result<()> {
        if self.ended.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            panic!("the server still runs after {DEADLINE:?}");
        }
        self.thread.join()
    }
}

/// A port of 127.0.0.1 at which nobody listens, and which nobody else can take while this value lives.
pub struct ClosedPort {
    socket: Socket,
}

impl ClosedPort {
    /// Takes a port that the system picks, without listening at it.
    pub fn reserve() -> ClosedPort {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(&any.into()).expect("a free port");
        ClosedPort { socket }
    }

    /// The address at which a client is refused.
    pub fn addr(&self) -> SocketAddr {
        let addr = self
            .socket
            .local_addr()
            .expect("a bound socket has an address");
        addr.as_socket().expect("an IPv4 address")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_returns_has_ended_well() {
        let server = serve_in_background(|_listener| {});

        assert!(server.wait_until_ended().is_ok());
    }

    #[test]
    fn a_server_that_panics_has_ended_badly() {
        let server = serve_in_background(|_listener| panic!("as planned"));

        assert!(server.wait_until_ended().is_err());
    }

    #[test]
    fn a_server_runs_until_it_ends_on_a_thread_of_its_own() {
        let (let_go, held) = channel::<()>();
        let (tell, told) = channel();
        let server = serve_in_background(move |_listener| {
            tell.send(thread::current().id()).unwrap();
            held.recv().unwrap();
        });

        assert_eq!(told.recv(), Ok(server.thread_id()));
        assert_ne!(server.thread_id(), thread::current().id());
        assert!(server.is_running());

        let_go.send(()).unwrap();
        assert!(server.wait_until_ended().is_ok());
    }
}
