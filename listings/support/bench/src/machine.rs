//! Where it is measured, and with which versions: without that, no number says anything.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};

/// Raises our limit of open files to what the system allows, which is the contenders' too, and gives it.
pub fn raise_limit_of_open_files() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If the system refuses, the limit stays as it was, and that is what counts.
    let _ = setrlimit(Resource::Nofile, limit);
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| limit as usize)
}

/// The machine, its limits, and the versions of what is measured.
pub fn describe(listings: &Path, open_files: usize) -> Value {
    let line = |path: &str, start: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(start));
        let line = line.unwrap_or_default();
        line.trim_start_matches([' ', '\t', ':']).trim().to_owned()
    };
    let sysctl = |name: &str| line(&format!("/proc/sys/{name}"), "").parse::<u64>().ok();
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        let output = output.map_or_else(|_| Vec::new(), |output| output.stdout);
        String::from_utf8_lossy(&output).trim().to_owned()
    };
    let memory = line("/proc/meminfo", "MemTotal");
    let memory: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    json!({
        "date": output("date", &["-u", "+%Y-%m-%d"]),
        "processor": line("/proc/cpuinfo", "model name"),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "memory_kib": memory,
        "system": output("uname", &["-sr"]),
        "rust": output("rustc", &["--version"]),
        "versions": versions(&fs::read_to_string(listings.join("Cargo.lock")).unwrap_or_default()),
        "limits": {
            "open_files": open_files,
            "threads": sysctl("kernel/threads-max"),
            "mappings": sysctl("vm/max_map_count"),
            "queue": sysctl("net/core/somaxconn"),
        },
    })
}

/// The versions of the libraries that make a difference, as they are in the lock file.
fn versions(lock: &str) -> Value {
    let version = |name: &&str| {
        let (_, package) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        let (version, _) = package.split_once('"')?;
        Some(((*name).to_owned(), version.into()))
    };
    let names = [
        "smol",
        "async-io",
        "async-executor",
        "axum",
        "hyper",
        "tokio",
    ];
    names
        .iter()
        .filter_map(version)
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// How often a client could not connect, since the system started, because the queue of a listener was full.
pub fn full_queues() -> u64 {
    let counters = fs::read_to_string("/proc/net/netstat").unwrap_or_default();
    counter("ListenOverflows", &counters).unwrap_or_default()
}

/// A counter of the system's TCP. There is a line of names, and one of numbers.
fn counter(name: &str, counters: &str) -> Option<u64> {
    let mut lines = counters.lines().filter(|line| line.starts_with("TcpExt:"));
    let names = lines.next()?.split_whitespace();
    let mut columns = names.zip(lines.next()?.split_whitespace());
    columns.find(|(column, _)| *column == name)?.1.parse().ok()
}

#[test]
fn a_counter_is_in_the_column_of_its_name() {
    let counters =
        "TcpExt: A ListenOverflows B\nTcpExt: 1 20 3\nIpExt: ListenOverflows\nIpExt: 4\n";
    assert_eq!(counter("ListenOverflows", counters), Some(20));
    assert_eq!(counter("C", counters), None);
}

#[test]
fn versions_are_those_of_the_lock_file() {
    let lock = "[[package]]\nname = \"smol\"\nversion = \"2.0.2\"\nsource = \"x\"\n";
    assert_eq!(versions(lock), json!({ "smol": "2.0.2" }));
}
