//! What a test needs of a process: settings that are read only once, an end of its own, and room for many clients.

use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::DEADLINE;

/// Set in the process that [`in_own_process`] starts, to the name of the test that runs there.
const OWN_PROCESS: &str = "TEST_IN_OWN_PROCESS";

/// Runs `body` in a process of its own, whose environment has `variable` set to `value`.
///
/// `test` is the full name of the test that calls this, such as `tests::it_works`: that process is this test
/// program once more, told to run nothing but this one test. For what a process reads only once, as smol reads
/// `SMOL_THREADS`.
///
/// # Panics
///
/// If `body` panics, or there is no test of that name.
pub fn in_own_process(test: &str, variable: &str, value: &str, body: impl FnOnce()) {
    if env::var(OWN_PROCESS).as_deref() == Ok(test) {
        return body();
    }
    let program = env::current_exe().expect("a test program knows where it is");
    let output = Command::new(program)
        .args(["--exact", test, "--nocapture", "--include-ignored"])
        .env(OWN_PROCESS, test)
        .env(variable, value)
        .output()
        .expect("a program that runs can be run again");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        // A name that is not that of a test would be no failure, but no proof either.
        output.status.success() && stdout.contains("1 passed"),
        "{test} with {variable}={value} ended with {}\n{stdout}\n{stderr}",
        output.status
    );
}

/// A program in a process of its own, and what it prints. It ends when this is dropped, or with the test's process.
///
/// For programs whose end or whose output is what a test is about.
pub struct OwnProcess {
    child: Child,
    /// The lines that it prints, to either stream, as they come.
    lines: Receiver<String>,
}

impl OwnProcess {
    /// Runs `body` in a process of its own, which ends when `body` returns.
    ///
    /// `test` is the full name of the test that calls this, as for [`in_own_process`]. There, this does not return.
    pub fn start(test: &str, body: impl FnOnce()) -> OwnProcess {
        if env::var(OWN_PROCESS).as_deref() == Ok(test) {
            // When the other end is closed, the test has ended, by whatever.
            thread::spawn(|| {
                let _ = io::stdin().read_to_end(&mut Vec::new());
                process::exit(0);
            });
            body();
            process::exit(0);
        }
        let program = env::current_exe().expect("a test program knows where it is");
        let mut command = Command::new(program);
        command
            .args(["--exact", test, "--nocapture", "--include-ignored"])
            .env(OWN_PROCESS, test);
        OwnProcess::run(&mut command)
    }

    /// Runs a program that is not this test program. If the test's process is killed, it may go on.
    ///
    /// # Panics
    ///
    /// If there is no such program.
    pub fn run(command: &mut Command) -> OwnProcess {
        heed_signals(command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a program that can be run");
        let (print, lines) = channel();
        let stdout = child.stdout.take().expect("a pipe");
        let stderr = child.stderr.take().expect("a pipe");
        let streams: [Box<dyn Read + Send>; 2] = [Box::new(stdout), Box::new(stderr)];
        for stream in streams {
            let print = print.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    // A test that has seen enough no longer listens.
                    let _ = print.send(line);
                }
            });
        }
        OwnProcess { child, lines }
    }

    /// Waits for the next line that contains `words`, and returns it.
    ///
    /// # Panics
    ///
    /// If the process ends first, or [`DEADLINE`] passes.
    #[track_caller]
    pub fn wait_for_line(&self, words: &str) -> String {
        let end = Instant::now() + DEADLINE;
        let mut printed = Vec::new();
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(rest) {
                Ok(line) if line.contains(words) => return line,
                Ok(line) => printed.push(line),
                Err(error) => panic!("no line with {words:?} ({error}), only {printed:#?}"),
            }
        }
    }

    /// Watches the process for `window`, and returns `false` as soon as it prints a line or ends.
    pub fn is_silent_for(&self, window: Duration) -> bool {
        self.lines.recv_timeout(window) == Err(RecvTimeoutError::Timeout)
    }

    /// The lines that have come since the last one that we took or waited for.
    pub(crate) fn new_lines(&self) -> impl Iterator<Item = String> {
        self.lines.try_iter()
    }

    /// The lines that have come since then, to the last that there will be: waits until both streams are closed.
    pub(crate) fn last_lines(&self) -> impl Iterator<Item = String> {
        self.lines.iter()
    }

    /// The number that the system knows it by.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, as Ctrl-C and `kill` do.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).expect("a process of ours");
    }

    /// How it ended; nothing if it still runs.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a process of ours")
    }

    /// Waits until the process ends. Returns how, and all that it has printed since the last line we waited for.
    ///
    /// # Panics
    ///
    /// If it still runs after [`DEADLINE`].
    pub fn wait_until_ended(mut self) -> (ExitStatus, String) {
        let end = Instant::now() + DEADLINE;
        let mut printed = String::new();
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(rest) {
                Ok(line) => printed = printed + &line + "\n",
                // Both streams are closed: the process has ended, or is about to.
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it still runs, and printed {printed}"),
            }
        }
        let status = self.child.wait().expect("a process that has ended");
        (status, printed)
    }
}

