//! The score of a step: what becomes of clients that do not behave, and of the others meanwhile.
//!
//! A step declares it with [`score!`](crate::score!). Each line of the declaration is a test, and a cell of the
//! book's table. There is a module for each of the six clients here, and in it a function for each verdict that the
//! client can meet, which fails where the verdict is wrong. A verdict that is new to a client is a new function.
//!
//! A verdict speaks of the others where they suffer (`others_wait`, `the_server_ends`, `nobody_is_answered`). Any
//! other verdict says that they are served, and what this one client gets (`gets_the_page`, `stays`).

use std::time::{Duration, Instant};

use crate::{Client, NoReply, Reply, Server, ask};

/// Declares what a step does to the six clients that do not behave, and proves it.
///
/// `serve` is what [`serve_in_background`](crate::serve_in_background) is given. Behind each client stands a verdict,
/// a function of the module of [`score`](crate::score) that has the client's name.
///
/// ```no_run
/// # #![allow(dead_code)]
/// fn serve(_: std::net::TcpListener) {}
///
/// clients::score! {
///     serve: serve,
///     silent: others_wait,
///     slow: others_wait,
///     hang_up: gets_404,
///     reset: the_server_ends,
///     byte_by_byte: gets_404,
///     long_head: is_reset,
/// }
/// # fn main() {}
/// ```
///
/// This makes six tests, which are called `silent::others_wait` and so on.
#[macro_export]
macro_rules! score {
    (
        serve: $serve:expr,
        silent: $silent:ident,
        slow: $slow:ident,
        hang_up: $hang_up:ident,
        reset: $reset:ident,
        byte_by_byte: $byte_by_byte:ident,
        long_head: $long_head:ident $(,)?
    ) => {
        fn start() -> $crate::Server {
            $crate::serve_in_background($serve)
        }

        $crate::score!(@test silent $silent);
        $crate::score!(@test slow $slow);
        $crate::score!(@test hang_up $hang_up);
        $crate::score!(@test reset $reset);
        $crate::score!(@test byte_by_byte $byte_by_byte);
        $crate::score!(@test long_head $long_head);
    };
    (@test $client:ident $verdict:ident) => {
        mod $client {
            #[test]
            fn $verdict() {
                $crate::score::$client::$verdict(super::start());
            }
        }
    };
}

/// How long we watch a client that should not be answered. A window that is too short could overlook an answer; it
/// cannot make one up.
const WINDOW: Duration = Duration::from_millis(100);

/// How long we look whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(1);

/// How long `/sleep` sleeps.
const SLEEP: Duration = Duration::from_secs(5);

/// A client that connects and says nothing.
pub mod silent {
    use super::*;

    /// The others wait until it leaves.
    pub fn others_wait(server: Server) {
        let silent = Client::connect(server.addr());
        let mut other = Client::connect(server.addr());
        other.request("/").unwrap();
        assert!(other.is_unanswered_for(WINDOW), "the other is served");

        silent.hang_up();
        assert_gets(other, 200);
    }

    /// The others are served. It keeps its place for as long as it likes, and is served when it speaks at last.
    pub fn stays(server: Server) {
        let mut silent = Client::connect(server.addr());
        others_are_served(&server);
        assert!(silent.is_unanswered_for(WINDOW), "it is sent off");

        silent.request("/").unwrap();
        assert_gets(silent, 200);
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: Server) {
        let silent = Client::connect(server.addr());
        assert_not_answered(silent.read_reply());
        others_are_not_answered(&server);
    }
}

/// A client that asks for `/sleep`, which takes five seconds.
pub mod slow {
    use super::*;

    /// The others wait until it has its page.
    pub fn others_wait(server: Server) {
        let mut slow = Client::connect(server.addr());
        let mut other = Client::connect(server.addr());
        let start = Instant::now();
        slow.request("/sleep").unwrap();
        other.request("/").unwrap();

        assert_gets(other, 200);
        assert!(start.elapsed() >= SLEEP, "the other is served");
        assert_gets(slow, 200);
    }

    /// The others are served while it waits for its page.
    pub fn gets_the_page(server: Server) {
        let mut slow = Client::connect(server.addr());
        let start = Instant::now();
        slow.request("/sleep").unwrap();

        others_are_served(&server);
        assert!(slow.is_unanswered_for(MOMENT), "the others waited for it");
        assert_gets(slow, 200);
        assert!(start.elapsed() >= SLEEP);
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: Server) {
        assert_not_answered(ask(server.addr(), "/sleep"));
        others_are_not_answered(&server);
    }
}

