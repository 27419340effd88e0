//! Measures the contenders against each other, for the page "Threads or tasks, measured".
//!
//! `cargo book bench` starts it: a full run takes ten minutes and writes `listings/bench.json`, from which the page's
//! tables and pictures are made. `cargo book bench --quick` takes one minute and writes `listings/target/bench.json`: to
//! see how a change to a server turns out.
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
mod server;

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

    let session = measure::Session::new(&contenders, quick, limit);
    let results = session.run()?;
    let text = serde_json::json!({ "quick": quick, "machine": machine, "contenders": results });
    let path = listings.join(if quick {
        "target/bench.json"
    } else {
        "bench.json"
    });
    std::fs::write(&path, format!("{text:#}\n"))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}
