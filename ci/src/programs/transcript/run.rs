//! Runs a transcript: types its commands, and writes down what is printed.

use std::collections::BTreeMap;
use std::process::Command as Program;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result};
use regex::Regex;

use super::normalise::{Rendering, same};
use super::parse::{Action, Command, OR, Transcript};
use crate::book::pattern;
use crate::finding::Finding;
use crate::programs::process::{Printed, Process, Streams};
use crate::programs::workshop::{self, LISTENING, PORT, taken};
use crate::reader::project::{ReaderProject, moved};

/// How long a server says nothing before we take it that it has said everything.
const QUIET: Duration = Duration::from_secs(1);

/// What a transcript is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To see whether it still happens.
    Check,
    /// To write down what happens.
    Bless,
}

impl Purpose {
    /// How often the client of a race is run at most.
    fn repeats(self) -> usize {
        match self {
            Purpose::Check => 20,
            Purpose::Bless => 200,
        }
    }
}

/// Why a run came to no result.
enum Stop {
    /// Somebody else listens on the port we picked.
    PortTaken,
    /// Something is wrong with the transcript, or with what it runs.
    Found(Finding),
}

/// Runs `transcript` in `project` and gives its whole text as of this run.
///
/// Its servers listen on a port that `pick` gives; if somebody else has it, `pick` is asked again. No command may
/// take longer than `limit`.
///
/// Refuses, with the line of the command, what can't be run to its end.
pub fn run(
    transcript: &Transcript,
    project: &ReaderProject,
    purpose: Purpose,
    limit: Duration,
    mut pick: impl FnMut() -> Result<u16>,
) -> Result<String, Finding> {
    let first = &transcript.commands[0];
    let trouble =
        |error: anyhow::Error| finding(transcript, first, format!("the transcript can't be run: {error:#}"), "");
    let mut at = PORT;
    for _ in 0..5 {
        let port = pick().map_err(trouble)?;
        project.move_port(at, port).map_err(trouble)?;
        at = port;
        let run = Run {
            transcript,
            project,
            purpose,
            limit,
            port,
            rendering: Rendering::new(project.dir(), port),
            terminals: BTreeMap::new(),
        };
        match run.all() {
            Ok(outputs) => return Ok(transcript.render(&outputs)),
            Err(Stop::Found(finding)) => return Err(finding),
            Err(Stop::PortTaken) => {}
        }
    }
    Err(trouble(anyhow::anyhow!("no port of this machine is free")))
}

/// A finding at the line of `command`.
fn finding(transcript: &Transcript, command: &Command, message: String, help: &str) -> Finding {
    Finding::new(&transcript.path, command.line, message, help)
}

/// What runs, or ran, in a terminal.
struct Job<'a> {
    /// Where in the transcript it was started.
    index: usize,
    command: &'a Command,
    process: Process,
    /// Where it was interrupted: the command, and how much had been printed by then.
    interrupted: Option<(usize, usize)>,
}

impl Job<'_> {
    /// Whether it is a server that waits for clients (or did so before it ended).
    fn has_listened(&self) -> bool {
        matches!(self.command.action, Action::Cargo(_)) && self.process.printed().says(LISTENING)
    }

    /// Whether it may still run when the transcript is over: servers, and clients that say nothing.
    fn may_stay(&self) -> bool {
        self.has_listened() || is_silent(&self.command.action)
    }
}

/// Whether this is a client that connects and sends nothing.
fn is_silent(action: &Action) -> bool {
    matches!(action, Action::Curl(arguments) if arguments.iter().any(|a| a.starts_with("telnet://")))
}

/// One run of a transcript.
struct Run<'a> {
    transcript: &'a Transcript,
    project: &'a ReaderProject,
    purpose: Purpose,
    limit: Duration,
    port: u16,
    rendering: Rendering,
    /// What was started in each terminal, in order.
    terminals: BTreeMap<&'a str, Vec<Job<'a>>>,
}

impl<'a> Run<'a> {
    /// Types all commands and gives what each printed. What still runs is killed with `self`.
    fn all(mut self) -> Result<Vec<String>, Stop> {
        for (index, command) in self.transcript.commands.iter().enumerate() {
            if command.action == Action::Interrupt {
                self.interrupt(index, command)?;
            } else {
                self.start(index, command)?;
            }
        }
        let jobs = || self.terminals.values().flatten();
        for job in jobs().filter(|job| !job.may_stay()) {
            self.wait(job)?;
        }
        for job in jobs() {
            job.process.wait_for_quiet(QUIET);
        }
        let mut outputs = vec![String::new(); self.transcript.commands.len()];
        for job in jobs() {
            let text = self.printed(job);
            match job.interrupted {
                Some((by, after)) => {
                    let (before, behind) = text.split_at_checked(after).unwrap_or((&text, ""));
                    outputs[job.index] = self.show(before);
                    outputs[by] = self.show(behind);
                }
                None => outputs[job.index] = self.show(&text),
            }
        }
        // After everything else, so that the repetitions leave no mark in a server's output.
        for (command, output) in self.transcript.commands.iter().zip(&mut outputs) {
            if command.race {
                *output = self.outcomes(command, output)?;
            }
        }
        Ok(outputs)
    }

