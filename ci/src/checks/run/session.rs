//! Runs a transcript: types its commands, and writes down what is printed.

use std::fs;
use std::io;
use std::iter::zip;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use book::finding::Finding;

use super::cargo;
use super::normalise::{same, show};
use super::process::{Printed, Process};
use super::transcript::{Command, OR, Transcript};
use super::workshop::{LISTENING, PORT, Project};

/// How long a program that goes on running may take to print what was recorded of it.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 5 } else { 10 });

/// How long we wait before `^C`: by then, the server has heard of its clients.
const PAUSE: Duration = Duration::from_secs(1);

/// How often the client of a race is run: at least, and at most, if an outcome is missing.
const REPEATS: (usize, usize) = (20, 200);

/// curl as in a terminal, without settings or a proxy. What it does, it tells on its standard error, unbuffered.
const CURL: [&str; 6] = ["--disable", "--no-progress-meter", "--noproxy", "*", "--trace-ascii", "%"];

/// What still runs is killed when this is dropped.
pub struct Session<'a> {
    transcript: &'a Transcript,
    project: Project,
    limit: Duration,
    /// One for each command that is typed already.
    jobs: Vec<Job<'a>>,
}

/// A command that is typed.
struct Job<'a> {
    command: &'a Command,
    process: Arc<Process>,
    /// Where in what that prints its own part begins, and where it ends, if a `^C` follows.
    part: (usize, Option<usize>),
}

impl Job<'_> {
    /// Whether it is a server.
    fn has_listened(&self) -> bool {
        !self.command.is_curl() && self.process.printed().says(LISTENING)
    }
}

impl<'a> Session<'a> {
    /// Types what compiles: all that stands before the first client. No command may take longer than `limit`.
    pub fn begin(transcript: &'a Transcript, project: Project, limit: Duration) -> Result<Self, Finding> {
        let mut session = Self { transcript, project, limit, jobs: Vec::new() };
        let mut compiling = transcript.commands.iter().take_while(|command| !command.is_curl());
        compiling.try_for_each(|command| session.type_next(command))?;
        Ok(session)
    }

    /// Types the rest, waits until all has ended that ends by itself, and gives the text of the transcript.
    pub fn finish(mut self) -> Result<String, Finding> {
        for command in &self.transcript.commands[self.jobs.len()..] {
            self.type_next(command)?;
        }
        // Servers stay, and clients that say nothing.
        for job in self.jobs.iter().filter(|job| !job.has_listened() && !job.command.is_silent()) {
            self.wait(job, |_| false)?;
        }
        let mut outputs: Vec<String> = self.jobs.iter().map(|job| self.output(job)).collect();
        // After everything else, so that the repetitions leave no mark in a server's output.
        for (job, output) in zip(&self.jobs, &mut outputs).filter(|(job, _)| job.command.recorded.len() > 1) {
            *output = self.outcomes(job.command, output)?;
        }
        Ok(self.transcript.render(outputs.iter().map(String::as_str)))
    }

    /// Types a command when its terminal is free, and waits until it is under way or, for `^C`, what it ends has ended.
    fn type_next(&mut self, command: &'a Command) -> Result<(), Finding> {
        let before = self.jobs.iter().rposition(|job| job.command.terminal == command.terminal);
        if command.text == "^C" {
            let at = before.ok_or_else(|| self.fault(command, "finds nothing that runs in this terminal", ""))?;
            let process = Arc::clone(&self.jobs[at].process);
            process.wait_until(PATIENCE, |printed| self.has_said(&self.jobs[at], printed));
            thread::sleep(PAUSE);
            let begin = terminal(&process.printed()).len();
            self.jobs[at].part.1 = Some(begin);
            process.interrupt();
            self.jobs.push(Job { command, process, part: (begin, None) });
            return self.wait(&self.jobs[self.jobs.len() - 1], |_| false);
        }
        if let Some(at) = before {
            self.wait(&self.jobs[at], |_| false)?;
        }
        let job = self.start(command)?;
        self.wait(&job, |printed| is_under_way(command, printed))?;
        let next = self.transcript.commands.get(self.jobs.len() + 1);
        if !command.is_curl() && next.is_some_and(Command::is_curl) && !job.has_listened() {
            let what = format!("ended before it printed `{LISTENING}`");
            return Err(self.fault(command, &what, self.part(&job, &job.process.printed())));
        }
        self.jobs.push(job);
        Ok(())
    }

