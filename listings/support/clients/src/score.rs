//! The score of a step: what becomes of clients that do not behave, and of the others meanwhile.
//!
//! A step declares it with [`score!`](crate::score!). Each line of the declaration is a test, and a cell of the
//! book's table. There is a module for each of the twelve clients here, and in it a function for each verdict that the
//! client can meet, which fails where the verdict is wrong. A verdict that is new to a client is a new function.
//!
//! No verdict waits for a nap of `/sleep` to end: the steps' own tests show that once, and eleven scores would add up.
//!
//! A verdict speaks of the others where they suffer (`others_wait`, `the_server_ends`, `nobody_is_answered`). Any
//! other verdict says that they are served, and what this one client gets (`gets_the_page`, `stays`).

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use crate::{Client, DEADLINE, NoReply, Reply, Server, ServerProcess, ask, serve_in_own_process};

/// Declares what a step does to the twelve clients that do not behave, and proves it.
///
/// `serve` is what [`serve_in_background`](crate::serve_in_background) is given. Behind each client stands a verdict,
/// a function of the module of [`score`](crate::score) that has the client's name. Of a server with deadlines, there are
/// two in brackets: one with deadlines that nobody meets, however busy the machine is, and one with deadlines of half a
/// second, for the clients that wait for them. Those are `silent`, `drip` and `greedy`. A third one ends by Ctrl-C, if
/// these two don't: a process with many tests should not take that for itself.
///
/// Two clients need a server that has less than they ask for, and one ends it, so there it is given a process of its own.
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
///     drip: gets_404,
///     crowd: all_are_served,
///     greedy: others_wait,
///     two_at_once: gets_one_answer,
///     forbidden: gets_a_page,
///     interrupted: gets_404,
/// }
/// # fn main() {}
/// ```
///
/// This makes twelve tests, which are called `silent::others_wait` and so on. A last line such as
/// `timeline: [5, 8, 13, 13],` makes one more, which takes long and so is ignored unless it is asked for:
/// [`timeline::ends`](crate::score::timeline::ends).
#[macro_export]
macro_rules! score {
    (serve: [$patient:expr, $hasty:expr $(,)?], $($clients:tt)*) => {
        $crate::score!(serve: [$patient, $hasty, $patient], $($clients)*);
    };
    (serve: [$patient:expr, $hasty:expr, $ends:expr $(,)?], $($clients:tt)*) => {
        fn patient(listener: ::std::net::TcpListener) {
            let serve: fn(::std::net::TcpListener) = $patient;
            serve(listener);
        }

        fn hasty(listener: ::std::net::TcpListener) {
            let serve: fn(::std::net::TcpListener) = $hasty;
            serve(listener);
        }

        #[cfg(unix)]
        fn ends(listener: ::std::net::TcpListener) {
            let serve: fn(::std::net::TcpListener) = $ends;
            serve(listener);
        }

        $crate::score!(@clients $($clients)*);
    };
    (serve: $serve:expr, $($clients:tt)*) => {
        $crate::score!(serve: [$serve, $serve, $serve], $($clients)*);
    };
    (@clients
        silent: $silent:ident,
        slow: $slow:ident,
        hang_up: $hang_up:ident,
        reset: $reset:ident,
        byte_by_byte: $byte_by_byte:ident,
        long_head: $long_head:ident,
        drip: $drip:ident,
        crowd: $crowd:ident,
        greedy: $greedy:ident,
        two_at_once: $two_at_once:ident,
        forbidden: $forbidden:ident,
        interrupted: $interrupted:ident
        $(, timeline: $timeline:expr)? $(,)?
    ) => {
        $crate::score!(@test silent $silent hasty);
        $crate::score!(@test slow $slow patient);
        $crate::score!(@test hang_up $hang_up patient);
        $crate::score!(@test reset $reset patient);
        $crate::score!(@test byte_by_byte $byte_by_byte patient);
        $crate::score!(@test long_head $long_head patient);
        $crate::score!(@test drip $drip hasty);
        $crate::score!(@process crowd $crowd patient);
        $crate::score!(@process greedy $greedy hasty);
        $crate::score!(@test two_at_once $two_at_once patient);
        $crate::score!(@test forbidden $forbidden patient);
        $crate::score!(@process interrupted $interrupted ends);
        $(
            mod timeline {
                #[test]
                #[ignore = "takes 14 seconds: `cargo test timeline -- --ignored`"]
                fn ends() {
                    let server = $crate::serve_in_background(super::patient);
                    $crate::score::timeline::ends(server, $timeline);
                }
            }
        )?
    };
    (@process $client:ident $verdict:ident $serve:ident) => {
        mod $client {
            // Elsewhere, a process can't be given less than it needs.
            #[cfg(unix)]
            #[test]
            fn $verdict() {
                let test = concat!(module_path!(), "::", stringify!($verdict));
                let server = $crate::score::$client::start(test, super::$serve);
                $crate::score::$client::$verdict(server);
            }
        }
    };
    (@test $client:ident $verdict:ident $serve:ident) => {
        mod $client {
            #[test]
            fn $verdict() {
                let server = $crate::serve_in_background(super::$serve);
                $crate::score::$client::$verdict(server);
            }
        }
    };
}

