//! Plays the cases against a server.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::LAST_STEP;
use crate::case::{Case, Patience};
use crate::cases::cases;
use crate::connection::Connection;
use crate::report::{Outcome, Report, Result};

/// The first step whose server can have more than one client at once.
const CONCURRENT: u8 = 6;

/// How many cases are played at once, against a server that can have as many.
const AT_ONCE: usize = 12;

/// For what the server must do: long enough for a busy machine.
const PATIENT: Patience = Patience { answer: Duration::from_secs(10), deadline: Duration::from_secs(13) };

/// For what it need not do yet.
const CURIOUS: Patience = Patience { answer: Duration::from_secs(2), deadline: Duration::from_secs(13) };

/// The least that remains of our patience is a part of it.
const LEAST: u32 = 20;

/// A shorter time than this is no patience at all.
const MOMENT: Duration = Duration::from_millis(150);

/// Longer than `/sleep` takes.
const NAP: Duration = Duration::from_secs(6);

/// A server, and the cases that it is probed with.
pub struct Probe {
    addr: SocketAddr,
    step: u8,
    cases: Vec<Case>,
    with_slow: bool,
    patience: Patience,
}

/// Probes the server at `addr`, which has come to `step`: plays the cases that it must pass, and then those of later steps.
///
/// # Errors
///
/// If nothing listens at the address.
pub fn check(addr: SocketAddr, step: u8) -> io::Result<Report> {
    Probe::new(addr, step).run()
}

impl Probe {
    /// All cases that a server of this step must pass now or later.
    pub fn new(addr: SocketAddr, step: u8) -> Probe {
        let mut cases = cases();
        cases.retain(|case| case.is_for(step) || case.comes_in(step, LAST_STEP).is_some());
        cases.sort_by_key(|case| if case.is_for(step) { None } else { case.comes_in(step, LAST_STEP) });
        Probe { addr, step, cases, with_slow: false, patience: PATIENT }
    }

    /// Only some of these.
    pub fn only(mut self, wanted: impl Fn(&Case) -> bool) -> Probe {
        self.cases.retain(wanted);
        self
    }

    /// Those of later steps too that wait for a deadline of ten seconds. Otherwise they are listed, and not tried.
    pub fn with_slow(mut self) -> Probe {
        self.with_slow = true;
        self
    }

    /// Whether a case will be tried that waits for a deadline of ten seconds.
    pub fn is_slow(&self) -> bool {
        let is_tried = |case: &Case| self.with_slow || case.is_for(self.step);
        self.cases.iter().any(|case| case.is_slow && is_tried(case))
    }

    /// Waits for less than ten seconds for an answer. For servers that are known to give none.
    pub fn impatient(mut self, answer: Duration) -> Probe {
        self.patience.answer = answer;
        self
    }

    /// Plays the cases. Those of later steps are not tried against a server that passes none that it must, nor is anything
    /// against one that has ended.
    ///
    /// # Errors
    ///
    /// If nothing listens at the address.
    pub fn run(self) -> io::Result<Report> {
        Connection::open(self.addr, self.patience.answer)?;
        let untried = |case| Result { case, outcome: Outcome::NotTried };
        let results = self.cases.into_iter().map(untried).collect();
        let mut report = Report { addr: self.addr, step: self.step, results, ended_in: Vec::new() };
        // A server may panic at a reset, and what it prints then takes its time. The others should not wait for that.
        for resets in [false, true] {
            play(&mut report, self.patience, |case| case.is_for(self.step) && case.resets() == resets);
        }
        if report.passes_any() {
            play(&mut report, CURIOUS, |case| !case.is_for(self.step) && (self.with_slow || !case.is_slow));
        }
        Ok(report)
    }
}

/// Plays some of the cases, one after the other or several at once, until the server has ended.
fn play(report: &mut Report, patience: Patience, wanted: impl Fn(&Case) -> bool) {
    let (addr, results) = (report.addr, &report.results);
    let one_at_a_time = report.step < CONCURRENT;
    let mut order: Vec<_> = (0..results.len()).filter(|index| wanted(&results[*index].case)).collect();
    if !one_at_a_time {
        // Those that take long begin first, so as not to be alone at the end.
        order.sort_by_key(|index| !results[*index].case.is_slow);
    }
    let (next, silences) = (AtomicUsize::new(0), AtomicU32::new(0));
    let has_ended = AtomicBool::new(!report.ended_in.is_empty());
    let work = || {
        let mut played = Vec::new();
        while let Some(index) = order.get(next.fetch_add(1, Relaxed)) {
            if has_ended.load(Relaxed) {
                break;
            }
            // A server that has made us wait in vain is trusted less and less, or a mute one would take minutes.
            let mut patience = patience;
            let trust = 1 + silences.load(Relaxed);
            patience.answer = (patience.answer / trust.pow(2).min(LEAST)).max(MOMENT);
            let (case, start) = (&results[*index].case, Instant::now());
            let outcome = case.play(addr, patience);
            if outcome.is_err() && !case.is_slow && start.elapsed() >= patience.answer {
                silences.fetch_add(1, Relaxed);
            }
            let wait = if one_at_a_time { NAP / trust.pow(2) } else { Duration::ZERO };
            let ends = outcome.is_err() && is_gone(addr, wait);
            has_ended.fetch_or(ends, Relaxed);
            played.push((*index, outcome, ends));
        }
        played
    };
    let workers = if one_at_a_time { 1 } else { AT_ONCE };
    let played: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    for (index, outcome, ends) in played {
        let result = &mut report.results[index];
        result.outcome = outcome.map_or_else(Outcome::Failed, |()| Outcome::Passed);
        report.ended_in.extend(ends.then_some(result.case.name));
    }
}

/// Whether the server takes no connections any more. One that takes one client at a time may still be busy with those that
/// we have left, and end when it comes to the last: so we come as the next, and wait for what becomes of us.
fn is_gone(addr: SocketAddr, wait: Duration) -> bool {
    if !wait.is_zero()
        && let Ok(mut connection) = Connection::open(addr, CURIOUS.answer)
    {
        connection.send(b"GET /other HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
        connection.is_silent_for(wait);
    }
    // One that only lets us wait for long has not ended.
    let is_timeout = |error: &io::Error| matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock);
    Connection::open(addr, CURIOUS.answer).is_err_and(|error| !is_timeout(&error))
}
