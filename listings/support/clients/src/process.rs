//! What a test needs of its process: settings that are read only once, and room for many clients.

use std::env;
use std::process::Command;

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
        .args(["--exact", test, "--nocapture"])
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