    fn start(&self, command: &'a Command) -> Result<Job<'a>, Finding> {
        let process = || -> io::Result<Process> {
            let mut program = self.project.cargo();
            if command.is_curl() {
                program = cargo::program("curl");
                program.args(CURL);
            } else if command.words.get(1).is_some_and(|verb| verb == "new") {
                // There is no project yet.
                let folder = self.project.folder.with_file_name("empty");
                fs::create_dir_all(&folder)?;
                program.current_dir(folder);
            }
            let port = self.project.port.to_string();
            program.args(command.words[1..].iter().map(|argument| argument.replace(PORT, &port)));
            program.env("CARGO_NET_OFFLINE", "true");
            Process::start(program, command.is_curl())
        };
        let process = process().map_err(|error| self.fault(command, &format!("can't be started: {error}"), ""))?;
        Ok(Job { command, process: Arc::new(process), part: (0, None) })
    }

    fn fault(&self, command: &Command, what: &str, help: impl Into<String>) -> Finding {
        Finding::new(&self.transcript.path, command.line, format!("`{}` {what}", command.text), help)
    }

    /// Waits until a job is `done`, or has ended.
    fn wait(&self, job: &Job, done: impl Fn(&Printed) -> bool) -> Result<(), Finding> {
        if job.process.wait_until(self.limit, done) {
            return Ok(());
        }
        let what = format!("still runs after {} s", self.limit.as_secs());
        Err(self.fault(job.command, &what, self.part(job, &job.process.printed())))
    }

    /// What a job has printed once that is what was recorded of it, as long as there is hope.
    fn output(&self, job: &Job) -> String {
        let recorded = &job.command.recorded[0];
        job.process.wait_until(PATIENCE, |printed| same(recorded, &self.part(job, printed)));
        self.part(job, &job.process.printed())
    }

    /// Whether a job has printed as many lines as were recorded of it. If they say something else, nothing is to wait for.
    fn has_said(&self, job: &Job, printed: &Printed) -> bool {
        let recorded = job.command.recorded[0].lines().count();
        recorded == 0 || printed.out.ends_with(b"\n") && self.part(job, printed).lines().count() >= recorded
    }

    fn part(&self, job: &Job, printed: &Printed) -> String {
        let text = terminal(printed);
        show(&self.project, &text[job.part.0..job.part.1.unwrap_or(text.len())])
    }

    /// Repeats the client of a race, and gives the outcomes, one of which was `first`, until all recorded are seen again.
    fn outcomes(&self, command: &'a Command, first: &str) -> Result<String, Finding> {
        let known = |outcomes: &[String], outcome: &str| outcomes.iter().any(|other| same(other, outcome));
        let mut seen = vec![first.to_owned()];
        for turn in 1..REPEATS.1 {
            if turn >= REPEATS.0 && command.recorded.iter().all(|outcome| known(&seen, outcome)) {
                break;
            }
            let job = self.start(command)?;
            self.wait(&job, |_| false)?;
            let outcome = self.part(&job, &job.process.printed());
            if !known(&seen, &outcome) {
                seen.push(outcome);
            }
        }
        if seen.len() == 1 || seen.contains(&String::new()) {
            let what = format!("is no race of outcomes that can be told apart: {seen:?}");
            return Err(self.fault(command, &what, format!("remove the line `{OR}`, or add `-w`")));
        }
        // As they were recorded, if they say the same.
        let recorded =
            |outcome: String| command.recorded.iter().find(|old| same(old, &outcome)).cloned().unwrap_or(outcome);
        let mut seen: Vec<String> = seen.into_iter().map(recorded).collect();
        seen.sort();
        Ok(seen.join(&format!("\n{OR}\n")))
    }
}

/// What was printed, as a terminal shows it: also curl's errors, but not its trace, in which all data is indented.
fn terminal(printed: &Printed) -> String {
    let errors = String::from_utf8_lossy(&printed.errors);
    let is_shown = |line: &&str| line.starts_with("curl: ") || line.starts_with("Warning: ");
    String::from_utf8_lossy(&printed.out).into_owned()
        + &errors.split_inclusive('\n').filter(is_shown).collect::<String>()
}

/// Whether a server listens, a silent client has connected, or another one has sent its request, as curl's trace says.
fn is_under_way(command: &Command, printed: &Printed) -> bool {
    let trace = String::from_utf8_lossy(&printed.errors);
    match (command.is_curl(), command.is_silent()) {
        (false, _) => printed.says(LISTENING),
        (_, false) => trace.contains("\n=> Send header"),
        _ => trace.contains("Connected to") || trace.contains("Established connection to"),
    }
}