/// How long we watch a client that should not be answered. A window that is too short could overlook an answer; it
/// cannot make one up.
const WINDOW: Duration = Duration::from_millis(100);

/// How long we look whether there is an answer already.
const MOMENT: Duration = Duration::from_millis(1);

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

    /// The others are served. It is hung up on when it has been silent for too long.
    pub fn is_sent_off(server: Server) {
        let silent = Client::connect(server.addr());
        others_are_served(&server);

        assert_eq!(silent.read_reply(), Err(NoReply::Empty));
        others_are_served(&server);
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

    /// How often we try: a machine that is busy may be so for as long as the slow client sleeps.
    const TRIES: usize = 5;

    /// The others wait while it waits for its page. (That they are served once it has it takes the whole five seconds
    /// to see, which is for a step's own tests to do.)
    pub fn others_wait(server: Server) {
        let waits = |_| {
            let mut slow = Client::connect(server.addr());
            let mut other = Client::connect(server.addr());
            slow.request("/sleep").unwrap();
            other.request("/").unwrap();

            assert!(other.is_unanswered_for(5 * WINDOW), "the other is served");
            slow.is_unanswered_for(MOMENT)
        };
        assert!((0..TRIES).any(waits), "it has not waited");
    }

    /// The others are served while it waits for its page.
    pub fn delays_nobody(server: Server) {
        let delays_nobody = (0..TRIES).any(|_| is_later_than_others(&server));
        assert!(delays_nobody, "the others waited for it");
    }

    /// Whether the others are served before it is.
    pub(super) fn is_later_than_others(server: &Server) -> bool {
        let mut slow = Client::connect(server.addr());
        slow.request("/sleep").unwrap();

        for _ in 0..3 {
            others_are_served(server);
        }
        slow.is_unanswered_for(MOMENT)
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

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

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

/// A client that asks for the page in far more bytes than a server reads at once, and in fewer than a head may have.
pub mod long_head {
    use super::*;

    /// How long a line of the head is that no server has a use for.
    const PADDING: usize = 7 * 1024;

    /// It gets its page and then, in place of a proper end, a reset: the server closes with a part of the head
    /// unread. What a system hands on of a connection that is reset is its own affair: on Linux it is the whole
    /// page, elsewhere it may be a part or nothing. The others are served.
    pub fn is_reset(server: Server) {
        let (client, sent) = asking(&server);
        let outcome = client.read_reply();
        if sent.is_err() {
            // The reset has come while it was still sending, and has been seen there.
        } else if cfg!(target_os = "linux") {
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
        assert_gets(asking(&server).0, 200);
        others_are_served(&server);
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: Server) {
        assert_not_answered(asking(&server).0.read_reply());
        others_are_not_answered(&server);
    }

    /// The client when it has sent its request, and whether it could send all of it: a server that does not read to the
    /// end of the head may have closed the connection already.
    fn asking(server: &Server) -> (Client, io::Result<()>) {
        let mut client = Client::connect(server.addr());
        let padding = "a".repeat(PADDING);
        let fields = format!("Host: a\r\nConnection: close\r\nPadding: {padding}");
        let request = format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n");
        let sent = client.send(request.as_bytes());
        (client, sent)
    }
}

/// Four clients that come at once.
pub mod timeline {
    use super::*;

    /// When the silent client leaves.
    const LEAVES: Duration = Duration::from_secs(8);

    /// Client A asks for `/sleep`, B says nothing and leaves after eight seconds, C asks for `/sleep`, D asks for `/`; they
    /// come in this order, each when the one before has sent what it has to say. They have their pages after as many
    /// seconds as declared (and B leaves), as measured from outside. Delays only ever add: so the seconds are rounded
    /// down, and the shortest of a few times counts.
    pub fn ends(server: Server, declared: [u64; 4]) {
        let mut shortest = measure(&server);
        for _ in 0..4 {
            if shortest != declared {
                let again = measure(&server);
                shortest = std::array::from_fn(|client| shortest[client].min(again[client]));
            }
        }
        assert_eq!(shortest, declared, "seconds measured, and declared");
    }

    fn measure(server: &Server) -> [u64; 4] {
        let start = Instant::now();
        let clients = ["/sleep", "", "/sleep", "/"].map(|path| {
            let mut client = Client::connect(server.addr());
            if path.is_empty() {
                return thread::spawn(move || {
                    thread::sleep(LEAVES.saturating_sub(start.elapsed()));
                    client.hang_up();
                    start.elapsed()
                });
            }
            client.request(path).unwrap();
            thread::spawn(move || {
                assert_gets(client, 200);
                start.elapsed()
            })
        });
        clients.map(|client| client.join().expect("an answer").as_secs())
    }
}

/// A client that sends a head without an end, a byte at a time, so that it is never silent for long.
pub mod drip {
    use super::*;

    const BEGIN: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nA: ";

    /// What lies between two bytes.
    const PAUSE: Duration = Duration::from_millis(20);

    /// It gets the 404 page after its first byte. The others are served.
    pub fn gets_404(server: Server) {
        let mut client = Client::connect(server.addr());
        client.send(b"G").unwrap();
        assert_gets(client, 404);
        others_are_served(&server);
    }

    /// Longer than a hasty server would let it stay.
    const LONG: Duration = Duration::from_millis(700);

    /// It keeps its place for as long as it drips, and is served when it comes to an end at last. So are the others.
    pub fn stays(server: Server) {
        assert!(keeps_its_place(&server, LONG), "it is sent off");
        others_are_served(&server);
    }

    /// Whether it keeps its place for so long, and is served then.
    pub fn keeps_its_place(server: &Server, time: Duration) -> bool {
        let mut client = Client::prompt(server.addr(), BEGIN);
        let start = Instant::now();
        while start.elapsed() < time {
            if !client.is_unanswered_for(PAUSE) || client.send(b"a").is_err() {
                return false;
            }
        }
        let _ = client.send(b"\r\n\r\n");
        client.read_reply().is_ok_and(|reply| reply.status == 200)
    }

    /// It is hung up on, though it has never been silent for long. The others are served.
    pub fn is_sent_off(server: Server) {
        assert_not_answered(dripping_to_the_end(&server).read_reply());
        others_are_served(&server);
    }

    /// It is told that it takes too long, and hung up on, though it has never been silent for long. The others are served.
    pub fn gets_408(server: Server) {
        assert_gets(dripping_to_the_end(&server), 408);
        others_are_served(&server);
    }

    /// The client when the server has had enough of it.
    fn dripping_to_the_end(server: &Server) -> Client {
        let mut client = Client::prompt(server.addr(), BEGIN);
        others_are_served(server);

        let start = Instant::now();
        while client.is_unanswered_for(PAUSE) {
            assert!(start.elapsed() < DEADLINE, "it keeps its place");
            // The server may hang up just now.
            let _ = client.send(b"a");
        }
        client
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: Server) {
        let mut client = Client::connect(server.addr());
        // A server that does not read may have closed the connection already.
        let _ = client.send(b"G");
        assert_not_answered(client.read_reply());
        others_are_not_answered(&server);
    }
}

/// Clients that come all at once, more than the server may have files and sockets open. Each says nothing before all are
/// there, and then asks for the page.
pub mod crowd {
    use super::*;

    /// How many files and sockets the server may have open.
    const OPEN_FILES: usize = 60;

    /// Fewer than the system's queue has room for, by itself.
    const CLIENTS: usize = 100;

    /// Starts the server with few files.
    pub fn start(test: &str, serve: fn(TcpListener)) -> ServerProcess {
        serve_in_own_process(without_crate(test), OPEN_FILES, serve)
    }

    /// Each gets the page.
    pub fn all_are_served(server: ServerProcess) {
        let clients = come(&server);
        // Time enough to let in more than it can hold, for a server that does.
        thread::sleep(WINDOW);
        assert_eq!(served(clients), CLIENTS);
        others_than_the_crowd_are_served(server);
    }

    /// Those that the server has let in have used up its files, so that the first of them can't be sent the page, which is
    /// in a file. When the crowd has left, the others are served.
    pub fn some_get_nothing(server: ServerProcess) {
        let clients = come(&server);
        server.wait_until_printed("Too many open files", 1);
        assert!(served(clients) < CLIENTS, "there was a file left");
        others_than_the_crowd_are_served(server);
    }

    /// The server ends.
    pub fn the_server_ends(mut server: ServerProcess) {
        assert_gets_from(server.addr(), "/", 200);
        let connect = |_| std::net::TcpStream::connect(server.addr()).ok();
        let _clients: Vec<_> = (0..CLIENTS).map_while(connect).collect();
        assert!(!server.wait_until_ended().success());
        assert!(server.printed("Too many open files") > 0);
    }

    /// Neither they nor anybody else is answered.
    pub fn nobody_is_answered(mut server: ServerProcess) {
        for _ in 0..CLIENTS {
            assert_not_answered(ask(server.addr(), "/"));
        }
        assert_eq!(server.ended(), None);
    }

    /// The clients when all have come.
    fn come(server: &ServerProcess) -> Vec<Client> {
        // A first task may need files of its own.
        assert_gets_from(server.addr(), "/", 200);
        let connect = |_| Client::connect(server.addr());
        (0..CLIENTS).map(connect).collect()
    }

    /// How many of them get the page when all of them ask for it.
    fn served(mut clients: Vec<Client>) -> usize {
        for client in &mut clients {
            // The server may have hung up on it.
            let _ = client.request("/");
        }
        let outcomes = clients.into_iter().map(Client::read_reply);
        outcomes.filter(is_page).count()
    }

    fn is_page(outcome: &Result<Reply, NoReply>) -> bool {
        outcome.as_ref().is_ok_and(|reply| reply.status == 200)
    }

    fn others_than_the_crowd_are_served(mut server: ServerProcess) {
        let served = |server: &ServerProcess| is_page(&ask(server.addr(), "/"));
        server.wait_until("a page", served);
        assert_eq!(server.ended(), None);
        assert_eq!(server.printed("panicked"), 0);
    }
}

/// A client that asks for more than it ever reads. The page is so large, for this one, that the systems on both sides
/// can't hold it: what it does not read, the server can't write.
pub mod greedy {
    use super::*;

    const PAGE: u64 = 16 << 20;

    /// Starts the server in a folder with a large page.
    pub fn start(test: &str, serve: fn(TcpListener)) -> ServerProcess {
        serve_in_own_process(without_crate(test), 1000, |listener| {
            env::set_current_dir(folder_with_large_page()).expect("it is there");
            serve(listener);
        })
    }

    /// The others wait until it leaves.
    pub fn others_wait(server: ServerProcess) {
        let greedy = asking(&server);
        let mut other = Client::connect(server.addr());
        other.request("/other").unwrap();
        assert!(other.is_unanswered_for(WINDOW), "the other is served");

        // It has not read all, so this may be a reset. One that can't write panics, or logs it, or neither.
        drop(other);
        drop(greedy);
    }

    /// The others are served. It keeps its place for as long as it likes, and can have all of its page at last.
    pub fn stays(server: ServerProcess) {
        let greedy = asking(&server);
        assert_gets_from(server.addr(), "/other", 404);
        thread::sleep(WINDOW);

        let page = greedy.read_reply().expect("it keeps its place").body;
        assert_eq!(page.len() as u64, PAGE);
    }

    /// The others are served. It is hung up on when it has not read for too long.
    pub fn is_sent_off(server: ServerProcess) {
        let greedy = asking(&server);
        assert_gets_from(server.addr(), "/other", 404);

        server.wait_until_printed("timed out", 1);
        let page = greedy.read_reply().map_or(0, |reply| reply.body.len());
        assert!((page as u64) < PAGE, "all of the page was sent");
        assert_gets_from(server.addr(), "/other", 404);
        assert_eq!(server.printed("panicked"), 0);
    }

    /// The pages of this server are its own, and small, so the client asks for one after the other. The others are served.
    /// It is hung up on when it has not read for too long.
    pub fn is_sent_off_in_the_end(server: ServerProcess) {
        let requests = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100_000);
        let mut greedy = Client::prompt(server.addr(), &requests[..10]);
        // In the end, the server takes no more.
        greedy.send_what_is_taken(&requests[10..]);
        assert_gets_from(server.addr(), "/other", 404);

        server.wait_until_printed("timed out", 1);
        assert_gets_from(server.addr(), "/other", 404);
        assert_eq!(server.printed("panicked"), 0);
        greedy.reset();
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(mut server: ServerProcess) {
        for path in ["/", "/other"] {
            assert_not_answered(ask(server.addr(), path));
        }
        assert_eq!(server.ended(), None);
    }

    /// The client when a part of its page has come.
    fn asking(server: &ServerProcess) -> Client {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let greedy = Client::prompt(server.addr(), request);
        assert!(!greedy.is_unanswered_for(DEADLINE));
        greedy
    }

    /// A folder with a page of many zero bytes, which are text as well, and a small one for what is not there. It is made
    /// once for all tests, and takes no space worth mentioning.
    fn folder_with_large_page() -> PathBuf {
        let folder = env::temp_dir().join("clients-large-page");
        if !folder.exists() {
            let new = env::temp_dir().join(format!("clients-large-page-{}", process::id()));
            let make = || {
                fs::create_dir_all(&new)?;
                fs::File::create(new.join("hello.html"))?.set_len(PAGE)?;
                fs::write(new.join("404.html"), "<html></html>\n")
            };
            make().expect("a folder for what does not last");
            // If another test was faster, there is one already.
            if fs::rename(&new, &folder).is_err() {
                let _ = fs::remove_dir_all(&new);
            }
        }
        folder
    }
}

/// A client that sends two requests at once, for two pages.
pub mod two_at_once {
    use super::*;

    /// It gets the first page, and the connection ends. The others are served.
    pub fn gets_one_answer(server: Server) {
        assert_eq!(answers(&server), [200]);
        others_are_served(&server);
    }

    /// It gets both, in their order. The others are served.
    pub fn gets_both(server: Server) {
        assert_eq!(answers(&server), [200, 404]);
        others_are_served(&server);
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: Server) {
        assert_not_answered(asking(&server).read_reply());
        others_are_not_answered(&server);
    }

    fn asking(server: &Server) -> Client {
        let mut client = Client::connect(server.addr());
        let (first, last) = (
            "GET / HTTP/1.1\r\nHost: a",
            "GET /other HTTP/1.1\r\nHost: a",
        );
        let requests = format!("{first}\r\n\r\n{last}\r\nConnection: close\r\n\r\n");
        // A server that does not read may have closed the connection already.
        let _ = client.send(requests.as_bytes());
        client
    }

    /// The statuses of all responses to it.
    fn answers(server: &Server) -> Vec<u16> {
        let reply = asking(server).read_reply().expect("an answer");
        let more = reply.body.split("HTTP/1.1 ").skip(1);
        let more = more.map(|response| response[..3].parse().expect("a status"));
        [reply.status].into_iter().chain(more).collect()
    }
}

/// A client that sends what HTTP forbids: a request with two lengths.
pub mod forbidden {
    use super::*;

    /// It gets its page, as if all were well. The others are served.
    pub fn gets_a_page(server: Server) {
        assert_gets(asking(&server), 200);
        others_are_served(&server);
    }

    /// It is told that its request is bad. The others are served.
    pub fn gets_400(server: Server) {
        assert_gets(asking(&server), 400);
        others_are_served(&server);
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: Server) {
        assert_not_answered(asking(&server).read_reply());
        others_are_not_answered(&server);
    }

    fn asking(server: &Server) -> Client {
        let mut client = Client::connect(server.addr());
        let lengths = "Content-Length: 0\r\nContent-Length: 1";
        let request =
            format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lengths}\r\n\r\n");
        // A server that does not read may have closed the connection already.
        let _ = client.send(request.as_bytes());
        client
    }
}

/// A client that is in the middle of its request when somebody ends the server by Ctrl-C.
pub mod interrupted {
    use super::*;

    const HALVES: [&[u8]; 2] = [
        b"GET",
        b" / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ];

    /// Starts the server.
    pub fn start(test: &str, serve: fn(TcpListener)) -> ServerProcess {
        serve_in_own_process(without_crate(test), 1000, serve)
    }

    /// It gets the 404 page before that, for half a request.
    pub fn gets_404(server: ServerProcess) {
        let mut client = Client::connect(server.addr());
        client.send(HALVES[0]).unwrap();
        assert_gets(client, 404);
    }

    /// The server ends, and the client gets nothing.
    pub fn is_cut_off(mut server: ServerProcess) {
        let client = begun(&server);
        interrupt(&server);
        assert!(!server.wait_until_ended().success());
        assert_not_answered(client.read_reply());
    }

    /// It gets its page, and then the server ends, as if nothing had been amiss.
    pub fn gets_the_page(mut server: ServerProcess) {
        let mut client = begun(&server);
        interrupt(&server);
        // When it lets nobody in any more, it has heard of it.
        server.wait_until("a closed door", |server| {
            match Client::try_connect(server.addr()) {
                Ok(_) => false,
                Err(outcome) => outcome == NoReply::Refused,
            }
        });
        client.send(HALVES[1]).unwrap();
        assert_gets(client, 200);
        assert!(server.wait_until_ended().success());
    }

    /// Neither it nor anybody else is answered.
    pub fn nobody_is_answered(server: ServerProcess) {
        let mut client = Client::connect(server.addr());
        // A server that does not read may have closed the connection already.
        let _ = client.send(HALVES[0]);
        assert_not_answered(client.read_reply());
    }

    /// The client when it has sent half of its request, and the server has let it in.
    fn begun(server: &ServerProcess) -> Client {
        let mut client = Client::connect(server.addr());
        client.send(HALVES[0]).unwrap();
        // It is let in before the next one is.
        assert_gets_from(server.addr(), "/", 200);
        client
    }

    fn interrupt(server: &ServerProcess) {
        #[cfg(unix)]
        server.interrupt();
        #[cfg(not(unix))]
        panic!("{} can't be interrupted here", server.addr());
    }
}

/// The name of a test as its program knows it: without that of the crate in front.
fn without_crate(test: &str) -> &str {
    test.split_once("::").map_or(test, |(_, name)| name)
}

/// Asserts that a client that behaves is answered.
fn others_are_served(server: &Server) {
    assert_gets_from(server.addr(), "/", 200);
}

/// Asserts that clients that behave are not answered, though the server lives.
fn others_are_not_answered(server: &Server) {
    for _ in 0..3 {
        assert_not_answered(ask(server.addr(), "/"));
    }
    assert!(server.is_running());
}

/// Asserts that who asks for `path`, and doesn't take long to do so, gets a whole reply with this status.
fn assert_gets_from(addr: SocketAddr, path: &str, status: u16) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_gets(Client::prompt(addr, request.as_bytes()), status);
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
            let stream = stream.unwrap();
            thread::spawn(|| answer_whole_heads(stream));
        }
    }

    /// Answers when the blank line has come; gives up, without a word, when it does not.
    fn answer_whole_heads(mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut piece = [0; 1024];
            match stream.read(&mut piece) {
                Ok(length @ 1..) => head.extend(&piece[..length]),
                _ => return,
            }
        }
        answer(&mut stream, &head);
    }

    /// A server that stands none of them.
    fn careless(listener: TcpListener) {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
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
            thread::sleep(Duration::from_secs(1));
        }
        let status = match head.starts_with(b"GET / ") || head.starts_with(b"GET /sleep ") {
            true => "200 OK",
            false => "404 NOT FOUND",
        };
        let page = fs::read_to_string("hello.html").unwrap_or("<html></html>\n".to_string());
        let page = if status == "200 OK" { &page } else { "" };
        let _ = write!(stream, "HTTP/1.1 {status}\r\n\r\n{page}");
    }

    mod of_a_careful_server {
        crate::score! {
            serve: super::careful,
            silent: stays,
            slow: delays_nobody,
            hang_up: gets_nothing,
            reset: harms_nobody,
            byte_by_byte: gets_the_page,
            long_head: gets_the_page,
            drip: stays,
            crowd: the_server_ends,
            greedy: stays,
            two_at_once: gets_one_answer,
            forbidden: gets_a_page,
            interrupted: is_cut_off,
            timeline: [1, 8, 1, 0],
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
            drip: gets_404,
            crowd: all_are_served,
            greedy: others_wait,
            two_at_once: gets_one_answer,
            forbidden: gets_a_page,
            interrupted: gets_404,
            timeline: [1, 8, 9, 9],
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
            drip: nobody_is_answered,
            crowd: nobody_is_answered,
            greedy: nobody_is_answered,
            two_at_once: nobody_is_answered,
            forbidden: nobody_is_answered,
            interrupted: nobody_is_answered,
        }
    }

    /// Asserts that a verdict fails where it is wrong.
    fn assert_wrong(serve: fn(TcpListener), verdict: fn(Server)) {
        let outcome = panic::catch_unwind(|| verdict(serve_in_background(serve)));
        assert!(outcome.is_err());
    }

    #[test]
    fn praise_for_a_careless_server_is_wrong() {
        // Of the tries that this has, one is enough.
        assert_wrong(careless, |server| {
            assert!(slow::is_later_than_others(&server))
        });
        assert_wrong(careless, hang_up::gets_nothing);
        // Not `reset::harms_nobody`: it would ask at a port that the server has left, and another test may have taken.
        assert_wrong(careless, byte_by_byte::gets_the_page);
        assert_wrong(careless, long_head::gets_the_page);
        assert_wrong(careless, drip::stays);
        assert_wrong(careless, drip::is_sent_off);
        assert_wrong(careless, hang_up::nobody_is_answered);
        assert_wrong(careless, byte_by_byte::nobody_is_answered);
        assert_wrong(careless, long_head::nobody_is_answered);
        assert_wrong(mute, silent::stays);
        assert_wrong(mute, reset::harms_nobody);
    }

    #[test]
    fn blame_for_a_careful_server_is_wrong() {
        // Neither of the two `others_wait`: on a machine that is busy enough, their windows overlook an answer.
        assert_wrong(careful, hang_up::gets_404);
        assert_wrong(careful, long_head::is_reset);
        assert_wrong(careful, hang_up::nobody_is_answered);
        assert_wrong(careful, reset::nobody_is_answered);
        assert_wrong(careful, long_head::nobody_is_answered);
    }
}
