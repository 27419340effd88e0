//! What two runs of the same commands may differ in.
//!
//! Two layers. [`Rendering`] changes what is *shown*: paths, ports and the wording of one operating
//! system become those the book uses. [`compare`] decides what is *the same*: times, for example,
//! are shown as measured, and no two runs measure the same.

use std::io::{Error, ErrorKind};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use similar::{Algorithm, DiffOp, TextDiff, capture_diff_slices};

use crate::book::pattern;
use crate::programs::cargo;

/// How far apart two measured times may lie, in seconds. A busy machine is late; the times that
/// tell something in this book are five seconds apart.
const TOLERANCE: f64 = 2.0;

/// Compiles a table of (pattern, what replaces it).
fn table(rows: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    rows.iter().map(|(text, shown)| (pattern(text), *shown)).collect()
}

/// What is shown instead of what was printed, in this order.
static SHOWN: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    table(&[
        // HTTP ends its lines with both characters; a file of ours doesn't.
        (r"\r\n", "\n"),
        // Another cargo on this machine was at work: nothing of ours.
        (r"(?m)^ *Blocking waiting for file lock on .*\n", ""),
        // Cargo and the compiler on Windows.
        (r"\b(src|target)\\(\w+)\\(\w+)\\", "$1/$2/$3/"),
        (r"\b(src|target)\\(\w+)\\", "$1/$2/"),
        (r"\b(src|target)\\", "$1/"),
        (r"\bweb-server\.exe\b", "web-server"),
        // Where cargo keeps other people's crates is a matter of the machine.
        (
            r"[^\s(`]*[/\\]registry[/\\]src[/\\][^/\\]+[/\\]",
            "~/.cargo/registry/src/",
        ),
        // curl's times have six decimals; one is what a person can tell apart.
        (r"\b(\d+\.\d)\d{5}\b", "$1"),
        // curl words these by its version and the operating system; the number says the kind.
        (
            r"curl: \(7\) Failed to connect to (\S+) port (\d+).*",
            "curl: (7) Failed to connect to $1 port $2 after 0 ms: Couldn't connect to server",
        ),
        (
            r"curl: \((35|55|56)\) (Recv|Send) failure: Connection was (reset|aborted)",
            "curl: ($1) $2 failure: Connection reset by peer",
        ),
    ])
});

/// What is compared instead of what is shown. The figures in `<>` are compared with a tolerance.
static COMPARED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    table(&[
        // How long compiling and testing took.
        (r"(target\(s\)|finished) in (\d+m )?[\d.]+s", "$1 in TIME"),
        // Threads are numbered by the operating system.
        (r"^thread '(.*)' \(\d+\) ", "thread '$1' (N) "),
        // Cargo's hashes name the compiler and the folder as well.
        (r"-[0-9a-f]{16}\b", "-HASH"),
        // Where it cannot show a line of the standard library, the compiler counts otherwise.
        (r"(--> /rustc/\w+/library/\S+?):\d+:\d+", "$1:PLACE"),
        // A client's port is picked by the operating system. (Ours has four digits.)
        (r"127\.0\.0\.1:\d{5}\b", "127.0.0.1:PORT"),
        // Measured by curl, or by a program of the book.
        (r"\b(\d+\.\d+) (s|seconds)\b", "<$1> $2"),
        (r"\bafter (\d+) (ms|milliseconds)\b", "after <$1> $2"),
    ])
});

/// Turns what was printed into what the book shows.
pub struct Rendering {
    /// The reader's project, as the operating system writes it.
    dir: String,
    /// Our port, where a port stands.
    port: Regex,
}

impl Rendering {
    /// Shows `dir` as `/projects/web-server` and `port` as 7878.
    pub fn new(dir: &Path, port: u16) -> Self {
        Self {
            dir: dir.display().to_string(),
            // Four digits may be anything: only what follows an address is a port.
            port: pattern(&format!(
                r"(127\.0\.0\.1:|localhost:|\bport |127, 0, 0, 1\], |\bport: ){port}\b"
            )),
        }
    }

