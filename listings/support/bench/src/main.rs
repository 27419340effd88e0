//! Measures the contenders against each other, for the page "Threads or tasks, measured".
//!
//! `cargo book bench` starts it: a full run takes ten minutes and writes `listings/bench.json`, from which the page's
//! tables and pictures are made. `cargo book bench --quick` takes one minute and writes `listings/target/bench.json`: to
//! see how a change to a server turns out.
//!
//! A contender that does not start, or falls over, is a result. A run that breaks off leaves what it has measured in
//! `listings/target/bench-unfinished.json`, and the pages as they are.
//!
//! Everything is measured in one session, on one machine, in rounds in which the contenders take turns. Numbers of two
//! sessions are not comparable.

#[cfg(target_os = "linux")]
mod contenders;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod results;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod session;

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("error: the measurements read /proc, which only Linux has");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let quick = match &std::env::args().skip(1).collect::<Vec<_>>()[..] {
        [] => false,
        [option] if option == "--quick" => true,
        _ => {
            eprintln!("usage: cargo book bench [--quick]");
            return std::process::ExitCode::FAILURE;
        }
    };
    match run(quick) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
fn run(quick: bool) -> std::io::Result<()> {
    use std::path::Path;

    // This is a program for the place where it was built.
    let listings = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).canonicalize()?;
    let limit = machine::raise_limit_of_open_files();
    let contenders = contenders::build(&listings)?;
    let machine = machine::describe(&listings, limit);
    eprintln!("{machine:#}");

    let target = listings.join("target");
    let path = if quick { &target } else { &listings }.join("bench.json");
    // Where programs are built may be elsewhere.
    std::fs::create_dir_all(&target)?;
    let unfinished = target.join("bench-unfinished.json");
    let data = serde_json::json!({ "quick": quick, "machine": machine });
    let names = contenders.iter().map(|program| program.contender.name);
    let results = results::Results::new(data, names, unfinished.clone())?;
    results::say_farewell_on_ctrl_c(&unfinished)?;

    session::Session::new(&contenders, quick, limit, results).run(&path)?;
    eprintln!("wrote {}", path.display());
    Ok(())
}
