//! The test that each step of the book has: its own server, probed.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::case::{Case, Patience};
use crate::cases::cases;
use crate::{LAST_STEP, Probe};

/// For a case that the server should not pass yet: too short a time can only make it fail where it would pass.
const SHORT: Patience = Patience { answer: Duration::from_millis(500), deadline: Duration::from_millis(600) };

/// How often a server with short deadlines is tried. Where the machine has much else to do, they may hit a client that is in
/// the middle of its case.
const TRIES: usize = 5;

/// Declares a test `this_step_passes_the_probe`, which probes the server of this step.
///
/// It takes what is given to `clients::serve_in_background`: a server with the limits that it has in the book, and, from
/// the step that has deadlines on, one with a deadline of about half a second for heads. The number of the step is that of the crate's
/// folder.
///
/// ```no_run
/// # fn serve(_: std::net::TcpListener) {}
/// probe::probe!(serve);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! probe {
    ($serve:expr) => {
        $crate::probe!($serve, $serve);
    };
    ($serve:expr, $hasty:expr $(,)?) => {
        #[test]
        fn this_step_passes_the_probe() {
            let server = ::clients::serve_in_background($serve);
            let hasty = ::clients::serve_in_background($hasty);
            $crate::assert_step(env!("CARGO_MANIFEST_DIR"), server.addr(), hasty.addr());
        }
    };
}

/// Asserts that the server of a step passes the cases up to this step, and fails one of the next step that has any.
///
/// `folder` is that of the step, whose name begins with its number. `hasty` is the same server with a short deadline for
/// heads, for the cases that wait for it.
///
/// # Panics
///
/// If that is not so, with a report.
pub fn assert_step(folder: &str, server: SocketAddr, hasty: SocketAddr) {
    let name = Path::new(folder).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let step: u8 = name.split('-').next().and_then(|number| number.parse().ok()).expect("a folder with a number");

    let probe = |addr, is_slow| {
        let probe = Probe::new(addr, step).only(|case| case.is_for(step) && case.is_slow == is_slow);
        probe.run().expect("the server listens")
    };
    let report = probe(server, false);
    assert!(report.is_good(), "{report}");
    let mut report = probe(hasty, true);
    for _ in 1..TRIES {
        if !report.is_good() {
            report = probe(hasty, true);
        }
    }
    assert!(report.is_good(), "{report}");

    let mut later = cases();
    later.retain(|case| !case.is_for(step));
    // One that fails soon is enough.
    later.sort_by_key(|case| case.is_slow);
    let next = later.iter().filter_map(|case| case.comes_in(step, LAST_STEP)).min();
    let Some(next) = next else { return };
    let passes = |case: &Case| case.play(if case.is_slow { hasty } else { server }, SHORT).is_ok();
    let passes_all = later.iter().filter(|case| case.is_for(next)).all(passes);
    assert!(!passes_all, "this server passes all cases of step {next:02}: they do not show what is new there");
}
