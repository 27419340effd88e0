//! What is measured, and how.

use std::cell::RefCell;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use load::{Crowd, Load, Report};
use serde_json::{Value, json};

use crate::contenders::Program;
use crate::server::Server;

/// How long the next client waits for its answer before we say that it has none.
const NO_ANSWER: Duration = Duration::from_secs(3);

/// How long a client may take to connect.
const CONNECT: Duration = Duration::from_secs(2);

/// How many connections ask again and again.
const CONNECTIONS: usize = 32;

/// Clients that are there while a normal one is measured.
const SILENT: usize = 1000;
const COMPUTING: usize = 100;

/// Files and sockets that a process needs for itself.
const RESERVE: usize = 100;

/// At most so many silent clients: an address has ports for few more.
const MOST: usize = 20_000;

/// One session, in which all is measured.
pub struct Session<'a> {
    programs: &'a [Program],
    quick: bool,
    /// How many clients there may be.
    most: usize,
    start: Instant,
    /// What has been measured, for each contender.
    results: RefCell<Vec<Value>>,
}

impl<'a> Session<'a> {
    pub fn new(programs: &'a [Program], quick: bool, open_files: usize) -> Session<'a> {
        let result = |program: &Program| json!({ "name": program.contender.name });
        Session {
            programs,
            quick,
            most: MOST.min(open_files.saturating_sub(RESERVE)),
            start: Instant::now(),
            results: RefCell::new(programs.iter().map(result).collect()),
        }
    }

    /// Measures everything, and gives what was measured for each contender.
    ///
    /// # Errors
    ///
    /// If a contender does not start. One that falls over later is a result.
    pub fn run(self) -> io::Result<Vec<Value>> {
        let (rounds, time) = if self.quick { (2, 200) } else { (3, 1500) };
        let time = Duration::from_millis(time);
        for round in 1..=rounds {
            for kind in ["kept", "new"] {
                self.each(
                    &format!("requests, {kind} {round}/{rounds}"),
                    |index, program| {
                        let (result, text) = rate(program, kind == "kept", time)?;
                        self.add(index, &["rate", kind], result);
                        Ok(text)
                    },
                )?;
            }
        }
        let (rounds, probes) = if self.quick { (1, 30) } else { (2, 100) };
        for round in 1..=rounds {
            for others in ["nobody", "silent", "computing"] {
                self.each(
                    &format!("delay, {others} {round}/{rounds}"),
                    |index, program| {
                        if others == "computing" && !program.contender.has_all_pages {
                            return Ok(String::new());
                        }
                        let grace = Duration::from_secs(if self.quick { 1 } else { 4 });
                        let (result, text) = delay(program, others, probes, grace)?;
                        self.add(index, &["delay", others], result);
                        Ok(text)
                    },
                )?;
            }
        }
        let rounds = if self.quick { 1 } else { 2 };
        for round in 1..=rounds {
            self.each(
                &format!("idle clients {round}/{rounds}"),
                |index, program| {
                    let levels = [0, 10, 100, 1000, 10_000];
                    let levels = levels.into_iter().filter(|count| *count <= self.most);
                    let (result, text) = idle(program, levels)?;
                    self.add(index, &["idle"], result);
                    Ok(text)
                },
            )?;
        }
        self.each("where it ends", |index, program| {
            let (result, text) = end(program, self.most)?;
            self.add(index, &["end"], result);
            Ok(text)
        })?;
        self.slow()?;
        Ok(self.results.into_inner())
    }

    /// Slow requests. Those that are few take the processors almost no time, so all contenders are asked at once, each
    /// with a server for every number of requests.
    fn slow(&self) -> io::Result<()> {
        let few = [1, 10, 100];
        let many = if self.quick { &[][..] } else { &[1000, 10_000] };
        let limit = Duration::from_secs(if self.quick { 6 } else { 66 });
        let with_all_pages = || {
            let programs = self.programs.iter().enumerate();
            programs.filter(|(_, program)| program.contender.has_all_pages)
        };
        let mut servers = Vec::new();
        for (index, program) in with_all_pages() {
            for count in few {
                servers.push((index, count, Server::start(program)?));
            }
        }
        self.say("slow requests", &format!("{few:?}, all contenders at once"));
        let reports: Vec<_> = thread::scope(|scope| {
            let measured = servers.iter().map(|(index, count, server)| {
                let asking = scope.spawn(move || load(server, "/sleep").burst(*count, limit));
                (*index, *count, asking)
            });
            let measured: Vec<_> = measured.collect();
            let joined = measured.into_iter().map(|(index, count, asking)| {
                let report = asking
                    .join()
                    .map_err(|_| io::Error::other("a load panicked"))?;
                Ok((index, count, report))
            });
            joined.collect::<io::Result<_>>()
        })?;
        drop(servers);
        let mut falls_behind = vec![false; self.programs.len()];
        for (index, count, report) in reports {
            let (result, text) = slow_result(count, &report);
            let name = self.programs[index].contender.name;
            self.say("slow requests", &format!("{name:17} {text}"));
            falls_behind[index] |= report.answered.len() < count || report.time > limit / 4;
            self.add(index, &["slow"], result);
        }
        for count in many.iter().filter(|count| **count <= self.most) {
            self.each("slow requests", |index, program| {
                // More of them would take it minutes or hours.
                if falls_behind[index] || !program.contender.has_all_pages {
                    return Ok(String::new());
                }
                let mut server = Server::start(program)?;
                let report = load(&server, "/sleep").burst(*count, limit / 3);
                let (mut result, text) = slow_result(*count, &report);
                result["ended"] = server.end().into();
                self.add(index, &["slow"], result);
                Ok(text)
            })?;
        }
        Ok(())
    }

    /// Measures something of one contender after the other, and says what comes out, if there is anything to say.
    fn each(
        &self,
        what: &str,
        mut measure: impl FnMut(usize, &Program) -> io::Result<String>,
    ) -> io::Result<()> {
        for (index, program) in self.programs.iter().enumerate() {
            let text = measure(index, program)?;
            if !text.is_empty() {
                self.say(what, &format!("{:17} {text}", program.contender.name));
            }
        }
        Ok(())
    }

    fn say(&self, what: &str, text: &str) {
        eprintln!("{:4} s  {what:24} {text}", self.start.elapsed().as_secs());
    }

    /// Adds a result to the list at this place.
    fn add(&self, index: usize, place: &[&str], result: Value) {
        let mut results = self.results.borrow_mut();
        let list = place
            .iter()
            .fold(&mut results[index], |value, key| &mut value[*key]);
        match list {
            Value::Array(list) => list.push(result),
            empty => *empty = json!([result]),
        }
    }
}

fn load(server: &Server, path: &str) -> Load {
    let path = path.to_owned();
    Load {
        addr: server.addr,
        path,
    }
}

/// Requests a second, and what each costs in time of processors.
fn rate(program: &Program, kept: bool, time: Duration) -> io::Result<(Value, String)> {
    let mut server = Server::start(program)?;
    let load = load(&server, "/");
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
    Ok((result, text))
}

/// The delay of a normal client that comes every ten milliseconds, while others are there.
fn delay(
    program: &Program,
    others: &str,
    probes: usize,
    grace: Duration,
) -> io::Result<(Value, String)> {
    let interval = Duration::from_millis(10);
    let time = interval * probes as u32 + grace;
    let mut server = Server::start(program)?;
    let mut crowd = Crowd::new(server.addr);
    if others == "silent" {
        // Those that can't connect are missing, and that is a result as well.
        let _ = fill(&mut crowd, &server, SILENT);
    }
    let (asks, computing) = (load(&server, "/"), load(&server, "/compute"));
    let report = thread::scope(|scope| {
        if others != "computing" {
            return asks.probe(probes, interval, time);
        }
        // They go on as long as a probe may have to wait.
        let computing = scope.spawn(|| computing.run(COMPUTING, false, time));
        // All of them have asked by then.
        thread::sleep(Duration::from_millis(200));
        let report = asks.probe(probes, interval, time - Duration::from_millis(200));
        drop(computing);
        report
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
    Ok((
        result,
        format!(
            "median {median_text}, 99th percentile {most_text}{}",
            failed(&report)
        ),
    ))
}

/// What the server holds for so many silent clients, and whether the next one has an answer.
fn idle(program: &Program, levels: impl Iterator<Item = usize>) -> io::Result<(Value, String)> {
    let mut server = Server::start(program)?;
    let mut crowd = Crowd::new(server.addr);
    let (mut results, mut text) = (Vec::new(), String::new());
    for count in levels {
        let grown = fill(&mut crowd, &server, count);
        let Some(sample) = server.sample() else { break };
        let answer = next_client(&server);
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
    Ok((json!({ "levels": results, "ended": server.end() }), text))
}

/// With how many silent clients the next one has no answer.
fn end(program: &Program, most: usize) -> io::Result<(Value, String)> {
    let mut server = Server::start(program)?;
    let mut crowd = Crowd::new(server.addr);
    let (mut answered, mut how) = (0, "more than were tried".to_owned());
    let mut count = 1;
    while count <= most {
        let grown = fill(&mut crowd, &server, count);
        let is_answered = next_client(&server).is_some();
        // One that has begun to fall needs a moment to be gone.
        let mut ended = server.end();
        if ended.is_none() && !is_answered {
            thread::sleep(Duration::from_millis(300));
            ended = server.end();
        }
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
    Ok((
        json!({ "answers": answered, "fails": failed, "how": how }),
        text,
    ))
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

fn slow_result(count: usize, report: &Report) -> (Value, String) {
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
