//! The probe against servers that are known: one that is right as far as it goes, and others with a fault each.

use std::collections::BTreeSet;
use std::io::prelude::*;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use clients::serve_in_background;
use probe::{Fuzzed, Outcome, Probe, Report, check, fuzz, mutate};

/// So patient is the probe with servers that do not answer.
const SHORT: Duration = Duration::from_millis(300);

const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

/// Runs `handle` for every client, on a thread of its own.
fn start(handle: fn(TcpStream)) -> SocketAddr {
    let serve = move |listener: TcpListener| {
        for stream in listener.incoming() {
            thread::spawn(move || handle(stream.unwrap()));
        }
    };
    serve_in_background(serve).addr()
}

/// Reads a head, or the part of it that comes.
fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length > 0) {
        head.push(byte[0]);
    }
    head
}

/// A server of step 08.
fn careful(mut stream: TcpStream) {
    let head = read_head(&mut stream);
    let page = match head.starts_with(b"GET / ") || head.starts_with(b"GET /sleep ") {
        true => "200 OK",
        false => "404 NOT FOUND",
    };
    if head.starts_with(b"GET /sleep ") {
        thread::sleep(Duration::from_secs(3));
    }
    if head.ends_with(b"\r\n\r\n") && head.len() <= 8192 {
        let rest = "Content-Length: 5\r\nConnection: close\r\n\r\nhello";
        let _ = write!(stream, "HTTP/1.1 {page}\r\n{rest}");
    }
}

/// What a server of that step must do and this one does not. The probe may not take long to find it out.
fn failures(handle: fn(TcpStream), step: u8) -> (BTreeSet<&'static str>, Report) {
    played(Probe::new(start(handle), step))
}

/// Like `failures`, of a server that does not answer all: any case may fail then because the machine is busy.
fn failures_soon(handle: fn(TcpStream), step: u8) -> (BTreeSet<&'static str>, Report) {
    played(Probe::new(start(handle), step).impatient(SHORT))
}

fn played(probe: Probe) -> (BTreeSet<&'static str>, Report) {
    let begin = Instant::now();
    let report = probe.only(|case| !case.is_slow).run().unwrap();
    assert!(begin.elapsed() < clients::DEADLINE, "{report}");
    let names = report.failures().map(|result| result.case.name);
    (names.collect(), report)
}

#[test]
fn a_server_that_is_right_as_far_as_it_goes_passes_as_far_as_that() {
    let report = Probe::new(start(careful), 8).only(|case| case.is_for(8)).run().unwrap();
    assert!(report.is_good(), "{report}");

    let (names, report) = failures_soon(careful, 12);
    assert!(!report.is_good());
    assert!(names.contains("A second request on the connection"));
}

#[test]
fn a_server_that_says_200_to_all_and_at_once_fails() {
    let (names, _) = failures(|mut stream| drop(stream.write_all(PAGE)), 12);

    assert!(names.contains("Any other path is not found"));
    assert!(names.contains("The method in two pieces"));
    assert!(names.contains("No host"));
}

#[test]
fn a_server_that_closes_at_once_fails_all_but_what_asks_for_nothing() {
    let (names, report) = failures(drop, 8);

    assert!(names.contains("/ is the page"));
    assert!(!names.contains("A client that leaves without a word is not answered"), "{report}");
    assert!(report.ended_in.is_empty());
}

#[test]
fn a_server_that_never_answers_fails_soon_and_nothing_else_is_tried() {
    let mute = |mut stream: TcpStream| drop(stream.read_to_end(&mut Vec::new()));
    let (names, report) = failures_soon(mute, 6);

    assert_eq!(names.len(), report.results.iter().filter(|result| result.case.is_for(6)).count());
    let later = report.results.iter().filter(|result| !result.case.is_for(6));
    assert!(later.into_iter().all(|result| result.outcome == Outcome::NotTried));
}

#[test]
fn a_server_that_resets_fails() {
    let resets = |stream: TcpStream| {
        // What has come and was not read makes this a reset.
        let _ = stream.peek(&mut [0]);
    };
    let (names, report) = failures(resets, 6);

    assert!(names.contains("/ is the page"));
    assert!(report.to_string().contains("came      a reset"), "{report}");
}

