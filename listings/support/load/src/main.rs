//! `load ADDR [--path PATH] [--connections N] [--seconds S] [--close]`: asks for S seconds, on N connections that are
//! kept open, or with `--close` on a new one for each request. Or `load ADDR --burst N`: N requests at once. Or
//! `load ADDR --silent N`: N clients that say nothing, until ^C.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use load::{Crowd, Load, Report};

const USAGE: &str =
    "load ADDR [--path PATH] [--connections N] [--seconds S] [--close | --burst N | --silent N]";

fn main() -> ExitCode {
    if run().is_none() {
        eprintln!("usage: {USAGE}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Does what the arguments say. Gives nothing if they say nothing that can be done.
fn run() -> Option<()> {
    let mut arguments = std::env::args().skip(1);
    let addr = arguments.next()?.parse().ok()?;
    let mut load = Load {
        addr,
        path: "/".to_owned(),
    };
    let (mut connections, mut seconds, mut close) = (32, 3.0, false);
    let (mut burst, mut silent) = (None, None);
    while let Some(option) = arguments.next() {
        match option.as_str() {
            "--path" => load.path = arguments.next()?,
            "--connections" => connections = arguments.next()?.parse().ok()?,
            "--seconds" => seconds = arguments.next()?.parse().ok()?,
            "--close" => close = true,
            "--burst" => burst = Some(arguments.next()?.parse().ok()?),
            "--silent" => silent = Some(arguments.next()?.parse().ok()?),
            _ => return None,
        }
    }
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    if let Some(count) = silent {
        let mut crowd = Crowd::new(addr);
        if let Err(error) = crowd.grow(count, time) {
            println!("the next client has no connection: {error}");
        }
        println!("{} silent clients are connected", crowd.len());
        loop {
            thread::park();
        }
    }
    if let Some(count) = burst {
        let report = load.burst(count, time);
        print(&report);
        if let [first, .., last] = report.answered[..] {
            println!("first answer after {first:?}, last after {last:?}");
        }
    } else {
        let report = load.run(connections, !close, time);
        print(&report);
        println!("{:.0} requests/s", report.rate());
    }
    Some(())
}

fn print(report: &Report) {
    let (answered, waiting) = (report.answered.len(), report.waiting.len());
    println!(
        "{answered} answered, {waiting} waiting, {} failed",
        report.errors
    );
    if let Some(error) = &report.last_error {
        println!("the last failure: {error}");
    }
    for (name, share) in [("median", 0.5), ("99th percentile", 0.99)] {
        if let Some((time, waits)) = report.percentile(share) {
            println!("{name}: {}{time:?}", if waits { "more than " } else { "" });
        }
    }
}
