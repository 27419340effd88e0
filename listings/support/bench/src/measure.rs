//! What is measured of one server.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use load::{Crowd, Load, Report};
use serde_json::{Value, json};

use crate::machine;
use crate::server::Server;

/// A result, and what is said of it while the others are measured.
pub type Outcome = (Value, String);

/// How long the next client waits for its answer before we say that it has none.
const NO_ANSWER: Duration = Duration::from_secs(3);

/// How long a client may take to connect.
const CONNECT: Duration = Duration::from_secs(2);

/// How many connections ask again and again.
const CONNECTIONS: usize = 32;

/// Clients that are there while a normal one is measured.
const SILENT: usize = 1000;
const COMPUTING: usize = 100;

fn load(server: &Server, path: &str) -> Load {
    let path = path.to_owned();
    Load {
        addr: server.addr,
        path,
    }
}

/// Requests a second, and what each costs in time of processors.
pub fn rate(server: &mut Server, kept: bool, time: Duration) -> Outcome {
    let load = load(server, "/");
    // The first requests find everything cold.
    load.run(CONNECTIONS, kept, time / 10);
    let before = server.processor_time().unwrap_or_default();
    let report = load.run(CONNECTIONS, kept, time);
    let busy = server
        .processor_time()
        .unwrap_or_default()
        .saturating_sub(before);
    let (rate, requests) = (report.rate().round(), report.answered.len());
    let busy = micros(busy) / requests.max(1) as f64;
    let (median, most) = (report.percentile(0.5), report.percentile(0.99));
    let text = format!(
        "{rate:7} requests/s, {busy:5.1} µs of processor each{}",
        failed(&report)
    );
    let result = json!({
        "per_second": rate,
        "processor_us": (busy * 100.0).round() / 100.0,
        "median_us": median.map(|(time, _)| micros(time)),
        "p99_us": most.map(|(time, _)| micros(time)),
        "failed": report.errors,
        "ended": server.end(),
    });
    (result, text)
}

/// The delay of a normal client that comes every ten milliseconds, while others are there.
pub fn delay(server: &mut Server, others: &str, probes: usize, grace: Duration) -> Outcome {
    let interval = Duration::from_millis(10);
    let time = interval * probes as u32 + grace;
    let mut crowd = Crowd::new(server.addr);
    if others == "silent" {
        // Those that can't connect are missing, and that is a result as well.
        let _ = fill(&mut crowd, server, SILENT);
    }
    let (asks, computing) = (load(server, "/"), load(server, "/compute"));
    let report = thread::scope(|scope| {
        if others != "computing" {
            return asks.probe(probes, interval, time);
        }
        // They go on as long as a probe may have to wait.
        scope.spawn(|| computing.run(COMPUTING, false, time));
        // All of them have asked by then.
        thread::sleep(Duration::from_millis(200));
        asks.probe(probes, interval, time - Duration::from_millis(200))
    });
    let percentile = |share| {
        let (time, at_least) = report.percentile(share).unwrap_or((time, true));
        let text = format!("{}{time:.1?}", if at_least { "> " } else { "" });
        (json!({ "us": micros(time), "at_least": at_least }), text)
    };
    let ((median, median_text), (most, most_text)) = (percentile(0.5), percentile(0.99));
    let result = json!({
        "median": median,
        "p99": most,
        "failed": report.errors,
        "waiting": report.waiting.len(),
        "ended": server.end(),
    });
    let failed = failed(&report);
    let text = format!("median {median_text}, 99th percentile {most_text}{failed}");
    (result, text)
}

/// What the server holds for so many silent clients, and whether the next one has an answer.
pub fn idle(server: &mut Server, levels: impl Iterator<Item = usize>) -> Outcome {
    let mut crowd = Crowd::new(server.addr);
    let (mut results, mut text) = (Vec::new(), String::new());
    for count in levels {
        let grown = fill(&mut crowd, server, count);
        let Some(sample) = server.sample() else { break };
        let answer = next_client(server);
        results.push(json!({
            "clients": crowd.len(),
            "memory_kib": sample.memory_kib,
            "threads": sample.threads,
            "address_space_kib": sample.address_space_kib,
            "open_files": sample.open_files,
            "next_us": answer.map(micros),
        }));
        text = format!(
            "{count}: {} KiB, {} threads, {} MiB of addresses",
            sample.memory_kib,
            sample.threads,
            sample.address_space_kib / 1024
        );
        if grown.is_err() || answer.is_none() {
            text += ", the next has no answer";
            break;
        }
    }
    (json!({ "levels": results, "ended": server.end() }), text)
}