    /// The text to show for `printed`.
    pub fn show(&self, printed: &str) -> String {
        let mut text = self.port.replace_all(printed, "${1}7878").into_owned();
        text = text.replace(&format!("({})", self.dir), "(file:///projects/web-server)");
        text = text.replace(&self.dir, "/projects/web-server");
        for (pattern, shown) in SHOWN.iter() {
            text = pattern.replace_all(&text, *shown).into_owned();
        }
        os_errors(&sorted_tests(&without_library(&text, commit)))
    }
}

/// The commit that the compiler was built from, by which it names the source of the standard library.
fn commit() -> &'static str {
    static COMMIT: LazyLock<String> = LazyLock::new(|| {
        let version = cargo::stdout(Command::new("rustc").arg("-vV")).unwrap_or_default();
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
        commit.unwrap_or("unknown").to_owned()
    });
    &COMMIT
}

/// Shows what the compiler says as it is without the source of the standard library, which only some have installed
/// (`rust-src`). With it, the compiler names a file where it was unpacked, and shows lines of it.
fn without_library(text: &str, commit: fn() -> &'static str) -> String {
    static LIBRARY: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^( *--> ).*[/\\]lib[/\\]rustlib[/\\]src[/\\]rust[/\\](library[/\\].*:\d+:\d+)$"));
    static EXCERPT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^( *\d* +\||\.\.\.$)"));
    if !text.contains("rustlib") {
        return text.to_owned();
    }
    let mut shown = String::new();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // A blank line ends a diagnostic.
    for diagnostic in lines.split_inclusive(|line| *line == "\n") {
        let mut kept: Vec<String> = Vec::new();
        let mut lines = diagnostic.iter().peekable();
        while let Some(line) = lines.next() {
            match LIBRARY.captures(line.trim_end()) {
                Some(found) => {
                    let path = found[2].replace('\\', "/");
                    kept.push(format!("{}/rustc/{}/{path}\n", &found[1], commit()));
                    while lines.next_if(|line| EXCERPT.is_match(line.trim_end())).is_some() {}
                }
                None => kept.push((*line).to_owned()),
            }
        }
        if kept.len() < diagnostic.len() {
            narrow(&mut kept);
        }
        shown += &kept.concat();
    }
    shown
}

/// Moves a diagnostic to the left, by as much as its longest number of a line leaves free.
fn narrow(diagnostic: &mut [String]) {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^( *)\d+ +\|"));
    let free = diagnostic
        .iter()
        .filter_map(|line| Some(NUMBER.captures(line)?[1].len()))
        .min();
    let margin = " ".repeat(free.unwrap_or(0));
    // Above it, cargo may say what it is doing.
    let is_head = |line: &String| line.starts_with("error") || line.starts_with("warning");
    let head = diagnostic.iter().position(is_head).unwrap_or(0);
    for line in &mut diagnostic[head..] {
        if let Some(rest) = line.strip_prefix(&margin) {
            *line = rest.to_owned();
        }
    }
}

/// Sorts the lines in which tests report one after the other: they run side by side, and which is done first is a race.
fn sorted_tests(text: &str) -> String {
    static TEST: LazyLock<Regex> = LazyLock::new(|| pattern(r"^test \S+ \.\.\. (ok|FAILED|ignored)"));
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    for tests in lines.chunk_by_mut(|a, b| TEST.is_match(a) && TEST.is_match(b)) {
        tests.sort_unstable();
    }
    lines.concat()
}

