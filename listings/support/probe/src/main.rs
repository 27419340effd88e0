//! `cargo run -p probe -- --step 06 127.0.0.1:7878`

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use probe::{Fuzzed, LAST_STEP, Probe, fuzz};

const HELP: &str = "\
Tells what a web server can do yet, of all that the book's can.

Usage: cargo run -p probe -- [OPTIONS] [ADDR]

  ADDR            where the server listens; 127.0.0.1:7878 if not given
  --step NN       the step of the book that it has come to; the last if not given
  --slow          try what waits for a deadline of ten seconds, even if it comes later
  --fuzz SECONDS  send odd requests for so long instead
  --seed N        the first of them, to repeat one that went wrong
  --help          this

Exits with 0 if all is passed that a server of that step must, 1 if not, and 2 if that can't be found out.";

/// What the user asks for.
struct Args {
    addr: SocketAddr,
    step: u8,
    slow: bool,
    fuzz: Option<Duration>,
    seed: u64,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match parse(args).and_then(run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("probe: {message}");
            ExitCode::from(2)
        }
    }
}

/// Whether the server is as it should be.
fn run(args: Args) -> Result<bool, String> {
    let addr = args.addr;
    let nothing = |error| format!("no server at {addr}: {error}");
    TcpStream::connect(addr).map_err(nothing)?;
    if let Some(time) = args.fuzz {
        return Ok(match fuzz(addr, args.seed, time) {
            Fuzzed::Well(count) => {
                println!("{addr} took {count} odd requests, and serves its page");
                true
            }
            Fuzzed::Badly { seed, sent, came } => {
                println!("✗ --seed {seed}\n      sent  {sent}\n      came  {came}");
                false
            }
        });
    }
    let mut probe = Probe::new(addr, args.step);
    if args.slow {
        probe = probe.with_slow();
    }
    if probe.is_slow() {
        eprintln!("Some cases wait for a deadline of ten seconds ...");
    }
    let report = probe.run().map_err(nothing)?;
    print!("{report}");
    Ok(report.is_good())
}

fn parse(args: Vec<String>) -> Result<Args, String> {
    let mut addr = "127.0.0.1:7878".to_string();
    let (mut step, mut slow, mut fuzz, mut seed) = (LAST_STEP, false, None, 0);
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--step" => step = number(&arg, args.next())?,
            "--slow" => slow = true,
            "--fuzz" => fuzz = Some(Duration::from_secs(number(&arg, args.next())?)),
            "--seed" => seed = number(&arg, args.next())?,
            _ if arg.starts_with('-') => return Err(format!("no such option: {arg} (see --help)")),
            _ => addr = arg,
        }
    }
    if !(1..=LAST_STEP).contains(&step) {
        return Err(format!("the steps are 01 to {LAST_STEP}, not {step:02}"));
    }
    let found = addr.to_socket_addrs().ok().and_then(|mut found| found.next());
    let addr = found.ok_or_else(|| format!("no address: {addr} (it looks like 127.0.0.1:7878)"))?;
    Ok(Args { addr, step, slow, fuzz, seed })
}

fn number<T: std::str::FromStr>(option: &str, value: Option<String>) -> Result<T, String> {
    let number = value.and_then(|value| value.parse().ok());
    number.ok_or_else(|| format!("{option} needs a number (see --help)"))
}
