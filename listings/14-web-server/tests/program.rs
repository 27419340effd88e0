//! What the book says of the finished program: of its command line, its end, and how many it serves.

use std::io::prelude::*;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use clients::{
    Client, DEADLINE, NoReply, OwnProcess, ServerProcess, longest_wait, room_for_clients, serve_by,
};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const COMPUTE: &[u8] = b"GET /compute HTTP/1.1\r\nHost: a\r\n\r\n";

/// The program, asked to listen at this address.
fn program(addr: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_web-server"));
    command.arg(addr);
    command
}

/// The program on a free port.
fn start() -> ServerProcess {
    serve_by(&mut program("127.0.0.1:0"))
}

/// A connection that has been let in, and isn't in the middle of a request.
fn client_of(server: &ServerProcess) -> Client {
    let mut client = Client::connect(server.addr());
    client.send(REQUEST).unwrap();
    assert_eq!(client.read_response().unwrap().status, 200);
    client
}

/// The program can't listen where it's asked to. It says why in one line, and fails.
fn assert_refuses(addr: &str, why: &str) {
    // If it serves, this fails, and the next would not return.
    let (status, _) = OwnProcess::run(&mut program(addr)).wait_until_ended();
    assert_eq!(status.code(), Some(1));
    let output = program(addr).output().unwrap();
    let (printed, errors) = (output.stdout, String::from_utf8(output.stderr).unwrap());

    assert_eq!(errors, format!("web-server: {why}\n"));
    assert_eq!(String::from_utf8(printed).unwrap(), "");
}

#[test]
fn it_says_where_it_listens() {
    let process = OwnProcess::run(&mut program("127.0.0.1:0"));

    let line = process.wait_for_line("");

    let port = line.strip_prefix("Listening on http://127.0.0.1:").unwrap();
    let port: u16 = port.parse().unwrap();
    let mut client = Client::connect(([127, 0, 0, 1], port).into());
    client.send(REQUEST).unwrap();
    assert_eq!(client.read_response().unwrap().status, 200);
}

#[test]
fn it_listens_at_an_address_of_ipv6_too() {
    // There are machines that have none.
    if TcpListener::bind("[::1]:0").is_ok() {
        let server = serve_by(&mut program("[::1]:0"));
        assert!(server.addr().is_ipv6());
        client_of(&server);
    }
}

#[test]
fn at_a_port_that_is_taken_it_says_so_and_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let error = TcpListener::bind(addr).unwrap_err();

    assert_refuses(
        &addr.to_string(),
        &format!("can't listen on {addr}: {error}"),
    );
}

#[test]
fn what_is_no_address_is_named_and_refused() {
    for addr in [
        "localhost",
        "localhost:7878",
        "abc",
        "127.0.0.1",
        "7878",
        "127.0.0.1:99999",
        "",
        " ",
    ] {
        assert_refuses(
            addr,
            &format!("`{addr}` isn't an address like 127.0.0.1:7878"),
        );
    }
}

/// While a core computes, another serves, even who comes only then.
#[test]
fn clients_are_let_in_and_served_while_it_computes() {
    if thread::available_parallelism().unwrap().get() < 2 {
        println!("there is only one core");
        return;
    }
    let is_served_meanwhile = |_| {
        // One that still computes when we have seen enough ends here.
        let server = start();
        let mut computing = client_of(&server);
        computing.send(COMPUTE).unwrap();
        client_of(&server);
        computing.is_unanswered_for(Duration::from_millis(1))
    };
    // A busy machine may let the one that computes be faster, so there are a few tries.
    assert!((1..=5).any(|_| (1..=2).all(is_served_meanwhile)));
}

#[test]
#[ignore = "computes for two seconds if nobody has asked the compiler to take some care: `cargo test -- --ignored`"]
fn what_it_computes_is_answered() {
    let server = start();
    let mut computing = client_of(&server);
    computing.send(COMPUTE).unwrap();
    // It may take minutes on a busy machine, if nobody has asked the compiler to take some care.
    (1..=5).any(|_| !computing.is_unanswered_for(DEADLINE));
    assert_eq!(computing.read_response().unwrap().status, 200);
}