/// Gives errors of the operating system the number and the wording they have on Linux, by kind.
fn os_errors(text: &str) -> String {
    static DEBUG: LazyLock<Regex> = LazyLock::new(|| pattern(r#"Os \{ code: (\d+), kind: (\w+), message: "[^"]*" \}"#));
    static DISPLAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)(^|: )([A-Z][^:\n]*) \(os error (\d+)\)"));

    let known = |code: &str| {
        let code = code.parse().ok()?;
        linux(Error::from_raw_os_error(code).kind())
    };
    let text = DEBUG.replace_all(text, |found: &Captures| match known(&found[1]) {
        Some((code, message)) => format!("Os {{ code: {code}, kind: {}, message: \"{message}\" }}", &found[2]),
        None => found[0].to_owned(),
    });
    let text = DISPLAY.replace_all(&text, |found: &Captures| match known(&found[3]) {
        Some((code, message)) => format!("{}{message} (os error {code})", &found[1]),
        None => found[0].to_owned(),
    });
    text.into_owned()
}

/// The number and the wording Linux has for the errors a server meets.
fn linux(kind: ErrorKind) -> Option<(u32, &'static str)> {
    match kind {
        ErrorKind::NotFound => Some((2, "No such file or directory")),
        ErrorKind::PermissionDenied => Some((13, "Permission denied")),
        ErrorKind::BrokenPipe => Some((32, "Broken pipe")),
        ErrorKind::AddrInUse => Some((98, "Address already in use")),
        ErrorKind::AddrNotAvailable => Some((99, "Cannot assign requested address")),
        ErrorKind::ConnectionAborted => Some((103, "Software caused connection abort")),
        ErrorKind::ConnectionReset => Some((104, "Connection reset by peer")),
        ErrorKind::NotConnected => Some((107, "Transport endpoint is not connected")),
        ErrorKind::TimedOut => Some((110, "Connection timed out")),
        ErrorKind::ConnectionRefused => Some((111, "Connection refused")),
        _ => None,
    }
}

/// How a run differs from the file.
#[derive(Debug)]
pub struct Mismatch {
    /// The first line of the file that differs, counted from 1.
    pub line: usize,
    /// The differences, as a unified diff.
    pub diff: String,
    /// What to write into the file: what was printed, but as in the file where that is the same.
    pub text: String,
}

/// Compares the transcript in the file with that of a run.
pub fn compare(expected: &str, actual: &str) -> Result<(), Mismatch> {
    let text = settle(expected, actual);
    if text == expected {
        return Ok(());
    }
    let diff = TextDiff::from_lines(expected, &text);
    let line = diff
        .ops()
        .iter()
        .find(|op| !matches!(op, DiffOp::Equal { .. }))
        .map_or(1, |op| op.old_range().start + 1);
    // A line that is missing at the end is missed behind the last one.
    let line = line.clamp(1, expected.lines().count().max(1));
    let diff = diff.unified_diff().context_radius(2).to_string();
    Err(Mismatch { line, diff, text })
}

/// Whether two outputs say the same.
pub fn same(one: &str, other: &str) -> bool {
    settle(one, other) == one
}

/// `actual`, with each line that says the same as its line in `expected` written as there.
fn settle(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        expected.split_inclusive('\n').collect(),
        actual.split_inclusive('\n').collect(),
    );
    let keys = |lines: &[&str]| -> Vec<(String, Vec<f64>)> { lines.iter().map(|line| key(line)).collect() };
    let (old_keys, new_keys) = (keys(&old), keys(&new));
    let texts = |keys: &[(String, Vec<f64>)]| -> Vec<String> { keys.iter().map(|(text, _)| text.clone()).collect() };
    let ops = capture_diff_slices(Algorithm::Myers, &texts(&old_keys), &texts(&new_keys));

    let mut text = String::new();
    for op in ops {
        let equal = matches!(op, DiffOp::Equal { .. });
        for (offset, at) in op.new_range().enumerate() {
            let twin = op.old_range().start + offset;
            let close = |(one, other): (&f64, &f64)| (one - other).abs() <= TOLERANCE;
            text += match equal {
                true if old_keys[twin].1.iter().zip(&new_keys[at].1).all(close) => old[twin],
                _ => new[at],
            };
        }
    }
    text
}

