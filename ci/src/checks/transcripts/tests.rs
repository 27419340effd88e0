//! Transcripts of a very small server, run for real.

use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use book::testing::{headlines, small_book};

use super::*;
use crate::run::workshop::Project;

/// A server of the standard library: `/race` is answered with `one` and `two` in turn.
const SERVER: &str = r#"use std::io::{Read, Write};
use std::net::TcpListener;

fn main() {
    let listener = TcpListener::bind("127.0.0.1:7878").unwrap();
    println!("Listening on http://{}", listener.local_addr().unwrap());
    for turn in 0.. {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        let length = stream.read(&mut head).unwrap();
        let body = match head[..length].starts_with(b"GET /race") {
            true => ["one\n", "two\n"][turn % 2],
            false => "hello\n",
        };
        println!("answered {}", body.trim());
        let answer = format!("HTTP/1.0 200 OK\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).unwrap();
    }
}
"#;

/// What `cargo run` prints for it.
const RUN: &str = "server$ cargo run
   Compiling web-server v0.1.0 (file:///projects/web-server)
    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.31s
     Running `target/debug/web-server`
Listening on http://127.0.0.1:7878
";

const PATH: &str = "listings/01-a/out/a.console";
const DIFFERS: &str = "this file is made by `cargo book bless`, which would write something else now";
const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";

/// What a run of the transcript comes to, in a book with this listing: the text, if it can be run, and what is found.
fn outcome_of(manifest: &str, server: &str, transcript: &str) -> (String, Vec<Finding>) {
    let (folder, book) = small_book(&[
        ("src/page.md", "# Page\n"),
        ("listings/01-a/Cargo.toml", manifest),
        ("listings/01-a/src/main.rs", server),
        (PATH, transcript),
    ]);
    let (made, mut findings) = capture(&Context::new(book), |_| {}).unwrap();
    findings.extend(made.iter().filter_map(|file| file.check(folder.path())));
    (made.first().map_or(transcript, |file| &file.text).to_owned(), findings)
}

fn outcome(server: &str, transcript: &str) -> (String, Vec<Finding>) {
    outcome_of(MANIFEST, server, transcript)
}

/// The text without the time that compiling took.
fn timeless(text: &str) -> String {
    regex::Regex::new(r"in [\d.]+s").unwrap().replace_all(text, "in 0.31s").into_owned()
}

#[test]
fn what_a_server_and_its_client_print_is_captured_and_found_again() {
    let (text, findings) = outcome(SERVER, "server$ cargo run\n\nclient$ curl -i http://127.0.0.1:7878/\n");
    assert_eq!(headlines(&findings), [format!("{PATH}:2: {DIFFERS}")]);
    let client = "client$ curl -i http://127.0.0.1:7878/\nHTTP/1.0 200 OK\n\nhello\n";
    assert_eq!(timeless(&text), format!("{RUN}answered hello\n\n{client}"));
    assert_eq!(outcome(SERVER, &timeless(&text)).1, []);
    let (_, findings) = outcome(&SERVER.replace("hello", "good morning"), &timeless(&text));
    assert!(findings[0].line == 6 && findings[0].help.contains("-answered hello\n+answered good morning\n"));
    let silent =
        "server$ cargo run\n\nsilent$ curl telnet://127.0.0.1:7878\n\na$ curl --max-time 1 http://127.0.0.1:7878/\n";
    let (text, _) = outcome(SERVER, silent);
    assert!(text.contains("/\ncurl: (28) Operation timed out after "), "{text}");
}

#[test]
fn every_outcome_of_a_race_has_to_be_seen() {
    let client = "client$ curl http://127.0.0.1:7878/race\n";
    let (text, _) = outcome(SERVER, &format!("server$ cargo run\n\n{client}-- or --\n"));
    assert!(text.ends_with(&format!("answered one\n\n{client}one\n-- or --\ntwo\n")), "{text}");
    assert_eq!(outcome(SERVER, &text).1, []);

    // One that happens and was not recorded, and one that was typed by hand.
    let (_, findings) = outcome(SERVER, &text.replace("\ntwo\n", "\nzero\n"));
    assert!(findings[0].help.contains("-zero\n+two\n"), "{}", findings[0]);
    let (_, findings) = outcome(SERVER, &format!("{text}-- or --\nzero\n"));
    assert!(findings[0].help.contains("-zero\n"), "{}", findings[0]);
}

#[test]
fn a_race_with_one_outcome_is_refused() {
    let (_, findings) = outcome(SERVER, "server$ cargo run\n\nclient$ curl http://127.0.0.1:7878/\n-- or --\n");
    assert!(headlines(&findings)[0].ends_with("can be told apart: [\"hello\"]"), "{findings:?}");
}

/// A script's background jobs and `nohup` ignore interrupts, and what they start inherits that.
#[test]
fn a_server_is_interrupted_even_where_we_ignore_that() {
    let client = "client$ curl http://127.0.0.1:7878/\n";
    let transcript = format!("server$ cargo run\n\n{client}\nserver$ ^C\n\n{client}");
    // SAFETY: ignoring a signal is always a valid reaction.
    let before = unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    let (text, _) = outcome(SERVER, &transcript);
    // SAFETY: this was the reaction before.
    unsafe { libc::signal(libc::SIGINT, before) };
    let refused = "curl: (7) Failed to connect to 127.0.0.1 port 7878 after 0 ms: Couldn't connect to server\n";
    let after = format!("answered hello\n\n{client}hello\n\nserver$ ^C\n\n{client}{refused}");
    assert_eq!(timeless(&text), format!("{RUN}{after}"));
}

/// A server that answers when it is interrupted, or has waited for that too long, and then ends.
const DRAINS: &str = r#"use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static END: AtomicBool = AtomicBool::new(false);

extern "C" fn end(_: i32) {
    END.store(true, Ordering::SeqCst);
}

unsafe extern "C" {
    fn signal(number: i32, reaction: extern "C" fn(i32)) -> usize;
}

fn main() {
    unsafe { signal(2, end) };
    let listener = TcpListener::bind("127.0.0.1:7878").unwrap();
    println!("Listening on http://{}", listener.local_addr().unwrap());
    let (mut stream, _) = listener.accept().unwrap();
    stream.read(&mut [0; 1024]).unwrap();
    println!("one request");
    let begun = Instant::now();
    while !END.load(Ordering::SeqCst) && begun.elapsed() < Duration::from_secs(4) {
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("drained: {END:?}");
    stream.write_all(b"HTTP/1.0 200 OK\r\nDate: Wed, 25 Nov 2026 22:31:20 GMT\r\n\r\n").unwrap();
    println!("Goodbye");
}
"#;

#[test]
fn what_a_server_prints_after_an_interrupt_stands_below_it() {
    let (server, client) = ("server$ cargo run\n", "client$ curl -i http://127.0.0.1:7878/\n");
    let (text, _) = outcome(DRAINS, &format!("{server}\n{client}\nserver$ ^C\n"));
    let answer = "HTTP/1.0 200 OK\nDate: Wed, 21 Oct 2026 07:28:00 GMT\n";
    let after = format!("one request\n\n{client}{answer}\nserver$ ^C\ndrained: true\nGoodbye\n");
    assert_eq!(timeless(&text), format!("{RUN}{after}"));
    assert_eq!(outcome(DRAINS, &text).1, []);
    // Other words are no reason to wait.
    let (other, _) = outcome(DRAINS, &text.replace("one request", "a request"));
    assert_eq!(timeless(&other), timeless(&text));
}

#[test]
fn a_server_that_does_not_compile_is_found_with_what_the_compiler_says() {
    let transcript = "server$ cargo run\n\nclient$ curl http://127.0.0.1:7878/\n";
    let (_, findings) = outcome(&SERVER.replace("unwrap()", "unwarp()"), transcript);
    let message = "`cargo run` ended before it printed `Listening on`";
    assert_eq!(headlines(&findings), [format!("{PATH}:1: {message}")]);
    assert!(findings[0].help.contains("unwarp"), "{}", findings[0]);
}

#[test]
fn a_project_that_cannot_be_made_is_found_with_the_reason() {
    let (_, findings) = outcome_of("package = 1\n", SERVER, "$ cargo check\n");
    assert!(findings[0].help.contains("has no `[package]`"), "{findings:?}");
}

#[test]
fn a_command_that_does_not_end_is_found_and_killed() {
    let text = "$ curl http://127.0.0.1:7878/\n$ curl http://127.0.0.1:7878/\n";
    let transcript = Transcript::parse(Path::new(PATH), text).unwrap();
    // A server that accepts and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let project =
        Project { folder: PathBuf::from("/"), target: PathBuf::from("/"), port: listener.local_addr().unwrap().port() };
    // Long enough for curl to connect, also on a busy machine.
    let session = Session::begin(&transcript, project, Duration::from_secs(3));
    let finding = session.and_then(Session::finish).unwrap_err();
    let message = "`curl http://127.0.0.1:7878/` still runs after 3 s";
    assert_eq!(headlines(&[finding]), [format!("{PATH}:1: {message}")]);
    // The client is gone: what it has sent is followed by the end, or by an error.
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let end = stream.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
    assert!(matches!(end, Ok(_) | Err(std::io::ErrorKind::ConnectionReset)), "{end:?}");
}