#[cfg(unix)]
fn signal_ends_it_well(signal: fn(&ServerProcess)) {
    let mut server = start();
    let idle: Vec<_> = (0..200).map(|_| client_of(&server)).collect();
    // From here on, all is done within the ten seconds that a client has for its head.
    let mut busy = Client::connect(server.addr());
    busy.send(&REQUEST[..10]).unwrap();
    // These have got two pages, and begun with another request.
    let mut busy_again: Vec<_> = (0..10).map(|_| client_of(&server)).collect();
    for busy in &mut busy_again {
        busy.send(REQUEST).unwrap();
        busy.send(&REQUEST[..10]).unwrap();
        assert_eq!(busy.read_response().unwrap().status, 200);
    }
    let last = client_of(&server);

    signal(&server);

    for idle in idle.into_iter().chain([last]) {
        assert_eq!(idle.read_reply(), Err(NoReply::Empty));
    }
    assert!(Client::try_connect(server.addr()).is_err());
    server.wait_until_printed("Ending", 1);
    assert_eq!(server.ended(), None);
    busy_again.push(busy);
    for mut busy in busy_again {
        busy.send(&REQUEST[10..]).unwrap();
        let reply = busy.read_reply().unwrap();
        assert_eq!(reply.status, 200);
        assert!(reply.head.contains("\r\nConnection: close"));
    }
    assert_eq!(server.wait_until_ended().code(), Some(0));
    assert_eq!(server.printed(""), 1);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_once_the_last_client_has_been_served() {
    signal_ends_it_well(ServerProcess::interrupt);
}

#[cfg(unix)]
#[test]
fn the_signal_of_kill_ends_it_once_the_last_client_has_been_served() {
    signal_ends_it_well(ServerProcess::terminate);
}

/// Two tests with ten thousand clients each would need more files than one process may open.
static TEN_THOUSAND: Mutex<()> = Mutex::new(());

/// One after the other, they would take fourteen hours; a thousand at a time, fifty seconds.
#[test]
#[ignore = "takes as long as in step 11, where it is not left out: `cargo test -- --ignored`"]
fn ten_thousand_sleep_at_once() {
    let _alone = TEN_THOUSAND.lock();
    let (server, count) = (start(), ten_thousand());
    // The queue is as long as it should be when the first has been served.
    client_of(&server);

    let request = b"GET /sleep HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert!(longest_wait(server.addr(), count, request) <= DEADLINE);
    assert_eq!(server.printed("accept:"), 0);
    assert_eq!(server.printed("panicked"), 0);
}

/// How many clients there may be: ten thousand, if there are enough files for them. The program may have as many.
fn ten_thousand() -> usize {
    // It has a process of its own, so a client takes one file here, and not two.
    let count = (2 * room_for_clients(5_000)).min(10_000);
    if count < 10_000 {
        println!("the limit of open files leaves room for {count} clients, not for 10,000");
    }
    count
}

/// Has ten thousand clients do what `begin` does, and gives how many bytes of memory each of them takes. They may stay for
/// ten seconds. On a machine on which so many don't come within that time, there are fewer.
#[cfg(target_os = "linux")]
fn memory_of_each(begin: fn(&mut TcpStream)) -> usize {
    let mut count = ten_thousand();
    loop {
        if let Some(each) = memory_of_each_of(count, begin) {
            return each;
        }
        count /= 2;
        assert!(count > 1_000, "this machine is too busy");
    }
}

/// Gives nothing if the first have left before the last had come.
#[cfg(target_os = "linux")]
fn memory_of_each_of(count: usize, begin: fn(&mut TcpStream)) -> Option<usize> {
    let server = start();
    // What the server needs for all time, it has once many have been served.
    let connect = || TcpStream::connect(server.addr()).unwrap();
    for _ in 0..100 {
        client_of(&server);
    }
    server.wait_until("all have left", |server| server.open_files() < 50);
    let memory = server.memory();

    let start = Instant::now();
    let mut clients: Vec<_> = (0..count).map(|_| connect()).collect();
    clients.iter_mut().for_each(begin);
    client_of(&server);
    let each = server.memory().saturating_sub(memory) / count;

    let all_are_there = server.open_files() >= count;
    let after = start.elapsed();
    println!("{count} clients, {each} bytes each, after {after:?}, all there: {all_are_there}");
    all_are_there.then_some(each)
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "thirty thousand clients: `cargo test --release -- --ignored --nocapture memory`"]
fn a_connection_takes_no_more_than_four_kibibytes_of_memory() {
    let _alone = TEN_THOUSAND.lock();
    let silent = memory_of_each(|_| ());
    // If the server has hung up already, we'll see that there are too few.
    let half_sent = memory_of_each(|client| {
        let _ = client.write_all(&REQUEST[..10]);
    });
    let kept_open = memory_of_each(|client| {
        let _ = client.write_all(REQUEST);
        let _ = client.read(&mut [0; 1024]);
    });

    println!("silent: {silent} bytes; half a head: {half_sent}; kept open: {kept_open}");
    assert!(silent.max(half_sent).max(kept_open) <= 4 << 10);
}
