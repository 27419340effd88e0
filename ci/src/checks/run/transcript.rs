//! Transcripts: what a reader sees in one or more terminals, captured from real runs of the reader's project.
//! CONTRIBUTING.md says how an author writes one.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use book::finding::Finding;
use book::manuscript::pattern;
use regex::Regex;

/// The line between two outcomes of a race.
pub const OR: &str = "-- or --";

pub struct Transcript {
    pub path: PathBuf,
    /// At least one.
    pub commands: Vec<Command>,
}

/// What is typed at one prompt, and what was recorded below it.
pub struct Command {
    pub line: usize,
    /// The name before the `$`; empty when there is only one terminal.
    pub terminal: String,
    pub text: String,
    /// The text in words: `cargo` or `curl` with arguments, or `^C`.
    pub words: Vec<String>,
    /// What was recorded below: the outcomes of a race, or else one.
    pub recorded: Vec<String>,
}

impl Transcript {
    /// Reads the text of a transcript, or gives the first line that can't be understood.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Finding> {
        static PROMPT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^([a-z][a-z0-9-]*)?\$(?: (.*)|$)"));
        let found = |line, message: &str| Finding::new(path, line, message, "");
        let mut commands: Vec<Command> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(prompt) = PROMPT.captures(text) {
                let part = |index| prompt.get(index).map_or("", |part| part.as_str().trim_end()).to_owned();
                let words = shlex::split(&part(2)).unwrap_or_default();
                if !words.first().is_some_and(|program| ["cargo", "curl", "^C"].contains(&program.as_str())) {
                    return Err(found(line, "only `cargo`, `curl` and `^C` can be run in a transcript"));
                }
                let recorded = vec![String::new()];
                commands.push(Command { line, terminal: part(1), text: part(2), words, recorded });
                continue;
            }
            match commands.last_mut().map(|command| &mut command.recorded) {
                Some(recorded) if text == OR => recorded.push(String::new()),
                Some(recorded) => recorded.last_mut().into_iter().for_each(|outcome| *outcome += &format!("{text}\n")),
                None => break,
            }
        }
        if commands.is_empty() {
            return Err(found(1, "a transcript begins with a line `$ COMMAND` or `NAME$ COMMAND`"));
        }
        // The empty lines at the end of an outcome only separate terminals.
        let outcomes = commands.iter_mut().flat_map(|command| &mut command.recorded);
        outcomes.for_each(|outcome| outcome.truncate(outcome.trim_end().len()));
        Ok(Self { path: path.to_owned(), commands })
    }

    /// The whole transcript again, with `outputs` (one for each command) below the prompts.
    pub fn render<'a>(&self, outputs: impl IntoIterator<Item = &'a str>) -> String {
        let mut text = String::new();
        let mut before = &self.commands[0].terminal;
        for (Command { terminal, text: typed, .. }, output) in self.commands.iter().zip(outputs) {
            let gap = if before == terminal { "" } else { "\n" };
            let end = if output.is_empty() { "" } else { "\n" };
            text += &format!("{gap}{terminal}$ {typed}\n{output}{end}");
            before = terminal;
        }
        text
    }
}

impl Command {
    pub fn is_curl(&self) -> bool {
        self.words[0] == "curl"
    }

    /// Whether this is a client that connects and sends nothing.
    pub fn is_silent(&self) -> bool {
        self.is_curl() && self.text.contains("telnet://")
    }

    /// The arguments of a cargo that builds a project.
    pub fn build(&self) -> Option<&[String]> {
        (self.words[0] == "cargo" && self.words.get(1)? != "new").then_some(&self.words[1..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "server$ cargo run\nListening on http://127.0.0.1:7878\n\nclient$ curl -i http://127.0.0.1:7878/\nHTTP/1.1 200 OK\n\n<p>\n\nserver$ ^C\n";

    #[test]
    fn what_is_read_is_written_again() {
        let Ok(transcript) = Transcript::parse(Path::new("a.console"), TWO) else { panic!() };
        let terminals: Vec<_> = transcript.commands.iter().map(|c| &c.terminal).collect();
        assert_eq!(terminals, ["server", "client", "server"]);
        assert_eq!(transcript.commands[1].recorded, ["HTTP/1.1 200 OK\n\n<p>"]);
        assert_eq!(transcript.commands[2].words, ["^C"]);
        assert_eq!(transcript.render(transcript.commands.iter().map(|c| c.recorded[0].as_str())), TWO);
    }

    #[test]
    fn what_is_not_understood_is_found_at_its_line() {
        let (begins, only) = ("a transcript begins with a line", "only `cargo`, `curl` and `^C` can be run");
        for (text, line, message) in [
            ("", 1, begins),
            ("\nhello\n$ cargo run\n", 1, begins),
            ("$ cargo run '\n", 1, only),
            ("$ cargo run\n$\n", 2, only),
            ("$ nc 127.0.0.1 7878\n", 1, only),
        ] {
            let finding = Transcript::parse(Path::new("a.console"), text).err().unwrap();
            assert!(finding.line == line && finding.message.starts_with(message), "{text}: {finding}");
        }
    }
}