    /// Types a command, and waits until it is under way.
    fn start(&mut self, index: usize, command: &'a Command) -> Result<(), Stop> {
        if let Some(before) = self.last(command) {
            if before.has_listened() && !before.process.printed().ended() {
                return Err(self.found(
                    command,
                    format!("`{}` is typed where the server still runs", command.text),
                    "give the command a terminal of its own (`client$`), or write `^C` before it",
                ));
            }
            self.wait(before)?;
        }
        let first_server = !self.terminals.values().flatten().any(Job::has_listened);
        let process = match command.action {
            Action::Cargo(_) => {
                let _turn = workshop::turn();
                let process = self.spawn(command)?;
                process.wait_until(self.limit, |printed| {
                    printed.says("\n     Running ") || printed.says(LISTENING)
                });
                process
            }
            _ => self.spawn(command)?,
        };
        let under_way = process.wait_until(self.limit, |printed| match command.action {
            Action::Curl(_) => has_connected(printed, is_silent(&command.action)),
            _ => printed.says(LISTENING),
        });
        let job = Job {
            index,
            command,
            process,
            interrupted: None,
        };
        if !under_way {
            return Err(self.too_slow(&job));
        }
        let ended = job.process.printed().ended();
        if ended && first_server && !job.has_listened() {
            let printed = self.printed(&job);
            if taken(&printed) {
                return Err(Stop::PortTaken);
            }
            let next = self.transcript.commands.get(index + 1);
            let awaited = matches!(command.action, Action::Cargo(_))
                && next.is_some_and(|next| matches!(next.action, Action::Curl(_)));
            if awaited {
                return Err(self.found(
                    command,
                    format!("`{}` ended before it printed `{LISTENING}`", command.text),
                    &self.show(&printed),
                ));
            }
        }
        self.terminals.entry(&command.terminal).or_default().push(job);
        Ok(())
    }

    /// Types ^C, and waits until what runs there has ended.
    fn interrupt(&mut self, index: usize, command: &'a Command) -> Result<(), Stop> {
        let others = self.terminals.values().flatten();
        for job in others {
            job.process.wait_for_quiet(QUIET);
        }
        let job = self.last(command).filter(|job| !job.process.printed().ended());
        let Some(job) = job else {
            return Err(self.found(
                command,
                "`^C` in a terminal in which nothing runs any more".to_owned(),
                "remove the line",
            ));
        };
        let after = self.printed(job).len();
        job.process.interrupt();
        self.wait(job)?;
        if let Some(job) = self
            .terminals
            .get_mut(command.terminal.as_str())
            .and_then(|jobs| jobs.last_mut())
        {
            job.interrupted = Some((index, after));
        }
        Ok(())
    }

