//! Transcripts of a very small server, run for real.

use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::reader::project::ReaderProject;

/// A server of the standard library: `/race` is answered with `one` and `two` in turn.
const SERVER: &str = r#"//! A server.

use std::io::{Read, Write};
use std::net::TcpListener;

// ANCHOR: main
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
// ANCHOR_END: main

#[cfg(test)]
mod tests;
"#;

/// What `cargo run` prints for it.
const RUN: &str = "server$ cargo run
   Compiling web-server v0.1.0 (file:///projects/web-server)
    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.31s
     Running `target/debug/web-server`
Listening on http://127.0.0.1:7878
";

const PATH: &str = "listings/01-a/out/a.console";

/// A book with one listing and one transcript.
fn book(server: &str, transcript: &str) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    for (path, text) in [
        ("listings/Cargo.lock", "version = 4\n"),
        ("listings/01-a/Cargo.toml", manifest),
        ("listings/01-a/src/main.rs", server),
        ("listings/01-a/src/tests.rs", ""),
        (PATH, transcript),
    ] {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// The findings of a book's transcript.
fn found(root: &TempDir) -> Vec<Finding> {
    verify(&Workshop::open(root.path()).unwrap(), &[PathBuf::from(PATH)]).unwrap()
}

/// Captures a book's transcript and gives what is in the file then.
fn blessed(root: &TempDir) -> String {
    bless(&Workshop::open(root.path()).unwrap(), &[root.path().join(PATH)]).unwrap();
    fs::read_to_string(root.path().join(PATH)).unwrap()
}

/// A book's transcript, and a project to run it in.
fn parsed(root: &TempDir) -> (Transcript, ReaderProject) {
    let text = fs::read_to_string(root.path().join(PATH)).unwrap();
    let transcript = Transcript::parse(Path::new(PATH), &text).unwrap();
    let listing = root.path().join("listings").join("01-a");
    let dir = root.path().join("work").join("web-server");
    let project = ReaderProject::derive(&listing, Path::new("none"), &dir).unwrap();
    (transcript, project)
}

/// The text without the time that compiling took.
fn timeless(text: &str) -> String {
    regex::Regex::new(r"in [\d.]+s")
        .unwrap()
        .replace_all(text, "in 0.31s")
        .into_owned()
}

#[test]
fn what_a_server_and_its_client_print_is_captured_and_found_again() {
    let root = book(SERVER, "server$ cargo run\n\nclient$ curl -i http://127.0.0.1:7878/\n");
    let text = blessed(&root);
    assert_eq!(
        timeless(&text),
        format!("{RUN}answered hello\n\nclient$ curl -i http://127.0.0.1:7878/\nHTTP/1.0 200 OK\n\nhello\n")
    );
    assert_eq!(found(&root), []);

    // Another time is no reason to write.
    fs::write(root.path().join(PATH), timeless(&text)).unwrap();
    assert_eq!(blessed(&root), timeless(&text));
}

#[test]
fn a_changed_server_is_found_at_the_first_line_that_differs() {
    let transcript = format!("{RUN}answered hello\n\nclient$ curl http://127.0.0.1:7878/\nhello\n");
    let root = book(&SERVER.replace("hello", "good morning"), &transcript);
    let findings = found(&root);
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].path.as_path(), findings[0].line), (Path::new(PATH), 6));
    assert!(findings[0].help.contains("-hello\n+good morning\n"), "{}", findings[0]);
}

#[test]
fn prompts_without_output_are_found_and_captured() {
    let root = book(SERVER, "$ cargo check\n");
    assert_eq!(found(&root)[0].message, "these commands were never run");
    assert!(
        blessed(&root).starts_with("$ cargo check\n    Checking web-server v0.1.0 (file:///projects/web-server)\n")
    );
    assert_eq!(found(&root), []);
}

#[test]
fn every_outcome_of_a_race_is_captured() {
    let root = book(
        SERVER,
        "server$ cargo run\n\nclient$ curl http://127.0.0.1:7878/race\n-- or --\n",
    );
    let text = blessed(&root);
    let client = "client$ curl http://127.0.0.1:7878/race\n";
    assert!(
        text.ends_with(&format!("answered one\n\n{client}one\n-- or --\ntwo\n")),
        "{text}"
    );
    assert_eq!(found(&root), []);

    // An outcome that the file does not have, and one that does not happen.
    fs::write(root.path().join(PATH), text.replace("\ntwo\n", "\nzero\n")).unwrap();
    let help = &found(&root)[0].help;
    assert!(help.contains("+two\n") && !help.contains("-zero\n"), "{help}");
    assert_eq!(timeless(&blessed(&root)), timeless(&text));
}