/// A client that connects and leaves without a word. It keeps an ear open: it ends its sending, and reads.
pub mod hang_up {
    use super::*;

    /// It gets the 404 page, though it asked for nothing. The others are served.
    pub fn gets_404(server: Server) {
        assert_gets(leaving(&server), 404);
        others_are_served(&server);
    }

    /// It gets nothing, as it asked for nothing. The others are served.
    pub fn gets_nothing(server: Server) {
        assert_eq!(leaving(&server).read_reply(), Err(NoReply::Empty));
        others_are_served(&server);
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: Server) {
        assert_not_answered(leaving(&server).read_reply());
        others_are_not_answered(&server);
    }

    fn leaving(server: &Server) -> Client {
        let mut leaving = Client::connect(server.addr());
        leaving.finish_sending();
        leaving
    }
}

/// A client that throws its connection away.
pub mod reset {
    use super::*;

    /// The server ends, by a panic.
    pub fn the_server_ends(server: Server) {
        Client::connect(server.addr()).reset();
        assert!(server.wait_until_ended().is_err());
    }

    /// The others are served, whatever happens to the one.
    pub fn harms_nobody(server: Server) {
        for _ in 0..3 {
            Client::connect(server.addr()).reset();
            others_are_served(&server);
        }
        assert!(server.is_running());
    }

    /// The server goes on, and answers nobody, as before.
    pub fn nobody_is_answered(server: Server) {
        Client::connect(server.addr()).reset();
        others_are_not_answered(&server);
    }
}

/// A client that asks for the page one byte at a time.
pub mod byte_by_byte {
    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

    /// It gets the 404 page after its first byte, though it is about to ask for a page that is there. The others are
    /// served.
    pub fn gets_404(server: Server) {
        let client = begun(&server);
        assert_gets(client, 404);
        others_are_served(&server);
    }

    /// It gets its page after its last byte, and the others are served while it is at it.
    pub fn gets_the_page(server: Server) {
        let mut client = begun(&server);
        others_are_served(&server);
        assert!(
            client.is_unanswered_for(WINDOW),
            "its first byte is answered"
        );

        client.send_byte_by_byte(&REQUEST[1..]).unwrap();
        assert_gets(client, 200);
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: Server) {
        assert_not_answered(begun(&server).read_reply());
        others_are_not_answered(&server);
    }

    /// The client when it has sent its first byte.
    fn begun(server: &Server) -> Client {
        let mut client = Client::connect(server.addr());
        // A server that does not read may have closed the connection already.
        let _ = client.send(&REQUEST[..1]);
        client
    }
}

/// A client that asks for the page in more than 1024 bytes.
pub mod long_head {
    use super::*;

    /// It gets its page and then, in place of a proper end, a reset: the server closes with a part of the head
    /// unread. What a system hands on of a connection that is reset is its own affair: on Linux it is the whole
    /// page, elsewhere it may be a part or nothing. The others are served.
    pub fn is_reset(server: Server) {
        let outcome = asking(&server).read_reply();
        if cfg!(target_os = "linux") {
            let Err(NoReply::Incomplete(bytes)) = &outcome else {
                panic!("{outcome:?}");
            };
            assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n\r\n"));
            assert!(bytes.trim_ascii().ends_with(b"</html>"));
        } else {
            assert!(
                matches!(outcome, Err(NoReply::Incomplete(_) | NoReply::Reset)),
                "{outcome:?}"
            );
        }
        others_are_served(&server);
    }

    /// It gets its page. The others are served.
    pub fn gets_the_page(server: Server) {
        assert_gets(asking(&server), 200);
        others_are_served(&server);
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: Server) {
        assert_not_answered(asking(&server).read_reply());
        others_are_not_answered(&server);
    }

    /// The client when it has sent its request, all at once, so that all of it is there when the server reads.
    fn asking(server: &Server) -> Client {
        let mut client = Client::connect(server.addr());
        let padding = "a".repeat(1024);
        // A server that does not read may have closed the connection already.
        let _ = client
            .send(format!("GET / HTTP/1.1\r\nHost: a\r\nPadding: {padding}\r\n\r\n").as_bytes());
        client
    }
}

/// Asserts that a client that behaves is answered.
fn others_are_served(server: &Server) {
    let mut other = Client::connect(server.addr());
    other.request("/").unwrap();
    assert_gets(other, 200);
}

