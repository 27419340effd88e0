//! Where the contenders listen, all in the same way.

use std::net::TcpListener;

use socket2::SockRef;

/// How many clients may wait in the system's queue, as in the finished server. By itself, it's 128.
const QUEUE: i32 = 4096;

/// Listens at the address that is the program's argument, or else where the servers of the book do.
pub fn listen(addr: Option<&str>) -> TcpListener {
    let listener = TcpListener::bind(addr.unwrap_or("127.0.0.1:7878")).unwrap();
    SockRef::from(&listener).listen(QUEUE).unwrap();
    println!("Listening on http://{}", listener.local_addr().unwrap());
    listener
}
