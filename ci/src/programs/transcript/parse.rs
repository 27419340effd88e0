//! The text of a transcript, read into its commands, and commands written as text again.
//!
//! ```console
//! server$ cargo run
//! Listening on http://127.0.0.1:7878
//!
//! client$ curl http://127.0.0.1:7878/
//! curl: (52) Empty reply from server
//! -- or --
//! curl: (56) Recv failure: Connection reset by peer
//!
//! server$ ^C
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::book::pattern;
use crate::finding::Finding;

/// The line between two outcomes of a race.
pub const OR: &str = "-- or --";

/// What a reader sees in one or more terminals.
#[derive(Debug)]
pub struct Transcript {
    /// The file, relative to the book's root.
    pub path: PathBuf,
    /// The file as it is, with `\n` at the ends of its lines on every system.
    pub text: String,
    /// What is typed in the terminals, in order. Never empty.
    pub commands: Vec<Command>,
}

/// What is typed at one prompt, and what was recorded below it.
#[derive(Debug)]
pub struct Command {
    /// The line of the prompt, counted from 1.
    pub line: usize,
    /// The name before the `$`; empty when there is only one terminal.
    pub terminal: String,
    /// What stands behind the `$`.
    pub text: String,
    /// What to do for it.
    pub action: Action,
    /// Whether the author says that what happens is a race.
    pub race: bool,
    /// The recorded output; for a race every outcome, and nothing if it was never recorded.
    pub recorded: Vec<String>,
}

/// What to do for a command.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Run cargo with these arguments.
    Cargo(Vec<String>),
    /// Run curl with these arguments.
    Curl(Vec<String>),
    /// Interrupt what runs in the terminal.
    Interrupt,
}

/// A prompt, and what is typed behind it.
static PROMPT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^([a-z][a-z0-9-]*)?\$(?: (.*)|$)"));

impl Transcript {
    /// Reads the text of a transcript. Everything that isn't understood is a finding with its line.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<Finding>> {
        let text = text.replace("\r\n", "\n");
        let mut findings = Vec::new();
        let mut commands: Vec<Command> = Vec::new();
        let mut outputs: Vec<Vec<&str>> = Vec::new();
        // The last thing typed in each terminal.
        let mut terminals: BTreeMap<&str, usize> = BTreeMap::new();
        let mut find = |line: usize, message: &str, help: &str| {
            findings.push(Finding::new(path, line, message, help));
        };

        for (index, line) in text.lines().enumerate() {
            let Some(prompt) = PROMPT.captures(line) else {
                match outputs.last_mut() {
                    Some(output) => output.push(line),
                    None if line.trim().is_empty() => {}
                    None => find(
                        index + 1,
                        "text before the first prompt",
                        "a transcript begins with a line `$ COMMAND` or `NAME$ COMMAND`",
                    ),
                }
                continue;
            };
            let terminal = prompt.get(1).map_or("", |name| name.as_str());
            let typed = prompt.get(2).map_or("", |typed| typed.as_str().trim_end());
            let action = action(typed).unwrap_or_else(|(message, help)| {
                find(index + 1, &message, help);
                Action::Cargo(Vec::new())
            });
            if typed == "^C" {
                let before = terminals.get(terminal).map(|at| &commands[*at].action);
                if matches!(before, None | Some(Action::Interrupt)) {
                    find(
                        index + 1,
                        "`^C` in a terminal with nothing running",
                        "interrupt a terminal in which a command was started",
                    );
                }
            }
            terminals.insert(terminal, commands.len());
            outputs.push(Vec::new());
            commands.push(Command {
                line: index + 1,
                terminal: terminal.to_owned(),
                text: typed.to_owned(),
                action,
                race: false,
                recorded: Vec::new(),
            });
        }