#[test]
fn a_race_with_one_outcome_is_refused() {
    let root = book(
        SERVER,
        "server$ cargo run\n\nclient$ curl http://127.0.0.1:7878/\n-- or --\n",
    );
    let error = bless(&Workshop::open(root.path()).unwrap(), &[PathBuf::from(PATH)])
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains(&format!("{PATH}:3: `curl http://127.0.0.1:7878/` is marked as a race")),
        "{error}"
    );
}

#[test]
fn an_interrupted_server_answers_nobody() {
    let root = book(
        SERVER,
        "server$ cargo run\n\nclient$ curl http://127.0.0.1:7878/\n\nserver$ ^C\n\nclient$ curl http://127.0.0.1:7878/\n",
    );
    assert_eq!(
        timeless(&blessed(&root)),
        format!(
            "{RUN}answered hello\n\nclient$ curl http://127.0.0.1:7878/\nhello\n\nserver$ ^C\n\nclient$ curl http://127.0.0.1:7878/\ncurl: (7) Failed to connect to 127.0.0.1 port 7878 after 0 ms: Couldn't connect to server\n"
        )
    );
}

#[test]
fn a_silent_client_comes_first() {
    let root = book(
        SERVER,
        "server$ cargo run\n\nsilent$ curl telnet://127.0.0.1:7878\n\nclient$ curl --max-time 1 http://127.0.0.1:7878/\n",
    );
    let text = blessed(&root);
    assert!(
        text.contains("silent$ curl telnet://127.0.0.1:7878\n\nclient$"),
        "{text}"
    );
    assert!(text.contains("\ncurl: (28) Operation timed out after "), "{text}");
    assert_eq!(found(&root), []);
}

#[test]
fn a_server_that_does_not_compile_is_found() {
    let root = book(
        &SERVER.replace("unwrap()", "unwarp()"),
        "server$ cargo run\n\nclient$ curl http://127.0.0.1:7878/\n",
    );
    let findings = found(&root);
    assert_eq!(
        (findings[0].line, findings[0].message.as_str()),
        (1, "`cargo run` ended before it printed `Listening on`")
    );
    assert!(findings[0].help.contains("unwarp"), "{}", findings[0]);
}

#[test]
fn a_command_where_a_server_runs_is_found() {
    let root = book(SERVER, "$ cargo run\n$ curl http://127.0.0.1:7878/\n");
    let findings = found(&root);
    assert_eq!(findings[0].line, 2);
    assert_eq!(
        findings[0].message,
        "`curl http://127.0.0.1:7878/` is typed where the server still runs"
    );
}

#[test]
fn a_port_of_somebody_else_is_left_alone_and_ours_is_free_afterwards() {
    let root = book(SERVER, "server$ cargo run\n\nclient$ curl http://127.0.0.1:7878/\n");
    let (transcript, project) = parsed(&root);

    let (ours, theirs) = (workshop::free_port().unwrap(), workshop::free_port().unwrap());
    let _theirs = TcpListener::bind(("127.0.0.1", theirs)).unwrap();
    let mut ports = [theirs, ours].into_iter();
    let pick = || ports.next().context("asked too often");
    let text = run(&transcript, &project, Purpose::Check, LIMIT, pick).unwrap();
    assert!(text.ends_with("client$ curl http://127.0.0.1:7878/\nhello\n"), "{text}");

    let refused = TcpStream::connect(("127.0.0.1", ours)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_command_that_does_not_end_is_found_and_killed() {
    let root = book(SERVER, "$ curl http://127.0.0.1:7878/\n$ curl http://127.0.0.1:7878/\n");
    let (transcript, project) = parsed(&root);

    // A server that accepts and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Long enough for curl to connect, also on a busy machine: we accept below.
    let limit = Duration::from_secs(3);
    let finding = run(&transcript, &project, Purpose::Check, limit, || Ok(port)).unwrap_err();
    assert_eq!(
        finding.to_string(),
        format!("{PATH}:1: `curl http://127.0.0.1:7878/` still runs after 3 s")
    );

    // The client is gone: what it has sent is followed by the end, or by an error.
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    if let Err(error) = stream.read_to_end(&mut Vec::new()) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_transcript_that_cannot_be_read_is_found() {
    let root = book(SERVER, "hello\n");
    assert_eq!(found(&root)[0].message, "text before the first prompt");
}