    /// What was started last in the terminal of `command`.
    fn last(&self, command: &Command) -> Option<&Job<'a>> {
        self.terminals.get(command.terminal.as_str())?.last()
    }

    /// Starts the program of a command.
    fn spawn(&self, command: &Command) -> Result<Process, Stop> {
        let (mut program, arguments, streams) = match &command.action {
            Action::Cargo(arguments) => (workshop::cargo(self.project.dir()), arguments, Streams::Together),
            Action::Curl(arguments) => (curl(), arguments, Streams::Apart),
            Action::Interrupt => return Err(self.found(command, "no program".to_owned(), "")),
        };
        program.current_dir(match &command.action {
            Action::Cargo(arguments) if arguments.first().is_some_and(|argument| argument == "new") => self
                .project
                .empty_folder()
                .map_err(|error| self.found(command, format!("`{}` has no folder: {error:#}", command.text), ""))?,
            _ => self.project.dir().to_owned(),
        });
        program.args(arguments.iter().map(|argument| match argument.as_str() {
            "/dev/null" if cfg!(windows) => "NUL".to_owned(),
            _ => moved(argument, PORT, self.port),
        }));
        if matches!(command.action, Action::Cargo(_)) {
            program.env("CARGO_NET_OFFLINE", "true");
        }
        Process::start(program, streams)
            .map_err(|error| self.found(command, format!("`{}` can't be started: {error}", command.text), ""))
    }

    /// Waits until a job has ended.
    fn wait(&self, job: &Job) -> Result<(), Stop> {
        match job.process.wait(self.limit) {
            true => Ok(()),
            false => Err(self.too_slow(job)),
        }
    }

    /// Everything that a job has printed, as a terminal shows it.
    fn printed(&self, job: &Job) -> String {
        let printed = job.process.printed();
        let errors = String::from_utf8_lossy(&printed.errors);
        // The rest is curl's trace. Its data is indented by a number, so it can't be mistaken.
        let errors = errors
            .split_inclusive('\n')
            .filter(|line| line.starts_with("curl: ") || line.starts_with("Warning: "));
        let mut text = String::from_utf8_lossy(&printed.out).into_owned();
        text.extend(errors);
        text
    }

    /// What is shown of a text.
    fn show(&self, text: &str) -> String {
        self.rendering.show(text).trim_end().to_owned()
    }

    /// Repeats the client of a race, and gives the outcomes to show, one of which was `first`.
    fn outcomes(&self, command: &'a Command, first: &str) -> Result<String, Stop> {
        let known = |outcomes: &[String], outcome: &str| outcomes.iter().any(|o| same(o, outcome));
        let recorded = &command.recorded;
        let mut seen = vec![first.to_owned()];
        for turn in 1..self.purpose.repeats() {
            let all = recorded.iter().all(|outcome| known(&seen, outcome));
            if turn >= Purpose::Check.repeats() && all && !recorded.is_empty() {
                break;
            }
            let mut servers = self.terminals.values().flatten();
            if !servers.any(|job| job.has_listened() && !job.process.printed().ended()) {
                break;
            }
            let job = Job {
                index: 0,
                command,
                process: self.spawn(command)?,
                interrupted: None,
            };
            self.wait(&job)?;
            let outcome = self.show(&self.printed(&job));
            if !known(&seen, &outcome) {
                seen.push(outcome);
            }
        }
        if seen.iter().any(String::is_empty) {
            return Err(self.found(
                command,
                "one outcome of the race prints nothing".to_owned(),
                "let the command say something in any case, with `-w` for example",
            ));
        }
        let mut shown = match self.purpose {
            // What did not happen this time may happen the next.
            Purpose::Check => recorded.clone(),
            Purpose::Bless => Vec::new(),
        };
        for outcome in seen {
            if !known(&shown, &outcome) {
                let old = recorded.iter().find(|old| same(old, &outcome));
                shown.push(old.cloned().unwrap_or(outcome));
            }
        }
        shown.sort();
        if self.purpose == Purpose::Bless && shown.len() == 1 {
            return Err(self.found(
                command,
                format!("`{}` is marked as a race, and had one outcome only", command.text),
                &format!(
                    "remove the line `{OR}`, or run `cargo book bless` again; the outcome was\n{}",
                    shown.concat()
                ),
            ));
        }
        Ok(shown.join(&format!("\n{OR}\n")))
    }

    /// A finding at a command.
    fn found(&self, command: &Command, message: String, help: &str) -> Stop {
        Stop::Found(finding(self.transcript, command, message, help))
    }

    /// The finding for a command that takes too long.
    fn too_slow(&self, job: &Job) -> Stop {
        let message = format!("`{}` still runs after {} s", job.command.text, self.limit.as_secs_f64());
        let mut help = self.show(&self.printed(job));
        if !help.is_empty() {
            help.insert_str(0, "it has printed\n");
        }
        self.found(job.command, message, &help)
    }
}

/// Whether curl's trace says that it has connected (`silent`), or sent its request.
fn has_connected(printed: &Printed, silent: bool) -> bool {
    static CONNECTED: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)^== Info: *(Connected|Established connection) to"));
    let trace = String::from_utf8_lossy(&printed.errors);
    match silent {
        true => CONNECTED.is_match(&trace),
        false => trace.contains("\n=> Send header"),
    }
}

/// curl as in a terminal, telling on its errors what it does.
///
/// The trace goes to the standard error because only there it is not held back in a buffer.
fn curl() -> Program {
    let mut program = Program::new("curl");
    program.env("LC_ALL", "C");
    // In this order: no file with settings, no progress meter (there is none in a terminal), no
    // proxy between us and ourselves.
    program.args(["--disable", "--no-progress-meter", "--noproxy", "*"]);
    program.args(["--trace-ascii", "%"]);
    program
}

/// Checks that there is a curl.
pub fn check_curl() -> Result<()> {
    let mut program = Program::new("curl");
    program.arg("--version");
    program
        .output()
        .map(|_| ())
        .context("the program `curl` is needed to run transcripts")
}
