//! What is measured, and in which order.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use load::Report;
use serde_json::Value;

use crate::contenders::{Contender, Program};
use crate::measure::{self, Outcome};
use crate::results::Results;
use crate::server::Server;

/// Files and sockets that a process needs for itself.
const RESERVE: usize = 100;

/// At most so many silent clients: an address has ports for few more.
const MOST: usize = 20_000;

/// How many silent clients the servers hold, one number after the other.
const IDLE: [usize; 5] = [0, 10, 100, 1000, 10_000];

/// How many slow requests are sent at once: to all contenders together, and to one after the other.
const FEW: [usize; 3] = [1, 10, 100];
const MANY: [usize; 2] = [1000, 10_000];

/// One session, in which all is measured.
pub struct Session<'a> {
    programs: &'a [Program],
    quick: bool,
    /// How many clients there may be.
    most: usize,
    start: Instant,
    results: RefCell<Results>,
}

impl<'a> Session<'a> {
    pub fn new(
        programs: &'a [Program],
        quick: bool,
        open_files: usize,
        results: Results,
    ) -> Session<'a> {
        Session {
            programs,
            quick,
            most: MOST.min(open_files.saturating_sub(RESERVE)),
            start: Instant::now(),
            results: RefCell::new(results),
        }
    }

    /// Measures everything, and writes the results to `path`. A contender that does not start, or falls over, is a
    /// result like others.
    ///
    /// # Errors
    ///
    /// If the results can't be written.
    pub fn run(self, path: &Path) -> io::Result<()> {
        self.rate()?;
        self.delay()?;
        self.idle()?;
        self.each("where it ends", &["end"], everybody, |server| {
            measure::end(server, self.most)
        })?;
        self.slow()?;
        self.results.into_inner().finish(path)
    }

    fn rate(&self) -> io::Result<()> {
        let (rounds, time) = if self.quick { (2, 200) } else { (3, 1500) };
        let time = Duration::from_millis(time);
        for round in 1..=rounds {
            for kind in ["kept", "new"] {
                let what = format!("requests, {kind} {round}/{rounds}");
                self.each(&what, &["rate", kind], everybody, |server| {
                    measure::rate(server, kind == "kept", time)
                })?;
            }
        }
        Ok(())
    }

    fn delay(&self) -> io::Result<()> {
        let (rounds, probes, grace) = if self.quick { (1, 30, 1) } else { (2, 100, 4) };
        let grace = Duration::from_secs(grace);
        for round in 1..=rounds {
            for others in ["nobody", "silent", "computing"] {
                let what = format!("delay, {others} {round}/{rounds}");
                let can =
                    |_, contender: &Contender| others != "computing" || contender.has_all_pages;
                self.each(&what, &["delay", others], can, |server| {
                    measure::delay(server, others, probes, grace)
                })?;
            }
        }
        Ok(())
    }

    fn idle(&self) -> io::Result<()> {
        let rounds = if self.quick { 1 } else { 2 };
        for round in 1..=rounds {
            let what = format!("idle clients {round}/{rounds}");
            self.each(&what, &["idle"], everybody, |server| {
                let levels = IDLE.into_iter().filter(|count| *count <= self.most);
                measure::idle(server, levels)
            })?;
        }
        Ok(())
    }

    fn slow(&self) -> io::Result<()> {
        let limit = Duration::from_secs(if self.quick { 6 } else { 66 });
        let falls_behind = self.few_slow(limit)?;
        if self.quick {
            return Ok(());
        }
        for count in MANY.into_iter().filter(|count| *count <= self.most) {
            // More of them would take some contenders minutes or hours.
            let can = |index: usize, contender: &Contender| {
                contender.has_all_pages && !falls_behind[index]
            };
            self.each("slow requests", &["slow"], can, |server| {
                measure::many_slow(server, count, limit / 3)
            })?;
        }
        Ok(())
    }

    /// Few slow requests take the processors almost no time, so all contenders are asked at once, each with a server for
    /// every number of requests. Gives, for each contender, whether it is no match for more of them.
    fn few_slow(&self, limit: Duration) -> io::Result<Vec<bool>> {
        let mut falls_behind = vec![false; self.programs.len()];
        let mut servers = Vec::new();
        for (index, program) in self.programs.iter().enumerate() {
            for count in FEW.into_iter().filter(|_| program.contender.has_all_pages) {
                match Server::start(program) {
                    Ok(server) => servers.push((index, count, server)),
                    Err(error) => {
                        falls_behind[index] = true;
                        self.keep(
                            "slow requests",
                            &["slow"],
                            index,
                            not_started("slow", &error),
                        )?;
                    }
                }
            }
        }
        self.say("slow requests", &format!("{FEW:?}, all contenders at once"));
        let reports = thread::scope(|scope| {
            let asking = servers.iter().map(|(index, count, server)| {
                let report = scope.spawn(move || measure::slow(server, *count, limit));
                (*index, *count, report)
            });
            // All ask before the first is waited for.
            let asking: Vec<_> = asking.collect();
            let reports = asking.into_iter().map(|(index, count, report)| {
                let report = report.join();
                let report = report.map_err(|_| io::Error::other("a load panicked"))?;
                Ok((index, count, report))
            });
            reports.collect::<io::Result<Vec<(usize, usize, Report)>>>()
        })?;
        for (index, count, report) in reports {
            falls_behind[index] |= report.answered.len() < count || report.time > limit / 4;
            let outcome = measure::slow_outcome(count, &report);
            self.keep("slow requests", &["slow"], index, outcome)?;
        }
        Ok(falls_behind)
    }

    /// Measures something of one contender after the other, of those that can do it, each with a new server.
    fn each(
        &self,
        what: &str,
        place: &[&str],
        can: impl Fn(usize, &Contender) -> bool,
        measure: impl Fn(&mut Server) -> Outcome,
    ) -> io::Result<()> {
        for (index, program) in self.programs.iter().enumerate() {
            if !can(index, program.contender) {
                continue;
            }
            let outcome = match Server::start(program) {
                Ok(mut server) => measure(&mut server),
                Err(error) => not_started(place[0], &error),
            };
            self.keep(what, place, index, outcome)?;
        }
        Ok(())
    }

    /// Says what has come out, and adds it to the contender's results.
    fn keep(
        &self,
        what: &str,
        place: &[&str],
        index: usize,
        (result, text): Outcome,
    ) -> io::Result<()> {
        let name = self.programs[index].contender.name;
        self.say(what, &format!("{name:17} {text}"));
        self.results.borrow_mut().add(index, place, result)
    }

    fn say(&self, what: &str, text: &str) {
        eprintln!("{:4} s  {what:24} {text}", self.start.elapsed().as_secs());
    }
}

