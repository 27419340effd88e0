//! The other reference: what the system itself can do. A loop around epoll that parses nothing, and answers every chunk
//! of bytes that ends in a blank line with the same page. `epoll-loop [ADDR]`, on one thread, on Linux alone.

#[cfg(target_os = "linux")]
#[path = "../../listen.rs"]
mod listen;

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    epoll::serve(listen::listen(std::env::args().nth(1).as_deref()))
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("This program needs epoll, which only Linux has.");
}

#[cfg(target_os = "linux")]
mod epoll {
    use std::collections::HashMap;
    use std::io::{self, prelude::*};
    use std::mem::MaybeUninit;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::{AsRawFd, RawFd};

    use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
    use rustix::io::Errno;

    const PAGE: &str = include_str!("../../../14-web-server/hello.html");

    pub fn serve(listener: TcpListener) -> io::Result<()> {
        let page = format!("Content-Length: {}\r\n\r\n{PAGE}", PAGE.len());
        let response = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{page}");
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let key = |fd: RawFd| EventData::new_u64(fd as u64);
        listener.set_nonblocking(true)?;
        let listening = key(listener.as_raw_fd());
        epoll::add(&epoll, &listener, listening, EventFlags::IN)?;

        let mut streams: HashMap<u64, TcpStream> = HashMap::new();
        let mut events = [MaybeUninit::uninit(); 256];
        let mut buffer = [0; 8 * 1024];
        loop {
            let (ready, _) = match epoll::wait(&epoll, &mut events, None) {
                Err(Errno::INTR) => continue,
                ready => ready?,
            };
            for event in ready {
                let event = event.data;
                if event.u64() == listening.u64() {
                    while let Ok((stream, _)) = listener.accept() {
                        stream.set_nonblocking(true)?;
                        let key = key(stream.as_raw_fd());
                        epoll::add(&epoll, &stream, key, EventFlags::IN)?;
                        streams.insert(key.u64(), stream);
                    }
                } else if let Some(mut stream) = streams.get(&event.u64()) {
                    let is_done = match stream.read(&mut buffer) {
                        Ok(length) if buffer[..length].ends_with(b"\r\n\r\n") => {
                            // So short a response fits into the socket's buffer, if the client reads at all.
                            stream.write_all(response.as_bytes()).is_err()
                                || buffer[..length].ends_with(b"\nConnection: close\r\n\r\n")
                        }
                        Ok(length) => length == 0,
                        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
                    };
                    if is_done {
                        streams.remove(&event.u64());
                    }
                }
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use clients::{Client, serve_in_background};

    #[test]
    fn it_answers_until_the_client_closes_the_connection() {
        let server = serve_in_background(|listener| super::epoll::serve(listener).unwrap());
        let mut client = Client::connect(server.addr());

        let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        client.send(request.as_bytes()).unwrap();

        assert!(client.read_reply().unwrap().body.contains("Hello!"));
    }
}