/// With how many silent clients the next one has no answer.
pub fn end(server: &mut Server, most: usize) -> Outcome {
    let mut crowd = Crowd::new(server.addr);
    let (mut answered, mut how) = (0, "more than were tried".to_owned());
    let mut count = 1;
    while count <= most {
        let grown = fill(&mut crowd, server, count);
        let next = load(server, "/").burst(1, NO_ANSWER);
        let is_answered = !next.answered.is_empty();
        // Where a connection fails, the server may be about to end, which takes a big one a while.
        let patience = if next.errors > 0 {
            NO_ANSWER
        } else {
            Duration::ZERO
        };
        let ended = end_within(server, patience);
        if let Some(end) = ended {
            how = end;
            break;
        }
        if !is_answered {
            how = match grown {
                Err(error) => format!("the next client has no connection: {error}"),
                Ok(()) => format!("the next client waits{}", server.last_words()),
            };
            break;
        }
        answered = count;
        // One by one first, then by hundreds.
        count += if count < 20 { 1 } else { 100 - count % 100 };
    }
    let failed = (count <= most).then_some(crowd.len());
    let text = match failed {
        Some(failed) => format!("answers with {answered}, not with {failed}: {how}"),
        None => format!("answers with {answered}, and {how}"),
    };
    let how = failed.map(|_| how);
    let result = json!({ "answers": answered, "fails": failed, "how": how });
    (result, text)
}

/// How the server has ended, if it does so within this time.
fn end_within(server: &mut Server, time: Duration) -> Option<String> {
    let start = Instant::now();
    loop {
        let end = server.end();
        if end.is_some() || start.elapsed() >= time {
            return end;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// How long the next client waits for its page, if it has one at all.
fn next_client(server: &Server) -> Option<Duration> {
    load(server, "/")
        .burst(1, NO_ANSWER)
        .answered
        .first()
        .copied()
}

/// Lets silent clients come until there are so many, and the server has accepted them, if it does. They come by
/// thousands, so that the queue is never full.
fn fill(crowd: &mut Crowd, server: &Server, count: usize) -> io::Result<()> {
    while crowd.len() < count {
        let next = count.min(crowd.len() + 1000);
        crowd.grow(next, CONNECT)?;
        settle(server, next);
    }
    Ok(())
}

/// Waits until the server has accepted so many clients, or no more come.
fn settle(server: &Server, count: usize) {
    let (mut last, mut still) = (0, 0);
    while still < 30 {
        match server.open_files() {
            Some(files) if files as usize > count => return,
            Some(files) if files == last => still += 1,
            Some(files) => (last, still) = (files, 0),
            None => return,
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// So many requests at once for the page that takes a while.
pub fn slow(server: &Server, count: usize, limit: Duration) -> Report {
    load(server, "/sleep").burst(count, limit)
}

/// The same, with so many that the system may have no room for them all.
pub fn many_slow(server: &mut Server, count: usize, limit: Duration) -> Outcome {
    let before = machine::full_queues();
    let report = slow(server, count, limit);
    let turned_away = machine::full_queues().saturating_sub(before);
    let (mut result, mut text) = slow_outcome(count, &report);
    result["ended"] = server.end().into();
    if turned_away > 0 {
        // The system of the client tries again after a second, and then after two.
        text += &format!(", {turned_away} tried to connect while the queue was full");
    }
    (result, text)
}

/// What became of so many slow requests.
pub fn slow_outcome(count: usize, report: &Report) -> Outcome {
    let (answered, time) = (report.answered.len(), report.time.as_secs_f64());
    let last = report.answered.last().filter(|_| answered == count);
    let text = match last {
        Some(last) => format!("{count}: all answered after {last:.1?}"),
        None => format!(
            "{count}: {answered} answered after {time:.1} s{}",
            failed(report)
        ),
    };
    let result = json!({
        "requests": count,
        "answered": answered,
        "failed": report.errors,
        "first_us": report.answered.first().copied().map(micros),
        "last_us": last.copied().map(micros),
        "gave_up_us": last.is_none().then(|| micros(report.time)),
    });
    (result, text)
}

fn failed(report: &Report) -> String {
    let error = report.last_error.as_deref().unwrap_or_default();
    match report.errors {
        0 => String::new(),
        errors => format!(", {errors} failed ({error})"),
    }
}

fn micros(time: Duration) -> f64 {
    (time.as_nanos() as f64 / 100.0).round() / 10.0
}
