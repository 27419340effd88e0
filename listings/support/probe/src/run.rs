//! Plays the cases against a server.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

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
const PATIENT: Patience = Patience {
    answer: Duration::from_secs(10),
    deadline: Duration::from_secs(14),
};

/// For what it need not do yet.
const CURIOUS: Patience = Patience {
    answer: Duration::from_secs(2),
    deadline: Duration::from_secs(14),
};

/// A server, and the cases that it is probed with.
pub struct Probe {
    addr: SocketAddr,
    step: u8,
    cases: Vec<Case>,
    with_slow: bool,
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
        cases.sort_by_key(|case| {
            if case.is_for(step) {
                None
            } else {
                case.comes_in(step, LAST_STEP)
            }
        });
        Probe {
            addr,
            step,
            cases,
            with_slow: false,
        }
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

    /// Plays the cases.
    ///
    /// # Errors
    ///
    /// If nothing listens at the address.
    pub fn run(self) -> io::Result<Report> {
        Connection::open(self.addr, PATIENT.answer)?;
        let (addr, step) = (self.addr, self.step);
        let (must, later) = self.cases.into_iter().partition(|case| case.is_for(step));
        let mut report = Report {
            addr,
            step,
            results: Vec::new(),
            ended_in: Vec::new(),
        };
        play(must, PATIENT, true, &mut report);
        play(later, CURIOUS, self.with_slow, &mut report);
        Ok(report)
    }
}

/// Plays some cases, one after the other or several at once, until the server has ended.
fn play(cases: Vec<Case>, patience: Patience, with_slow: bool, report: &mut Report) {
    let addr = report.addr;
    let workers = if report.step < CONCURRENT { 1 } else { AT_ONCE };
    let first = report.results.len();
    report.results.extend(cases.into_iter().map(|case| Result {
        case,
        outcome: Outcome::NotTried,
    }));
    // Those that take long begin first, so as not to be alone at the end.
    let mut order: Vec<usize> = (first..report.results.len()).collect();
    if workers > 1 {
        order.sort_by_key(|index| !report.results[*index].case.is_slow);
    }
    let queue = Mutex::new(order.into_iter());
    let (results, ended_in) = (
        &report.results,
        Mutex::new(std::mem::take(&mut report.ended_in)),
    );
    let outcomes = Mutex::new(Vec::new());
    let work = || {
        while let Some(index) = queue.lock().ok().and_then(|mut queue| queue.next()) {
            let case = &results[index].case;
            let has_ended = || ended_in.lock().is_ok_and(|cases| !cases.is_empty());
            if has_ended() || (case.is_slow && !with_slow) {
                continue;
            }
            let outcome = case.play(addr, patience);
            // Only a server that listens no more is sure to have ended.
            if outcome.is_err() && is_gone(addr) {
                ended_in
                    .lock()
                    .into_iter()
                    .for_each(|mut cases| cases.push(case.name));
            }
            outcomes
                .lock()
                .into_iter()
                .for_each(|mut all| all.push((index, outcome.clone())));
        }
    };
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let (outcomes, ended_in) = (
        outcomes.into_inner().unwrap_or_default(),
        ended_in.into_inner().unwrap_or_default(),
    );
    report.ended_in = ended_in;
    for (index, outcome) in outcomes {
        report.results[index].outcome = outcome.map_or_else(Outcome::Failed, |()| Outcome::Passed);
    }
}

/// Whether the server takes no connections any more. One that is about to end may still take one, and then closes or
/// resets it, as some of the early steps do with everybody: what is said of the next connection is sure.
fn is_gone(addr: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(addr, CURIOUS.answer) else {
        return true;
    };
    connection.send(b"GET /other HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
    connection.is_silent_for(CURIOUS.answer);
    Connection::open(addr, CURIOUS.answer).is_err()
}
