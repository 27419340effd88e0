use std::collections::HashSet;
use std::panic;
use std::sync::mpsc::channel;

use clients::{Client, DEADLINE, Server, ask, serve_in_background};

use super::*;

/// How long a test looks whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(1);

fn start() -> Server {
    serve_in_background(serve)
}

#[test]
fn the_root_is_answered_with_the_page() {
    let reply = ask(start().addr(), "/").unwrap();

    assert_eq!(reply.head, "HTTP/1.1 200 OK");
    assert_eq!(reply.body, include_str!("../hello.html"));
}

#[test]
fn any_other_path_is_answered_with_the_404_page() {
    let reply = ask(start().addr(), "/something-else").unwrap();

    assert_eq!(reply.head, "HTTP/1.1 404 NOT FOUND");
    assert_eq!(reply.body, include_str!("../404.html"));
}

#[test]
fn a_hundred_silent_clients_delay_nobody() {
    let server = start();
    let silent = [(); 100].map(|()| Client::connect(server.addr()));

    for _ in 0..3 {
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }

    for mut client in silent {
        assert!(client.is_unanswered_for(MOMENT));
        client.request("/").unwrap();
        assert_eq!(client.read_reply().unwrap().status, 200);
    }
}

#[test]
fn a_sleeping_client_delays_nobody() {
    let server = start();
    let mut sleeping = Client::connect(server.addr());
    sleeping.request("/sleep").unwrap();

    for _ in 0..3 {
        assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    }

    assert!(sleeping.is_unanswered_for(MOMENT));
}

#[test]
fn every_client_has_a_thread_of_its_own_and_a_panic_ends_only_that() {
    // A reset makes the handler panic, and a panic tells on which thread it happened.
    let (tell, told) = channel();
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        // Nobody listens any more at the end.
        let _ = tell.send(thread::current().id());
        report(info);
    }));
    let server = start();

    for _ in 0..10 {
        Client::connect(server.addr()).reset();
    }
    let threads: Vec<_> = (0..10)
        .map(|_| told.recv_timeout(DEADLINE).unwrap())
        .collect();

    // None of them twice, and none of them the one that accepts.
    let distinct: HashSet<_> = threads.iter().collect();
    assert_eq!(distinct.len(), threads.len());
    assert!(!distinct.contains(&server.thread_id()));
    assert!(server.is_running());
    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
}

/// Where it ends. Only Linux limits the address space of a process so that it can be tested.
#[cfg(target_os = "linux")]
mod limits {
    use std::net::SocketAddr;

    use clients::{OwnProcess, limit_address_space};
    use futures_lite::{AsyncReadExt, AsyncWriteExt};
    use smol::Async;

    use super::*;

    /// How much address space the server has: room for the stacks of a few hundred threads.
    const BYTES: u64 = 512 * 1024 * 1024;

    /// How many clients connect and say nothing.
    const CLIENTS: usize = 400;

    /// Starts a server in a process of its own that has not more than [`BYTES`] of address space.
    fn start_limited(test: &str, serve: fn(TcpListener)) -> (OwnProcess, SocketAddr) {
        let process = OwnProcess::start(test, || {
            limit_address_space(BYTES);
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            println!("Listening on http://{}", listener.local_addr().unwrap());
            // As in a program, the server is on the main thread here: its panic is the end.
            serve(listener);
        });
        let line = process.wait_for_line("Listening on http://");
        let addr = line.rsplit('/').next().unwrap().parse().unwrap();
        (process, addr)
    }

    #[test]
    fn too_many_silent_clients_end_the_server() {
        let test = "tests::limits::too_many_silent_clients_end_the_server";
        let (process, addr) = start_limited(test, serve);

        assert_eq!(ask(addr, "/").unwrap().status, 200);
        // Until they are refused or reset, because the server has gone.
        let silent: Vec<_> = (0..CLIENTS)
            .map_while(|_| TcpStream::connect(addr).ok())
            .collect();

        let (status, printed) = process.wait_until_ended();
        assert!(!status.success());
        // `thread::spawn` panics; or a thread has begun and finds no room for its second stack, its name or its
        // variables, which aborts the process.
        let words = [
            "failed to spawn thread",
            "alternative stack",
            "memory allocation of",
            "out of memory",
        ];
        assert!(
            words.iter().any(|words| printed.contains(words)),
            "{printed}"
        );
        drop(silent);
    }

    #[test]
    fn as_many_tasks_fit_into_the_same_space() {
        let test = "tests::limits::as_many_tasks_fit_into_the_same_space";
        let (_process, addr) = start_limited(test, serve_with_tasks);

        let silent: Vec<_> = (0..CLIENTS).map(|_| Client::connect(addr)).collect();

        // Who connects last is accepted last, so all the others are in.
        assert_eq!(ask(addr, "/").unwrap().status, 200);
        for mut client in silent {
            client.request("/").unwrap();
            assert_eq!(client.read_reply().unwrap().status, 200);
        }
    }

    /// What step 06 does: sockets that don't block, and a task for each.
    fn serve_with_tasks(listener: TcpListener) {
        async fn handle_connection(mut stream: Async<TcpStream>) {
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        }

        smol::block_on(async {
            let listener = Async::new(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                smol::spawn(handle_connection(stream)).detach();
            }
        });
    }
}
