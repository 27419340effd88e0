//! What the book says of this step, and its reader does not type.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Instant;

use clients::{Client, NoReply, Server, serve_in_background, serve_in_own_process};

use super::*;

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(3600);

fn start(limits: Limits) -> Server {
    serve_in_background(move |l| smol::block_on(serve(Async::new(l).unwrap(), limits)))
}

/// A client that has sent its request, and takes nothing of the response.
struct NeverReads(&'static [u8]);

impl AsyncRead for NeverReads {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(io::Read::read(&mut self.0, buffer))
    }
}

impl AsyncWrite for NeverReads {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_client_that_never_reads_is_out_of_time() {
    let stream = NeverReads(b"GET / HTTP/1.1\r\n\r\n");
    let limits = Limits {
        head: LONG,
        response: SHORT,
    };

    let outcome = smol::block_on(handle_connection(stream, limits));

    assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[test]
fn a_client_that_stops_in_its_head_is_hung_up_on_at_the_deadline() {
    let server = start(Limits {
        head: Duration::from_millis(300),
        response: LONG,
    });
    let begin = Instant::now();
    let mut client = Client::connect(server.addr());
    client.send(b"GET / HTTP/1.1\r\n").unwrap();

    assert_eq!(client.read_reply(), Err(NoReply::Empty));
    assert!(begin.elapsed() >= Duration::from_millis(290));
}

#[test]
fn each_of_a_hundred_silent_clients_is_a_line_in_the_log() {
    let test = "book_tests::each_of_a_hundred_silent_clients_is_a_line_in_the_log";
    let limits = Limits {
        head: SHORT,
        response: LONG,
    };
    let server = serve_in_own_process(test, 1000, |listener| {
        smol::block_on(serve(Async::new(listener).unwrap(), limits));
    });

    let clients = [(); 100].map(|()| Client::connect(server.addr()));
    server.wait_until_printed(": timed out", 100);

    for client in clients {
        assert_eq!(client.read_reply(), Err(NoReply::Empty));
    }
}

#[test]
fn work_that_is_done_in_time_gives_what_it_gives() {
    let done = smol::block_on(within(LONG, async { Ok(7) }));
    assert_eq!(done.unwrap(), 7);

    let failed = smol::block_on(within(LONG, async { Err::<(), _>(io::Error::other("no")) }));
    assert_eq!(failed.unwrap_err().to_string(), "no");
}

#[test]
fn work_that_is_not_done_in_time_is_dropped() {
    let held = Arc::new(());
    let work = {
        let held = Arc::clone(&held);
        async move {
            future::pending::<()>().await;
            drop(held);
            Ok(())
        }
    };
    assert_eq!(Arc::strong_count(&held), 2);

    let outcome = smol::block_on(within(SHORT, work));

    assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn work_that_blocks_its_thread_can_not_be_stopped() {
    let begin = Instant::now();
    let work = async {
        thread::sleep(4 * SHORT);
        Ok("done all the same")
    };

    let outcome = smol::block_on(within(SHORT, work));

    assert_eq!(outcome.unwrap(), "done all the same");
    assert!(begin.elapsed() >= 4 * SHORT);
}
