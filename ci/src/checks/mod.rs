//! The checks: each is one function from the book to findings, in a file of its own.
//!
//! A new check is a new file and a line in [`CHECKS`].

use std::error::Error;
use std::fmt;
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::book::Book;
use crate::finding::Finding;

mod accessible;
pub mod addresses;
mod broken;
mod browser;
mod builds;
mod captions;
mod exercises;
mod followed;
mod form;
mod generated;
pub mod includes;
mod layout;
mod links;
mod lint;
mod listings;
mod proofs;
mod rendered;
mod replay;
pub mod skeptic;
mod spelling;
mod tools;
mod transcripts;
mod typed;
mod unused;
mod words;

/// When a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// Milliseconds: in `cargo book check` and `cargo book test`.
    Fast,
    /// Compiles or runs something: in `cargo book test`.
    Slow,
    /// Needs the network: in `cargo book test --external-links`.
    OnRequest,
}

/// A check.
pub struct Check {
    /// What the line that is printed for it is called.
    pub name: &'static str,
    /// When it runs.
    pub cost: Cost,
    /// From the book to what is wrong with it. An error means that the check could not do its work; [`Skipped`], that
    /// there is none for it here.
    pub run: fn(&Book) -> Result<Vec<Finding>>,
}

/// Why a check had nothing to do on this machine, in a few words. As an error, it does not count as one.
#[derive(Debug)]
pub struct Skipped(pub String);

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "skipped: {}", self.0)
    }
}

impl Error for Skipped {}

/// Every check, in the order in which they run.
const CHECKS: &[Check] = &[
    Check {
        name: "includes",
        cost: Cost::Fast,
        run: |book| Ok(includes::check(book)),
    },
    Check {
        name: "unused",
        cost: Cost::Fast,
        run: |book| Ok(unused::check(book)),
    },
    Check {
        name: "typed",
        cost: Cost::Fast,
        run: |book| Ok(typed::check(book)),
    },
    Check {
        name: "form",
        cost: Cost::Fast,
        run: |book| Ok(form::check(book)),
    },
    Check {
        name: "layout",
        cost: Cost::Fast,
        run: |book| Ok(layout::check(book)),
    },
    Check {
        name: "proofs",
        cost: Cost::Fast,
        run: |book| Ok(proofs::check(book)),
    },
    Check {
        name: "captions",
        cost: Cost::Fast,
        run: |book| Ok(captions::check(book)),
    },
    Check {
        name: "followed",
        cost: Cost::Fast,
        run: |book| Ok(followed::check(book)),
    },
    Check {
        name: "exercises",
        cost: Cost::Fast,
        run: |book| Ok(exercises::check(book)),
    },
    Check {
        name: "broken",
        cost: Cost::Fast,
        run: |book| Ok(broken::check(book)),
    },
    Check {
        name: "words",
        cost: Cost::Fast,
        run: |book| Ok(words::check(book)),
    },
    Check {
        name: "generated",
        cost: Cost::Fast,
        run: |book| Ok(generated::check(book)),
    },
    Check {
        name: "lint",
        cost: Cost::Fast,
        run: lint::check,
    },
    Check {
        name: "spelling",
        cost: Cost::Fast,
        run: spelling::check,
    },
    Check {
        name: "rendered",
        cost: Cost::Fast,
        run: rendered::check,
    },
    Check {
        name: "replay",
        cost: Cost::Fast,
        run: replay::check,
    },
    Check {
        name: "addresses",
        cost: Cost::Fast,
        run: addresses::check,
    },
    Check {
        name: "accessible",
        cost: Cost::Fast,
        run: accessible::check,
    },
    Check {
        name: "listings",
        cost: Cost::Slow,
        run: listings::check,
    },
    Check {
        name: "skeptic",
        cost: Cost::Slow,
        run: skeptic::check,
    },
    Check {
        name: "transcripts",
        cost: Cost::Slow,
        run: transcripts::check,
    },
    Check {
        name: "builds",
        cost: Cost::Slow,
        run: builds::check,
    },
    Check {
        name: "tools",
        cost: Cost::Slow,
        run: tools::check,
    },
    Check {
        name: "browser",
        cost: Cost::Slow,
        run: browser::check,
    },
    Check {
        name: "links",
        cost: Cost::OnRequest,
        run: links::check,
    },
];

/// Runs the checks that cost at most `cost`, or only those that `names` has, whatever they cost. Prints a line for each
/// while they run, and all findings at the end.
///
/// Gives whether the book is as it should be. Refuses the name of a check that is not there.
pub fn run(book: &Book, cost: Cost, names: &[String]) -> Result<bool> {
    if let Some(name) = names
        .iter()
        .find(|name| CHECKS.iter().all(|check| check.name != **name))
    {
        let known: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        bail!("there is no check `{name}`; there are {}", known.join(", "));
    }
    let mut findings = Vec::new();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let wanted = |check: &&Check| match names {
        [] => check.cost <= cost,
        names => names.iter().any(|name| name == check.name),
    };
    let (fast, slow): (Vec<&Check>, Vec<&Check>) =
        CHECKS.iter().filter(wanted).partition(|check| check.cost == Cost::Fast);
    let mut report = |check: &Check, (result, time): Timed| match result {
        Ok(found) if found.is_empty() => {
            println!("{:<12} {time:>6.2} s  ok", check.name);
            passed += 1;
        }
        Ok(found) => {
            println!("{:<12} {time:>6.2} s  {} found", check.name, found.len());
            findings.extend(found);
            failed += 1;
        }
        Err(error) if error.is::<Skipped>() => {
            println!("{:<12} {time:>6.2} s  {error}", check.name);
            skipped += 1;
        }
        Err(error) => {
            println!("{:<12} {time:>6.2} s  could not run: {error:#}", check.name);
            failed += 1;
        }
    };
    // The fast ones side by side, for somebody waits. The slow ones use the whole machine by themselves.
    thread::scope(|scope| {
        let running: Vec<_> = fast
            .into_iter()
            .map(|check| (check, scope.spawn(|| timed(check, book))))
            .collect();
        for (check, thread) in running {
            report(
                check,
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
    });
    for check in slow {
        report(check, timed(check, book));
    }
    findings.sort();
    findings.dedup();
    if !findings.is_empty() {
        println!();
    }
    for finding in &findings {
        println!("{finding}");
    }
    let skipped = match skipped {
        0 => String::new(),
        number => format!(", {number} skipped"),
    };
    println!("\n{passed} passed, {failed} failed{skipped}");
    Ok(failed == 0)
}

/// What a check gave, and the seconds it took.
type Timed = (Result<Vec<Finding>>, f32);

fn timed(check: &Check, book: &Book) -> Timed {
    let start = Instant::now();
    let result = (check.run)(book);
    (result, start.elapsed().as_secs_f32())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contributing_has_each_check_in_its_table_and_no_other() {
        let text = include_str!("../../../CONTRIBUTING.md");
        let table = text.split("## What a finding means").nth(1).unwrap();
        let table = table.split("\n## ").next().unwrap();
        let named: Vec<&str> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .collect();
        assert_eq!(named, CHECKS.iter().map(|check| check.name).collect::<Vec<_>>());
    }
}
