//! The program: what it prints, and how it ends.

use std::io::prelude::*;
use std::process::{Command, Output};
use std::thread;

use clients::{ClosedPort, serve_in_background};

fn probe(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_probe")).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn wrong_arguments_are_one_line_and_2() {
    for (args, line) in [
        (&["--step"][..], "--step needs a number"),
        (&["--step", "six"], "--step needs a number"),
        (&["--step", "00"], "the steps are 01 to 14, not 00"),
        (&["--step", "15"], "the steps are 01 to 14, not 15"),
        (&["--stop"], "no such option: --stop"),
        (&["nowhere"], "no address: nowhere"),
    ] {
        let (code, stdout, stderr) = probe(args);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (Some(2), "", 1), "{args:?}: {stderr}");
        assert!(stderr.starts_with(&format!("probe: {line}")), "{stderr}");
    }
}

#[test]
fn no_server_is_one_line_and_2() {
    let port = ClosedPort::reserve();
    let addr = port.addr().to_string();

    for args in [&["--step", "06", &addr][..], &["--fuzz", "1", &addr]] {
        let (code, _, stderr) = probe(args);
        assert_eq!((code, stderr.lines().count()), (Some(2), 1), "{stderr}");
        assert!(stderr.starts_with(&format!("probe: no server at {addr}: ")), "{stderr}");
    }
}

#[test]
fn help_says_how() {
    let (code, stdout, _) = probe(&["--help"]);

    assert_eq!(code, Some(0));
    assert!(stdout.contains("Usage: cargo run -p probe -- [OPTIONS] [ADDR]"));
}

#[test]
fn the_report_is_for_the_step_that_is_given() {
    // It closes as soon as somebody has spoken, which is all that step 02 does.
    let server = serve_in_background(|listener| {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || stream.read(&mut [0; 1024]));
        }
    });
    let addr = server.addr().to_string();

    let (code, stdout, _) = probe(&["--step", "02", &addr]);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with(&format!("{addr} as a server of step 02: 1 of 1 cases pass\n")));
    assert!(stdout.contains("comes in step 03: 5, of which 0 pass already\n  - / is the page (RFC 9112, 2.1)\n"));

    let (code, stdout, _) = probe(&["--step", "01", &addr]);
    assert_eq!(code, Some(1));
    assert!(stdout.contains("0 of 5 cases pass\n  ✗ / is the page (RFC 9112, 2.1)\n      sent      \"GET / HTTP/1.1"));
}