        for (command, output) in commands.iter_mut().zip(outputs) {
            let marks: Vec<usize> = (0..output.len()).filter(|at| output[*at] == OR).collect();
            let outcomes: Vec<String> = output.split(|line| *line == OR).map(joined).collect();
            let Some(first) = marks.first() else {
                command.recorded = outcomes;
                continue;
            };
            command.race = true;
            let line = command.line + 1 + first;
            if !matches!(command.action, Action::Curl(_)) {
                find(
                    line,
                    &format!("`{OR}` below a command that is no client"),
                    "only what a curl command prints may be a race",
                );
            } else if outcomes.iter().all(String::is_empty) && marks.len() == 1 {
                // The mark of an author who has not recorded anything yet.
            } else if outcomes.iter().any(String::is_empty) {
                find(
                    line,
                    &format!("`{OR}` without an outcome before and after it"),
                    "leave one such line and nothing else below the prompt, and run `cargo book bless`",
                );
            } else {
                command.recorded = outcomes;
            }
        }
        if commands.is_empty() && findings.is_empty() {
            findings.push(Finding::new(
                path,
                1,
                "the transcript holds no command",
                "write prompt lines (`$ cargo run`) and run `cargo book bless`",
            ));
        }
        match findings.is_empty() {
            true => Ok(Self {
                path: path.to_owned(),
                text,
                commands,
            }),
            false => {
                findings.sort();
                Err(findings)
            }
        }
    }

    /// The whole transcript again, with `outputs` (one for each command) below the prompts.
    pub fn render(&self, outputs: &[String]) -> String {
        let mut text = String::new();
        let mut terminal = None;
        for (command, output) in self.commands.iter().zip(outputs) {
            if terminal.is_some_and(|before| before != &command.terminal) {
                text.push('\n');
            }
            terminal = Some(&command.terminal);
            text += &format!("{}$ {}\n", command.terminal, command.text);
            let output = output.trim_end();
            if !output.is_empty() {
                text += &format!("{output}\n");
            }
        }
        text
    }
}

/// Lines as one text without the empty ones at its end: those only separate terminals.
fn joined(lines: &[&str]) -> String {
    lines.join("\n").trim_end().to_owned()
}

/// What a command asks for, or why it can't be run and what to do.
fn action(typed: &str) -> Result<Action, (String, &'static str)> {
    if typed == "^C" {
        return Ok(Action::Interrupt);
    }
    let Some(words) = shlex::split(typed) else {
        return Err(("unbalanced quotes".to_owned(), "close what was opened"));
    };
    let mut words = words.into_iter();
    match words.next().as_deref() {
        Some("cargo") => Ok(Action::Cargo(words.collect())),
        Some("curl") => {
            let arguments: Vec<String> = words.collect();
            refuse(&arguments)?;
            Ok(Action::Curl(arguments))
        }
        Some(program) => Err((
            format!("`{program}` can't be run in a transcript"),
            "readers on every system have cargo and curl, and nothing else is run",
        )),
        None => Err((
            "a prompt without a command".to_owned(),
            "write what is typed behind the `$`, or remove the line",
        )),
    }
}