/// Lets the program end by Ctrl-C, and by `kill`, unless it sees to that itself. Who starts the tests in the background of a
/// shell's script has them ignore Ctrl-C, and so would all that they start.
#[cfg(unix)]
fn heed_signals(command: &mut Command) {
    use std::os::unix::process::CommandExt;

    let reset = || {
        for signal in [libc::SIGINT, libc::SIGTERM] {
            // SAFETY: `signal` may be called between fork and exec, and the default is always a valid reaction.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: the closure makes nothing but system calls.
    unsafe { command.pre_exec(reset) };
}

/// There are no such signals here.
#[cfg(not(unix))]
fn heed_signals(_command: &mut Command) {}

impl Drop for OwnProcess {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where tasks meet, if they run at the same time.
#[derive(Default)]
pub struct Meeting {
    present: Mutex<usize>,
    arrival: Condvar,
}

impl Meeting {
    /// Blocks the thread until `count` are here at once, and gives whether they came within `time`.
    pub fn of(&self, count: usize, time: Duration) -> bool {
        let mut present = self.present.lock().expect("nobody panics here");
        *present += 1;
        self.arrival.notify_all();
        let wait = self
            .arrival
            .wait_timeout_while(present, time, |present| *present < count);
        let (mut present, result) = wait.expect("nobody panics here");
        if result.timed_out() {
            // Whoever comes later does not meet us.
            *present -= 1;
        }
        !result.timed_out()
    }
}

/// Lets this process have at most `bytes` of address space: memory that it uses, and memory that it has only reserved,
/// such as the stacks of its threads.
#[cfg(target_os = "linux")]
pub fn limit_address_space(bytes: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    setrlimit(Resource::As, limit).expect("a limit may be lowered");
}

/// For tests about tasks that share one thread, which is what smol's global executor has by itself.
///
/// # Panics
///
/// If `SMOL_THREADS` asks for anything else. Such a test would fail then, and show nothing.
#[track_caller]
pub fn expect_one_smol_thread() {
    assert!(
        env::var_os("SMOL_THREADS").is_none_or(|threads| threads == "1"),
        "this test is about the one thread that smol has by itself: run it without SMOL_THREADS"
    );
}

/// Makes room for `wanted` clients and their connections to a server in this same process, as far as the system
/// allows, and gives the number of clients that there is room for: `wanted` or less.
///
/// A system limits how many files and sockets a process may hold. Each client takes two: its own, and the
/// server's.
pub fn room_for_clients(wanted: usize) -> usize {
    wanted.min(raise_limit(2 * wanted + RESERVE).saturating_sub(RESERVE) / 2)
}

/// The files and sockets that everything else in the process may need meanwhile.
const RESERVE: usize = 200;

/// Raises the limit of open files to `needed`, or to what the system allows, and gives the limit.
#[cfg(unix)]
fn raise_limit(needed: usize) -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed as u64) {
        let needed = needed as u64;
        limit.current = Some(limit.maximum.map_or(needed, |maximum| maximum.min(needed)));
        // A system that refuses leaves the limit as it was, and that is what is read next.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, |current| {
            current.try_into().unwrap_or(usize::MAX)
        })
}

