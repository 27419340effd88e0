//! Clients that mean ill, a thousand of each kind, and what they leave of a server. Linux only: elsewhere, a process can't
//! be measured from outside.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Client, DEADLINE, ServerProcess, room_for_clients};

/// A request whose answer is the last of its connection.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A request after which the connection goes on, where the server lets it.
const ONE_OF_MANY: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// If nothing changes for so long, nothing is about to.
const WINDOW: Duration = Duration::from_millis(100);

/// What a client does with its connection, in each of [`ROUNDS`].
pub type Kind = fn(&mut TcpStream, round: usize);

/// How many turns the clients of a kind have: all of them the first, then all of them the second.
pub const ROUNDS: usize = 3;

/// Clients that any server meets.
pub const KINDS: [Kind; 8] = [
    // Says nothing.
    |_, _| (),
    // Leaves.
    |client, _| client.shutdown(Shutdown::Both).unwrap_or(()),
    // Stops in its head, and stays.
    |client, round| once(client, round, b"GET / HT"),
    // Stops in its head, and says that this was all.
    |client, round| {
        once(client, round, b"GET / HT");
        client.shutdown(Shutdown::Write).unwrap_or(());
    },
    // Sends what is no text.
    |client, round| once(client, round, &[0xff; 512]),
    // Sends a head that is too long.
    |client, round| once(client, round, &[b'a'; 16 << 10]),
    // Sends request after request, and reads nothing.
    |client, round| once(client, round, &REQUEST.repeat(1_000)),
    // Asks for the page, and does not read it.
    |client, round| once(client, round, REQUEST),
];

/// Clients that a server meets whose connections go on, and which has an answer to what is wrong.
pub const KINDS_OF_HTTP: [Kind; 7] = [
    // Sends many requests that are all to be answered, and reads nothing.
    |client, _| send(client, &ONE_OF_MANY.repeat(10)),
    // Has its answer, and then goes silent.
    |client, round| {
        once(client, round, ONE_OF_MANY);
        if round == 1 {
            let _ = client.read(&mut [0; 1024]);
        }
    },
    // Asks, and says that this was all.
    |client, round| {
        once(client, round, ONE_OF_MANY);
        client.shutdown(Shutdown::Write).unwrap_or(());
    },
    // Is refused, and does not stop sending.
    |client, _| {
        send(
            client,
            &[b"no request\r\n".as_slice(), &[b'a'; 16 << 10]].concat(),
        )
    },
    // Hides a request where one reader finds a body, and another does not.
    |client, round| {
        let hides = b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        once(client, round, &[hides, ONE_OF_MANY].concat());
    },
    // Announces a body that never comes.
    |client, round| {
        let announces = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
        once(client, round, announces);
    },
    // Sends a head bit by bit, and never comes to its end.
    |client, round| {
        send(
            client,
            [b"GET / HTTP/1.1\r\n".as_slice(), b"A: ", b"b\r\n"][round],
        )
    },
];

/// Sends a thousand clients of each kind, as far as the system has room for them, and again, and asserts that the server is
/// what it was after the first time: it has as many files open, no more memory in use, and nothing to do. It
/// has neither panicked nor failed to accept anybody.
///
/// The server needs two thousand places, and short deadlines.
///
/// # Panics
///
/// If it is not what it was.
pub fn leave_no_trace(server: &mut ServerProcess, kinds: &[Kind]) {
    // Far more room than they need, because other tests may run meanwhile.
    let count = room_for_clients(9_000) / 9;

    // What the server needs for all time, it has after a first attack.
    attack(server, kinds, count);
    let files = open_files(server);
    // If each client of an attack left no more than its buffer of 1 KiB behind, it would be twice this.
    let allowed = kinds.len() * count * 1024 / 2;
    let is_as_before = |_| {
        let memory = server.memory();
        attack(server, kinds, count);
        server.wait_until("as many files as before", |server| {
            server.open_files() <= files
        });
        let grown = server.memory().saturating_sub(memory);
        println!("{files} files before and after, {grown} bytes more than the {memory} before");
        grown < allowed
    };
    // Memory that is free again may still be the server's, and more of it after an attack in which more clients than before
    // were there at once. What isn't freed makes each attack cost more.
    let is_as_before = (0..4).any(is_as_before);
    assert!(
        is_as_before,
        "each time, more than {allowed} bytes are not freed"
    );
    server.wait_until("half a second with nothing to do", |server| {
        let busy = server.processor_time();
        thread::sleep(Duration::from_millis(500));
        server.processor_time() - busy <= Duration::from_millis(10)
    });
    assert_eq!(server.printed("panicked"), 0);
    assert_eq!(server.printed("accept:"), 0);
    assert_eq!(server.ended(), None);
}

/// Has `count` clients of each kind do what they do, a kind at a time, and waits until the server has got rid of all.
fn attack(server: &ServerProcess, kinds: &[Kind], count: usize) {
    let mut stay = Vec::new();
    for hostile in kinds {
        let connect = |_| TcpStream::connect(server.addr()).expect("a place in the queue");
        let mut clients: Vec<_> = (0..count).map(connect).collect();
        for round in 0..ROUNDS {
            for client in &mut clients {
                hostile(client, round);
            }
        }
        assert_is_served(server.addr());
        // Most of them leave; the others stay for as long as the server lets them.
        stay.extend(clients.split_off(count / 4 * 3));
    }
    for _ in 0..count {
        Client::connect(server.addr()).reset();
    }
    for mut client in stay {
        let _ = client.read_to_end(&mut Vec::new());
    }
    assert_is_served(server.addr());
}

fn assert_is_served(addr: SocketAddr) {
    let client = Client::prompt(addr, REQUEST);
    assert_eq!(client.read_reply().expect("an answer").status, 200);
}

/// How many files the server has open, once that does not change any more: it closes a connection a little later than its
/// client sees the end.
fn open_files(server: &ServerProcess) -> usize {
    let start = Instant::now();
    let (mut files, mut since) = (server.open_files(), Instant::now());
    while since.elapsed() < WINDOW {
        assert!(
            start.elapsed() < DEADLINE,
            "{files} files, and no end of it"
        );
        thread::sleep(WINDOW / 20);
        let now = server.open_files();
        if now != files {
            (files, since) = (now, Instant::now());
        }
    }
    files
}

/// Sends what the server takes without being waited for, in the first round.
fn once(client: &mut TcpStream, round: usize, bytes: &[u8]) {
    if round == 0 {
        send(client, bytes);
    }
}

/// Sends what the server takes without being waited for.
fn send(client: &mut TcpStream, bytes: &[u8]) {
    client.set_nonblocking(true).expect("a socket");
    // A server that has gone, or that takes no more, is what some of them are after.
    let _ = client.write_all(bytes);
    client.set_nonblocking(false).expect("a socket");
}