/// Refuses arguments of curl that would not show what they show in a terminal.
fn refuse(arguments: &[String]) -> Result<(), (String, &'static str)> {
    // Short options may stand together: `-sv`.
    let has = |letter: char, long: &[&str]| {
        arguments.iter().any(|argument| {
            long.contains(&argument.as_str())
                || argument
                    .strip_prefix('-')
                    .is_some_and(|cluster| cluster.chars().all(char::is_alphanumeric) && cluster.contains(letter))
        })
    };
    let traces = ["--verbose", "--trace", "--trace-ascii", "--stderr"];
    if has('v', &traces) {
        Err((
            "curl is asked to trace, and the trace is how the transcript is run".to_owned(),
            "show the head of the answer with `-i`",
        ))
    } else if has('o', &["--output"]) && !has('s', &["--silent", "--no-progress-meter"]) {
        Err((
            "curl shows a progress meter when it writes to a file".to_owned(),
            "add `-s`",
        ))
    } else if arguments
        .iter()
        .any(|url| url.contains("://") && !url.contains("://127.0.0.1:7878"))
    {
        Err((
            "curl is to talk to something else than our server".to_owned(),
            "transcripts stay on 127.0.0.1:7878",
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Transcript {
        Transcript::parse(Path::new("a.console"), text).unwrap()
    }

    fn findings(text: &str) -> Vec<String> {
        let findings = Transcript::parse(Path::new("a.console"), text).unwrap_err();
        findings
            .iter()
            .map(|finding| format!("{}: {}", finding.line, finding.message))
            .collect()
    }

    const TWO: &str = "server$ cargo run\nListening on http://127.0.0.1:7878\n\nclient$ curl -i http://127.0.0.1:7878/\nHTTP/1.1 200 OK\n\n<p>\n\nserver$ ^C\n";

    #[test]
    fn what_is_read_is_written_again() {
        let transcript = parse(TWO);
        let terminals: Vec<_> = transcript.commands.iter().map(|c| &c.terminal).collect();
        assert_eq!(terminals, ["server", "client", "server"]);
        assert_eq!(transcript.commands[1].recorded, ["HTTP/1.1 200 OK\n\n<p>".to_owned()]);
        assert_eq!(transcript.commands[2].action, Action::Interrupt);
        let outputs: Vec<String> = transcript
            .commands
            .iter()
            .map(|command| command.recorded.concat())
            .collect();
        assert_eq!(transcript.render(&outputs), TWO);
    }

    #[test]
    fn line_ends_of_windows_make_no_difference() {
        assert_eq!(parse(&TWO.replace('\n', "\r\n")).text, TWO);
    }

    #[test]
    fn quotes_are_those_of_a_shell() {
        let transcript = parse("$ curl -s -w 'after %{time_total} s\\n' http://127.0.0.1:7878/\n");
        let Action::Curl(arguments) = &transcript.commands[0].action else {
            panic!("no curl");
        };
        assert_eq!(arguments[2], "after %{time_total} s\\n");
    }

    #[test]
    fn a_race_is_marked_and_recorded() {
        let marked = parse("$ curl http://127.0.0.1:7878/\n-- or --\n");
        assert!(marked.commands[0].race && marked.commands[0].recorded.is_empty());
        let recorded = parse("$ curl http://127.0.0.1:7878/\na\n-- or --\nb\nc\n");
        assert_eq!(recorded.commands[0].recorded, ["a", "b\nc"]);
    }

    #[test]
    fn what_is_not_understood_is_found_at_its_line() {
        for (text, found) in [
            ("", "1: the transcript holds no command"),
            ("\nhello\n$ cargo run\n", "2: text before the first prompt"),
            ("-- or --\n$ cargo run\n", "1: text before the first prompt"),
            ("$ cargo run '\n", "1: unbalanced quotes"),
            ("$ \n", "1: a prompt without a command"),
            ("$\n", "1: a prompt without a command"),
            ("$ nc 127.0.0.1 7878\n", "1: `nc` can't be run in a transcript"),
            (
                "server$ cargo run\n\nclient$ ^C\n",
                "3: `^C` in a terminal with nothing running",
            ),
            (
                "$ cargo run\n$ ^C\n$ ^C\n",
                "3: `^C` in a terminal with nothing running",
            ),
            (
                "$ cargo check\na\n-- or --\nb\n",
                "3: `-- or --` below a command that is no client",
            ),
            (
                "$ curl http://127.0.0.1:7878\na\n-- or --\n",
                "3: `-- or --` without an outcome before and after it",
            ),
            (
                "$ curl -sv http://127.0.0.1:7878\n",
                "1: curl is asked to trace, and the trace is how the transcript is run",
            ),
            (
                "$ curl -o /dev/null http://127.0.0.1:7878\n",
                "1: curl shows a progress meter when it writes to a file",
            ),
            (
                "$ curl http://example.com/\n",
                "1: curl is to talk to something else than our server",
            ),
        ] {
            assert_eq!(findings(text), [found], "{text}");
        }
    }
}
