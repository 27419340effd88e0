//! What a server did, for its author to read.

use std::fmt;
use std::net::SocketAddr;

use crate::LAST_STEP;
use crate::case::Case;
use crate::moves::Failure;

/// All cases that matter to a server, and how it did.
pub struct Report {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The step of the book that it has come to.
    pub step: u8,
    /// The cases, those that it must pass first.
    pub results: Vec<Result>,
    /// The names of the cases in which it ended: of one, or of several that ran at once. Empty if it still runs.
    pub ended_in: Vec<&'static str>,
}

/// A case, and what became of it.
pub struct Result {
    /// The case.
    pub case: Case,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server did what is expected.
    Passed,
    /// It did something else.
    Failed(Failure),
    /// The server had ended before, or the case takes too long.
    NotTried,
}

impl Report {
    /// Whether the server passed all that one of its step must.
    pub fn is_good(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Whether it passed any case that it must.
    pub(crate) fn passes_any(&self) -> bool {
        let must = self.results.iter().filter(|result| result.case.is_for(self.step));
        must.filter(|result| result.outcome == Outcome::Passed).count() > 0
    }

    /// The cases that it must pass, and did not.
    pub fn failures(&self) -> impl Iterator<Item = &Result> {
        let must = self.results.iter().filter(|result| result.case.is_for(self.step));
        must.filter(|result| result.outcome != Outcome::Passed)
    }

    /// The cases that come in `step`, which is later than the server's.
    fn later(&self, step: u8) -> impl Iterator<Item = &Result> {
        let is_later = move |result: &&Result| {
            !result.case.is_for(self.step) && result.case.comes_in(self.step, LAST_STEP) == Some(step)
        };
        self.results.iter().filter(is_later)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let must = self.results.iter().filter(|result| result.case.is_for(self.step)).count();
        let passed = must - self.failures().count();
        writeln!(f, "{} as a server of step {:02}: {passed} of {must} cases pass", self.addr, self.step)?;
        for result in self.failures() {
            writeln!(f, "  {result}")?;
        }
        if !self.ended_in.is_empty() {
            let names = self.ended_in.join("; or: ");
            writeln!(f, "The server has ended, and what came after was not tried. It ended in: {names}")?;
        }
        let mut is_next = true;
        for step in self.step + 1..=LAST_STEP {
            let (total, passed) = (self.later(step).count(), self.passed(step));
            if total == 0 {
                continue;
            }
            writeln!(f, "comes in step {step:02}: {total}, of which {passed} pass already")?;
            // What is far away is only counted.
            for result in self.later(step).filter(|result| is_next && result.outcome != Outcome::Passed) {
                let why = if result.outcome == Outcome::NotTried { ", not tried" } else { "" };
                writeln!(f, "  - {} ({}{why})", result.case.name, result.case.source)?;
            }
            is_next = false;
        }
        Ok(())
    }
}

impl Report {
    fn passed(&self, step: u8) -> usize {
        self.later(step).filter(|result| result.outcome == Outcome::Passed).count()
    }
}

impl fmt::Display for Result {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "✗ {} ({})", self.case.name, self.case.source)?;
        match &self.outcome {
            Outcome::Passed => f.write_str(": passed"),
            Outcome::NotTried => f.write_str(": not tried"),
            Outcome::Failed(Failure { expected, came }) => {
                write!(f, "\n      sent      {}\n      expected  {expected}\n      came      {came}", self.case.sent())
            }
        }
    }
}