/// Lets this process have at most `count` files and sockets open, or what the system allows if that is less.
#[cfg(unix)]
pub(crate) fn limit_open_files(count: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    let count = count as u64;
    limit.current = Some(limit.maximum.map_or(count, |maximum| maximum.min(count)));
    setrlimit(Resource::Nofile, limit).expect("a limit that the system allows");
}

/// There is no such limit here.
#[cfg(not(unix))]
pub(crate) fn limit_open_files(_count: usize) {}

/// There is no such limit here.
#[cfg(not(unix))]
fn raise_limit(_needed: usize) -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    const VARIABLE: &str = "A_VARIABLE_OF_THIS_TEST";

    #[test]
    fn a_process_of_its_own_has_the_variable() {
        let test = "process::tests::a_process_of_its_own_has_the_variable";
        assert!(env::var(OWN_PROCESS).is_ok() || env::var(VARIABLE).is_err());

        in_own_process(test, VARIABLE, "7", || {
            assert_eq!(env::var(VARIABLE).as_deref(), Ok("7"));
        });
    }

    #[test]
    fn a_failure_in_a_process_of_its_own_is_a_failure() {
        let test = "process::tests::a_failure_in_a_process_of_its_own_is_a_failure";
        let in_this_process = env::var(OWN_PROCESS).is_err();

        let outcome =
            panic::catch_unwind(|| in_own_process(test, VARIABLE, "7", || panic!("as planned")));

        // Inside, the panic goes on; outside, it has to have come through.
        match outcome {
            Err(_) if in_this_process => {}
            Err(panic) => panic::resume_unwind(panic),
            Ok(()) => panic!("the failure went unnoticed"),
        }
    }

    #[test]
    fn a_process_prints_and_ends() {
        let test = "process::tests::a_process_prints_and_ends";
        let process = OwnProcess::start(test, || {
            println!("one");
            eprintln!("two");
            process::exit(7);
        });

        process.wait_for_line("one");
        // Which of the streams is read first, nobody knows.
        let (status, _) = process.wait_until_ended();
        assert_eq!(status.code(), Some(7));
    }

    #[test]
    fn a_process_that_waits_is_silent_and_can_be_ended() {
        let test = "process::tests::a_process_that_waits_is_silent_and_can_be_ended";
        let process = OwnProcess::start(test, || {
            println!("begun");
            loop {
                thread::park();
            }
        });

        process.wait_for_line("begun");
        assert!(process.is_silent_for(Duration::from_millis(50)));
        drop(process);
    }

    #[test]
    #[cfg(unix)]
    fn a_process_ends_by_ctrl_c_even_if_this_one_does_not() {
        let test = "process::tests::a_process_ends_by_ctrl_c_even_if_this_one_does_not";
        in_own_process(test, VARIABLE, "7", || {
            // SAFETY: to ignore a signal is always a valid reaction.
            unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
            // It waits for what we don't say.
            let process = OwnProcess::run(&mut Command::new("cat"));

            process.signal(rustix::process::Signal::INT);

            assert!(!process.wait_until_ended().0.success());
        });
    }

    #[test]
    fn two_threads_meet_and_one_alone_does_not() {
        let meeting = Meeting::default();
        assert!(!meeting.of(2, Duration::from_millis(10)));

        thread::scope(|scope| {
            let other = scope.spawn(|| meeting.of(2, DEADLINE));
            assert!(meeting.of(2, DEADLINE));
            assert!(other.join().unwrap());
        });
    }

    #[test]
    fn a_name_without_a_test_is_a_failure() {
        let outcome =
            panic::catch_unwind(|| in_own_process("no::such::test", VARIABLE, "7", || {}));

        assert!(outcome.is_err());
    }

    #[test]
    fn a_test_about_one_thread_refuses_to_run_with_smol_threads() {
        let test = "process::tests::a_test_about_one_thread_refuses_to_run_with_smol_threads";
        in_own_process(test, "SMOL_THREADS", "2", || {
            assert!(panic::catch_unwind(expect_one_smol_thread).is_err());
        });
    }

    #[test]
    fn there_is_room_for_as_many_as_wanted_and_not_more() {
        assert_eq!(room_for_clients(1), 1);
        assert!(room_for_clients(1000) <= 1000);
    }
}