fn everybody(_: usize, _: &Contender) -> bool {
    true
}

/// What there is to say of a contender that has not started.
fn not_started(kind: &str, error: &io::Error) -> Outcome {
    let text = format!("does not start: {error}");
    // Where the last number of clients is looked for, this is how that ends.
    let key = if kind == "end" { "how" } else { "ended" };
    let mut result = Value::Object(Default::default());
    result[key] = text.as_str().into();
    (result, text)
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::path::PathBuf;

    use serde_json::json;

    use super::*;
    use crate::contenders::contender;

    const ABSENT: Contender = contender("absent", "absent", "");
    /// The system has a program of this name, which does nothing but fail.
    const FALSE: Contender = contender("false", "false", "");

    #[test]
    fn contenders_that_do_not_start_are_results_of_a_whole_run() {
        let folder = env::current_exe().unwrap();
        let path = folder.with_file_name("bench-without-contenders.json");
        let unfinished = folder.with_file_name("bench-without-contenders-unfinished.json");
        let program = |contender, path: &str| Program {
            contender,
            path: PathBuf::from(path),
            folder: env::temp_dir(),
        };
        let programs = [program(&ABSENT, "/absent"), program(&FALSE, "false")];
        let names = programs.iter().map(|program| program.contender.name);
        let results = Results::new(json!({}), names, unfinished).unwrap();

        let session = Session::new(&programs, true, 1000, results);
        session.run(&path).unwrap();

        let data: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let why = [
            "does not start: No such file or directory (os error 2)",
            "does not start: it ended with exit status: 1",
        ];
        for (contender, why) in data["contenders"].as_array().unwrap().iter().zip(why) {
            for list in [
                "/rate/kept",
                "/rate/new",
                "/delay/nobody",
                "/delay/computing",
                "/idle",
                "/slow",
            ] {
                let results = contender.pointer(list).unwrap().as_array().unwrap();
                assert!(!results.is_empty());
                assert!(
                    results
                        .iter()
                        .all(|result| result == &json!({ "ended": why }))
                );
            }
            assert_eq!(contender["end"], json!([{ "how": why }]));
        }
    }
}
