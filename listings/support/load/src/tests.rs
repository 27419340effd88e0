use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use clients::serve_in_background;

use super::*;

/// Answers each request with a status and "Hello", in two pieces, on a thread for each connection.
fn serve(listener: TcpListener, status: &str) {
    let answer = |mut stream: TcpStream, status: &str| {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while let Some(Ok(line)) = lines.next() {
            if line.is_empty() {
                let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-");
                let _ = write!(stream, "Length: 5\r\n\r\nHello");
            }
        }
    };
    thread::scope(|scope| {
        for stream in listener.incoming() {
            scope.spawn(|| answer(stream.unwrap(), status));
        }
    });
}

fn load(status: &'static str) -> Load {
    Load {
        addr: serve_in_background(move |listener| serve(listener, status)).addr(),
        path: "/".to_owned(),
    }
}

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(30);

/// What `run` reports once it has had time enough for `done`: on a busy machine, it may be given none at first.
fn until(run: impl Fn(Duration) -> Report, done: impl Fn(&Report) -> bool) -> Report {
    let mut time = SHORT;
    loop {
        let report = run(time);
        if done(&report) {
            return report;
        }
        time *= 2;
        assert!(time < LONG, "{report:?}");
    }
}

#[test]
fn answers_are_counted_on_kept_and_on_new_connections() {
    let load = load("200 OK");
    for keep_open in [true, false] {
        let report = until(
            |time| load.run(3, keep_open, time),
            |report| report.answered.len() >= 3,
        );
        assert_eq!((report.errors, report.last_error.as_deref()), (0, None));
        assert!(report.rate() > 0.0);
        let (median, most) = (report.percentile(0.5), report.percentile(0.99));
        assert!(median <= most && median.is_some());
    }
}

#[test]
fn what_fails_is_counted_and_told() {
    let load = load("404 NOT FOUND");
    let report = until(|time| load.run(1, true, time), |report| report.errors > 0);
    assert!(report.answered.is_empty());
    assert_eq!(report.last_error.as_deref(), Some("HTTP/1.1 404"));
}

#[test]
fn all_requests_at_once_are_answered() {
    let report = load("200 OK").burst(50, LONG);
    assert_eq!((report.answered.len(), report.waiting.len()), (50, 0));
    assert!(report.answered.is_sorted() && report.time < LONG);
}

#[test]
fn what_is_not_answered_still_waits() {
    // The system connects clients to a listener that accepts nobody.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let load = Load {
        addr: listener.local_addr().unwrap(),
        path: "/".to_owned(),
    };
    let mut crowd = Crowd::new(load.addr);
    crowd.grow(2, LONG).unwrap();

    let report = until(
        |time| load.probe(2, Duration::from_millis(1), time),
        |report| report.waiting.len() == 2,
    );
    assert!(report.answered.is_empty());
    let (median, waits) = report.percentile(0.5).unwrap();
    assert!(waits && median >= SHORT / 2);
    assert_eq!((crowd.len(), crowd.is_empty()), (2, false));
}

#[test]
fn a_percentile_of_what_still_waits_is_a_lower_bound() {
    let seconds = |list: &[u64]| list.iter().copied().map(Duration::from_secs).collect();
    let report = Report {
        answered: seconds(&[1, 2, 9]),
        waiting: seconds(&[3, 4]),
        ..Report::default()
    };
    let percentile = |share| {
        report
            .percentile(share)
            .map(|(time, waits)| (time.as_secs(), waits))
    };
    assert_eq!(percentile(0.0), Some((1, false)));
    assert_eq!(percentile(0.25), Some((2, false)));
    assert_eq!(percentile(0.5), Some((3, true)));
    assert_eq!(percentile(1.0), Some((9, true)));
    assert_eq!(Report::default().percentile(0.5), None);
}