#[test]
fn a_server_that_sends_without_an_end_fails() {
    let flood = |mut stream: TcpStream| while stream.write_all(&[b'a'; 1 << 16]).is_ok() {};
    let (names, _) = failures(flood, 1);

    assert!(names.contains("/ is the page"));
}

#[test]
fn a_server_that_states_a_wrong_length_or_no_status_fails() {
    let longer = |mut stream: TcpStream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello");
    };
    let (_, report) = failures(longer, 1);
    assert!(report.to_string().contains("5 bytes of a body of 6"), "{report}");

    let shorter = |mut stream: TcpStream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhello");
    };
    assert!(failures(shorter, 1).0.contains("/ is the page"));

    let words = |mut stream: TcpStream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"\xffhello\r\n\r\n");
    };
    let (_, report) = failures(words, 1);
    assert!(report.to_string().contains("no response: \"\\xffhello"), "{report}");
}

#[test]
fn a_server_may_say_in_a_header_what_is_no_text() {
    let strange = |mut stream: TcpStream| {
        let page = match read_head(&mut stream).starts_with(b"GET / ") {
            true => b"HTTP/1.1 200 OK\r\nA: \xff\xff\xff\xff\xff\r\n\r\nhi".as_slice(),
            false => b"HTTP/1.1 404 NOT FOUND\r\nA: \xff\xff\xff\xff\xff\r\n\r\nno",
        };
        let _ = stream.write_all(page);
    };
    let report = Probe::new(start(strange), 1).only(|case| case.is_for(1)).run().unwrap();

    assert!(report.is_good(), "{report}");
}

#[test]
fn a_server_that_answers_what_is_in_a_body_fails() {
    let naive = |mut stream: TcpStream| {
        while read_head(&mut stream).ends_with(b"\r\n\r\n") {
            let head = b"HTTP/1.1 405 NO\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(head);
        }
    };
    let (names, _) = failures_soon(naive, 12);

    assert!(names.contains("A body that looks like a request is no request"));
    assert!(names.contains("A chunked body is no request"));
}

#[test]
fn the_case_in_which_a_server_ends_is_reported() {
    let server = serve_in_background(|listener| {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head = read_head(&mut stream);
            assert!(!head.starts_with(b"GET /index"), "as planned");
            let _ = match head.starts_with(b"GET / ") {
                true => stream.write_all(PAGE),
                false => stream.write_all(b"HTTP/1.1 404 NOT FOUND\r\n\r\n"),
            };
        }
    });

    let report = check(server.addr(), 1).unwrap();

    assert_eq!(report.ended_in, ["A path that only begins like one of ours is not found"]);
    assert!(!report.is_good());
    assert!(report.to_string().contains("The server has ended"));
}

#[test]
fn a_mutation_is_the_same_for_the_same_seed_and_asks_for_no_nap() {
    for seed in 0..10_000 {
        let request = mutate(seed);
        assert_eq!(request, mutate(seed));
        assert!(!request.windows(6).any(|window| window == b"/sleep"));
    }
    let different: BTreeSet<_> = (0..10_000).map(mutate).collect();
    assert!(different.len() > 9_000, "{}", different.len());
}

/// Answers once, whatever has come, and reads the rest.
fn answer_all(mut stream: TcpStream) {
    let _ = stream.peek(&mut [0]);
    let _ = stream.write_all(PAGE);
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn odd_requests_harm_no_server_that_answers_each() {
    let fuzzed = fuzz(start(answer_all), 0, SHORT);

    assert!(matches!(fuzzed, Fuzzed::Well(count) if count > 0), "{fuzzed:?}");
}

#[test]
fn the_odd_request_that_a_server_does_not_stand_is_found_and_can_be_sent_again() {
    let careless = |mut stream: TcpStream| {
        let mut buffer = [0; 4096];
        let length = stream.peek(&mut buffer).unwrap_or(0);
        if buffer[..length].contains(&0) {
            let _ = stream.write_all(b"HTTP/1.1 299 OH\r\n\r\n");
        }
        answer_all(stream);
    };
    let addr = start(careless);

    let Fuzzed::Badly { seed, .. } = fuzz(addr, 0, clients::DEADLINE) else {
        panic!("there is a zero byte in some of them");
    };
    assert!(mutate(seed).contains(&0));
    assert!(matches!(fuzz(addr, seed, clients::DEADLINE), Fuzzed::Badly { seed: again, .. } if again == seed));
}
