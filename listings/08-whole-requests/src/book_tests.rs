//! What the book says of this step, and its reader does not type.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use clients::{Client, NoReply, Server, ask, serve_in_background};

use super::*;

/// How long a test watches a client that should not be answered. A window that is too short could overlook an
/// answer; it cannot make one up.
const WINDOW: Duration = Duration::from_millis(100);

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

fn start() -> Server {
    serve_in_background(|listener| smol::block_on(serve(Async::new(listener).unwrap())))
}

/// A connection in memory. A read gives one piece, and "not yet" before each; when there are no more, it waits for ever.
struct Script {
    pieces: VecDeque<Vec<u8>>,
    not_yet: bool,
    written: Vec<u8>,
    /// How many bytes a write takes.
    takes: usize,
}

impl Script {
    fn new<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, takes: usize) -> Script {
        Script {
            pieces: pieces.into_iter().map(<[u8]>::to_vec).collect(),
            not_yet: true,
            written: Vec::new(),
            takes,
        }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Some(mut piece) = self.pieces.pop_front() else {
            return Poll::Pending;
        };
        if self.not_yet {
            self.not_yet = false;
            self.pieces.push_front(piece);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.not_yet = true;
        let rest = piece.split_off(piece.len().min(buffer.len()));
        if !rest.is_empty() {
            self.pieces.push_front(rest);
        }
        buffer[..piece.len()].copy_from_slice(&piece);
        Poll::Ready(Ok(piece.len()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let length = self.takes.min(buffer.len());
        self.written.extend_from_slice(&buffer[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// `bytes`, cut where `cuts` has a one: its lowest bit stands for a cut behind the first byte.
fn cut(bytes: &[u8], cuts: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    for end in 1..bytes.len() {
        if cuts >> (end - 1) & 1 == 1 {
            pieces.push(&bytes[begin..end]);
            begin = end;
        }
    }
    pieces.push(&bytes[begin..]);
    pieces
}

fn page() -> String {
    let page = include_str!("../hello.html");
    let length = page.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}")
}

#[test]
fn a_head_is_read_whole_in_each_way_to_cut_it() {
    smol::block_on(async {
        for cuts in 0..1 << (REQUEST.len() - 1) {
            let mut stream = Script::new(cut(REQUEST, cuts), 1);
            let head = read_head(&mut stream).await;
            assert_eq!(head.as_deref(), Some(REQUEST), "cut at {cuts:b}");
        }
    });
}

#[test]
fn the_whole_page_comes_for_each_way_to_cut_the_request_in_three() {
    for first in 1..REQUEST.len() {
        for second in first..REQUEST.len() {
            let cuts = 1 << (first - 1) | 1 << (second - 1);
            // The response is taken in pieces of every size, too.
            let mut stream = Script::new(cut(REQUEST, cuts), first);
            smol::block_on(handle_connection(&mut stream));
            assert_eq!(String::from_utf8(stream.written).unwrap(), page());
        }
    }
}

#[test]
fn what_comes_behind_the_blank_line_is_no_part_of_the_head() {
    let pieces = [b"GET / HTTP/1.1\r\n\r\nGET /sleep HTTP/1.1\r\n\r\n".as_slice()];
    let head = smol::block_on(read_head(Script::new(pieces, 1)));
    assert_eq!(head.as_deref(), Some(REQUEST));
}

#[test]
fn the_response_says_how_long_it_is_and_that_the_connection_ends() {
    let server = start();
    for (path, page) in [
        ("/", include_str!("../hello.html")),
        ("/other", include_str!("../404.html")),
    ] {
        let reply = ask(server.addr(), path).unwrap();
        assert_eq!(reply.body, page);
        let headers: Vec<_> = reply.head.lines().skip(1).collect();
        let length = format!("Content-Length: {}", page.len());
        assert_eq!(headers, [length.as_str(), "Connection: close"]);
    }
}

#[test]
fn a_client_that_keeps_its_side_open_is_answered() {
    let server = start();
    let mut client = Client::connect(server.addr());
    client.send(REQUEST).unwrap();
    assert_eq!(client.read_reply().unwrap().status, 200);
}

#[test]
fn reading_to_the_end_waits_for_a_client_that_waits_for_us() {
    async fn serve_to_the_end(listener: Async<TcpListener>) {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            smol::spawn(async move {
                let mut request = Vec::new();
                stream.read_to_end(&mut request).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            })
            .detach();
        }
    }

    let server = serve_in_background(|l| smol::block_on(serve_to_the_end(Async::new(l).unwrap())));
    let mut client = Client::connect(server.addr());
    client.send(REQUEST).unwrap();

    assert!(client.is_unanswered_for(WINDOW));

    client.finish_sending();
    assert_eq!(client.read_reply().unwrap().status, 200);
}

#[test]
fn a_head_may_have_eight_kibibytes_and_not_a_byte_more() {
    let server = start();
    let request = |length: usize| {
        let padding = "a".repeat(length - REQUEST.len() - "Padding: \r\n".len());
        format!("GET / HTTP/1.1\r\nPadding: {padding}\r\n\r\n")
    };
    let at_most = usize::try_from(MAX_HEAD).unwrap();

    let mut client = Client::connect(server.addr());
    assert_eq!(request(at_most).len(), at_most);
    client.send(request(at_most).as_bytes()).unwrap();
    assert_eq!(client.read_reply().unwrap().status, 200);

    // A reset instead of an end in good order: the last byte is unread.
    let mut client = Client::connect(server.addr());
    client.send(request(at_most + 1).as_bytes()).unwrap();
    let nothing = client.read_reply().unwrap_err();
    assert!(matches!(nothing, NoReply::Reset | NoReply::Empty));
}

#[test]
fn a_client_that_is_gone_when_its_page_is_ready_makes_its_task_panic() {
    // The first write after the client has closed is taken, and answered with a reset. The second fails if that reset is
    // faster, which we can't be sure of.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let panicked = (0..100).any(|_| {
        let mut client = Client::connect(listener.local_addr().unwrap());
        let stream = Async::new(listener.accept().unwrap().0).unwrap();
        client.send(REQUEST).unwrap();
        client.hang_up();

        let task = smol::spawn(handle_connection(stream));
        std::panic::catch_unwind(|| smol::block_on(task)).is_err()
    });
    assert!(panicked);
}
