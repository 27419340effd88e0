use std::process::Command;
use std::{env, process, thread};

use super::*;

fn addr() -> SocketAddr {
    "127.0.0.1:40000".parse().unwrap()
}

#[test]
fn the_line_of_an_answer_says_how_long_it_took() {
    let line = log_line(addr(), Ok("HTTP/1.1 200 OK"), Duration::from_millis(250));
    assert_eq!(line, "127.0.0.1:40000: HTTP/1.1 200 OK (0.25 s)");
}

#[test]
fn the_line_of_an_error_says_so_too() {
    let error = io::Error::other("the request has no end");
    let line = log_line(addr(), Err(error), Duration::from_secs(12));
    assert_eq!(line, "127.0.0.1:40000: the request has no end (12.00 s)");
}

#[test]
fn the_server_measures_how_long_it_took() {
    const INSIDE: &str = "IN_A_PROCESS_OF_ITS_OWN";
    if env::var_os(INSIDE).is_some() {
        // What this prints, the test reads: a client that says nothing for a third of a second, and leaves.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, addr) = listener.accept().unwrap();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            drop(client);
        });
        smol::block_on(handle_and_log(Async::new(stream).unwrap(), addr));
        process::exit(0);
    }
    let name = "tests::the_server_measures_how_long_it_took";
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);

    let line = printed
        .lines()
        .find(|line| line.contains("the request has no end"))
        .unwrap_or_else(|| panic!("no line of the connection in {printed:?}"));
    let (_, took) = line
        .split_once("(")
        .unwrap_or_else(|| panic!("no time in {line:?}"));
    let took: f64 = took.trim_end_matches(" s)").parse().unwrap();
    assert!(
        (0.25..10.0).contains(&took),
        "not a third of a second: {line:?}"
    );
}
