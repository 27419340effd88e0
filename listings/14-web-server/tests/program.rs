//! What the book says of the finished program: of its command line, its end, and how many it serves.

use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

use clients::{Client, NoReply, OwnProcess, ServerProcess, serve_by};

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
    // If it served, this would not return.
    let output = program(addr).output().unwrap();
    let (printed, errors) = (output.stdout, String::from_utf8(output.stderr).unwrap());

    assert_eq!(errors, format!("web-server: {why}\n"));
    assert_eq!(String::from_utf8(printed).unwrap(), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn it_says_where_it_listens() {
    let process = OwnProcess::run(&mut program("127.0.0.1:0"));

    let line = process.wait_for_line("");

    let port = line.strip_prefix("Listening on http://127.0.0.1:").unwrap();
    let port: u16 = port.parse().unwrap();
    assert_eq!(clients_page(port), 200);
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

fn clients_page(port: u16) -> u16 {
    let mut client = Client::connect(([127, 0, 0, 1], port).into());
    client.send(REQUEST).unwrap();
    client.read_response().unwrap().status
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
            &format!("`{addr}` is no address such as 127.0.0.1:7878"),
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
    let server = start();
    let mut computing = client_of(&server);
    let mut is_served_meanwhile = |_| {
        computing.send(COMPUTE).unwrap();
        client_of(&server);
        let is_first = computing.is_unanswered_for(Duration::from_millis(1));
        assert_eq!(computing.read_response().unwrap().status, 200);
        is_first
    };
    // A busy machine may let the one that computes be faster, so there is another try, and one more.
    println!(
        "{:?}",
        (1..=40).map(&mut is_served_meanwhile).collect::<Vec<_>>()
    );
    assert!((1..=3).any(|_| (1..=5).all(&mut is_served_meanwhile)));
}