/// Asserts that clients that behave are not answered, though the server lives.
fn others_are_not_answered(server: &Server) {
    for _ in 0..3 {
        assert_not_answered(ask(server.addr(), "/"));
    }
    assert!(server.is_running());
}

/// Asserts that the client gets a whole reply with this status.
fn assert_gets(client: Client, status: u16) {
    let reply = client.read_reply();
    assert!(
        reply.as_ref().is_ok_and(|reply| reply.status == status),
        "{status} was expected, and this came: {reply:?}"
    );
}

/// Asserts that the connection was closed or reset, and nothing else came.
fn assert_not_answered(outcome: Result<Reply, NoReply>) {
    // Which of the two it is depends on whether the request or the end of the connection is faster.
    assert!(
        matches!(outcome, Err(NoReply::Empty | NoReply::Reset)),
        "{outcome:?}"
    );
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::panic;
    use std::thread;

    use super::*;
    use crate::serve_in_background;

    /// A server that stands whatever our clients do to it: a thread for each, and no step before the head is whole.
    fn careful(listener: TcpListener) {
        for stream in listener.incoming() {
            thread::spawn(|| answer_whole_heads(stream.unwrap()));
        }
    }

    /// Answers when the blank line has come; gives up, without a word, when it does not.
    fn answer_whole_heads(mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return,
            }
        }
        answer(&mut stream, &head);
    }

    /// A server that stands none of them.
    fn careless(listener: TcpListener) {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 1024];
            let length = stream.read(&mut head).unwrap();
            answer(&mut stream, &head[..length]);
        }
    }

    /// A server that answers nobody.
    fn mute(listener: TcpListener) {
        listener.incoming().for_each(drop);
    }

    fn answer(stream: &mut TcpStream, head: &[u8]) {
        if head.starts_with(b"GET /sleep ") {
            thread::sleep(SLEEP);
        }
        let status = match head.starts_with(b"GET / ") || head.starts_with(b"GET /sleep ") {
            true => "200 OK",
            false => "404 NOT FOUND",
        };
        let _ = write!(stream, "HTTP/1.1 {status}\r\n\r\n<html></html>\n");
    }

    mod of_a_careful_server {
        crate::score! {
            serve: super::careful,
            silent: stays,
            slow: gets_the_page,
            hang_up: gets_nothing,
            reset: harms_nobody,
            byte_by_byte: gets_the_page,
            long_head: gets_the_page,
        }
    }

    mod of_a_careless_server {
        crate::score! {
            serve: super::careless,
            silent: others_wait,
            slow: others_wait,
            hang_up: gets_404,
            reset: the_server_ends,
            byte_by_byte: gets_404,
            long_head: is_reset,
        }
    }

    mod of_a_mute_server {
        crate::score! {
            serve: super::mute,
            silent: nobody_is_answered,
            slow: nobody_is_answered,
            hang_up: nobody_is_answered,
            reset: nobody_is_answered,
            byte_by_byte: nobody_is_answered,
            long_head: nobody_is_answered,
        }
    }

    /// Asserts that a verdict fails where it is wrong.
    fn assert_wrong(serve: fn(TcpListener), verdict: fn(Server)) {
        let outcome = panic::catch_unwind(|| verdict(serve_in_background(serve)));
        assert!(outcome.is_err());
    }

    #[test]
    fn praise_for_a_careless_server_is_wrong() {
        assert_wrong(careless, slow::gets_the_page);
        assert_wrong(careless, hang_up::gets_nothing);
        // Not `reset::harms_nobody`: it would ask at a port that the server has left, and another test may have taken.
        assert_wrong(careless, byte_by_byte::gets_the_page);
        assert_wrong(careless, long_head::gets_the_page);
        assert_wrong(careless, hang_up::nobody_is_answered);
        assert_wrong(careless, byte_by_byte::nobody_is_answered);
        assert_wrong(careless, long_head::nobody_is_answered);
        assert_wrong(mute, silent::stays);
        assert_wrong(mute, reset::harms_nobody);
    }

    #[test]
    fn blame_for_a_careful_server_is_wrong() {
        // Not `silent::others_wait`: on a machine that is busy enough, its window overlooks an answer.
        assert_wrong(careful, slow::others_wait);
        assert_wrong(careful, hang_up::gets_404);
        assert_wrong(careful, long_head::is_reset);
        assert_wrong(careful, hang_up::nobody_is_answered);
        assert_wrong(careful, reset::nobody_is_answered);
        assert_wrong(careful, long_head::nobody_is_answered);
    }
}