/// What a line says, and the times it tells, in seconds.
fn key(line: &str) -> (String, Vec<f64>) {
    static FIGURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"<([\d.]+)> (\w+)"));
    let mut line = line.to_owned();
    for (pattern, compared) in COMPARED.iter() {
        line = pattern.replace_all(&line, *compared).into_owned();
    }
    let figures = FIGURE.captures_iter(&line).filter_map(|figure| {
        let unit = if figure[2].starts_with('m') { 0.001 } else { 1.0 };
        Some(figure[1].parse::<f64>().ok()? * unit)
    });
    let figures = figures.collect();
    (FIGURE.replace_all(&line, "<> $2").into_owned(), figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_run_side_by_side_are_shown_in_one_order() {
        let text = "running 3 tests\ntest b ... ok\ntest c ... FAILED\ntest a ... ok\n\nfailures:\n";
        let sorted = "running 3 tests\ntest a ... ok\ntest b ... ok\ntest c ... FAILED\n\nfailures:\n";
        assert_eq!(sorted_tests(text), sorted);
    }

    #[test]
    fn the_source_of_the_standard_library_makes_no_difference() {
        let commit = || "0123abcd";
        // What rustc 1.95 prints where it has the source, and where it has not.
        let with = r"    Checking web-server v0.1.0 (file:///projects/web-server)
error[E0277]: `{async fn body of first_word()}` cannot be unpinned
    --> src/main.rs:3:36
     |
   3 |     let first_answer = Pin::new(&mut future);
     |                        -------- ^^^^^^^^^^^ within `impl Future<Output = String>`, the trait `Unpin` is not implemented
     |                        |
     |                        required by a bound introduced by this call
...
  19 | async fn first_word() -> String {
     |                          ------ within this `impl Future<Output = String>`
     |
     = note: consider using the `pin!` macro
             consider using `Box::pin` if you need to access the pinned value outside of the current scope
note: required because it appears within the type `impl Future<Output = String>`
    --> src/main.rs:19:26
     |
  19 | async fn first_word() -> String {
     |                          ^^^^^^
note: required by a bound in `Pin::<Ptr>::new`
    --> /home/a reader/.rustup/toolchains/1.95.0/lib/rustlib/src/rust/library/core/src/pin.rs:1179:36
     |
1179 | impl<Ptr: core::ops::Deref<Target: Unpin>> Pin<Ptr> {
     |                                    ^^^^^ required by this bound in `Pin::<Ptr>::new`
...
1189 |     pub const fn new(pointer: Ptr) -> Pin<Ptr> {
     |                  --- required by a bound in this associated function
help: consider dereferencing here
     |
   3 |     let first_answer = Pin::new(&mut *future);
     |                                      +

error: aborting
    --> src/main.rs:1:1
     |
1000 | fn main() {
";
        let without = r"    Checking web-server v0.1.0 (file:///projects/web-server)
error[E0277]: `{async fn body of first_word()}` cannot be unpinned
  --> src/main.rs:3:36
   |
 3 |     let first_answer = Pin::new(&mut future);
   |                        -------- ^^^^^^^^^^^ within `impl Future<Output = String>`, the trait `Unpin` is not implemented
   |                        |
   |                        required by a bound introduced by this call
...
19 | async fn first_word() -> String {
   |                          ------ within this `impl Future<Output = String>`
   |
   = note: consider using the `pin!` macro
           consider using `Box::pin` if you need to access the pinned value outside of the current scope
note: required because it appears within the type `impl Future<Output = String>`
  --> src/main.rs:19:26
   |
19 | async fn first_word() -> String {
   |                          ^^^^^^
note: required by a bound in `Pin::<Ptr>::new`
  --> /rustc/0123abcd/library/core/src/pin.rs:1189:4
help: consider dereferencing here
   |
 3 |     let first_answer = Pin::new(&mut *future);
   |                                      +

error: aborting
    --> src/main.rs:1:1
     |
1000 | fn main() {
";
        let shown = without_library(with, commit);
        assert_eq!(shown, without.replace(":1189:4", ":1179:36"));
        assert!(same(without, &shown));
        assert_eq!(without_library(&shown, commit), shown);

        let windows = with.replace("/home/a reader/", r"C:\\a reader\\").replace(
            "/lib/rustlib/src/rust/library/core/",
            r"\lib\rustlib\src\rust\library\core\",
        );
        assert_eq!(without_library(&windows, commit), shown);
    }

    #[test]
    fn another_file_of_the_standard_library_makes_a_difference() {
        let one = "  --> /rustc/0123abcd/library/core/src/pin.rs:1189:4\n";
        assert!(!same(one, &one.replace("pin.rs", "ptr.rs")));
        assert!(!same("  --> src/main.rs:1:4\n", "  --> src/main.rs:1:5\n"));
    }

    fn show(printed: &str) -> String {
        Rendering::new(Path::new("/tmp/x/web-server"), 4321).show(printed)
    }

    #[test]
    fn what_is_of_this_machine_is_not_shown() {
        for (printed, shown) in [
            (
                "   Compiling web-server v0.1.0 (/tmp/x/web-server)\n",
                "   Compiling web-server v0.1.0 (file:///projects/web-server)\n",
            ),
            (
                "    Blocking waiting for file lock on package cache\n    Finished\n",
                "    Finished\n",
            ),
            (
                "Listening on http://127.0.0.1:4321\n",
                "Listening on http://127.0.0.1:7878\n",
            ),
            ("port 4321 after 4321 milliseconds", "port 7878 after 4321 milliseconds"),
            ("([127, 0, 0, 1], 4321)", "([127, 0, 0, 1], 7878)"),
            (
                r"     Running `target\debug\web-server.exe`",
                "     Running `target/debug/web-server`",
            ),
            (r"  --> src\main.rs:14:9", "  --> src/main.rs:14:9"),
            ("HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\n\n"),
            ("answered after 5.003217 s", "answered after 5.0 s"),
            (
                "at /home/me/.cargo/registry/src/registry-0123/smol-2.0.2/src/lib.rs:1",
                "at ~/.cargo/registry/src/smol-2.0.2/src/lib.rs:1",
            ),
            (
                "curl: (7) Failed to connect to 127.0.0.1 port 4321: Connection refused",
                "curl: (7) Failed to connect to 127.0.0.1 port 7878 after 0 ms: Couldn't connect to server",
            ),
            (
                "curl: (56) Recv failure: Connection was reset",
                "curl: (56) Recv failure: Connection reset by peer",
            ),
        ] {
            assert_eq!(show(printed), shown);
        }
    }

    #[test]
    fn errors_of_the_system_are_worded_as_on_linux() {
        // The number of this error on the system the test runs on.
        let missing = std::fs::read("no such file").unwrap_err();
        let linux = "No such file or directory (os error 2)";
        assert_eq!(show(&format!("error: {missing}")), format!("error: {linux}"));
        assert_eq!(
            show(&format!("value: {missing:?}")),
            "value: Os { code: 2, kind: NotFound, message: \"No such file or directory\" }"
        );
    }

    #[test]
    fn what_no_two_runs_share_is_the_same() {
        for (one, other) in [
            (
                "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.31s\n",
                "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 1m 02s\n",
            ),
            (
                "thread 'main' (12) panicked at src/main.rs:1:2:\n",
                "thread 'main' (3456) panicked at src/main.rs:1:2:\n",
            ),
            ("answered after 5.0 s\n", "answered after 6.9 s\n"),
            (
                "curl: (28) Operation timed out after 2001 milliseconds with 0 bytes received\n",
                "curl: (28) Operation timed out after 2603 milliseconds with 0 bytes received\n",
            ),
            (
                "(target/debug/deps/web_server-0123456789abcdef)\n",
                "(target/debug/deps/web_server-fedcba9876543210)\n",
            ),
            ("127.0.0.1:50000 asks\n", "127.0.0.1:40001 asks\n"),
        ] {
            assert!(same(one, other), "{one}{other}");
        }
    }

    #[test]
    fn what_says_something_else_is_not_the_same() {
        for (one, other) in [
            ("answered after 5.0 s\n", "answered after 0.0 s\n"),
            ("answered after 5.0 s\n", "answered after 5.0 s\nmore\n"),
            ("HTTP/1.1 200 OK\n", "HTTP/1.1 404 NOT FOUND\n"),
            ("127.0.0.1:7878\n", "127.0.0.1:8787\n"),
            ("a\n", ""),
        ] {
            assert!(!same(one, other), "{one}{other}");
        }
    }

    #[test]
    fn a_difference_has_its_line_and_leaves_the_rest_as_it_is() {
        let expected = "$ cargo run\ntarget(s) in 0.31s\nHello\nafter 5.0 s\n";
        let actual = "$ cargo run\ntarget(s) in 0.44s\nGoodbye\nafter 5.1 s\n";
        let mismatch = compare(expected, actual).unwrap_err();
        assert_eq!(mismatch.line, 3);
        assert_eq!(mismatch.text, "$ cargo run\ntarget(s) in 0.31s\nGoodbye\nafter 5.0 s\n");
        assert!(mismatch.diff.contains("-Hello\n+Goodbye\n"), "{}", mismatch.diff);
        assert!(compare(expected, &actual.replace("Goodbye", "Hello")).is_ok());
    }

    #[test]
    fn a_missing_end_is_found_at_the_last_line() {
        let mismatch = compare("$ cargo run\n", "$ cargo run\nHello\n").unwrap_err();
        assert_eq!(mismatch.line, 1);
    }
}
