//! What the book says of this step, and its reader does not type.

use std::panic;

use clients::{Client, ServerProcess, ask, serve_in_own_process};

use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

/// The server in a process of its own, which may have this many files and sockets open.
fn start(test: &str, open_files: usize) -> ServerProcess {
    serve_in_own_process(&format!("book_tests::{test}"), open_files, |listener| {
        smol::block_on(serve(Async::new(listener).unwrap()));
    })
}

#[test]
fn each_connection_has_its_line_in_the_log() {
    let server = start("each_connection_has_its_line_in_the_log", 1000);

    let lines = |what: &str| format!(": {what}");
    ask(server.addr(), "/").unwrap();
    server.wait_until_printed(&lines("HTTP/1.1 200 OK"), 1);
    ask(server.addr(), "/other").unwrap();
    server.wait_until_printed(&lines("HTTP/1.1 404 NOT FOUND"), 1);
    Client::connect(server.addr()).hang_up();
    server.wait_until_printed(&lines("the request has no end"), 1);
    let mut too_long = Client::connect(server.addr());
    // The server may hang up before it has all.
    let _ = too_long.send(&[b'a'; 10_000]);
    server.wait_until_printed(&lines("the request has no end"), 2);

    assert_eq!(server.printed("127.0.0.1:"), 4);
}

#[test]
#[cfg(unix)]
fn a_client_that_resets_is_a_line_in_the_log_and_not_a_panic() {
    let test = "a_client_that_resets_is_a_line_in_the_log_and_not_a_panic";
    let mut server = start(test, 1000);

    for count in 1..=10 {
        Client::connect(server.addr()).reset();
        server.wait_until_printed("Connection reset by peer", count);
    }
    let mut begun = Client::connect(server.addr());
    begun.send(b"GET / HT").unwrap();
    begun.reset();
    server.wait_until_printed("Connection reset by peer", 11);

    assert_eq!(ask(server.addr(), "/").unwrap().status, 200);
    assert_eq!(server.printed("panicked"), 0);
    assert_eq!(server.ended(), None);
}

#[test]
fn a_client_that_is_gone_when_its_page_is_ready_is_an_error() {
    // The first write after the client has closed is taken, and answered with a reset. The second fails if that reset is
    // faster, which we can't be sure of.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let failed = (0..100).any(|_| {
        let mut client = Client::connect(listener.local_addr().unwrap());
        let stream = Async::new(listener.accept().unwrap().0).unwrap();
        client.send(REQUEST).unwrap();
        client.hang_up();

        let task = smol::spawn(handle_connection(stream));
        let outcome = panic::catch_unwind(|| smol::block_on(task));
        outcome.expect("no panic").is_err()
    });
    assert!(failed);
}

/// Linux tells how long a process has kept a processor busy.
#[cfg(target_os = "linux")]
mod out_of_files {
    use std::thread;
    use std::time::Instant;

    use super::*;

    /// More than there is room for.
    const CLIENTS: usize = 60;

    /// Connects more clients than the server has files for.
    fn crowd(server: &ServerProcess) -> Vec<Client> {
        // With its first task, smol begins to watch for child processes, which takes files too.
        ask(server.addr(), "/").unwrap();
        (0..CLIENTS)
            .map(|_| Client::connect(server.addr()))
            .collect()
    }

    #[test]
    fn the_server_waits_and_recovers() {
        let mut server = start("out_of_files::the_server_waits_and_recovers", 40);
        let error = "accept: Too many open files";
        let clients = crowd(&server);
        server.wait_until_printed(error, 1);

        // One that tries again at once has thousands of errors a second, even where it gets little of the processor.
        let begin = Instant::now();
        let (errors, busy) = (server.printed(error), server.processor_time());
        thread::sleep(Duration::from_millis(500));
        server.wait_until_printed(error, errors + 5);
        let errors = server.printed(error) - errors;
        let busy = server.processor_time() - busy;
        let tenths = 1 + begin.elapsed().as_millis() as usize / 100;
        // What we read late has been printed before.
        assert!(
            errors <= 50 + 2 * tenths,
            "{errors} errors in {tenths} tenths of a second"
        );
        assert!(busy <= begin.elapsed() / 10, "busy for {busy:?}");

        drop(clients);
        server.wait_until("a page", |server| {
            ask(server.addr(), "/").is_ok_and(|reply| reply.status == 200)
        });
        assert_eq!(server.ended(), None);
        assert_eq!(server.printed("panicked"), 0);
    }

    #[test]
    fn a_server_that_tries_again_at_once_spins() {
        async fn serve_spinning(listener: Async<TcpListener>) {
            let mut errors = 0;
            loop {
                match listener.accept().await {
                    Ok((stream, addr)) => smol::spawn(handle_and_log(stream, addr)).detach(),
                    Err(_) => {
                        errors += 1;
                        if errors % 1000 == 0 {
                            println!("a thousand errors");
                        }
                    }
                }
            }
        }

        let test = "book_tests::out_of_files::a_server_that_tries_again_at_once_spins";
        let server = serve_in_own_process(test, 40, |listener| {
            smol::block_on(serve_spinning(Async::new(listener).unwrap()));
        });
        let _clients = crowd(&server);
        server.wait_until_printed("a thousand errors", 1);

        // It never stops, so this comes sooner or later; how soon depends on what else the machine is doing.
        let busy = server.processor_time();
        server.wait_until_printed("a thousand errors", 100);
        assert!(server.processor_time() > busy);
    }

    #[test]
    fn a_server_that_unwraps_ends() {
        async fn serve_unwrapping(listener: Async<TcpListener>) {
            loop {
                let (stream, addr) = listener.accept().await.unwrap();
                smol::spawn(handle_and_log(stream, addr)).detach();
            }
        }

        let test = "book_tests::out_of_files::a_server_that_unwraps_ends";
        let mut server = serve_in_own_process(test, 40, |listener| {
            smol::block_on(serve_unwrapping(Async::new(listener).unwrap()));
        });
        // It may end before all have come.
        let connect = |_| TcpStream::connect(server.addr()).ok();
        let _clients: Vec<_> = (0..CLIENTS).map_while(connect).collect();

        assert_eq!(server.wait_until_ended().code(), Some(101));
    }
}
