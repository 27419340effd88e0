//! What two runs of the same commands may differ in: [`show`] changes what is *shown*, such as paths and ports, and
//! [`keep_same`] decides what is *the same*, though times differ.

use std::sync::LazyLock;

use book::manuscript::pattern;
use regex::Regex;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::workshop::{PORT, Project};

/// How much shorter and longer a measured time may be, in seconds. Those that mean something here lie five apart.
const TOLERANCE: (f64, f64) = (1.0, 3.0);

type Table = Vec<(Regex, &'static str)>;

/// What is shown instead of what was printed, in this order.
static SHOWN: LazyLock<Table> = LazyLock::new(|| {
    table(&[
        // HTTP ends its lines with both characters; a file of ours doesn't.
        (r"\r\n", "\n"),
        // Another cargo on this machine was at work.
        (r"(?m)^ *Blocking waiting for file lock on .*\n", ""),
        // Where cargo keeps other people's crates differs from machine to machine.
        (r"[^\s(`]*/registry/src/[^/]+/", "~/.cargo/registry/src/"),
        // Where the compiler has the source of the standard library, it shows lines of it.
        (r"/rustc/[0-9a-f]{40}/(library/\S+?):\d+:\d+", "/rustc/…/$1"),
        (
            r"(?m)^( *--> ).*/lib/rustlib/src/rust/(library/\S+?):\d+:\d+\n(?:(?: *\d* +\||\.\.\.).*\n)*",
            "$1/rustc/…/$2\n",
        ),
        // curl's times have six decimals; one is what a person can tell apart.
        (r"\b(\d+\.\d)\d{5}\b", "$1"),
        // When an answer was sent, as its `Date` says.
        (r"\b[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT\b", "Wed, 21 Oct 2026 07:28:00 GMT"),
        // Each version of curl has words of its own for this.
        (
            r"curl: \(7\) Failed to connect to (\S+) port (\d+).*",
            "curl: (7) Failed to connect to $1 port $2 after 0 ms: Couldn't connect to server",
        ),
    ])
});

/// What is compared instead of what is shown. (Measured times are compared with a tolerance.)
static COMPARED: LazyLock<Table> = LazyLock::new(|| {
    table(&[
        // How long compiling and testing took.
        (r"(target\(s\)|finished) in (\d+m )?[\d.]+s", "$1 in TIME"),
        // What the operating system numbers: threads, and a client's port. (Ours has four digits.)
        (r"^thread '(.*)' \(\d+\) ", "thread '$1' (N) "),
        (r"127\.0\.0\.1:\d{5}\b", "127.0.0.1:PORT"),
        // Cargo's hashes name the compiler and the folder as well.
        (r"-[0-9a-f]{16}\b", "-HASH"),
    ])
});

fn table(rows: &[(&str, &'static str)]) -> Table {
    rows.iter().map(|(text, shown)| (pattern(text), *shown)).collect()
}

/// What to show for what a run in `project` has printed.
pub fn show(project: &Project, printed: &str) -> String {
    let folder = project.folder.display().to_string();
    let name = project.folder.file_name().unwrap_or_default().to_string_lossy();
    let text = printed
        .replace(&project.target.display().to_string(), "target")
        .replace(&format!("({folder})"), &format!("(file:///projects/{name})"))
        .replace(&folder, &format!("/projects/{name}"))
        .replace(&project.port.to_string(), PORT);
    sorted_tests(&replaced(text, &SHOWN)).trim_end().to_owned()
}

fn replaced(text: String, table: &Table) -> String {
    table.iter().fold(text, |text, (pattern, new)| pattern.replace_all(&text, *new).into_owned())
}

/// Sorts the lines of tests that run side by side: which is done first is a race.
fn sorted_tests(text: &str) -> String {
    static TEST: LazyLock<Regex> = LazyLock::new(|| pattern(r"^test \S+ \.\.\. (ok|FAILED|ignored)"));
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    for tests in lines.chunk_by_mut(|a, b| TEST.is_match(a) && TEST.is_match(b)) {
        tests.sort_unstable();
    }
    lines.concat()
}

pub fn same(expected: &str, actual: &str) -> bool {
    keep_same(expected, actual) == expected
}

/// `actual`, with each line that says the same as its line in `expected` written as there.
pub fn keep_same(expected: &str, actual: &str) -> String {
    // Below a line of the standard library, the compiler leaves more room on the left, for its longer numbers.
    let indented = !expected.contains("/rustc/…/");
    let [old, new] = [expected, actual].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let keys = |lines: &[&str]| -> (Vec<String>, Vec<Vec<f64>>) {
        lines.iter().map(|line| key(if indented { line } else { line.trim_start() })).unzip()
    };
    let ((old_keys, old_times), (new_keys, new_times)) = (keys(&old), keys(&new));
    let mut text = String::new();
    for op in capture_diff_slices(Algorithm::Myers, &old_keys, &new_keys) {
        for (twin, at) in (op.old_range().start..).zip(op.new_range()) {
            // Delays only ever add, so there is more room above.
            let is_close = |(old, new): (&f64, &f64)| (old - TOLERANCE.0..=old + TOLERANCE.1).contains(new);
            let is_same =
                matches!(op, DiffOp::Equal { .. }) && old_times[twin].iter().zip(&new_times[at]).all(is_close);
            text += if is_same { old[twin] } else { new[at] };
        }
    }
    text
}

/// What a line says, and the times in it, in seconds: measured by curl, or by a program of the book.
fn key(line: &str) -> (String, Vec<f64>) {
    static TIME: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d+\.\d+) s\b|\bafter (\d+) (ms|milliseconds)\b"));
    let line = replaced(line.to_owned(), &COMPARED);
    let times = TIME.captures_iter(&line).map(|time| match time.get(1) {
        Some(seconds) => seconds.as_str().parse().unwrap_or_default(),
        None => time[2].parse::<f64>().unwrap_or_default() / 1000.0,
    });
    let times: Vec<f64> = times.collect();
    (TIME.replace_all(&line, "TIME").into_owned(), times)
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

    fn shown(printed: &str) -> String {
        show(&Project { folder: "/tmp/x/web-server".into(), target: "/tmp/target".into(), port: 4321 }, printed)
    }

    /// What rustc 1.95 prints where it has the source of the standard library, and where it has not.
    #[test]
    fn the_source_of_the_standard_library_makes_no_difference() {
        let with = "\
error[E0277]: `{async fn body of first_word()}` cannot be unpinned
    --> src/main.rs:3:36
     |
   3 |     let first_answer = Pin::new(&mut future);
     |                        -------- ^^^^^^^^^^^ within `impl Future<Output = String>`
note: required by a bound in `Pin::<Ptr>::new`
    --> /home/a reader/.rustup/toolchains/1.95.0/lib/rustlib/src/rust/library/core/src/pin.rs:1179:36
     |
1179 | impl<Ptr: core::ops::Deref<Target: Unpin>> Pin<Ptr> {
     |                                    ^^^^^ required by this bound in `Pin::<Ptr>::new`
...
1189 |     pub const fn new(pointer: Ptr) -> Pin<Ptr> {
     |                  --- required by a bound in this associated function
help: consider dereferencing here
";
        let without = "\
error[E0277]: `{async fn body of first_word()}` cannot be unpinned
  --> src/main.rs:3:36
   |
 3 |     let first_answer = Pin::new(&mut future);
   |                        -------- ^^^^^^^^^^^ within `impl Future<Output = String>`
note: required by a bound in `Pin::<Ptr>::new`
  --> /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/pin.rs:1181:4
help: consider dereferencing here
";
        let recorded = shown(without);
        assert!(recorded.contains("\n  --> /rustc/…/library/core/src/pin.rs\nhelp"), "{recorded}");
        assert!(same(&recorded, &shown(with)), "{}", shown(with));
        assert!(!same(&recorded, &shown(&with.replace("pin.rs", "ptr.rs"))));
        assert!(!same(&recorded, &shown(&without.replace("main.rs:3:36", "main.rs:3:37"))));
    }

    #[test]
    fn what_is_of_this_machine_is_not_shown() {
        for (printed, expected) in [
            ("(/tmp/x/web-server)", "(file:///projects/web-server)"),
            ("`/tmp/target/debug/web-server`", "`target/debug/web-server`"),
            ("    Blocking waiting for file lock on package cache\n    Finished", "    Finished"),
            ("on http://127.0.0.1:4321", "on http://127.0.0.1:7878"),
            ("connect to 127.0.0.1 port 4321", "connect to 127.0.0.1 port 7878"),
            ("HTTP/1.1 200 OK\r\n\r\n<p>", "HTTP/1.1 200 OK\n\n<p>"),
            ("after 5.004320 s", "after 5.0 s"),
            ("date: Thu, 01 Jan 1970 00:00:09 GMT\r\n", "date: Wed, 21 Oct 2026 07:28:00 GMT"),
            (
                "--> /home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smol-2.0.2/src/lib.rs:1:2",
                "--> ~/.cargo/registry/src/smol-2.0.2/src/lib.rs:1:2",
            ),
        ] {
            assert_eq!(shown(printed), expected);
        }
    }

    #[test]
    fn measured_times_are_the_same_if_they_are_close() {
        for (recorded, measured, is_same) in [
            ("5.0 s", "4.9 s", true),
            ("5.0 s", "7.9 s", true),
            ("0.0 s", "5.0 s", false),
            ("5.0 s", "0.0 s", false),
            ("after 2008 milliseconds", "after 2174 milliseconds", true),
            ("after 2008 milliseconds", "after 5100 milliseconds", false),
            ("finished in 0.31s", "finished in 1m 02.10s", true),
            ("from 127.0.0.1:40001", "from 127.0.0.1:50001", true),
            ("from 127.0.0.1:7878", "from 127.0.0.1:7879", false),
        ] {
            assert_eq!(same(recorded, measured), is_same, "{recorded} / {measured}");
        }
    }

    #[test]
    fn what_is_the_same_is_kept() {
        let recorded = "$ a\n1.0 s\nold\n";
        assert_eq!(keep_same(recorded, "$ a\n1.2 s\nnew\n"), "$ a\n1.0 s\nnew\n");
        assert_eq!(keep_same(recorded, "$ a\n1.2 s\nold\n"), recorded);
    }
}
